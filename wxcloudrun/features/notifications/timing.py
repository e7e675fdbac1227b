"""When a message is sent: quiet hours of a zone, and the pauses between attempts."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

FIRST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=6)
GIVE_UP: Final = timedelta(hours=24)
MOST_FAILURES: Final = 5
"""Failures in a row after which a channel rests."""

_SPREAD: Final = 0.2


@dataclass(frozen=True, slots=True)
class Quiet:
    """From one time of day until another, over midnight where the first is the later one."""

    start: time
    end: time

    @classmethod
    def parse(cls, start: str, end: str) -> "Quiet":
        """From `HH:MM` each."""
        return cls(time.fromisoformat(start), time.fromisoformat(end))

    def ends(self, now: datetime, zone: str) -> datetime | None:
        """When the quiet hours end in which `now` is; None outside of them."""
        local = now.astimezone(ZoneInfo(zone))
        clock = local.time()
        over_midnight = self.start > self.end
        inside = clock >= self.start or clock < self.end if over_midnight else self.start <= clock < self.end
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if over_midnight and clock >= self.start else 0)
        return datetime.combine(day, self.end, tzinfo=local.tzinfo).astimezone(UTC)


def pause(attempts: int, wait_s: float | None, chance: float) -> timedelta:
    """How long to wait after so many attempts: 1, 2, 4 ... minutes, six hours at most, a fifth more or less.

    `chance` is between 0 and 1. A receiver that asked for a pause of its own gets that, and a bit.
    """
    if wait_s is not None:
        return timedelta(seconds=min(max(wait_s, 1.0) * (1 + _SPREAD * chance), LONGEST.total_seconds()))
    planned = min(FIRST * float(2 ** min(attempts - 1, 20)), LONGEST)
    return min(planned * (1 - _SPREAD + 2 * _SPREAD * chance), LONGEST)


def rest(failures: int) -> timedelta | None:
    """How long a channel rests after so many failures in a row: 5, 10, 20 ... minutes, an hour at most."""
    if failures < MOST_FAILURES:
        return None
    return min(timedelta(minutes=5) * float(2 ** min(failures - MOST_FAILURES, 10)), timedelta(hours=1))
