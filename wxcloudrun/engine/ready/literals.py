"""Builds what of a request needs no name, so that a wrong header, proxy or file is found before anything is sent."""

from typing import Any

from pydantic import ValidationError

from wxcloudrun.engine.judge.sources import has_placeholder
from wxcloudrun.engine.send.prepare import build_request
from wxcloudrun.engine.send.request import RequestSpec

_SOMEWHERE = "http://base.invalid/"
_LEFT_OUT = {"name": "left-out", "enabled": False}


def refuse_literals(raw: dict[str, Any]) -> None:
    """Raises `DefinitionError` (field inside the request) for headers, cookies, files or a proxy that cannot be sent.

    What holds a placeholder is left out; inside a list it is switched off, so that the others keep their numbers.
    """
    data: dict[str, Any] = {"url": _SOMEWHERE}
    for name in ("headers", "cookies"):
        data[name] = [_literal(entry) for entry in raw.get(name) or ()]
    for name, value in (("proxy", _proxy(raw.get("proxy"))), ("body", _body(raw.get("body")))):
        if value is not None:
            data[name] = value
    try:
        spec = RequestSpec.model_validate(data)
    except ValidationError:
        return  # what has the wrong shape is told by the one who asked
    build_request(spec, _SOMEWHERE)


def _literal(entry: Any) -> Any:
    return _LEFT_OUT if has_placeholder(entry) else entry


def _proxy(proxy: Any) -> str | None:
    """Its scheme and address; the credentials belong to the step that uses them."""
    if not isinstance(proxy, str) or has_placeholder(proxy):
        return None
    scheme, mark, rest = proxy.rpartition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def _body(body: Any) -> Any:
    """A body made of files, without those that lie elsewhere or need names; texts belong to the step."""
    if not isinstance(body, dict):
        return None
    if body.get("kind") == "binary":
        return None if has_placeholder(body) or body.get("blob") is not None else body
    if body.get("kind") != "multipart" or not isinstance(body.get("parts"), list | tuple):
        return None
    return {"kind": "multipart", "parts": [_literal(part) if _inline(part) else _LEFT_OUT for part in body["parts"]]}


def _inline(part: Any) -> bool:
    file = part.get("file") if isinstance(part, dict) else None
    return isinstance(file, dict) and isinstance(file.get("content"), str)
