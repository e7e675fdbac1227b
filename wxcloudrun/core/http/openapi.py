"""The OpenAPI 3.1 document, drawn from the same routes, signatures and models that serve the requests."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter

from wxcloudrun.core import errors
from wxcloudrun.core.errors import ApiError
from wxcloudrun.core.http.binding import Binding
from wxcloudrun.core.http.route import Access, Raw, Reply

_REF = "#/components/schemas/{model}"
_ACCESS = {
    Access.ANYONE: "Anyone.",
    Access.USER: "Whoever is logged in.",
    Access.VERIFIED: "Verified users and administrators.",
    Access.ADMINISTRATOR: "Administrators.",
}
_MANUAL = "/docs/manual"
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Sent again with the same body within 24 hours, the first answer comes again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def document(bindings: Iterable[Binding], version: str, guides: Mapping[str, str]) -> dict[str, Any]:
    """The whole document, JSON-able. `guides` are pages of the manual by the part of the API they explain."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {"Error": _error_schema()}
    tags: dict[str, None] = {}  # in the order of blueprints.py, which is the order to read them in
    for binding in bindings:
        if binding.route.raw:
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", binding.route.path)
        operation = _operation(binding, path, schemas)
        paths.setdefault(path, {})[binding.route.method.lower()] = operation
        tags.update(dict.fromkeys(operation["tags"]))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "wxcloudrun",
            "version": version,
            "description": "Every reply is `{code, data, msg}`: `code` 1 for success, 0 for failure with "
            "`data.error`, a stable name. The HTTP status tells the same.\n\nTo try things out: `POST /api/login`, "
            "then *Authorize* with the `token` of its answer. Beside the simulated WeChat `dev-demo-1` is a code, "
            "of somebody who may make projects, and `dev-alice-1` that of a colleague; a code works once, so count up.",
        },
        "externalDocs": {"description": "The manual", "url": f"{_MANUAL}/running"},
        "tags": [_tag(name, guides) for name in tags],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _tag(name: str, guides: Mapping[str, str]) -> dict[str, Any]:
    guide = guides.get(name)
    if guide is None:
        return {"name": name}
    return {"name": name, "externalDocs": {"description": "How it works", "url": f"{_MANUAL}/{guide}"}}


def _operation(binding: Binding, path: str, schemas: dict[str, Any]) -> dict[str, Any]:
    route = binding.route
    summary, _, rest = (binding.call.__doc__ or "").partition("\n")
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}_{re.sub('[^a-z0-9]+', '_', path).strip('_')}",
        "tags": [binding.call.__module__.split(".")[-2]],
        "summary": summary.rstrip("."),
        "description": " ".join([*rest.split(), f"For: {_ACCESS[route.access]}"]),
        "parameters": [*_path_parameters(binding), *_query_parameters(binding, schemas)],
        "responses": _responses(binding, schemas),
        "security": [] if route.access is Access.ANYONE else [{"session": []}],
    }
    if route.idempotent:
        operation["parameters"].append(_KEY)
    if binding.body is not None:
        content = {"application/json": {"schema": _schema(binding.body, schemas, "validation")}}
        operation["requestBody"] = {"required": True, "content": content}
    if binding.takes_upload:
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _upload(binding)}}}
    return operation


def _upload(binding: Binding) -> dict[str, Any]:
    """A form with one file, and the fields that the route reads beside it."""
    file = {"type": "string", "contentMediaType": "application/octet-stream", "format": "binary"}
    drawn: dict[str, Any] = {"type": "object", "properties": {"file": file}, "required": ["file"]}
    if binding.form is not None:
        drawn["properties"] |= binding.form.model_json_schema()["properties"]
        drawn["additionalProperties"] = False
    return drawn


def _path_parameters(binding: Binding) -> list[dict[str, Any]]:
    number = {"type": "integer", "minimum": 1, "maximum": 2**53 - 1}
    return [
        {"name": name, "in": "path", "required": True, "schema": number if kind is int else {"type": "string"}}
        for name, kind in binding.path_types.items()
    ]


