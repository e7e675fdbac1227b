"""Questions about how long runs are kept: what they take, which are the oldest, and what a project wants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, and_, func, insert, literal, or_, select, update

from wxcloudrun.core.dao import Dao
from wxcloudrun.core.db import fetch
from wxcloudrun.features.runs.models import ProjectRetention, Run, RunBody, RunState

_K: Any = ProjectRetention.__table__
_R: Any = Run.__table__
_B: Any = RunBody.__table__
_ENDED: Final = _R.c.state.in_([state for state in RunState if state.final])
_LATER: Any = _R.alias("later")
_NUMBERS: Final = ("runs", "results", "bytes", "freed_runs", "freed_results", "freed_bytes")
_NOTHING: Final = dict.fromkeys(("keep_days", "keep_runs", "keep_bytes", "measured_at", "freed_at"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """The oldest runs: those that ended before `before` are too old; at most `size`."""

    before: datetime
    size: int


class KeepingQuestions(Dao):
    """Reads and writes what projects keep of their runs."""

    def row(self, project_id: int) -> Any:
        """What a project wants and takes; before anything was said or measured, a row that says so."""
        found = self._one(select(_K).where(_K.c.project_id == project_id))
        if found is not None:
            return found
        return _Unsaid(project_id)

    def change(self, project_id: int, values: Mapping[str, object]) -> None:
        """Change columns."""
        if not self._run(update(_K).where(_K.c.project_id == project_id).values(**values)).rowcount:
            fresh = {**_NOTHING, **dict.fromkeys(_NUMBERS, 0), "version": 1, "project_id": project_id}
            self._run(insert(_K), {**fresh, **values})

    def next_project(self, after: int) -> int | None:
        """The next project that has runs."""
        row = self._one(select(func.min(_R.c.project_id).label("id")).where(_R.c.project_id > after))
        return None if row is None or row.id is None else int(row.id)

    def measured(self, project_id: int) -> dict[str, int]:
        """What a project's runs take now."""
        sums = (
            func.count().label("runs"),
            func.sum(_R.c.stored).label("results"),
            func.sum(_R.c.detail_bytes).label("own"),
        )
        runs = self._one(select(*sums).where(_R.c.project_id == project_id))
        bodies = self._one(select(func.sum(_B.c.kept).label("kept")).where(_B.c.project_id == project_id))
        own, kept = (0 if runs is None else runs.own or 0), (0 if bodies is None else bodies.kept or 0)
        counted = (0, 0) if runs is None else (runs.runs, runs.results or 0)
        return {"runs": int(counted[0]), "results": int(counted[1]), "bytes": int(own) + int(kept)}

    def oldest(self, project_id: int, wanted: Wanted) -> Sequence[Row[Any]]:
        """The oldest ended runs but those that others are compared with; `too_old` beside each."""
        same = and_(
            _LATER.c.project_id == _R.c.project_id,
            _LATER.c.id > _R.c.id,
            _LATER.c.state == RunState.PASSED,
            _LATER.c.scenario_id.is_not_distinct_from(_R.c.scenario_id),
            _LATER.c.case_id.is_not_distinct_from(_R.c.case_id),
            _LATER.c.environment_id.is_not_distinct_from(_R.c.environment_id),
        )
        spare = or_(_R.c.state != RunState.PASSED, select(literal(1)).select_from(_LATER).where(same).exists())
        too_old = (_R.c.ended_at < wanted.before).label("too_old")
        query = select(_R.c.id, _R.c.detail_bytes, too_old).where(_R.c.project_id == project_id, _ENDED, spare)
        return fetch(self._session, query.order_by(_R.c.id).limit(wanted.size))

    def drafts(self, project_id: int, before: datetime, size: int) -> Sequence[Row[Any]]:
        """Runs of drafts that ended before that moment, the oldest first."""
        is_draft = (
            _R.c.scenario_id.is_(None),
            _R.c.case_id.is_(None),
            _R.c.asked.contains('"draft":true', autoescape=True),
        )
        query = select(_R.c.id, _R.c.detail_bytes).where(_R.c.project_id == project_id, _ENDED, *is_draft)
        return fetch(self._session, query.where(_R.c.ended_at < before).order_by(_R.c.id).limit(size))


@dataclass(frozen=True, slots=True)
class _Unsaid:
    """Stands for the row of a project of which nothing was said or measured."""

    project_id: int
    keep_days: None = None
    keep_runs: None = None
    keep_bytes: None = None
    version: int = 1
    runs: int = 0
    results: int = 0
    bytes: int = 0
    measured_at: None = None
    freed_runs: int = 0
    freed_results: int = 0
    freed_bytes: int = 0
    freed_at: None = None
