"""JSON on lines of its own, for people: only blanks are added, so that a number stays as the server wrote it."""

import json
import re
from typing import Final

_MOST: Final = 16 * 1024
_TOKENS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def spread(text: str) -> str:
    """The text with a line for each member; as it came where it is no JSON, has lines already or would get long."""
    if text[:1] not in ("{", "[") or "\n" in text.strip():
        return text
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    told = _spread(_TOKENS.findall(text))
    return told if len(told) <= _MOST else text


def _spread(tokens: list[str]) -> str:
    parts, depth = [], 0
    for before, token in zip(["", *tokens], tokens, strict=False):
        empty = before + token in ("{}", "[]")
        if token in ("}", "]"):
            depth -= 1
            parts.append("" if empty else f"\n{'  ' * depth}")
        elif before in ("{", "[", ","):
            parts.append(f"\n{'  ' * depth}")
        elif before == ":":
            parts.append(" ")
        parts.append(token)
        depth += token in ("{", "[")
    return "".join(parts)
