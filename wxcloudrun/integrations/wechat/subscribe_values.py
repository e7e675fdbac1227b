"""What WeChat accepts as a value in a subscribe message, by the type in the value's name.

Source: the table of parameter types on WeChat's page on sending subscribe messages. Lengths count characters.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

_CHINESE = r"\u3400-\u4dbf\u4e00-\u9fff"
_TIME = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_MONTH, _DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12][0-9]|3[01])"
_MARKS = ("-", "/", r"\.")
_FULL_DATE = "|".join(
    [rf"[0-9]{{4}}{mark}{_MONTH}{mark}{_DAY}" for mark in _MARKS] + [rf"[0-9]{{4}}年{_MONTH}月{_DAY}日"]
)
_PART_DATE = "|".join(
    [rf"[0-9]{{4}}{mark}{_MONTH}|{_MONTH}{mark}{_DAY}" for mark in _MARKS]
    + [rf"[0-9]{{4}}年{_MONTH}月|{_MONTH}月{_DAY}日"]
)
_ANY_DATE = rf"{_FULL_DATE}|{_PART_DATE}"


def _range(one: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{one})(?:\s?~\s?(?:{one}))?")


_TIMES = _range(rf"(?:(?:{_FULL_DATE})\s?)?{_TIME}")
_DATES = _range(rf"(?:{_ANY_DATE})(?:\s?{_TIME})?")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_AMOUNT = re.compile(r"([0-9]{1,10})(?:\.[0-9]+)?元?")
_CAR = re.compile(rf"[A-Za-z0-9{_CHINESE}][A-Za-z0-9·-]{{0,6}}[A-Za-z0-9{_CHINESE}]?")
_PHRASE = re.compile(rf"[{_CHINESE}]{{1,5}}")


@dataclass(frozen=True)
class ValueRule:
    """`text` says the rule to a person; `longest` is the length to cut to, where a value may be cut at all."""

    text: str
    holds: Callable[[str], bool]
    longest: int | None = None
    ellipsis: str = ""


def _ascii(value: str) -> bool:
    return all("\x20" <= character <= "\x7e" for character in value)


def _symbols(value: str) -> bool:
    return not any(character.isalnum() for character in value)


def _number(value: str) -> bool:
    return bool(_NUMBER.fullmatch(value)) and sum(character.isdigit() for character in value) <= 32


def _amount(value: str) -> bool:
    signed = bool(value) and unicodedata.category(value[0]) == "Sc"
    return bool(_AMOUNT.fullmatch(value[1:] if signed else value))


def _name(value: str) -> bool:
    if re.search(rf"[{_CHINESE}]", value):
        return len(value) <= 10
    return len(value) <= 20 and not any(character.isdigit() for character in value)


def _phone(value: str) -> bool:
    return len(value) <= 17 and _ascii(value) and not any(character.isalpha() for character in value)


_RULES = {
    "thing": ValueRule("at most 20 characters", lambda v: len(v) <= 20, 20, "…"),
    "number": ValueRule("a number of at most 32 digits", _number),
    "letter": ValueRule("1 to 32 letters", lambda v: bool(re.fullmatch(r"[A-Za-z]{1,32}", v))),
    "symbol": ValueRule("1 to 5 symbols", lambda v: len(v) <= 5 and _symbols(v)),
    "character_string": ValueRule(
        "at most 32 digits, letters and symbols", lambda v: len(v) <= 32 and _ascii(v), 32, "..."
    ),
    "time": ValueRule("a time as 15:01, with or without a date before it", lambda v: bool(_TIMES.fullmatch(v))),
    "date": ValueRule("a date as 2019-10-01 or 2019年10月1日", lambda v: bool(_DATES.fullmatch(v))),
    "amount": ValueRule("a currency sign and at most 10 digits", _amount),
    "phone_number": ValueRule("at most 17 digits and symbols", _phone),
    "car_number": ValueRule("at most 8 characters of a number plate", lambda v: bool(_CAR.fullmatch(v))),
    "name": ValueRule("at most 10 characters with Chinese, else 20 letters", _name, 10, "…"),
    "phrase": ValueRule("1 to 5 Chinese characters", lambda v: bool(_PHRASE.fullmatch(v)), 5),
}


def broken_rule(key: str, value: str) -> str | None:
    """The rule that a value breaks, in words, or None. `key` is a type and a number, as `thing01`.

    A type that is not in the table (`enum`, or one WeChat adds later) is only asked not to be empty.
    """
    if not re.fullmatch(r"[a-z_]{1,30}[0-9]{1,3}", key):
        return "the name must be a type and a number, as thing1"
    if not value.strip():
        return "must not be empty"
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
        return "no line ends and no control characters"
    rule = _RULES.get(_type(key))
    return rule.text if rule and not rule.holds(value) else None


def shortened(key: str, value: str) -> str:
    """A value made to fit: line ends and control characters become spaces, and where its type is free text the end
    is cut and marked with an ellipsis. Other types are left alone: half a number is another number.
    """
    rule = _RULES.get(_type(key))
    if rule is None or rule.longest is None:
        return value
    spaced = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in value).strip()
    if len(spaced) <= rule.longest or rule.holds(spaced):
        return spaced
    return spaced[: rule.longest - len(rule.ellipsis)] + rule.ellipsis


def _type(key: str) -> str:
    return key.rstrip("0123456789")
