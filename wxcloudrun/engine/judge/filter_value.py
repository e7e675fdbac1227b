"""Filters that change a value's type, and the default for nothing."""

import math
from decimal import Decimal
from typing import Any, Final

from wxcloudrun.engine.judge.filter_kinds import FilterError, FilterKind, Parameter, needs, simple
from wxcloudrun.engine.judge.json_text import NotJsonError, parse_json, write_json
from wxcloudrun.engine.judge.values import brief, is_json, is_number

_MAX_DIGITS = 1_000
_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def to_number(value: Any) -> Any:
    """A number as it is; a text as JSON writes numbers, with blanks around and a leading + allowed."""
    if is_number(value):
        return value
    text = needs(value, "string", "number").strip().removeprefix("+")
    try:
        number = parse_json(text)
    except NotJsonError as error:
        raise FilterError(f"{brief(value)} is no number") from error
    if not is_number(number):
        raise FilterError(f"{brief(value)} is no number")
    return number


def _to_integer(value: Any) -> int:
    """A fraction is cut off, towards zero."""
    number = to_number(value)
    if isinstance(number, Decimal) and number.adjusted() > _MAX_DIGITS:
        raise FilterError(f"the number has more than {_MAX_DIGITS} digits")
    return int(math.trunc(number))


def _to_string(value: Any) -> str:
    """A text as it is; anything else as JSON."""
    return value if isinstance(value, str) else _to_json(value)


def _to_json(value: Any) -> str:
    if not is_json(value):
        raise FilterError("the value is too large to be written out")
    return write_json(value)


def _to_boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if is_number(value) and value in (0, 1):
        return bool(value)
    truth = _TRUTHS.get(value.strip().lower()) if isinstance(value, str) else None
    if truth is None:
        raise FilterError(f"{brief(value)} is neither true nor false")
    return truth


def _parse_json(value: Any) -> Any:
    try:
        return parse_json(needs(value, "string"))
    except NotJsonError as error:
        raise FilterError(f"the text is not JSON: {error.reason}") from error


VALUE_FILTERS: Final = {
    "to_number": simple(to_number),
    "to_integer": simple(_to_integer),
    "to_string": simple(_to_string),
    "to_boolean": simple(_to_boolean),
    "to_json": simple(_to_json),
    "parse_json": simple(_parse_json),
    "default": FilterKind(lambda value: lambda _: value, (Parameter("value", "any"),)),
}
