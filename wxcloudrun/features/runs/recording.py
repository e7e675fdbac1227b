"""Stores what a run gives: in batches, each in one transaction under the run's fence, and never a result twice.

A worker that dies leaves requests behind whose results nobody stored. `runs.ahead` bounds them: before a request goes
out, its step has a place in the number that is stored there. Who takes the run over then knows how many of the steps
without a result may have been sent, without a write for each of them.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import database_gone, retrying
from wxcloudrun.features.runs.dao import RunDao
from wxcloudrun.features.runs.leases import Lease, LostLease
from wxcloudrun.features.runs.models import RunState
from wxcloudrun.features.runs.packing import KnownBodies, PackedResult, pack, sealed_checkpoint
from wxcloudrun.features.runs.tables import RunTables
from wxcloudrun.features.runs.totals import Totals

if TYPE_CHECKING:
    from wxcloudrun.engine.result.result import StepResult

RESULTS, BYTES, INTERVAL_S = 100, 256 * 1024, 0.2
MOST_AHEAD = 64
CANCEL_S = 1.6
"""Seconds after a cancel in which a run may end by itself; then its end is stored for it."""

_FEW = 5  # steps in an interval; with fewer, a write before each costs little
_AGAIN_S = 0.2

End = Callable[[RunDao], dict[str, Any]]


class Recorder:
    """The results of one run in hand. The engine's threads, the crew's clock and the run's end may come at once.

    `done` are the paths that an earlier worker stored, `doubt` how many steps it may have sent beyond them. Methods
    raise LostLease when the run is no longer ours, and what the database refuses.
    """

    def __init__(
        self,
        tables: RunTables,
        lease: Lease,
        keys: KeyRing,
        totals: Totals,
        *,
        bodies: KnownBodies,
        doubt: int = 0,
        done: Collection[str] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lease = lease
        self.totals = totals
        self._tables, self._keys, self._monotonic = tables, keys, monotonic
        self._doubt, self._done = doubt, done
        self._bodies = bodies
        self._lock = threading.Lock()
        self._stored = totals.results
        self.stored_totals = totals.copy()
        self._results: list[PackedResult] = []
        self._size = 0
        self._sent: set[str] = set()  # steps that were sent, or are about to be, and whose results are not stored
        self._under_way: set[str] = set()  # of these, those that gave no result yet
        self._allowed = 1  # how many `_sent` may be, by what is stored; the claim allowed the first one
        self._sends: deque[float] = deque(maxlen=MOST_AHEAD)  # moments of the last ones
        self._flushed_at = monotonic()
        self._leaving, self._left = threading.Event(), threading.Event()
        self._fault: Exception | None = None

    def intent(self, path: str, attempt: int, _key: str) -> None:
        """Called before each request. Comes back when it may be sent: what it could leave behind is stored."""
        if attempt == 1:
            while self._leaving.is_set() and not self.lease.over:
                self._left.wait(_AGAIN_S)
            with self._lock:
                self._check()
                if self._is_due() or len(self._sent) >= self._allowed:
                    self._flush_or_stop(wanted=1)
                self._sent.add(path)
                self._under_way.add(path)
                self._sends.append(self._monotonic())
        self.lease.check()

    def add(self, result: "StepResult") -> None:
        """A result of the engine; it is stored now or soon."""
        one = pack(result, self._bodies.wholes)
        with self._lock:
            self._check()
            self._under_way.discard(one.path)
            if one.path in self._done:  # told again: a condition that is false again, a step that is left out again
                return
            self.totals.add(one)
            self._results.append(one)
            self._size += one.size
            if len(self._results) >= RESULTS or self._size >= BYTES:
                self._flush_or_stop()

    def tick(self) -> None:
        """Store what has waited long enough, and the end of a canceled run that does not come to it by itself.

        Does nothing while another thread is storing.
        """
        if self.lease.over or self._fault is not None or not self._lock.acquire(blocking=False):
            return
        try:
            if self._is_stuck():
                self._end(RunState.CANCELED, "the run was canceled", self.totals.summary("canceled", None))
            elif self._is_due():
                self._flush(patient=False)
        except LostLease:
            self.lease.lose()
        except Exception as error:
            if not database_gone(error):
                self._fault = error  # for the run's own thread, which ends the run
                raise
        finally:
            self._lock.release()

    def end(self, state: RunState, reason: str | None, summary: str, *, results: bool = True) -> None:
        """Store the rest and the run's end, in one transaction; afterwards the run is no longer ours.

        Without `results` those that are not stored yet are left out: the database may have refused one of them.
        """
        with self._lock:
            self.lease.check()
            if not results:
                self._results, self.totals = [], self.stored_totals.copy()
            self._end(state, reason, summary)

    def leave(self, patience_s: float) -> None:
        """Give the run back to be taken up by another worker; what is under way has so long to end."""
        self._leaving.set()
        ends = self._monotonic() + patience_s
        while self._under_way and not self.lease.over and self._monotonic() < ends:
            self._left.wait(0.02)
        with self._lock:
            try:
                if not self.lease.over:
                    self._flush(end=lambda dao: dao.returned_values(self.lease.fence))
            finally:
                self.lease.lose()
                self._left.set()

    def _check(self) -> None:
        self.lease.check()
        if self._fault is not None:
            raise self._fault

    def _flush_or_stop(self, *, wanted: int = 0) -> None:
        """What goes wrong here stops every branch of the run at its next request."""
        try:
            self._flush(wanted=wanted)
        except Exception as fault:
            self._fault = fault
            raise

    def _is_due(self) -> bool:
        return bool(self._results) and self._monotonic() - self._flushed_at >= INTERVAL_S

    def _is_stuck(self) -> bool:
        canceled_at = self.lease.canceled_at
        return canceled_at is not None and self._monotonic() - canceled_at >= CANCEL_S

    def _end(self, state: RunState, reason: str | None, summary: str) -> None:
        self._flush(end=lambda dao: dao.end_values(state, reason, summary))
        self.lease.lose()

    def _flush(self, *, wanted: int = 0, end: End | None = None, patient: bool = True) -> None:
        """Store results, numbers and the next allowance or the end; the caller holds the lock."""
        self._allowed = 0  # should the write fail, nobody knows what is stored
        while True:
            left = self._sent - {one.path for one in self._results}
            allowed = len(left) + (self._allowance(wanted) if end is None else 0)
            there = self._keep(self._doubt + allowed, end, patient=patient)
            if there is None:
                break
            self._found(there)
        self._bodies.remember(self._results)
        self._stored += len(self._results)
        self._sent, self._allowed = left, allowed
        self.stored_totals = self.totals.copy()
        self._results, self._size = [], 0
        self._flushed_at = self._monotonic()

    def _found(self, there: int) -> None:
        """A write whose answer was lost had been kept after all: so many results are in the table."""
        count = there - self._stored
        self._sent -= {one.path for one in self._results[:count]}
        self._results, self._stored = self._results[count:], there

    def _allowance(self, wanted: int) -> int:
        """Twice what the last interval brought; where that is little, one at a time."""
        since = self._monotonic() - INTERVAL_S
        lately = sum(moment > since for moment in self._sends)
        return wanted if lately < _FEW else min(MOST_AHEAD, 2 * lately)

    def _keep(self, ahead: int, end: End | None, *, patient: bool) -> int | None:
        """Write until it is kept, while the lease lasts. A number: so many results were stored already, without it."""
        ends = self._monotonic() + 2 * self.lease.length_s
        while True:
            self.lease.check()
            try:
                return retrying(lambda: self._write(ahead, end))
            except Exception as error:
                if not patient or not database_gone(error) or self._monotonic() >= ends:
                    raise
            self._left.wait(_AGAIN_S)

    def _write(self, ahead: int, end: End | None) -> int | None:
        lease, results = self.lease, self._results
        with self._tables.writing() as dao:
            last = end(dao) if end is not None else {}
            numbers = {**self.totals.columns(), "ahead": 0 if "ended_at" in last else ahead}
            if not dao.advance(lease.run_id, lease.fence, self._stored, numbers, last):
                return self._stored_by_us(dao, last)
            self._insert(dao, results)
            if "ended_at" in last:
                dao.ended(lease.run_id)
        return None

    def _insert(self, dao: RunDao, results: list[PackedResult]) -> None:
        if not results:
            return
        run_id = self.lease.run_id
        dao.add_results([{"run_id": run_id, "seq": self._stored + i, **one.row} for i, one in enumerate(results)])
        bodies, uses = self._bodies.rows(results)
        dao.add_bodies(bodies)
        dao.add_uses(uses)
        checkpoint = sealed_checkpoint(results, self._keys)
        if checkpoint is not None:
            dao.add_checkpoint(run_id, checkpoint)

    def _stored_by_us(self, dao: RunDao, last: dict[str, Any]) -> int | None:
        """How many results are stored, when that is more than we knew of; None: everything, and the end with it.

        Raises LostLease.
        """
        row = dao.get(self.lease.run_id)
        most = self._stored + len(self._results)
        if row is not None and self._stored <= row.stored <= most:
            if row.fence == self.lease.fence and row.state is RunState.RUNNING and row.stored > self._stored:
                return int(row.stored)
            ended = row.fence == last.get("fence", self.lease.fence) and row.state is last.get("state")
            if ended and row.stored == most:
                return None
        self.lease.lose()
        raise LostLease(f"run {self.lease.run_id} has another worker by now")
