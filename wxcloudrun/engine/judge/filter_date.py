"""Filters on dates: read nearly any form, give ISO 8601 in UTC, seconds, or a text by a format."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.filter_kinds import Change, FilterError, FilterKind, Parameter, simple
from wxcloudrun.engine.judge.values import brief, is_number

_MAX_FORMAT = 100
_DIRECTIVES = "YmdHMSfzZjaAbBpIy%"
_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_LATEST_SECONDS = 1e11  # the year 5138; anything above is milliseconds
_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _read(value: Any) -> datetime:
    """Seconds or milliseconds since 1970, ISO 8601, or the form of HTTP's headers; without an offset it is UTC."""
    if is_number(value):
        return _from_number(float(value))
    if not isinstance(value, str) or len(value) > _MAX_FORMAT:
        raise FilterError(f"{brief(value)} is no date")
    text = _LONG_FRACTION.sub(r"\1", value.strip())
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return _aware(read(text))
        except (ValueError, TypeError, OverflowError):
            continue
    raise FilterError(f"{brief(value)} is no date")


def _from_number(seconds: float) -> datetime:
    if abs(seconds) > _LATEST_SECONDS:
        seconds /= 1_000
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except (OverflowError, ValueError) as error:
        raise FilterError("the number is outside the calendar") from error


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _iso(moment: datetime) -> str:
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def _to_date(form: str | None) -> Change:
    if form is None:
        return lambda value: _iso(_read(value))
    _refuse_format(form)

    def change(value: Any) -> str:
        if not isinstance(value, str):
            raise FilterError(f"it reads texts by a format, not {brief(value)}")
        try:
            moment = datetime.strptime(value, form)  # noqa: DTZ007 - `_aware` gives it a zone
        except (ValueError, re.error) as error:
            raise FilterError(f"{brief(value)} is no date of the form {form}") from error
        return _iso(_aware(moment))

    return change


def _format_date(form: str, offset: str) -> Change:
    _refuse_format(form)
    shift = _offset(offset)
    return lambda value: _shifted(_read(value), shift).strftime(form)


def _shifted(moment: datetime, shift: timedelta) -> datetime:
    try:
        return moment + shift
    except OverflowError as error:
        raise FilterError("the date is outside the calendar") from error


def _offset(text: str) -> timedelta:
    found = re.fullmatch(r"([+-])([01]\d|2[0-3]):?([0-5]\d)", text)
    if found is None:
        raise DefinitionError("offset", f"{text} is no offset; write it as +08:00")
    sign = -1 if found[1] == "-" else 1
    return sign * timedelta(hours=int(found[2]), minutes=int(found[3]))


def _refuse_format(form: str) -> None:
    if len(form) > _MAX_FORMAT:
        raise DefinitionError("format", f"the format has more than {_MAX_FORMAT} characters")
    for found in _DIRECTIVE.finditer(form):
        if found[1] not in _DIRECTIVES or not found[1]:
            known = " ".join(f"%{one}" for one in _DIRECTIVES)
            raise DefinitionError("format", f"{found[0]} is not one of {known}", found.start())


def _to_timestamp(value: Any) -> int | float:
    seconds = (_read(value) - _EPOCH).total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


DATE_FILTERS: Final = {
    "to_date": FilterKind(_to_date, (Parameter("format", "string", None),)),
    "format_date": FilterKind(_format_date, (Parameter("format", "string"), Parameter("offset", "string", "+00:00"))),
    "to_timestamp": simple(_to_timestamp),
}
