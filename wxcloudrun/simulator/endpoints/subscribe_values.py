"""Which values a subscribe message takes for each type of key, by the table on WeChat's sendMessage page."""

import re
import unicodedata
from collections.abc import Callable

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KEY = re.compile(r"([a-z_]+?)(\d+)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_AMOUNT = re.compile(r"[¥￥$€£]?\d{1,10}(\.\d+)?元?")
_CLOCK = r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?"
_DAY = (
    r"(\d{4}(-\d{1,2}(-\d{1,2})?|/\d{1,2}(/\d{1,2})?|\.\d{1,2}(\.\d{1,2})?|年\d{1,2}月(\d{1,2}日)?)"
    r"|\d{1,2}(-|/|\.)\d{1,2}|\d{1,2}月\d{1,2}日)"
)
_TIME = re.compile(rf"({_DAY} ?)?{_CLOCK}")
_DATE = re.compile(rf"{_DAY}( ?{_CLOCK})?")


def type_of(key: str) -> str | None:
    """The type of a template key such as `thing1`, or None if there is no such type."""
    found = _KEY.fullmatch(key)
    return found[1] if found and (found[1] in _RULES or found[1] == "enum") else None


def fits(key: str, value: str, listed: tuple[str, ...]) -> bool:
    """Whether `value` may stand for `key`; `listed` are the allowed values if the key is an enum."""
    if not value or any(unicodedata.category(char) == "Cc" for char in value):
        return False
    kind = type_of(key)
    if kind == "enum":
        return value in listed
    return kind is not None and _RULES[kind](value)


def _is_number(value: str) -> bool:
    return bool(_NUMBER.fullmatch(value)) and sum(char.isdigit() for char in value) <= 32


def _is_symbol(value: str) -> bool:
    return len(value) <= 5 and not any(char.isalnum() for char in value)


def _is_range(value: str, one: re.Pattern[str]) -> bool:
    parts = value.split("~")
    return len(parts) <= 2 and all(one.fullmatch(part.strip()) for part in parts)


def _is_car_number(value: str) -> bool:
    middle = value[1:-1]
    return 2 <= len(value) <= 8 and value.isalnum() and not _CHINESE.search(middle)


def _is_name(value: str) -> bool:
    if _CHINESE.search(value):
        return len(value) <= 10
    return len(value) <= 20 and not any(char.isdigit() for char in value)


_RULES: dict[str, Callable[[str], bool]] = {
    "thing": lambda value: len(value) <= 20,
    "number": _is_number,
    "letter": lambda value: bool(re.fullmatch(r"[A-Za-z]{1,32}", value)),
    "symbol": _is_symbol,
    "character_string": lambda value: len(value) <= 32 and value.isascii(),
    "time": lambda value: _is_range(value, _TIME),
    "date": lambda value: _is_range(value, _DATE),
    "amount": lambda value: bool(_AMOUNT.fullmatch(value)),
    "phone_number": lambda value: bool(re.fullmatch(r"[0-9+\-() #*]{1,17}", value)),
    "car_number": _is_car_number,
    "name": _is_name,
    "phrase": lambda value: len(value) <= 5 and all(_CHINESE.match(char) for char in value),
}
