"""Compares what JSON answers are built of: which places came, went, changed their type or may be null now."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

MOST_PLACES: Final = 2_000  # of one answer; a larger one has no shape
_DEEPEST: Final = 60
_LONGEST: Final = 200  # characters of a path
_KINDS: Final = ((bool, "boolean"), ((int, float), "number"), (str, "string"), (list, "array"), (dict, "object"))
_NAME: Final = re.compile(r"[^\W\d][\w-]*")
_ONE_THING: Final = re.compile(  # a key that names one thing, as ids and dates do, and no field
    r"\d+|\d{4}-\d{2}-\d{2}.{0,20}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|(?=.*\d)[0-9a-fA-F]{16,}"
)


class Change(StrEnum):
    """What became of a place."""

    ADDED = "added"
    MISSING = "missing"
    TYPE = "type"
    NULLABLE = "nullable"


@dataclass(frozen=True, slots=True)
class PathChange:
    """A place that is different: `$.data.items[].id`. `before` and `now`: its types, as `number` or `string | null`.

    Nothing was there before where it is `added`, nothing is there now where it is `missing`.
    """

    path: str
    change: Change
    before: str | None
    now: str | None

    def __str__(self) -> str:
        """One line: `$.data.price: number -> string`, `$.data.items[].id: missing now`."""
        if self.change is Change.MISSING:
            return f"{self.path}: missing now"
        return f"{self.path}: new ({self.now})" if self.before is None else f"{self.path}: {self.before} -> {self.now}"


@dataclass(slots=True)
class Shape:
    """The types that a place has, and the places below it; `element` is what a list's elements have together."""

    kinds: set[str] = field(default_factory=set)
    null: bool = False
    members: dict[str, "Shape"] = field(default_factory=dict)
    element: "Shape | None" = None

    def __str__(self) -> str:
        """The types in words."""
        return " | ".join([*sorted(self.kinds), *(["null"] if self.null else [])])


def shape_of(value: Any) -> Shape | None:
    """The shape of a JSON value; None for one with more than 2,000 places, or too deep.

    Integers are numbers like others. A list's elements make one shape together, as do members whose keys are ids.
    """
    shape, left = Shape(), [MOST_PLACES]
    return shape if _take(shape, value, left, 0) else None


def shape_changes(then: Shape, now: Shape) -> list[PathChange]:
    """What is different, in the order of the places. Of what came or went as a whole only the outermost is told.

    Where one of the two has null or an empty list, nothing is told of what is below: it may be as it was.
    """
    return [replace(one, path=one.path[:_LONGEST]) for one in _changes("$", then, now)]


def _take(shape: Shape, value: Any, left: list[int], depth: int) -> bool:
    """Add a value to a shape; false when there is too much of it."""
    if value is None:
        shape.null = True
        return True
    shape.kinds.add(next((name for kind, name in _KINDS if isinstance(value, kind)), "string"))
    if depth > _DEEPEST:
        return False
    if isinstance(value, dict):
        return all(_take(_member(shape, _key(key), left), one, left, depth + 1) for key, one in value.items()) and (
            left[0] >= 0
        )
    if isinstance(value, list):
        if value and shape.element is None:
            shape.element = Shape()
            left[0] -= 1
        return left[0] >= 0 and all(_take(shape.element or Shape(), one, left, depth + 1) for one in value)
    return True


def _member(shape: Shape, key: str, left: list[int]) -> Shape:
    if key not in shape.members:
        left[0] -= 1
        shape.members[key] = Shape()
    return shape.members[key]


def _key(key: str) -> str:
    return "*" if _ONE_THING.fullmatch(key) else key


def _changes(path: str, then: Shape, now: Shape) -> Iterator[PathChange]:
    if then.kinds and now.kinds and then.kinds != now.kinds:
        yield PathChange(path, Change.TYPE, str(then), str(now))
    elif then.null != now.null and (then.kinds or now.kinds):
        yield PathChange(path, Change.NULLABLE, str(then), str(now))
    if "object" in then.kinds and "object" in now.kinds:
        for key in [*then.members, *(one for one in now.members if one not in then.members)]:
            yield from _of_member(_below(path, key), then.members.get(key), now.members.get(key))
    if then.element is not None and now.element is not None:
        yield from _changes(f"{path}[]", then.element, now.element)


def _of_member(path: str, then: Shape | None, now: Shape | None) -> Iterator[PathChange]:
    if then is not None and now is not None:
        yield from _changes(path, then, now)
    elif not path.endswith(".*"):  # ids come and go
        change = Change.ADDED if then is None else Change.MISSING
        yield PathChange(path, change, None if then is None else str(then), None if now is None else str(now))


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if key == "*" or _NAME.fullmatch(key) else f"{path}[{key!r}]"
