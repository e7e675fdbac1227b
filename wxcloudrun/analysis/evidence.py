"""What the body of an answer says of an error: a code or name, and a message; of many frameworks, in a fixed order."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any, Final

from wxcloudrun.analysis.plain import plain

MOST_READ: Final = 8 * 1024
"""Bytes of the longest body that is looked into; a longer one is no message of an error."""

_CODES: Final = ("errcode", "error_code", "errorCode", "errCode", "code", "error", "exception", "err_no", "errno")
_INNER: Final = ("error", "errcode", "error_code", "errorCode", "errCode")
_NAMES: Final = ("type", "name", "title", "reason", "status")  # words that say an error only beside an error's status
_MESSAGES: Final = (
    "errmsg", "error_description", "error_message", "errorMessage", "message", "msg", "detail", "details", "error_msg",
    "description",
)  # fmt: skip
_GOOD: Final = frozenset({"", "0", "200", "ok", "OK", "success", "SUCCESS", "none", "None", "null", "false", "true"})
_DEEPEST: Final = 3
_TITLE: Final = re.compile(r"<title[^>]*>(.*?)</title>", re.I | re.S)
_PRE: Final = re.compile(r"<(pre|h1)[^>]*>(.*?)(?:<br|</\1>)", re.I | re.S)
_TAG: Final = re.compile(r"<[^>]+>")
_FIRST_ERROR: Final = 400


@dataclass(frozen=True, slots=True)
class Evidence:
    """An error's code or name and its message without what differs each time; empty where the body tells none."""

    code: str = ""
    message: str = ""


def evidence_of(body: str, status: int | None) -> Evidence:
    """What a body tells of an error. With a status below 400 only an own code of an error counts."""
    text = body.strip()[:MOST_READ].removeprefix("\ufeff")
    bad = status is not None and status >= _FIRST_ERROR
    if not text:
        return Evidence()
    if text[0] in "{[":
        try:
            return _of_json(json.loads(text), bad=bad)
        except (ValueError, RecursionError):
            pass  # then it is a text like any other
    if not bad:
        return Evidence()
    return _of_html(text) if text[0] == "<" else Evidence("", plain(text.splitlines()[0]))


def _of_html(text: str) -> Evidence:
    title, first = _TITLE.search(text), _PRE.search(text)
    found = [match.group(match.lastindex or 0) for match in (title, first) if match is not None]
    lines = [unescape(_TAG.sub("", one)).strip().splitlines()[:1] for one in found]
    told = dict.fromkeys(plain(line[0]) for line in lines if line)  # each once
    return Evidence("", " | ".join(told))


def _of_json(value: Any, *, bad: bool) -> Evidence:
    codes, messages = list[str](), list[str]()
    _look(value, codes, messages, bad=bad, depth=0)
    if not bad and not codes:
        return Evidence()
    return Evidence(" ".join(dict.fromkeys(codes))[:200], " | ".join(dict.fromkeys(messages))[:400])


def _look(value: Any, codes: list[str], messages: list[str], *, bad: bool, depth: int) -> None:
    """Gather codes and messages of the first levels."""
    if isinstance(value, list):
        value = value[0] if value else None  # the first of several errors
    if isinstance(value, str) and depth:
        messages.append(plain(value))
    if not isinstance(value, Mapping) or depth > _DEEPEST:
        return
    codes.extend(_codes(value, _CODES + (_NAMES if bad or depth else ())))
    codes.extend(_codes(value.get("data"), _INNER if bad else ()))  # `{code, data: {error}, msg}`
    messages.extend(plain(value[key]) for key in _MESSAGES if isinstance(value.get(key), str) and value[key])
    for key in ("error", "errors", "detail", "details", "extensions", "fault", "Error"):
        if isinstance(value.get(key), Mapping | list):
            _look(value[key], codes, messages, bad=bad, depth=depth + 1)
    if isinstance(place := value.get("loc", value.get("field")), list | str):
        messages.append(".".join("*" if isinstance(part, int) else str(part) for part in _listed(place)))
    if bad and not codes and not messages:
        _of_fields(value, messages)


def _codes(value: Any, keys: Iterable[str]) -> Iterator[str]:
    """What stands under these keys, where it is a code."""
    found = (_code(value.get(key)) for key in keys) if isinstance(value, Mapping) else ()
    return (code for code in found if code is not None)


def _of_fields(value: Mapping[str, Any], messages: list[str]) -> None:
    """Fields with what is wrong with each: `{"price": ["This field is required."]}`."""
    for key in sorted(value):
        first = value[key][0] if isinstance(value[key], list) and value[key] else None
        if isinstance(first, str):
            messages.append(f"{key}: {plain(first)}")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _code(value: Any) -> str | None:
    """A code as it is, since 40001 is not 43101; None where it says that all is well, or nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value) if isinstance(value, int) else value.strip()
    if text in _GOOD:
        return None
    if isinstance(value, str) and (" " in text or len(text) > 60):
        return plain(text)
    return text if isinstance(value, int) or not any(one.isdigit() for one in text) else _stable(text)


def _stable(text: str) -> str:
    """A code with digits: `E1001` is a code, a long id is none."""
    return text if len(text) <= 12 else plain(text)
