"""The counter's rule: nobody's increment is lost."""

from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.features.counter.dao import CounterDao


class CounterService:
    """Reads and changes the one counter."""

    def __init__(self, session: AnySession, counters: CounterDao | None = None) -> None:
        self.session = session
        self._counters = counters or CounterDao(session)

    def read(self) -> int:
        """The count."""
        return self._counters.value()

    @unit_of_work
    def increment(self) -> int:
        """Add one; the count right after this increment."""
        self._counters.add(1)
        return self._counters.value()

    @unit_of_work
    def clear(self) -> int:
        """Set to zero."""
        self._counters.set(0)
        return 0
