"""Objects, arrays and the operators (`#contains`, `#each`, `#any_order` …) of a structural match."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from wxcloudrun.engine.judge.nearness import closest
from wxcloudrun.engine.judge.structure_nodes import ABSENT, Part, Report, below
from wxcloudrun.engine.judge.values import brief, equal, type_name

if TYPE_CHECKING:
    from wxcloudrun.engine.judge.structure import Builder

_MAX_ANY_ORDER = 1_000


def literal(expected: Any) -> Part:
    """A value that has to be equal."""

    def check(actual: Any, path: str, report: Report) -> None:
        if not report.spend(path):
            return
        if actual is ABSENT:
            report.add(path, expected, actual, f"expected {brief(expected)}, but it is absent")
        elif not equal(actual, expected):
            report.add(path, expected, actual, f"expected {brief(expected)}, got {_with_type(actual, expected)}")

    return check


def _with_type(actual: Any, expected: Any) -> str:
    shown = brief(actual)
    return shown if type_name(actual) == type_name(expected) else f"{shown} ({type_name(actual)})"


def _of_type(kind: type, actual: Any, path: str, report: Report) -> bool:
    if not report.spend(path):
        return False
    if isinstance(actual, kind):
        return True
    name = "an object" if kind is dict else "an array"
    what = "it is absent" if actual is ABSENT else f"it is {brief(actual)} ({type_name(actual)})"
    report.add(path, name, actual, f"expected {name}, but {what}")
    return False


def fields_of(parts: dict[str, Part], *, exact: bool) -> Part:
    """An object with these keys; with `exact` it has no others."""

    def check(actual: Any, path: str, report: Report) -> None:
        if not _of_type(dict, actual, path, report):
            return
        for key, part in parts.items():
            if report.full:
                return
            part(actual.get(key, ABSENT), below(path, key), report)
        if not exact:
            return
        for key in actual:
            if key not in parts and not report.full:
                report.add(below(path, key), ABSENT, actual[key], f"the key is not expected{closest(key, parts)}")

    return check


def array_of(parts: list[Part]) -> Part:
    """An array of exactly these items in this order."""

    def check(actual: Any, path: str, report: Report) -> None:
        if not _of_type(list, actual, path, report):
            return
        if len(actual) != len(parts):
            report.add(path, f"{len(parts)} items", actual, f"expected {len(parts)} items, got {len(actual)}")
        for at, (part, item) in enumerate(zip(parts, actual, strict=False)):
            if report.full:
                return
            part(item, below(path, at), report)

    return check


def _contains(builder: "Builder", value: Any, path: str) -> Part:
    """Object: at least these keys. Array: at least these items, anywhere. Text: this text inside."""
    if isinstance(value, dict):
        parts = {key: builder.part(item, f"{path}.{key}", partial=False) for key, item in value.items()}
        return fields_of(parts, exact=False)
    if isinstance(value, str):
        return _contains_text(value, [builder.part(value, path, partial=False)])
    items = value if isinstance(value, list) else [value]
    return _contains_items([builder.part(item, f"{path}[{at}]", partial=False) for at, item in enumerate(items)], items)


def _contains_text(value: str, parts: list[Part]) -> Part:
    in_items = _contains_items(parts, [value])

    def check(actual: Any, path: str, report: Report) -> None:
        if not isinstance(actual, str):
            in_items(actual, path, report)
        elif value not in actual:
            report.add(path, value, actual, f"expected a text with {brief(value)}, got {brief(actual)}")

    return check


def _contains_items(parts: list[Part], shown: list[Any]) -> Part:
    def check(actual: Any, path: str, report: Report) -> None:
        if not _of_type(list, actual, path, report):
            return
        for part, expected in zip(parts, shown, strict=True):
            if not any(report.matches(part, item, path) for item in actual if not report.full):
                report.add(path, expected, actual, f"no item matches {brief(expected)}")

    return check


def _partial(builder: "Builder", value: Any, path: str) -> Part:
    """As the document says, but objects may have more keys, here and at every level below."""
    return builder.part(value, path, partial=True)


def _each(builder: "Builder", value: Any, path: str) -> Part:
    """Every item of an array matches."""
    part = builder.part(value, path, partial=False)

    def check(actual: Any, path: str, report: Report) -> None:
        if not _of_type(list, actual, path, report):
            return
        for at, item in enumerate(actual):
            if report.full:
                return
            part(item, below(path, at), report)

    return check


def _any_order(builder: "Builder", value: Any, path: str) -> Part:
    """An array of exactly these items in any order."""
    if not isinstance(value, list) or len(value) > _MAX_ANY_ORDER:
        builder.refuse(path, f"#any_order takes an array of at most {_MAX_ANY_ORDER} items")
    parts = [builder.part(item, f"{path}[{at}]", partial=False) for at, item in enumerate(value)]

    def check(actual: Any, path: str, report: Report) -> None:
        if not _of_type(list, actual, path, report):
            return
        if len(actual) != len(parts):
            report.add(path, f"{len(parts)} items", actual, f"expected {len(parts)} items, got {len(actual)}")
            if len(actual) > _MAX_ANY_ORDER:
                return
        for at in _unpaired(parts, actual, path, report):
            report.add(path, value[at], actual, f"no item is left that matches {brief(value[at])}")

    return check


def _unpaired(parts: list[Part], actual: list[Any], path: str, report: Report) -> list[int]:
    """The expected items that get no partner when as many as possible get one (augmenting paths)."""
    fits = [[at for at, item in enumerate(actual) if report.matches(part, item, path)] for part in parts]
    owner: dict[int, int] = {}
    unpaired: list[int] = []
    for start in range(len(parts)):
        came_from: dict[int, int] = {}
        queue = [start]
        free = None
        while queue and free is None:
            part = queue.pop(0)
            for at in fits[part]:
                if at in came_from:
                    continue
                came_from[at] = part
                if at not in owner:
                    free = at
                    break
                queue.append(owner[at])
        if free is None:
            unpaired.append(start)
        else:
            _hand_over(free, start, came_from, owner)
    return unpaired


def _hand_over(free: int, start: int, came_from: dict[int, int], owner: dict[int, int]) -> None:
    at: int | None = free
    while at is not None:
        part = came_from[at]
        before = None if part == start else next(item for item, its_part in owner.items() if its_part == part)
        owner[at] = part
        at = before


def _length(builder: "Builder", value: Any, path: str) -> Part:
    """The number of characters, items or keys: a number, or [least, most]."""
    bounds = value if isinstance(value, list) else [value, value]
    if len(bounds) != 2 or not all(type(one) is int and one >= 0 for one in bounds):
        builder.refuse(path, "#length takes a whole number, or two in an array: [least, most]")
    least, most = bounds

    def check(actual: Any, path: str, report: Report) -> None:
        if not isinstance(actual, str | list | dict):
            report.add(path, value, actual, f"expected something with a length, got {brief(actual)}")
        elif not least <= len(actual) <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}"
            report.add(path, value, actual, f"expected length {wanted}, got {len(actual)}")

    return check


def _not(builder: "Builder", value: Any, path: str) -> Part:
    """Anything that is there and does not match."""
    part = builder.part(value, path, partial=False)

    def check(actual: Any, path: str, report: Report) -> None:
        if actual is ABSENT or report.matches(part, actual, path):
            what = "it is absent" if actual is ABSENT else f"got {brief(actual)}"
            report.add(path, {"#not": value}, actual, f"expected anything but {brief(value)}, but {what}")

    return check


def _one_of(builder: "Builder", value: Any, path: str) -> Part:
    """One of several values or structures."""
    if not isinstance(value, list) or not value:
        builder.refuse(path, "#one_of takes an array with at least one item")
    parts = [builder.part(item, f"{path}[{at}]", partial=False) for at, item in enumerate(value)]

    def check(actual: Any, path: str, report: Report) -> None:
        if not any(report.matches(part, actual, path) for part in parts):
            what = "it is absent" if actual is ABSENT else f"got {brief(actual)}"
            report.add(path, value, actual, f"expected one of {brief(value)}, but {what}")

    return check


OPERATORS: Final[dict[str, Callable[["Builder", Any, str], Part]]] = {
    "#contains": _contains,
    "#partial": _partial,
    "#each": _each,
    "#any_order": _any_order,
    "#length": _length,
    "#not": _not,
    "#one_of": _one_of,
}
"""Keys of an object that is an operator; several in one object all have to hold."""
