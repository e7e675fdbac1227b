"""A curl command for a request as it was stored: what is masked stands in it as a variable named after its place."""

import base64
import re
from collections.abc import Mapping
from typing import Any

from wxcloudrun.engine.send.curl import to_curl
from wxcloudrun.engine.send.exchange import SentRequest

_MASK = "***"
_NAMED = re.compile(r"(?P<head>(?:(?P<name>[A-Za-z0-9_.\-]{1,64})[\"']?\s*[=:]\s*\"?)?)\*\*\*")
_OF_THE_SHELL = frozenset({"PATH", "HOME", "IFS", "PWD", "SHELL", "USER", "LANG"})


def curl_of(request: Mapping[str, Any]) -> str:
    """The engine's own command where it wrote one (for what did not pass), else one made of the stored request."""
    if request.get("curl"):
        return str(request["curl"])
    variables: dict[str, str] = {}
    body = request["body"]
    head = body.get("head", "")
    if body["encoding"] == "base64":
        content = base64.b64decode(head)
    else:
        content = _marked(head, "SECRET", variables).encode("utf-8", "surrogatepass")
    whole = not body["truncated"]
    sent = SentRequest(
        method=request["method"],
        url=_marked(request["url"], "SECRET", variables),
        headers=tuple((name, _marked(value, name, variables)) for name, value in request["headers"]),
        body_head=content,
        body_size=len(content) if whole else max(body["size"], len(content) + 1),
    )
    return to_curl(sent, variables)


def _marked(text: str, name: str, variables: dict[str, str]) -> str:
    """The text with a mark for each masked place; `variables` says which variable a mark means."""
    if _MASK not in text:
        return text

    def mark(found: re.Match[str]) -> str:
        label = _variable(found["name"] or name)
        sign = f"_{label}_as_a_variable_"
        variables[sign] = label
        return f"{found['head']}{sign}"

    return _NAMED.sub(mark, text)


def _variable(name: str) -> str:
    label = re.sub(r"[^A-Za-z0-9]", "_", name).strip("_").upper() or "SECRET"
    return f"SECRET_{label}" if label[0].isdigit() or label in _OF_THE_SHELL else label
