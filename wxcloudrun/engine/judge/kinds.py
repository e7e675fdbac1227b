"""The names a value's type can be asked by: JSON's types, integer, and a few forms of text."""

import re
from collections.abc import Callable
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final
from urllib.parse import urlsplit

from wxcloudrun.engine.judge.values import is_integer, is_number

_LONGEST = 2_000
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:?\d{2})?", re.ASCII)
_FRACTION = re.compile(r"\.\d+")
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]{1,64}@[^\s@.<>]+(\.[^\s@.<>]+)+")


def _text(check: Callable[[str], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and len(value) <= _LONGEST and check(value)


def _accepts(read: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            read(text)
        except ValueError:
            return False
        return True

    return check


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - reading it raises when it is no port
    except ValueError:
        return False
    return parts.scheme in {"http", "https", "ws", "wss", "ftp"} and bool(parts.hostname) and " " not in text


_is_date = _accepts(date.fromisoformat)
_is_datetime = _accepts(lambda text: datetime.fromisoformat(_FRACTION.sub("", text).upper()))

KINDS: Final[dict[str, Callable[[Any], bool]]] = {
    "string": lambda value: isinstance(value, str),
    "number": is_number,
    "integer": is_integer,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "date": _text(lambda text: bool(_DATE.fullmatch(text)) and _is_date(text)),
    "datetime": _text(lambda text: bool(_DATETIME.fullmatch(text)) and _is_datetime(text)),
    "uuid": _text(lambda text: _UUID.fullmatch(text) is not None),
    "email": _text(lambda text: _EMAIL.fullmatch(text) is not None),
    "ipv4": _text(_accepts(IPv4Address)),
    "ipv6": _text(_accepts(IPv6Address)),
    "url": _text(_is_url),
}
"""By name: whether a value is of that kind. `datetime` is ISO 8601 with seconds, the offset optional."""
