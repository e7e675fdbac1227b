"""Time for the engine, handed in so that a test can hold it still."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two clocks: what time it is, and how long something took."""

    def now(self) -> datetime:
        """The time, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.fromtimestamp(time.time(), UTC)

    monotonic = staticmethod(time.monotonic)
    """Seconds since some moment; never goes back."""


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and `Z`."""
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"
