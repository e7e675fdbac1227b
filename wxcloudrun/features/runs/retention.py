"""How long runs are kept: by age, count and bytes, a project at a time, the oldest first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.core.actor import SYSTEM, Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import EditConflict
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.runs.keeping import KeepingQuestions, Wanted
from wxcloudrun.features.runs.questions import Freed, RunQuestions
from wxcloudrun.features.runs.schemas import RetentionChange, RetentionView

_DRAFTS: Final = timedelta(days=1)
_MEASURED_EVERY: Final = timedelta(minutes=10)
_BATCH: Final = 20
_PROJECTS: Final = 50


@dataclass(frozen=True, slots=True)
class Limits:
    """What is kept: runs that ended in the last `days`, at most so many runs and bytes."""

    days: int
    runs: int
    bytes: int


class RunRetention:
    """Removes runs that a project does not keep any longer, and tells what they take and what was freed.

    Never removed: a run that has not ended, and the last one of a scenario or case in an environment that passed,
    since others are compared with it. `let_go` is told of objects to which no row refers any more.
    """

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        audit: AuditService,
        access: ProjectAccess,
        defaults: Limits,
        let_go: Callable[[Iterable[str]], None],
    ) -> None:
        self.session = session
        self._clock = clock
        self._audit = audit
        self._access = access
        self._defaults = defaults
        self._let_go = let_go
        self._keeping = KeepingQuestions(session)
        self._questions = RunQuestions(session)
        self._last = 0

    def view(self, actor: Actor, project_id: int) -> RetentionView:
        """What the project keeps, what it takes, and what was freed. Raises ProjectNotFound."""
        self._access.require(actor, project_id, Right.VIEW)
        return self._view(project_id)

    @unit_of_work
    def change(self, actor: Actor, project_id: int, change: RetentionChange) -> RetentionView:
        """Change the limits that were sent; null is the operator's.

        Raises ProjectNotFound, RightRequired, ProjectArchived, EditConflict with the present state.
        """
        self._access.require(actor, project_id, Right.OWN, locked=True)
        row = self._keeping.row(project_id)
        if change.version not in {None, row.version}:
            raise EditConflict(present=self._view(project_id))
        sent = {f"keep_{name}": getattr(change, name) for name in change.model_fields_set - {"version"}}
        self._keeping.change(project_id, sent | {"version": row.version + 1})
        before = {name: getattr(row, name) for name in sent}
        self._audit.record(actor, "retention.changed", ("project", project_id), before, sent, project_id=project_id)
        return self._view(project_id)

    def sweep(self) -> int:
        """Look after the next projects until something was removed; how many runs that was.

        Called in the background, and again at once while there is more.
        """
        for _ in range(_PROJECTS):
            project_id = self._keeping.next_project(self._last)
            if project_id is None:
                self._last = 0
                return 0
            removed = self._swept(project_id)
            if removed < _BATCH:
                self._last = project_id
            if removed:
                return removed
        return 0

    def _swept(self, project_id: int) -> int:
        now = self._clock.now()
        row = self._keeping.row(project_id)
        if row.measured_at is None or abs(now - row.measured_at) >= _MEASURED_EVERY:
            self._measure(project_id, now)
            row = self._keeping.row(project_id)
        freed = Freed()
        for run in self._victims(row, self._limits(row), now):
            freed += self._remove(project_id, run.id)
        if freed.runs:
            self._note(project_id, freed, now)
        return freed.runs

    def _victims(self, row: Row[Any], limits: Limits, now: datetime) -> Sequence[Row[Any]]:
        """The oldest runs that are too many, too old or too big together; drafts a day after their end."""
        drafts = self._keeping.drafts(row.project_id, now - _DRAFTS, _BATCH)
        oldest = self._keeping.oldest(row.project_id, Wanted(now - timedelta(days=limits.days), _BATCH))
        surplus, excess, chosen = row.runs - limits.runs, row.bytes - limits.bytes, list(drafts)
        known = {run.id for run in drafts}
        for run in oldest:
            if not (run.too_old or surplus > 0 or excess > 0):
                break
            surplus, excess = surplus - 1, excess - run.detail_bytes
            chosen += [] if run.id in known else [run]
        return chosen[:_BATCH]

    @unit_of_work
    def _remove(self, project_id: int, run_id: int) -> Freed:
        row = self._questions.locked(project_id, run_id)
        if row is None or not row.state.final:
            return Freed()
        freed = self._questions.remove(project_id, row)
        self._let_go(freed.keys)
        return freed

    @unit_of_work
    def _measure(self, project_id: int, now: datetime) -> None:
        self._keeping.change(project_id, {**self._keeping.measured(project_id), "measured_at": now})

    @unit_of_work
    def _note(self, project_id: int, freed: Freed, now: datetime) -> None:
        """Show what was freed; what is there is measured anew."""
        row = self._keeping.row(project_id)
        told = {"runs": freed.runs, "results": freed.results, "bytes": freed.bytes}
        sums = {f"freed_{name}": getattr(row, f"freed_{name}") + value for name, value in told.items()}
        measured = self._keeping.measured(project_id)
        self._keeping.change(project_id, {**sums, **measured, "freed_at": now, "measured_at": now})
        self._audit.record(SYSTEM, "runs.cleared", ("project", project_id), None, told, project_id=project_id)

    def _limits(self, row: Row[Any]) -> Limits:
        own = {name: getattr(row, f"keep_{name}") for name in ("days", "runs", "bytes")}
        return Limits(
            **{name: getattr(self._defaults, name) if value is None else value for name, value in own.items()}
        )

    def _view(self, project_id: int) -> RetentionView:
        row = self._keeping.row(project_id)
        return RetentionView.of(row, self._limits(row))
