"""Says what was there instead: the keys of the object a path stopped at, and the name most like the wanted one."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from wxcloudrun.engine.judge.values import brief, shown_text, type_name

_NAMES_COMPARED = 200
_NAMES_SHOWN = 12
_LONGEST_NAME = 100


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
