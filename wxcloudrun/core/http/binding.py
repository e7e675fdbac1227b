"""From a controller's signature to its arguments: what each parameter is read from, worked out once a route."""

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from wxcloudrun.core import json_body
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.container import Container
from wxcloudrun.core.errors import BadJson, BodyTooLarge, FieldFault, InvalidInput, NotFound, UnsupportedMediaType
from wxcloudrun.core.faults import faults_of
from wxcloudrun.core.http.later import LaterCall
from wxcloudrun.core.http.route import Caller, Route, Upload, printable

_BIGGEST_ID = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Given:
    """What the edge has at hand when a controller is called."""

    actor: Actor | None
    caller: Caller
    path: dict[str, Any]


class Binding:
    """A route's controller with the way to each of its arguments."""

    def __init__(self, route: Route, container: Container) -> None:
        self.route = route
        self.call = route.call.found() if isinstance(route.call, LaterCall) else route.call
        hints = typing.get_type_hints(self.call)
        self.reply = hints.pop("return", None)
        self.body: type[BaseModel] | None = None
        self.query: type[BaseModel] | None = None
        self.form: type[BaseModel] | None = None
        self.takes_upload = False
        self.path_types: dict[str, Any] = {}
        self._sources: list[tuple[str, Callable[[Given], Any]]] = []
        for name in inspect.signature(self.call).parameters:
            self._sources.append((name, self._source(name, hints[name], container)))

    def arguments(self, given: Given) -> dict[str, Any]:
        """The controller's arguments. Raises BadJson, InvalidInput, BodyTooLarge, UnsupportedMediaType, NotFound."""
        return {name: read(given) for name, read in self._sources}

    def _source(self, name: str, kind: Any, container: Container) -> Callable[[Given], Any]:
        if kind is Actor:
            return lambda given: given.actor
        if kind is Caller:
            return lambda given: given.caller
        if kind is Upload:
            self.takes_upload = True
            return lambda given: read_upload()
        if name == "body":
            self.body = kind
            return lambda given: validated(kind, read_json(), strict=True)
        if name == "form":
            self.form = kind
            return lambda given: validated(kind, _form(), strict=False)
        if name == "query":
            self.query = kind
            return lambda given: validated(kind, _query(kind), strict=False)
        if f"<int:{name}>" in self.route.path or f"<{name}>" in self.route.path:
            self.path_types[name] = kind
            return lambda given: _path_value(given.path[name])
        if container.knows(kind):
            return lambda given: container.get(kind)
        raise TypeError(f"{self.route.method} {self.route.path}: nothing is known to give for {name}: {kind}")


def _path_value(value: Any) -> Any:
    if value > _BIGGEST_ID if isinstance(value, int) else "\x00" in value:
        raise NotFound
    return value


def _query(model: type[BaseModel]) -> dict[str, Any]:
    """Query arguments; a name given twice is a list only where the model wants one. Unknown names are refused."""
    values: dict[str, Any] = {}
    for name, items in request.args.lists():
        field = model.model_fields.get(name)
        many = field is not None and typing.get_origin(field.annotation) is list
        if not many and len(items) > 1:
            raise InvalidInput(fields=(FieldFault(printable(name), "given_twice"),))
        values[name] = items if many else items[0]
    _refuse_nul(values)
    return values


def _refuse_nul(values: dict[str, Any]) -> None:
    """PostgreSQL stores no NUL, and no text that anybody types has one."""
    for name, value in values.items():
        if "\x00" in name or any("\x00" in text for text in (value if isinstance(value, list) else [value])):
            raise InvalidInput(fields=(FieldFault(printable(name), "nul_character"),))


def read_bytes() -> bytes:
    """The request's body. Raises BodyTooLarge."""
    limit = request.max_content_length or 0
    try:
        data = request.get_data(cache=True)
    except RequestEntityTooLarge:
        raise BodyTooLarge(values={"limit": limit}) from None
    if request.content_length is None and len(data) >= limit:  # of a chunked body we are given the beginning only
        raise BodyTooLarge(values={"limit": limit})
    return data


def read_json() -> Any:
    """The request's JSON document. Raises UnsupportedMediaType, BodyTooLarge, BadJson."""
    if request.mimetype != "application/json" and not request.mimetype.endswith("+json"):
        raise UnsupportedMediaType(values={"wanted": "application/json"})
    data = read_bytes()
    try:
        return json_body.parse(data)
    except json_body.JsonFault as fault:
        raise BadJson(fields=(FieldFault(fault.path or "body", fault.reason),)) from None


def read_upload() -> Upload:
    """The one file of a multipart form, in its part `file`. Raises UnsupportedMediaType, BodyTooLarge, InvalidInput."""
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType(values={"wanted": "multipart/form-data"})
    try:
        files = request.files
    except RequestEntityTooLarge:
        raise BodyTooLarge(values={"limit": request.max_content_length or 0}) from None
    file = files.get("file")
    if file is None:
        raise InvalidInput(fields=(FieldFault("file", "missing"),))
    told = {"name": printable(file.filename or "", 255), "content_type": printable(file.content_type or "", 128)}
    return Upload(content=file.read(), fields=dict(request.form), **told)


def _form() -> dict[str, str]:
    """The fields beside the file, which `read_upload` reads and refuses where there is none. Raises InvalidInput."""
    fields = dict(request.form)
    _refuse_nul(fields)
    return fields


def validated(model: type[BaseModel], value: Any, *, strict: bool) -> BaseModel:
    """The value as the model. Raises InvalidInput with the name of every rejected field, never the input."""
    try:
        return model.model_validate(value, strict=strict)
    except ValidationError as error:
        whole = _whole_numbers(error, value) if strict else []
        if not whole:
            raise InvalidInput(fields=tuple(_faults(model, value, error))) from None
    for path in whole:
        value = _with_integer(value, path)
    return validated(model, value, strict=strict)


def _whole_numbers(error: ValidationError, value: Any) -> list[tuple[int | str, ...]]:
    """Where an integer was sent as `1.0`: to JSON, and so to our OpenAPI document, that is the same number."""
    faults = error.errors(include_url=False, include_context=False)
    return [
        item["loc"]
        for item in faults
        if item["type"] == "int_type" and isinstance(item["input"], float) and item["input"].is_integer()
        if _at(value, item["loc"]) == item["input"]  # of a union the place also names the branch, and leads nowhere
    ]


def _at(value: Any, path: tuple[int | str, ...]) -> Any:
    """What stands at that path; None where it leads nowhere."""
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part]
        else:
            return None
    return value


def _with_integer(value: Any, path: tuple[int | str, ...]) -> Any:
    """A copy of the document whose number at that path is an integer."""
    if not path:
        return int(value)
    copy: Any = value.copy()
    copy[path[0]] = _with_integer(copy[path[0]], path[1:])
    return copy


def _faults(model: type[BaseModel], value: Any, error: ValidationError) -> typing.Iterator[FieldFault]:
    for place, reason, detail in faults_of(model, value, error):
        path = ".".join(printable(str(part)) for part in place) or "body"
        yield FieldFault(path, reason, detail=detail)
