"""How many requests a second go to an environment, counted by all workers together: rows in the database."""

import logging
import time
from collections.abc import Callable
from typing import Final

from wxcloudrun.core.db import database_gone, retrying
from wxcloudrun.core.logging import log
from wxcloudrun.features.runs.tables import RunTables

_logger = logging.getLogger("wxcloudrun.runs")
_LONGEST_S: Final = 600.0
_SECOND: Final = 1_000_000


class SharedThrottle:
    """The engine's throttle for several workers: a place in a row of evenly spaced ones, a burst of one.

    One short transaction a request, and only where an environment has a rate. A place further away than ten minutes
    means that a clock was moved: the row begins anew. While the database is away nobody is held up by it.
    """

    def __init__(self, tables: RunTables, now: Callable[[], float] = time.time) -> None:
        self._tables, self._now = tables, now

    def reserve(self, key: str, rate_per_second: float) -> float:
        """Take the next place in the row of `key`; the seconds until it comes."""
        step = int(_SECOND / rate_per_second)
        now = int(self._now() * _SECOND)
        try:
            at = retrying(lambda: self._place(key, now, step))
        except Exception as error:
            if not database_gone(error):
                raise
            log(_logger, "rate limit not shared", logging.WARNING, error=type(error).__name__)
            return step / _SECOND
        return max(0, at - now) / _SECOND

    def _place(self, key: str, now: int, step: int) -> int:
        with self._tables.writing() as dao:
            return dao.place(key[:160], now, step, now + int(_LONGEST_S * _SECOND))
