"""The one place where time comes from, so that a test can hand in another."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the clock itself


def iso(moment: datetime) -> str:
    """A moment as the API writes it: ISO 8601 in UTC with `Z`, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