def _query_parameters(binding: Binding, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    if binding.query is None:
        return []
    schema = _inline(binding.query.model_json_schema(ref_template=_REF), schemas)
    required = set(schema.get("required", ()))
    return [_query_parameter(name, field, name in required) for name, field in schema["properties"].items()]


def _query_parameter(name: str, field: dict[str, Any], required: bool) -> dict[str, Any]:
    shape = _without_null(field)
    of_kind = shape.pop("description", "")  # that of a kind of value, where the argument has none of its own
    described = field.get("description", of_kind)
    return {"name": name, "in": "query", "required": required, "description": described, "schema": shape}


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """A query argument is there or not; it is never null."""
    options = [option for option in field.get("anyOf", []) if option != {"type": "null"}]
    kept = {key: value for key, value in field.items() if key not in {"anyOf", "default", "title", "description"}}
    if len(options) == 1:
        return {**kept, **options[0]}
    return {**kept, "anyOf": options} if options else kept


def _schema(kind: Any, schemas: dict[str, Any], mode: Literal["validation", "serialization"]) -> dict[str, Any]:
    """The JSON Schema of a type; the models in it go to the document's components."""
    drawn = TypeAdapter(kind).json_schema(ref_template=_REF, mode=mode)
    if mode == "validation":
        _without_nul(drawn)
    schema = _inline(drawn, schemas)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        name = re.sub(r"\W+", "_", schema.get("title", kind.__name__)).strip("_")
        schemas[name] = schema
        return {"$ref": _REF.format(model=name)}
    return schema


def _inline(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    _close(schema)
    definitions: dict[str, Any] = schema.pop("$defs", {})
    schemas.update(definitions)
    return schema


def _close(schema: Any) -> None:
    """Say what pydantic does and leaves unsaid: of a mapping whose keys have a pattern, no other key is accepted."""
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema.setdefault("additionalProperties", False)
        for part in schema.values():
            _close(part)
    elif isinstance(schema, list):
        for part in schema:
            _close(part)


_NO_NUL = {"type": "string", "pattern": r"^[^\u0000]*$"}
_SAYS_MORE = {"pattern", "enum", "const", "format"}


def _without_nul(schema: Any) -> None:
    """Say what the reader of JSON refuses in any text and any name."""
    if isinstance(schema, dict):
        if schema.get("type") == "string" and not _SAYS_MORE & schema.keys():
            schema.update(_NO_NUL)
        if isinstance(schema.get("additionalProperties"), dict):
            schema.setdefault("propertyNames", dict(_NO_NUL))
        for part in schema.values():
            _without_nul(part)
    elif isinstance(schema, list):
        for part in schema:
            _without_nul(part)


def _responses(binding: Binding, schemas: dict[str, Any]) -> dict[str, Any]:
    route = binding.route
    reply = binding.reply
    if getattr(reply, "__origin__", None) is Reply:
        reply = reply.__args__[0]
    data = {} if reply in {None, Raw} else _schema(reply, schemas, "serialization")
    envelope = {
        "type": "object",
        "properties": {"code": {"const": 1}, "data": data, "msg": {"const": "success"}},
        "required": ["code", "data", "msg"],
        "additionalProperties": False,
    }
    responses: dict[str, Any] = {
        str(route.status): {"description": "Done.", "content": {"application/json": {"schema": envelope}}}
    }
    if route.method == "GET":
        responses["304"] = {"description": "Unchanged since the ETag that was sent."}
    for status, kinds in sorted(_refusals(binding).items()):
        names = ", ".join(f"`{name}`" for name in sorted({kind.name() for kind in kinds}))
        content = {"application/json": {"schema": {"$ref": _REF.format(model="Error")}}}
        responses[str(status)] = {"description": f"{names}.", "content": content}
    return responses


_OF_A_BODY: list[type[ApiError]] = [errors.BodyTooLarge, errors.UnsupportedMediaType, errors.InvalidInput]


def _refusals(binding: Binding) -> dict[int, list[type[ApiError]]]:
    """Every error a route may answer, by status."""
    route = binding.route
    kinds: list[type[ApiError]] = [*route.errors, errors.BadRequest, errors.InternalError, errors.DatabaseUnavailable]
    conditional: tuple[tuple[bool, list[type[ApiError]]], ...] = (
        (route.access is not Access.ANYONE, [errors.SessionRequired, errors.SessionEnded, errors.AccountDisabled]),
        (route.access is Access.ADMINISTRATOR, [errors.AdministratorRequired]),
        (route.access is Access.VERIFIED, [errors.VerificationRequired]),
        (binding.body is not None, [errors.BadJson, *_OF_A_BODY]),
        (binding.takes_upload, _OF_A_BODY),
        (binding.query is not None, [errors.InvalidInput]),
        (bool(binding.path_types), [errors.NotFound]),
        (route.limit is not None, [errors.TooManyRequests]),
        (route.idempotent, [errors.IdempotencyKeyReused, errors.RequestInProgress, errors.InvalidInput]),
    )
    for applies, more in conditional:
        kinds += more if applies else []
    by_status: dict[int, list[type[ApiError]]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    return by_status


def _error_schema() -> dict[str, Any]:
    fault = {
        "type": "object",
        "properties": {
            "field": {"type": "string"},
            "reason": {"type": "string"},
            "position": {"type": "integer", "description": "Where in the field's text the fault is, counted from 0."},
            "detail": {"type": "string", "description": "More about the reason, in English."},
        },
        "required": ["field", "reason"],
    }
    data = {
        "type": "object",
        "properties": {
            "error": {"type": "string", "description": "Stable name of the cause."},
            "fields": {"type": "array", "items": fault},
            "retry_after": {"type": "integer", "description": "Seconds to wait."},
            "present": {"description": "The present state, of an edit conflict."},
        },
        "required": ["error"],
    }
    return {
        "type": "object",
        "properties": {"code": {"const": 0}, "data": data, "msg": {"type": "string"}},
        "required": ["code", "data", "msg"],
        "additionalProperties": False,
    }
