"""Which run is carried out next: the urgent ones first, then the project that had the least."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.db import retrying
from wxcloudrun.features.runs.leases import Lease
from wxcloudrun.features.runs.models import Priority, RunState
from wxcloudrun.features.runs.tables import RunTables

MAX_CLAIMS = 3
AGEING = timedelta(minutes=10)
WORKER_LOST = f"worker lost: {MAX_CLAIMS} workers in a row were lost with it, and it came no further"
CANCELED = "the run was canceled"


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that is ours now."""

    run_id: int
    project_id: int
    priority: Priority
    lease: Lease


@dataclass(slots=True)
class Shares:
    """Seconds of work that projects have had lately, by which those who wait are put in order.

    A project that comes, or comes back, begins where the least served of the others is: nobody saves up for later.
    """

    _had: dict[int, float] = field(default_factory=dict)

    def add(self, project_id: int, seconds: float) -> None:
        """A run of that project took so long."""
        if project_id in self._had:
            self._had[project_id] += seconds

    def had(self, projects: Iterable[int]) -> dict[int, float]:
        """Of the projects that have work now; the others are forgotten."""
        present = set(projects)
        least = min((had for project_id, had in self._had.items() if project_id in present), default=0.0)
        self._had = {project_id: self._had.get(project_id, least) for project_id in present}
        return self._had


def in_order(
    waiting: Sequence[Any], running: Mapping[int, int], had: Mapping[int, float], cap: int, now: datetime
) -> list[Any]:
    """The runs that may begin, the next one first; each has `id`, `project_id`, `priority` and `created_at`.

    Who has waited ten minutes counts as the next priority above, up to interactive. `cap`: runs of a project at once.
    """
    free = [one for one in waiting if running.get(one.project_id, 0) < cap]

    def place(one: Any) -> tuple[int, int, float, datetime, int]:
        risen = max(0, (now - one.created_at) // AGEING)
        urgency = max(Priority.INTERACTIVE, one.priority - risen)
        project = one.project_id
        return (urgency, running.get(project, 0), had.get(project, 0.0), one.created_at, one.id)

    return sorted(free, key=place)


def is_lost(run: Any, lease_s: float) -> bool:
    """True when a run's worker has not been heard of for a lease, or was heard of in the future: a clock went back."""
    if run.beat_at is None:
        return True
    return bool(abs(run.now - run.beat_at) > timedelta(seconds=lease_s))


class RunSupply:
    """Finds and claims runs for one worker process, and ends those that nobody will carry out any more."""

    def __init__(self, tables: RunTables, worker: str, *, lease_s: float, cap: int) -> None:
        self._tables, self._worker = tables, worker
        self._lease_s, self._cap = lease_s, cap
        self._shares = Shares()

    def next(self, least: Priority = Priority.SCHEDULE) -> Claim | None:
        """Claim the run that is next, of that priority or a more urgent one.

        None when there is none, or none that may begin now.
        """
        for run in self.ready():
            claim = self._claimed(run) if run.priority <= least else None
            if claim is not None:
                return claim
        return None

    def ready(self) -> list[Row[Any]]:
        """The runs that may begin now, the next one first: of each project and priority the oldest, and the lost ones.

        Those that nobody will carry out any more are ended.
        """
        with self._tables.reading() as dao:
            running, waiting = dao.running(), dao.waiting()
        lost = [run for run in running if is_lost(run, self._lease_s)]
        left = [run for run in (*lost, *waiting) if not self._closed(run)]
        return self._order(left, running, lost)

    def served(self, claim: Claim, seconds: float) -> None:
        """A claimed run has taken so long."""
        self._shares.add(claim.project_id, seconds)

    def _order(self, left: list[Row[Any]], running: Sequence[Row[Any]], lost: list[Row[Any]]) -> list[Row[Any]]:
        if not left:
            return []
        gone = {run.id for run in lost}
        alive = Counter(run.project_id for run in running if run.id not in gone)
        had = self._shares.had({*alive, *(run.project_id for run in left)})
        return in_order(left, alive, had, self._cap, left[0].now)

    def _closed(self, run: Row[Any]) -> bool:
        """True when there was nothing to do but to end it."""
        if run.cancel_at is not None:
            state, reason = RunState.CANCELED, CANCELED
        elif run.claims >= MAX_CLAIMS:
            state, reason = RunState.ERROR, WORKER_LOST
        else:
            return False
        retrying(lambda: self._close(run, state, reason))
        return True

    def _close(self, run: Row[Any], state: RunState, reason: str) -> None:
        with self._tables.writing() as dao:
            dao.close(run, state, reason)

    def _claimed(self, run: Row[Any]) -> Claim | None:
        lease = Lease(run.id, run.fence + 1, self._lease_s)  # before the claim: its time runs from the earlier moment
        if not retrying(lambda: self._claim(run)):
            return None
        return Claim(run.id, run.project_id, run.priority, lease)

    def _claim(self, run: Row[Any]) -> bool:
        with self._tables.writing() as dao:
            return dao.claim(run, self._worker)
