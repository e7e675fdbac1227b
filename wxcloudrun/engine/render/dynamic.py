"""Dynamic variables, `{{$uuid}}`, `{{$randomInt 1 10}}`: from a seed and a clock, so that a run can be repeated."""

import json
import string
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from wxcloudrun.engine.clock import Clock, stamp
from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.render import dynamic_words as words


class Draw:
    """Draws values for one place of a plan. The same seed gives the same random values; times come from the clock."""

    __slots__ = ("_clock", "_random", "_seed")

    def __init__(self, seed: str, clock: Clock) -> None:
        self._seed = seed
        self._clock = clock
        self._random: Random | None = None

    @property
    def random(self) -> Random:
        """The generator of this place, made when it is first needed."""
        if self._random is None:
            self._random = Random(self._seed)  # noqa: S311  # test data that must repeat, not a secret
        return self._random

    def now(self) -> datetime:
        """The time in UTC."""
        return self._clock.now()

    def value(self, name: str, arguments: tuple[str, ...]) -> Any:
        """The value of `$name` with its arguments; raises `StepError` when they do not fit."""
        make = DYNAMIC.get(name)
        if make is None:
            raise StepError(ErrorClass.VARIABLE, f"there is no dynamic variable {name}")
        try:
            return make(self, *arguments)
        except (TypeError, ValueError, IndexError, OverflowError) as fault:
            usage = USAGE.get(name, name)
            raise StepError(
                ErrorClass.VARIABLE, f"{name} cannot work with {list(arguments)}; write {{{{{usage}}}}}", str(fault)
            ) from None


def _random_int(draw: Draw, low: str = "0", high: str = "1000") -> int:
    return draw.random.randint(int(low), int(high))


def _random_float(draw: Draw, low: str = "0", high: str = "1", digits: str = "4") -> float:
    return round(draw.random.uniform(float(low), float(high)), int(digits))


def _letters(alphabet: str, default: int) -> "Maker":
    def make(draw: Draw, length: str = str(default)) -> str:
        count = int(length)
        if not 0 <= count <= 100_000:
            raise ValueError("the length is between 0 and 100000")
        return "".join(draw.random.choices(alphabet, k=count))

    return make


def _one_of(choices: tuple[str, ...]) -> "Maker":
    return lambda draw: draw.random.choice(choices)


def _random_choice(draw: Draw, *choices: str) -> str:
    return draw.random.choice(choices)


def _uuid(draw: Draw) -> str:
    return str(uuid.UUID(int=draw.random.getrandbits(128), version=4))


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _shifted(draw: Draw, shift: str) -> datetime:
    """Now, moved by `+1d`, `-2h`, `+30m`, `+10s`, `-1w`."""
    if not shift:
        return draw.now()
    return draw.now() + timedelta(**{_UNITS[shift[-1]]: float(shift[:-1])})


def _timestamp(draw: Draw, shift: str = "") -> int:
    return int(_checked(draw, shift).timestamp())


def _timestamp_ms(draw: Draw, shift: str = "") -> int:
    return int(_checked(draw, shift).timestamp() * 1000)


def _iso(draw: Draw, shift: str = "") -> str:
    return stamp(_checked(draw, shift))


def _date(draw: Draw, pattern: str = "%Y-%m-%d", shift: str = "") -> str:
    return _checked(draw, shift).strftime(pattern)


def _checked(draw: Draw, shift: str) -> datetime:
    if shift and (shift[-1] not in _UNITS or shift[0] not in "+-"):
        raise ValueError("a shift looks like +1d, -2h, +30m")
    return _shifted(draw, shift)


def _moment(low_days: float, high_days: float) -> "Maker":
    def make(draw: Draw) -> str:
        return stamp(draw.now() + timedelta(days=draw.random.uniform(low_days, high_days)))

    return make


def _email(domain: str) -> "Maker":
    def make(draw: Draw) -> str:
        name = f"{draw.random.choice(words.FIRST_NAMES)}.{draw.random.choice(words.LAST_NAMES)}".lower()
        return f"{name}{draw.random.randint(1, 9999)}@{domain}"

    return make


_MOST_WORDS = 1_000


def _several(choices: tuple[str, ...], default: int, end: str = "") -> "Maker":
    def make(draw: Draw, count: str = str(default)) -> str:
        wanted = int(count)
        if not 0 <= wanted <= _MOST_WORDS:
            raise ValueError(f"the number of words is between 0 and {_MOST_WORDS}")
        text = " ".join(draw.random.choices(choices, k=wanted))
        return (text.capitalize() if end else text) + end

    return make


def _ip(draw: Draw) -> str:
    """An address of the networks kept for documentation (RFC 5737), so that nobody is called by accident."""
    return f"203.0.113.{draw.random.randint(1, 254)}"


def _ipv6(draw: Draw) -> str:
    """An address of 2001:db8::/32, kept for documentation (RFC 3849)."""
    return "2001:db8:" + ":".join(f"{draw.random.getrandbits(16):x}" for _ in range(6))


def _mac(draw: Draw) -> str:
    return ":".join(f"{draw.random.getrandbits(8):02x}" for _ in range(6))


def _domain(draw: Draw) -> str:
    return f"{draw.random.choice(words.WORDS)}{draw.random.randint(1, 999)}.example.com"


def _url(draw: Draw) -> str:
    return f"https://{_domain(draw)}"


def _phone(draw: Draw) -> str:
    return f"{draw.random.randint(200, 999)}-555-{draw.random.randint(0, 9999):04}"


