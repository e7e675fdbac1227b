"""Time for the engine, handed in so that a test can hold it still."""

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """Two clocks: what time it is, and how long something took."""

    def now(self) -> datetime:
        """The time, in UTC."""

    def stamp(self) -> str:
        """The time as `stamp` writes it."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.fromtimestamp(time.time(), UTC)

    def stamp(self) -> str:
        """The time as `stamp` writes it, in a third of the time."""
        now = time.time()
        seconds = int(now)
        return f"{_whole_second(seconds)}.{int((now - seconds) * 1000):03}Z"

    monotonic = staticmethod(time.monotonic)
    """Seconds since some moment; never goes back."""


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and `Z`."""
    return f"{_whole_second(int(moment.timestamp()))}.{moment.microsecond // 1000:03}Z"


@lru_cache(maxsize=64)
def _whole_second(seconds: int) -> str:
    """Many stamps fall into one second, and writing a date takes longer than looking it up."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
