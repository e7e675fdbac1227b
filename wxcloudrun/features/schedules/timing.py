"""When a schedule is due: by cron in a time zone, at an interval, or once. Moments come and go in UTC."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wxcloudrun.core.errors import FieldFault

MOST_AT_ONCE: Final = 100  # ticks of one schedule that are told one by one after a long silence
_MOST_COUNTED: Final = 10_000  # a cron of every minute for a week; what is older is not counted
_FIELDS: Final = ("minute", "hour", "day of month", "month", "day of week")
_FIELD: Final = re.compile(r"[0-9A-Za-z*,/#-]+")
_CHANCE: Final = re.compile(r"(^|,)[rh](?![a-z])", re.IGNORECASE)  # croniter's random and hashed fields
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cron:
    """Five fields, in the local time of a zone.

    As Vixie's cron does it: where the hour is `*` or `*/n` every hour that really passes counts, also one that the
    clocks show twice; else a time that the clocks skip is due right after the gap, and one that they show twice is due
    the first time only.
    """

    text: str
    zone: str

    def after(self, moment: datetime) -> datetime | None:
        """The first time behind that moment; None where there is none within 50 years."""
        zone = ZoneInfo(self.zone)
        local = moment.astimezone(zone)
        every_hour = self.text.split()[1].startswith("*")
        start = local.replace(tzinfo=None, fold=0) - (_repeated(local) if every_hour else timedelta())
        best: datetime | None = None
        for wall in _walls(self.text, start):
            early = _instant(wall, zone)
            if best is not None and early > best:
                break
            found = _shown(wall, zone) if every_hour else [early]
            later = [one for one in found if one > moment]
            best = min([*later, *([] if best is None else [best])], default=None)
            if best is not None and not every_hour:
                break
        return best


@dataclass(frozen=True, slots=True)
class Every:
    """Every so many milliseconds, counted from an anchor."""

    every_ms: int
    anchor: datetime

    def after(self, moment: datetime) -> datetime | None:
        """The first time behind that moment; the anchor itself is the first of all."""
        step = timedelta(milliseconds=self.every_ms)
        passed = (moment - self.anchor) // step + 1
        return self.anchor + max(passed, 0) * step


@dataclass(frozen=True, slots=True)
class Once:
    """One moment."""

    at: datetime

    def after(self, moment: datetime) -> datetime | None:
        """The moment, until it is over."""
        return self.at if self.at > moment else None


type Timing = Cron | Every | Once


@dataclass(frozen=True, slots=True)
class Due:
    """What is due: the newest times, the oldest of them first; and how many older ones there were, and the first.

    With `more` there were even older ones that nobody counted.
    """

    planned: list[datetime]
    dropped: int
    first: datetime
    more: bool


def due(timing: Timing, first: datetime, now: datetime) -> Due:
    """All times from `first`, which is due, until `now`."""
    newest: deque[datetime] = deque(maxlen=MOST_AT_ONCE)
    count, more, moment = 0, False, first
    while True:
        newest.append(moment)
        count += 1
        if count == _MOST_COUNTED and not more:
            more, moment = True, max(moment, now - timedelta(days=1))
        following = timing.after(moment)
        if following is None or following > now:
            return Due(list(newest), count - len(newest), first, more)
        moment = following


def upcoming(timing: Timing, moment: datetime, count: int) -> list[datetime]:
    """The next times behind that moment."""
    found: list[datetime] = []
    following = timing.after(moment)
    while following is not None and len(found) < count:
        found.append(following)
        following = timing.after(following)
    return found


def cron_fault(text: str) -> FieldFault | None:
    """What is wrong with a cron, where in it, and in which of its fields; None where nothing is."""
    found = list(re.finditer(r"\S+", text))
    if len(found) != len(_FIELDS):
        told = f"five fields are needed ({', '.join(_FIELDS)}), there are {len(found)}"
        return FieldFault("cron", "not_usable", 0, told)
    for number, (match, name) in enumerate(zip(found, _FIELDS, strict=True)):
        alone = ["*"] * len(_FIELDS)
        alone[number] = match.group()
        odd = not _FIELD.fullmatch(match.group()) or _CHANCE.search(match.group())
        if odd or not _readable(" ".join(alone)):
            told = f"field {number + 1} of 5, {name}, is not usable"
            return FieldFault("cron", "not_usable", match.start(), told)
    if not _readable(text) or next(_walls(text, datetime(2000, 1, 1)), None) is None:  # noqa: DTZ001 - a wall clock's
        return FieldFault("cron", "never", 0, "there is no such day")
    return None


def zone_fault(name: str) -> FieldFault | None:
    """What is wrong with a time zone's name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return FieldFault("time_zone", "unknown", detail="an IANA name is needed, such as Asia/Shanghai")
    return None


def _readable(text: str) -> bool:
    from croniter import croniter  # noqa: PLC0415 - a start does not pay for it

    return bool(croniter.is_valid(text))


def _walls(text: str, start: datetime) -> Iterator[datetime]:
    """What the clock on the wall shows when the cron is due, behind `start`."""
    from croniter import CroniterBadDateError, croniter  # noqa: PLC0415 - as above

    times = croniter(text, start.replace(tzinfo=UTC))  # UTC stands for the wall: it has neither gaps nor repeats
    while True:
        try:
            found: datetime = times.get_next(datetime)
        except CroniterBadDateError:
            return
        yield found.replace(tzinfo=None)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """When the clocks show that for the first time; in a gap, when the gap ends."""
    first = wall.replace(tzinfo=zone)
    back = first.astimezone(UTC)
    if back.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return back
    return _end_of_gap(wall, zone)


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment of a change of clocks that skips what the wall would show."""
    late = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)  # by the offset before the change: behind it
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)  # by the offset after it: before it
    after = late.astimezone(zone).utcoffset()
    while late - early > _MICROSECOND:
        middle = early + (late - early) // 2
        early, late = (early, middle) if middle.astimezone(zone).utcoffset() == after else (middle, late)
    return late


def _shown(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every moment at which the clocks show that: none in a gap, two where they are set back."""
    moments = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(one for one in moments if one.astimezone(zone).replace(tzinfo=None, fold=0) == wall)


def _repeated(local: datetime) -> timedelta:
    """How far the clocks are set back where they show this time twice, else nothing."""
    earlier, later = (local.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    return max(earlier - later, timedelta())