def _mobile_cn(draw: Draw) -> str:
    return f"1{draw.random.choice('3456789')}{draw.random.randint(0, 999_999_999):09}"


def _full_name(draw: Draw) -> str:
    return f"{draw.random.choice(words.FIRST_NAMES)} {draw.random.choice(words.LAST_NAMES)}"


def _user_name(draw: Draw) -> str:
    return f"{draw.random.choice(words.FIRST_NAMES)}{draw.random.randint(1, 9999)}".lower()


def _file(draw: Draw) -> str:
    return f"{draw.random.choice(words.WORDS)}.{draw.random.choice(words.FILE_KINDS)[0]}"


def _json_object(draw: Draw) -> str:
    return json.dumps({draw.random.choice(words.WORDS): draw.random.randint(0, 999)})


Maker = Callable[..., Any]

DYNAMIC: dict[str, Maker] = {
    "$uuid": _uuid,
    "$guid": _uuid,
    "$randomUUID": _uuid,
    "$timestamp": _timestamp,
    "$timestampMs": _timestamp_ms,
    "$isoTimestamp": _iso,
    "$date": _date,
    "$randomInt": _random_int,
    "$randomFloat": _random_float,
    "$randomBoolean": lambda draw: draw.random.random() < 0.5,
    "$randomString": _letters(string.ascii_letters, 10),
    "$randomAlphaNumeric": _letters(string.ascii_lowercase + string.digits, 1),
    "$randomDigits": _letters(string.digits, 6),
    "$randomHexadecimal": _letters("0123456789abcdef", 8),
    "$randomPassword": _letters(string.ascii_letters + string.digits, 15),
    "$randomChoice": _random_choice,
    "$randomFirstName": _one_of(words.FIRST_NAMES),
    "$randomLastName": _one_of(words.LAST_NAMES),
    "$randomFullName": _full_name,
    "$randomUserName": _user_name,
    "$randomEmail": _email("example.org"),
    "$randomExampleEmail": _email("example.com"),
    "$randomPhoneNumber": _phone,
    "$randomMobileNumber": _mobile_cn,
    "$randomJobTitle": _one_of(words.JOB_TITLES),
    "$randomCompanyName": lambda draw: f"{draw.random.choice(words.COMPANIES)} {draw.random.choice(words.SUFFIXES)}",
    "$randomCity": _one_of(words.CITIES),
    "$randomStreetName": _one_of(words.STREETS),
    "$randomStreetAddress": lambda draw: f"{draw.random.randint(1, 999)} {draw.random.choice(words.STREETS)}",
    "$randomCountry": lambda draw: draw.random.choice(words.COUNTRIES)[0],
    "$randomCountryCode": lambda draw: draw.random.choice(words.COUNTRIES)[1],
    "$randomLatitude": lambda draw: round(draw.random.uniform(-90, 90), 4),
    "$randomLongitude": lambda draw: round(draw.random.uniform(-180, 180), 4),
    "$randomColor": _one_of(words.COLORS),
    "$randomHexColor": lambda draw: f"#{draw.random.getrandbits(24):06x}",
    "$randomProduct": _one_of(words.PRODUCTS),
    "$randomProductName": lambda draw: f"{draw.random.choice(words.MATERIALS)} {draw.random.choice(words.PRODUCTS)}",
    "$randomPrice": lambda draw, low="1", high="1000": f"{draw.random.uniform(float(low), float(high)):.2f}",
    "$randomCurrencyCode": _one_of(words.CURRENCIES),
    "$randomBankAccount": _letters(string.digits, 8),
    "$randomIP": _ip,
    "$randomIPV6": _ipv6,
    "$randomMACAddress": _mac,
    "$randomDomainName": _domain,
    "$randomUrl": _url,
    "$randomProtocol": _one_of(("http", "https")),
    "$randomUserAgent": _one_of(words.USER_AGENTS),
    "$randomLocale": _one_of(words.LOCALES),
    "$randomSemver": lambda draw: ".".join(str(draw.random.randint(0, 9)) for _ in range(3)),
    "$randomFileName": _file,
    "$randomMimeType": lambda draw: draw.random.choice(words.FILE_KINDS)[1],
    "$randomJSON": _json_object,
    "$randomDateFuture": _moment(1, 365),
    "$randomDatePast": _moment(-365, -1),
    "$randomDateRecent": _moment(-1, 0),
    "$randomWeekday": _one_of(words.WEEKDAYS),
    "$randomMonth": _one_of(words.MONTHS),
    "$randomWord": _one_of(words.WORDS),
    "$randomWords": _several(words.WORDS, 3),
    "$randomLoremWord": _one_of(words.LOREM),
    "$randomLoremWords": _several(words.LOREM, 3),
    "$randomLoremSentence": _several(words.LOREM, 8, "."),
}
"""Every dynamic variable; the names are Postman's where Postman has it."""

USAGE = {
    "$randomInt": "$randomInt 1 10",
    "$randomFloat": "$randomFloat 0 1 4",
    "$randomString": "$randomString 10",
    "$randomChoice": "$randomChoice red green",
    "$randomPrice": "$randomPrice 1 1000",
    "$randomWords": "$randomWords 3",
    "$randomLoremWords": "$randomLoremWords 3",
    "$randomLoremSentence": "$randomLoremSentence 8",
    "$timestamp": "$timestamp +1h",
    "$timestampMs": "$timestampMs -1d",
    "$isoTimestamp": "$isoTimestamp +30m",
    "$date": '$date "%Y-%m-%d" +1d',
}
"""How those with arguments are written, for messages."""
