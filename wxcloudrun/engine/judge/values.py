"""JSON values as the checks see them: their types, equality, order, depth, and a bounded copy for a report."""

from collections.abc import Callable, Iterator
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from math import isfinite
from typing import Any, Final

MAX_DEPTH: Final = 512
"""Arrays and objects inside each other; a deeper document is refused, so that nothing overflows a stack."""

_EXACT_INTEGERS = 1 << 53  # doubles below hold every integer
_ANY_DIGITS = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX)
_TEXT_SHOWN = 2_000
_ITEMS_SHOWN = 50
_NODES_SHOWN = 400
_DEPTH_SHOWN = 12


def is_number(value: object) -> bool:
    """True for JSON numbers; booleans are none."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def type_name(value: object) -> str:
    """The JSON type: string, number, boolean, null, array or object."""
    match value:
        case str():
            return "string"
        case bool():
            return "boolean"
        case None:
            return "null"
        case int() | float() | Decimal():
            return "number"
        case list() | tuple():
            return "array"
        case dict():
            return "object"
    return type(value).__name__


def a_type(value: object) -> str:
    """The JSON type inside a sentence: `a string`, `an array`, `null`."""
    name = type_name(value)
    return name if name == "null" else with_article(name)


def with_article(name: str) -> str:
    """`a number`, `an integer`."""
    return f"{'an' if name[:1] in 'aeio' else 'a'} {name}"


def counted(number: int, one: str, several: str = "") -> str:
    """`1 fault`, `2 faults`."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def is_integer(value: object) -> bool:
    """True for a number without a fraction, as JSON Schema has it: 1.0 is an integer."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return True
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, Decimal) and _whole(value)


def _whole(value: Decimal) -> bool:
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return False
    return exponent >= 0 or not any(digits[exponent:])


def numbers_equal(left: Any, right: Any) -> bool:
    """Equality of two numbers by the decimal value they are written with: 1 equals 1.0, nothing is rounded."""
    if _as_written(left, right):
        return _exact(left) == _exact(right)
    return bool(left == right)


def number_less(left: Any, right: Any) -> bool:
    """`left < right` by the same rule as `numbers_equal`."""
    if _as_written(left, right):
        return _exact(left) < _exact(right)
    return bool(left < right)


def number_key(value: Any) -> object:
    """The same for equal numbers and for no others; one that nobody can choose so that it falls together with many."""
    if abs(value) < _EXACT_INTEGERS and is_integer(value):
        return int(value)
    return ("number", str(_ANY_DIGITS.normalize(_exact(value))))


def _as_written(left: Any, right: Any) -> bool:
    """Whether two numbers have to be compared digit by digit: a double stands for the decimal it is written with."""
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        return True
    return isinstance(left, float) != isinstance(right, float) and abs(left) >= _EXACT_INTEGERS


def _exact(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def as_text(value: Any) -> str | None:
    """A text as it is and a number as JSON writes it; None for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if is_number(value) else None


def equal(left: Any, right: Any, spend: Callable[[int], None] | None = None) -> bool:
    """Deep equality of JSON values: numbers by value, `true` is not 1, object keys in any order, arrays in order.

    `spend` is told the size of each array and object that is compared, for callers with a budget.
    """
    pairs = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        if one is other:
            continue
        if spend is not None and isinstance(one, dict | list):
            spend(len(one))
        if isinstance(one, dict):
            if not isinstance(other, dict) or one.keys() != other.keys():
                return False
            pairs.extend((value, other[key]) for key, value in one.items())
        elif isinstance(one, list):
            if not isinstance(other, list) or len(one) != len(other):
                return False
            pairs.extend(zip(one, other, strict=True))
        elif not _scalars_equal(one, other):
            return False
    return True


def _scalars_equal(one: Any, other: Any) -> bool:
    if type(one) is type(other):
        return bool(one == other)
    return is_number(one) and is_number(other) and numbers_equal(one, other)


def depth(value: Any, limit: int = MAX_DEPTH) -> int:
    """How many arrays and objects are inside each other; stops counting at `limit + 1`."""
    level = [value] if isinstance(value, dict | list) else []
    levels = 0
    while level and levels <= limit:
        levels += 1
        level = [child for container in level for child in children(container) if isinstance(child, dict | list)]
    return levels


