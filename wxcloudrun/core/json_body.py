"""A strict reader of JSON requests: what it lets through means the same to every reader after it."""

import json
import re
from typing import Any

MAX_DEPTH = 64
_SURROGATE_OR_NUL = re.compile("[\ud800-\udfff\x00]")
# A string that never ends is taken whole too: looking for its end again from each later quote would take for ever.
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]')


class JsonFault(ValueError):
    """Why the bytes were refused; `path` names the field where there is one."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


def parse(data: bytes) -> Any:
    """The document in UTF-8 bytes. Raises JsonFault: bad_utf8, bad_json, too_deep, not_a_number, duplicate_key,
    number_out_of_range, lone_surrogate or nul_character.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise JsonFault("bad_utf8") from None
    _refuse_depth(data)
    try:
        document = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_integer
        )
    except JsonFault:
        raise
    except (ValueError, RecursionError):
        raise JsonFault("bad_json") from None
    if "\\u" in text or "\x00" in text:
        _refuse_characters(document, "")
    return document


def _refuse_depth(data: bytes) -> None:
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _BRACKETS.finditer(data):
        mark = match.group()
        depth += 1 if mark in {b"[", b"{"} else -1 if mark in {b"]", b"}"} else 0
        if depth > MAX_DEPTH:
            raise JsonFault("too_deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise JsonFault("duplicate_key", _printable(key))
            seen.add(key)
    return members


def _constant(name: str) -> None:
    raise JsonFault("not_a_number")


def _float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise JsonFault("number_out_of_range")
    return number


def _integer(text: str) -> int:
    if len(text) > 40:
        raise JsonFault("number_out_of_range")
    return int(text)


def _refuse_characters(value: Any, path: str) -> None:
    if isinstance(value, str):
        found = _SURROGATE_OR_NUL.search(value)
        if found:
            raise JsonFault("nul_character" if found.group() == "\x00" else "lone_surrogate", path)
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_characters(key, _join(path, key))
            _refuse_characters(item, _join(path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_characters(item, _join(path, str(index)))


def _join(path: str, key: str) -> str:
    return f"{path}.{_printable(key)}" if path else _printable(key)


def _printable(key: str) -> str:
    return _SURROGATE_OR_NUL.sub("?", key)[:64]
