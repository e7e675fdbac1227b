"""Filters on arrays and objects: pick, count, sort, join, keys and values."""

from typing import Any, Final

from wxcloudrun.engine.judge.filter_kinds import Change, FilterError, FilterKind, Parameter, bounded, needs, simple
from wxcloudrun.engine.judge.json_text import write_json
from wxcloudrun.engine.judge.outcome import Missing
from wxcloudrun.engine.judge.values import equal, is_number, numbers_equal


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
        texts = [item if isinstance(item, str) else write_json(item) for item in needs(value, "array")]
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
    seen: dict[Any, list[Any]] = {}
    unique: list[Any] = []
    for item in needs(value, "array"):
        bucket = seen.setdefault(_bucket(item), [])
        if not any(equal(item, other) for other in bucket):
            bucket.append(item)
            unique.append(item)
    return unique


def _bucket(item: Any) -> Any:
    """Equal items are in one bucket; the items of a bucket need not be equal."""
    if isinstance(item, dict):
        return ("object", frozenset(item))
    if isinstance(item, list):
        return ("array", len(item), _bucket(item[0]) if item and not isinstance(item[0], list) else None)
    if is_number(item):
        near = float(item) if abs(item) < 1 << 53 else 0.0
        return ("number", near if numbers_equal(near, item) else 0.5)
    return (type(item).__name__, item)


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
