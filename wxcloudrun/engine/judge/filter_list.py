"""Filters on arrays and objects: pick, count, sort, join, keys and values."""

from typing import Any, Final

from wxcloudrun.engine.judge.filter_kinds import (
    MAX_PARTS,
    Change,
    FilterError,
    FilterKind,
    Parameter,
    bounded,
    needs,
    simple,
)
from wxcloudrun.engine.judge.json_text import write_json
from wxcloudrun.engine.judge.outcome import Missing
from wxcloudrun.engine.judge.values import is_number, number_key


def _nth(index: int) -> Change:
    def change(value: Any) -> Any:
        items = needs(value, "array")
        if -len(items) <= index < len(items):
            return items[index]
        return Missing(f"there is no item {index}", nearest=f"the array has {len(items)} items")

    return change


def _count(value: Any) -> int:
    return len(needs(value, "array", "object"))


def _length(value: Any) -> int:
    return len(needs(value, "string", "array", "object"))


def _slice(start: int, stop: int | None) -> Change:
    return lambda value: needs(value, "array", "string")[start:stop]


def _join(separator: str) -> Change:
    def change(value: Any) -> str:
        if len(needs(value, "array")) > MAX_PARTS:
            raise FilterError(f"there are more than {MAX_PARTS} parts to join")
        texts = [
            item if isinstance(item, str) else str(item) if type(item) is int else write_json(item) for item in value
        ]
        bounded(sum(map(len, texts)) + len(separator) * len(texts))
        return separator.join(texts)

    return change


def _sort(value: Any) -> list[Any]:
    items = needs(value, "array")
    if not (all(isinstance(item, str) for item in items) or all(is_number(item) for item in items)):
        raise FilterError("it sorts arrays of texts only or of numbers only")
    return sorted(items)


def _unique(value: Any) -> list[Any]:
    """The first of equal items stays, in order."""
    first: dict[Any, Any] = {}
    for item in needs(value, "array"):
        first.setdefault(_identity(item), item)
    return list(first.values())


def _identity(item: Any) -> Any:
    """The same for equal values and for no others (see `equal`); JSON is no deeper than the stack allows."""
    if isinstance(item, str):
        return item
    if isinstance(item, bool) or item is None:
        return (item,)
    if isinstance(item, dict):
        keys = sorted(item)
        return ("object", *keys, *[_identity(item[key]) for key in keys])
    if isinstance(item, list):
        return ("array", *[_identity(one) for one in item])
    return number_key(item)


def _flatten(value: Any) -> list[Any]:
    """One level of arrays inside arrays is taken away."""
    flat: list[Any] = []
    for item in needs(value, "array"):
        flat += item if isinstance(item, list) else [item]
    return flat


LIST_FILTERS: Final = {
    "first": FilterKind(lambda: _nth(0)),
    "last": FilterKind(lambda: _nth(-1)),
    "nth": FilterKind(_nth, (Parameter("index", "integer"),)),
    "count": simple(_count),
    "length": simple(_length),
    "slice": FilterKind(_slice, (Parameter("start", "integer"), Parameter("stop", "integer", None))),
    "join": FilterKind(_join, (Parameter("separator", "string", ""),)),
    "sort": simple(_sort),
    "reverse": simple(lambda value: needs(value, "array", "string")[::-1]),
    "unique": simple(_unique),
    "flatten": simple(_flatten),
    "keys": simple(lambda value: list(needs(value, "object"))),
    "values": simple(lambda value: list(needs(value, "object").values())),
}
