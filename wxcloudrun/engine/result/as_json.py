"""Anything of a result as a JSON value."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def plain(value: Any) -> Any:
    """Any record: dataclasses to dicts, tuples to lists, words to strings; JSON values stay what they are."""
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value if type(value) in _SIMPLE else str(value)


_SIMPLE = frozenset((str, int, float, bool, type(None)))