def children(container: Any) -> Iterator[Any]:
    """The values inside an array or object, in order."""
    return iter(container.values() if isinstance(container, dict) else container)


def is_json(value: Any, limit: int = 5_000_000) -> bool:
    """True when the value is made of JSON's types alone (no NaN or infinity, text keys), not too deep, and has no
    more than `limit` values inside."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        if not all(_is_json_here(one) for one in level):
            return False
        containers = [one for one in level if isinstance(one, dict | list)]
        limit -= sum(len(one) for one in containers)
        if limit < 0:
            return False
        level = [child for one in containers for child in children(one)]
        if not level:
            return True
    return False


def _is_json_here(value: Any) -> bool:
    match value:
        case float():
            return isfinite(value)
        case Decimal():
            return value.is_finite()
        case dict():
            return all(isinstance(key, str) for key in value)
    return value is None or isinstance(value, str | int | list)


def shown(value: Any) -> Any:
    """A copy for a report: plain JSON, bounded in size, lone surrogates escaped, exact numbers as their text."""
    if value is None or value is True or value is False:
        return value
    if type(value) is int and -(1 << 63) < value < 1 << 63:
        return value
    if type(value) is str and len(value) <= _TEXT_SHOWN and value.isascii():
        return value
    return _Copy().of(value, 0)


class _Copy:
    """Copies until its allowance of nodes is used up."""

    def __init__(self) -> None:
        self.left = _NODES_SHOWN

    def of(self, value: Any, level: int) -> Any:
        self.left -= 1
        if isinstance(value, str):
            return shown_text(value)
        if isinstance(value, dict | list):
            if level >= _DEPTH_SHOWN or self.left <= 0:
                return f"… ({type_name(value)} of {len(value)})"
            return self._object(value, level) if isinstance(value, dict) else self._array(value, level)
        if isinstance(value, Decimal) or (isinstance(value, float) and not isfinite(value)):
            return shown_text(str(value))
        if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 1_024:
            return f"integer of {value.bit_length()} bits"
        return value

    def _array(self, value: list[Any], level: int) -> list[Any]:
        copy = [self.of(item, level + 1) for item in value[:_ITEMS_SHOWN] if self.left > 0]
        if len(copy) < len(value):
            copy.append(f"… ({len(value) - len(copy)} more)")
        return copy

    def _object(self, value: dict[str, Any], level: int) -> dict[str, Any]:
        copy: dict[str, Any] = {}
        for key in list(value)[:_ITEMS_SHOWN]:
            if self.left > 0:
                copy[shown_text(str(key))] = self.of(value[key], level + 1)
        if len(copy) < len(value):
            copy["…"] = f"{len(value) - len(copy)} more"
        return copy


def shown_text(text: str, limit: int = _TEXT_SHOWN) -> str:
    """The text cut to `limit` characters, with its length where it was cut; lone surrogates become `\\udXXX`."""
    if len(text) > limit:
        text = f"{text[:limit]}… ({len(text)} characters)"
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def brief(value: Any, limit: int = 80) -> str:
    """One line that shows a value inside a sentence."""
    match value:
        case str():
            return f'"{shown_text(value, limit)}"'
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return _brief_container(value, limit)
    return shown_text(str(shown(value)), limit)


def _brief_container(value: Any, limit: int) -> str:
    parts: list[str] = []
    for index, item in enumerate(value.items() if isinstance(value, dict) else value):
        if index == 5:
            parts.append(f"… {len(value)} in all")
            break
        parts.append(_brief_item(item, isinstance(value, dict)))
    text = ", ".join(parts)
    return shown_text(f"{{{text}}}" if isinstance(value, dict) else f"[{text}]", limit)


def _brief_item(item: Any, keyed: bool) -> str:
    name, value = (f"{item[0]}: ", item[1]) if keyed else ("", item)
    if isinstance(value, dict | list) and value:
        return f"{name}{'{…}' if isinstance(value, dict) else '[…]'}"
    return name + brief(value, 30)
