"""The right to carry out a run: kept by heartbeats, lost by silence, and what a cancel from outside reaches."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from wxcloudrun.core.db import database_gone
from wxcloudrun.core.logging import log
from wxcloudrun.features.runs.models import RunState
from wxcloudrun.features.runs.tables import RunTables

_logger = logging.getLogger("wxcloudrun.runs")


class LostLease(Exception):
    """The run is in other hands, or soon will be: nothing more may be sent or stored for it."""


class Lease:
    """One run in hand. To the engine it is the flag that stops the run: set by a cancel, and by the lease's end.

    A lease whose last heartbeat began longer ago than `length_s` is over, whatever happens later: by then another
    worker may have the run. Times are seconds of `monotonic`, which no change of the machine's clock moves.
    """

    def __init__(
        self, run_id: int, fence: int, length_s: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.run_id = run_id
        self.fence = fence
        self.canceled_at: float | None = None
        self.length_s = length_s
        self._monotonic = monotonic
        self._beaten_at = monotonic()
        self._stop = threading.Event()
        self._over = False

    @property
    def over(self) -> bool:
        """True when the run is no longer ours."""
        if self._monotonic() - self._beaten_at >= self.length_s:
            self.lose()
        return self._over

    def is_set(self) -> bool:
        """True when the run shall stop, for the engine."""
        return self._stop.is_set() or self.over

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run shall stop, at most `timeout` seconds; true when it shall."""
        ends = float("inf") if timeout is None else self._monotonic() + timeout
        while not self.is_set():
            now = self._monotonic()
            if now >= ends:
                return False
            self._stop.wait(min(ends, self._beaten_at + self.length_s) - now)
        return True

    def check(self) -> None:
        """Raises LostLease."""
        if self.over:
            raise LostLease(f"run {self.run_id} is no longer in this worker's hands")

    def beaten(self, began: float) -> None:
        """The database has taken a heartbeat that began at that moment."""
        self._beaten_at = max(self._beaten_at, began)

    def cancel(self) -> None:
        """Somebody canceled the run; it is still ours until its end is stored."""
        if self.canceled_at is None:
            self.canceled_at = self._monotonic()
            self._stop.set()

    def lose(self) -> None:
        """Give up the run, for good."""
        self._over = True
        self._stop.set()


@dataclass(slots=True)
class Heart:
    """Beats for every run in hand, and hears of cancels; one round is at most two statements."""

    tables: RunTables
    length_s: float
    monotonic: Callable[[], float] = time.monotonic
    _leases: dict[int, Lease] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _beaten_at: float = float("-inf")
    _away: bool = False

    def keep(self, lease: Lease) -> None:
        """Beat for this run from now on."""
        with self._lock:
            self._leases[lease.run_id] = lease

    def drop(self, lease: Lease) -> None:
        """Beat for it no longer."""
        with self._lock:
            if self._leases.get(lease.run_id) is lease:
                del self._leases[lease.run_id]

    def round(self) -> None:
        """Beat where it is time (five times in a lease, at least each second), and look for cancels every time.

        While the database is away nothing is beaten, and each lease ends by itself when its time is over.
        """
        with self._lock:
            leases = [lease for lease in self._leases.values() if not lease.over]
        if not leases:
            return
        began = self.monotonic()
        beats = began - self._beaten_at >= min(1.0, self.length_s / 5) * 0.9
        try:
            self._ask(leases, began, beats=beats)
        except Exception as error:
            if not database_gone(error):
                raise
            if not self._away:
                log(_logger, "runs without a database", logging.WARNING, runs=len(leases), error=type(error).__name__)
            self._away = True
        else:
            self._away = False

    def _ask(self, leases: list[Lease], began: float, *, beats: bool) -> None:
        fences = {lease.run_id: lease.fence for lease in leases}
        if beats:
            with self.tables.writing() as dao:
                dao.beat(fences)
        with self.tables.reading() as dao:
            rows = {row.id: row for row in dao.fences(fences)}
        for lease in leases:
            row = rows.get(lease.run_id)
            if row is None or row.fence != lease.fence or row.state is not RunState.RUNNING:
                lease.lose()
                continue
            if beats:
                lease.beaten(began)
            if row.cancel_at is not None:
                lease.cancel()
        if beats:
            self._beaten_at = began
