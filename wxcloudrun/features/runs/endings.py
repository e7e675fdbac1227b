"""Tells others of runs that ended, from notes that are kept in the transaction in which a run gets its final state.

Who is told must take it twice without harm: a worker may be killed after it was done and before the note was removed.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.core.db import AnySession, database_gone, unit_of_work
from wxcloudrun.core.logging import log
from wxcloudrun.features.runs.dao import EndingsDao

type Listener = Callable[[int], object]
"""Is told the number of a run that ended; what it raises has it told again later."""

MOST_ATTEMPTS: Final = 16
_AT_ONCE: Final = 50
_HELD: Final = timedelta(minutes=2)  # for so long a note is with the worker that took it
_FIRST_REST: Final = timedelta(seconds=5)
_LONGEST_REST: Final = timedelta(hours=1)

_logger = logging.getLogger("wxcloudrun.runs")


class RunEndings:
    """Hands every ended run to each listener, by the name under which it was noted; one that fails delays no other."""

    def __init__(self, session: AnySession, listeners: Mapping[str, Listener], dao: EndingsDao | None = None) -> None:
        self.session = session
        self._listeners = listeners
        self._dao = dao or EndingsDao(session)

    def tell(self) -> int:
        """Tell what is due; how many notes were handled, 0 at the end. Raises what a database that is gone raises."""
        if not self._listeners:
            return 0
        found = self._dao.due(sorted(self._listeners), _AT_ONCE)
        return sum(self._handled(row) for row in found)

    def _handled(self, row: Row[Any]) -> bool:
        if not self._take(row):
            return False  # another worker has it
        try:
            self._listeners[row.consumer](row.run_id)
        except Exception as error:
            if database_gone(error):
                raise
            self._failed(row, error)
        else:
            self._remove(row.id)
        return True

    def _failed(self, row: Row[Any], error: Exception) -> None:
        """Try it again later, after growing pauses; the first failure and the last one are told."""
        attempts = row.attempts + 1
        facts = {"run_id": row.run_id, "consumer": row.consumer, "attempts": attempts, "error": type(error).__name__}
        if attempts >= MOST_ATTEMPTS:
            log(_logger, "ended run given up", logging.ERROR, **facts)
            self._remove(row.id)
            return
        if attempts == 1:
            _logger.error("ended run could not be told", exc_info=error, extra={"facts": facts})
        self._postpone(row, min(_LONGEST_REST, _FIRST_REST * 2 ** (attempts - 1)))

    @unit_of_work
    def _take(self, row: Row[Any]) -> bool:
        return self._dao.take(row, row.now + _HELD)

    @unit_of_work
    def _postpone(self, row: Row[Any], pause: timedelta) -> None:
        self._dao.postpone(row, row.now + pause)

    @unit_of_work
    def _remove(self, number: int) -> None:
        self._dao.remove(number)
