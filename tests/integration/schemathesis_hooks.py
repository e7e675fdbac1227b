"""What schemathesis cannot know of a made-up request: two values get their meaning from what went before."""

import re
import secrets
from typing import Any

import schemathesis

_KEY = re.compile(r"[!-~]{1,255}")
_CURSOR = re.compile(r"[A-Za-z0-9_-]{1,200}")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """A valid Idempotency-Key is made fresh, for a used one is rightly refused; a cursor that no list gave is left out."""
    headers, query = case.headers or {}, case.query or {}
    for name in [name for name in headers if name.lower() == "idempotency-key"]:
        if _KEY.fullmatch(str(headers[name])):
            headers[name] = secrets.token_hex(16)
    if isinstance(query.get("cursor"), str) and _CURSOR.fullmatch(query["cursor"]):
        del query["cursor"]
