"""The envelope `<code, data, msg>` around every reply of the API."""

import hashlib
import json
from typing import Any

from flask import Response
from pydantic_core import to_json

from wxcloudrun.core.errors import ApiError, FieldFault
from wxcloudrun.core.faults import USUAL

_SUCCESS_TAIL = b',"msg":"success"}'
_JSON = "application/json"


def success(
    data: Any, status: int, known_tag: str | None = None, *, tagged: bool = False, language: str = "en"
) -> Response:
    """A reply that carries `data`; with `tagged` it has an ETag and is 304 to a caller that has it already."""
    body = b'{"code":1,"data":' + to_json(data, context={"language": language}) + _SUCCESS_TAIL
    if not tagged:
        return Response(body, status, [("Cache-Control", "no-store")], content_type=_JSON)
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = [("ETag", tag), ("Cache-Control", "private, no-cache")]
    if known_tag is not None and tag in known_tag:
        return Response(None, 304, headers)
    return Response(body, status, headers, content_type=_JSON)


def failure(error: ApiError, language: str) -> Response:
    """A reply that says what went wrong: a name for programs, a sentence for people, the fields that were refused."""
    data: dict[str, Any] = {"error": error.name()}
    if error.fields:
        data["fields"] = [_shown(fault, language) for fault in error.fields]
    if error.retry_after is not None:
        data["retry_after"] = error.retry_after
    if error.present is not None:
        data["present"] = json.loads(to_json(error.present))
    body = to_json({"code": 0, "data": data, "msg": error.message(language)})
    headers = [("Cache-Control", "no-store")]
    if error.retry_after is not None:
        headers.append(("Retry-After", str(error.retry_after)))
    if error.status == 401:
        headers.append(("WWW-Authenticate", "Bearer"))
    return Response(body, error.status, headers, content_type=_JSON)


def _shown(fault: FieldFault, language: str) -> dict[str, Any]:
    detail = fault.detail or USUAL.get(fault.reason)
    if detail is not None and language == "zh":
        from wxcloudrun.core.sentences import in_chinese  # noqa: PLC0415 - a start does not pay for the sentences

        detail = in_chinese(detail)
    more = {"position": fault.position, "detail": detail}
    known = {name: value for name, value in more.items() if value is not None}
    return {"field": fault.field, "reason": fault.reason, **known}
