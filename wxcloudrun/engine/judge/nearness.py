"""Says what was there instead: the keys of the object a path stopped at, and the name most like the wanted one."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from wxcloudrun.engine.judge.values import brief, shown_text, type_name

_NAMES_COMPARED = 200
_NAMES_SHOWN = 12
_LONGEST_NAME = 100
_BLOCK = 4_096
_LINES_COMPARED = 200
_LINE_SHOWN = 200  # longer lines are not shown at all: a part of a secret would not be recognised


def describe_container(path: str, values: list[Any], key: str | int | None = None) -> str:
    """A sentence about the place `path` where the next segment found nothing."""
    if len(values) > 1:
        kinds = ", ".join(sorted({type_name(value) for value in values[:_NAMES_COMPARED]}))
        keys = dict.fromkeys(name for value in values[:20] if isinstance(value, dict) for name in value)
        return f"`{path}` matches {len(values)} values ({kinds})" + (f" with keys: {_listed(keys)}" if keys else "")
    value = values[0]
    if isinstance(value, dict):
        if not value:
            return f"`{path}` exists and is an empty object"
        return f"`{path}` exists and has keys: {_listed(value)}{closest(key, value)}"
    if isinstance(value, list):
        return f"`{path}` exists and is an array of {len(value)}"
    return f"`{path}` exists and is {brief(value)} ({type_name(value)})"


def closest(wanted: object, names: Iterable[str]) -> str:
    """`; closest: name`, or nothing when no name is like the wanted one."""
    if not isinstance(wanted, str) or len(wanted) > _LONGEST_NAME:
        return ""
    candidates = {
        name.lower(): name for name, _ in zip(names, range(_NAMES_COMPARED), strict=False) if len(name) <= _LONGEST_NAME
    }
    match = get_close_matches(wanted.lower(), candidates, 1, 0.6)
    return f"; closest: {shown_text(candidates[match[0]], 60)}" if match else ""


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    shown = ", ".join(shown_text(name, 40) for name in every[:_NAMES_SHOWN])
    return shown if len(every) <= _NAMES_SHOWN else f"{shown}, … {len(every)} in all"


def listed_names(kind: str, wanted: str, names: Iterable[str]) -> str:
    """`headers there: a, b; closest: a`; says so when there is none."""
    every = list(dict.fromkeys(names))
    return f"{kind} there: {_listed(every)}{closest(wanted, every)}" if every else f"there are no {kind}"


def place_of_difference(where: str, actual: str, expected: str) -> str:
    """Line and column of the first character that differs, with a caret under it."""
    at = _common(actual, expected)
    if at == len(expected):
        note = "the expected text ends here"
    else:
        note = "the text ends here" if at == len(actual) else "differs here"
    return _pointed(where, actual, at, note)


def place_of_text(where: str, actual: str, wanted: str) -> str:
    """Line and column where a text stands that should not be there."""
    return _pointed(where, actual, max(0, actual.find(wanted)), "found here")


def nearest_line(actual: str, wanted: str) -> str | None:
    """The line most like the wanted text (of several lines: their first); None when none is like it."""
    first = next((line.strip() for line in wanted[: 2 * _LINE_SHOWN].splitlines() if line.strip()), "")
    if not first or len(first) > _LINE_SHOWN:
        return None
    lines: dict[str, str] = {}
    for number, line in enumerate(actual[: _LINES_COMPARED * _LINE_SHOWN].splitlines()[:_LINES_COMPARED], 1):
        if 0 < len(line.strip()) <= _LINE_SHOWN:
            lines.setdefault(line.strip().lower(), f"line {number}: {line.strip()}")
    match = get_close_matches(first.lower(), lines, 1, 0.5)
    return shown_text(lines[match[0]]) if match else None


def _pointed(where: str, text: str, at: int, note: str) -> str:
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[begin : end if end >= 0 else len(text)].removesuffix("\r")
    place = f"{where}, " if where else ""
    place += f"line {text.count('\n', 0, at) + 1}, column {at - begin + 1}"
    if len(line) > _LINE_SHOWN or not line.isprintable():
        return f"{place}: {note}"
    return f"{place}\n{shown_text(line)}\n{' ' * (at - begin)}^ {note}"


def _common(left: str, right: str) -> int:
    """How many characters two texts have in common at their beginning."""
    most = min(len(left), len(right))
    start = 0
    while start < most and left[start : start + _BLOCK] == right[start : start + _BLOCK]:
        start += _BLOCK
    pairs = zip(left[start : start + _BLOCK], right[start : start + _BLOCK], strict=False)
    same = next((index for index, (one, other) in enumerate(pairs) if one != other), _BLOCK)
    return min(start + same, most)
