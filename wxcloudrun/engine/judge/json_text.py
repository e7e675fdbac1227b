"""Reads and writes JSON text: no NaN, no lost digits, bounded depth, and errors that show the place."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from wxcloudrun.engine.judge.values import MAX_DEPTH, depth, shown_text

MAX_CONTAINERS = 1_500_000
"""Brackets and braces of a text, so that it is read in a second or two, in which nobody can interrupt it."""

MAX_EXACT_NUMBERS = 700_000
"""Numbers of a text that are compared digit by digit with their double, so that it is read in time."""

_SAFE_FLOAT_LENGTH = 16  # up to 15 digits and a point: a double gives the same decimal back
_LEAST_SAFE, _GREATEST_SAFE = 1e-290, 1e290  # where doubles have all their digits
_LONGEST_DOUBLE = 24  # `-2.2250738585072014e-308`
_MOST_DIGITS = 17  # of a double
_SHORTEST_EXACT = 4  # `1e9` and a comma
_SURELY_FINITE = frozenset("0123456789.-")
_TOO_MANY_DIGITS = 4_300  # Python's own limit for turning text into int
_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)', re.DOTALL)


class NotJsonError(ValueError):
    """A text that is not JSON: a sentence with line and column, and the line with a caret below it."""

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.where = where


def parse_json(text: str) -> Any:
    """The value of a JSON text (RFC 8259).

    Of duplicate keys the last counts. Numbers that a double cannot hold exactly come as `Decimal`; integers are exact.
    Raises NotJsonError, also for NaN, Infinity, more than `MAX_DEPTH` levels, `MAX_CONTAINERS` containers or
    `MAX_EXACT_NUMBERS` of such numbers.
    """
    text = text.removeprefix("\ufeff")
    containers = text.count("[") + text.count("{")
    if containers > MAX_CONTAINERS:
        raise NotJsonError(f"it has more than {MAX_CONTAINERS} arrays and objects")
    try:
        value = _decoded(text)
    except json.JSONDecodeError as error:
        raise _fault(text, error.msg, error.pos) from error
    except _ConstantError as error:
        found = next((match for match in _CONSTANT.finditer(text) if match[1]), None)
        raise _fault(text, f"{error} is not JSON", found.start() if found else 0) from error
    except RecursionError as error:
        raise NotJsonError(f"it is nested deeper than {MAX_DEPTH} levels") from error
    except NotJsonError:
        raise
    except ValueError:  # an integer of thousands of digits
        value = _decoder(text, _read_int).decode(text)
    if containers > MAX_DEPTH and depth(value) > MAX_DEPTH:
        raise NotJsonError(f"it is nested deeper than {MAX_DEPTH} levels")
    return value


def _decoded(text: str) -> Any:
    """`JSONDecoder.decode`, which looks for white space around the value even where there is none."""
    decoder = _decoder(text)
    if text[:1] in ("{", "["):
        value, end = decoder.raw_decode(text)
        if end == len(text):
            return value
    return decoder.decode(text)


class _ConstantError(ValueError):
    pass


def _refuse_constant(name: str) -> Any:
    raise _ConstantError(name)


def _read_float(text: str) -> float | Decimal:
    near = _surely_near(text)
    return _read_exactly(text) if near is None else near


def _surely_near(text: str) -> float | None:
    """The double whose shortest decimal is this number, where that is known without looking at every digit."""
    if len(text) <= _SAFE_FLOAT_LENGTH:
        near = float(text)
        if _SURELY_FINITE.issuperset(text) or _LEAST_SAFE < abs(near) < _GREATEST_SAFE:
            return near
    elif len(text) <= _LONGEST_DOUBLE:
        near = float(text)
        if repr(near) == text:  # as nearly every program writes its doubles
            return near
    return None


def _read_exactly(text: str) -> float | Decimal:
    exact = _decimal(text)
    if text[-1] != "0" and "e" not in text and "E" not in text:
        digits = text.lstrip("-0.")
        if len(digits) - ("." in digits) > _MOST_DIGITS:
            return exact
    near = float(text)
    return near if exact == Decimal(repr(near)) else exact


def _decoder(text: str, parse_int: Callable[[str], int | Decimal] = int) -> json.JSONDecoder:
    """One for this text; a long one is refused beyond `MAX_EXACT_NUMBERS`."""
    if len(text) < MAX_EXACT_NUMBERS * _SHORTEST_EXACT:
        return _DECODER if parse_int is int else _LONG_NUMBER_DECODER
    left = MAX_EXACT_NUMBERS

    def read(text: str) -> float | Decimal:
        nonlocal left
        near = _surely_near(text)
        if near is not None:
            return near
        left -= 1
        if left < 0:
            raise NotJsonError(f"it has more than {MAX_EXACT_NUMBERS} numbers with more digits than a double holds")
        return _read_exactly(text)

    return json.JSONDecoder(parse_float=read, parse_int=parse_int, parse_constant=_refuse_constant)


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or abs(value.adjusted()) > 1_000_000:
        raise _ConstantError(f"the number {shown_text(text, 40)}")
    return value


def _read_int(text: str) -> int | Decimal:
    return int(text) if len(text) < _TOO_MANY_DIGITS else Decimal(text)


_DECODER = json.JSONDecoder(parse_float=_read_float, parse_constant=_refuse_constant)
_LONG_NUMBER_DECODER = json.JSONDecoder(parse_float=_read_float, parse_int=_read_int, parse_constant=_refuse_constant)


def _fault(text: str, reason: str, position: int) -> NotJsonError:
    line = text.count("\n", 0, position) + 1
    start = text.rfind("\n", 0, position) + 1
    column = position - start + 1
    return NotJsonError(f"{reason} at line {line} column {column}", caret(text, position))


def caret(text: str, position: int, note: str = "") -> str:
    """The line of the text around `position` (at most 60 characters of it) and a caret under that character."""
    start = max(text.rfind("\n", 0, position) + 1, position - 40)
    end = text.find("\n", position)
    end = min(len(text) if end < 0 else end, start + 60, len(text))
    line = shown_text(text[start:end].replace("\t", " ").replace("\r", " "))
    return f"{line}\n{' ' * (position - start)}^{' ' + note if note else ''}"


def write_json(value: Any) -> str:
    """The value as compact JSON text; exact numbers keep their digits. Raises ValueError for what is no JSON."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except TypeError:
        return _written(value)


def _written(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{write_json(str(key))}:{_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
