"""Makes responses for the tests of the checks."""

import json
from typing import Any

from wxcloudrun.engine.judge.reading import ResponseView
from wxcloudrun.engine.response import Body, Cookie, Response, Timing


def response(content: bytes | Any = b"", *, headers: dict[str, str] | None = None, **fields: Any) -> Response:
    """A response with that body; anything but bytes is written as JSON."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    body = fields.pop("body", Body(head=data, size=len(data), sha256="ab", charset=fields.pop("charset", "utf-8")))
    return Response(
        status=fields.pop("status", 200),
        reason="OK",
        http_version="1.1",
        headers=tuple((headers or {"Content-Type": "application/json"}).items()),
        body=body,
        url="http://api.example/x",
        timing=Timing(total_ms=12.5, wait_ms=10.0),
        cookies=(Cookie("sid", "1", path="/a"), Cookie("sid", "2"), Cookie("empty", "")),
        **fields,
    )


def view(content: bytes | Any = b"", **fields: Any) -> ResponseView:
    """A view on such a response."""
    return ResponseView(response(content, **fields))
