"""Questions about a run's report: what came before it, what went wrong, and its results in the plan's order."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, update

from wxcloudrun.core.dao import Dao
from wxcloudrun.core.db import fetch
from wxcloudrun.features.projects.models import Project
from wxcloudrun.features.reports.models import ReportShare
from wxcloudrun.features.runs.models import Run, RunBody, RunBodyUse, RunResult, RunState, StepOutcome

_R: Any = Run.__table__
_P: Any = Project.__table__
_S: Any = RunResult.__table__
_B: Any = RunBody.__table__
_U: Any = RunBodyUse.__table__
_H: Any = ReportShare.__table__
_WRONG = (StepOutcome.FAILED, StepOutcome.ERROR)
_LINE = [column for column in _S.c if column.name not in {"run_id", "detail"}]
_COMPARED = (RunState.PASSED, RunState.FAILED, RunState.ERROR)
_LOOKED_AT, _FOUND = 1000, 100  # earlier runs among which ones to compare with are sought, and of these the newest


class ReportDao(Dao):
    """Reads runs and results for their reports."""

    def run(self, project_id: int, run_id: int) -> Row[Any] | None:
        """A run without its summary, with `project`, the project's name."""
        columns = [column for column in _R.c if column.name != "summary"]
        query = select(*columns, _P.c.name.label("project")).join(_P, _P.c.id == _R.c.project_id)
        return self._one(query.where(_R.c.project_id == project_id, _R.c.id == run_id))

    def earlier(self, run: Row[Any], state: RunState | None = None, branch: str | None = None) -> Sequence[Row[Any]]:
        """Ended runs of the same thing in the same environment, the newest first; of that state and branch.

        They are sought among the thousand runs of it before this one, so that a long history costs no more.
        """
        names = ("id", "state", "ended_at", "asked", "branch", "trigger", "environment_id", "private_to")
        own = next((name for name in ("scenario_id", "case_id") if getattr(run, name) is not None), None)
        of = [_R.c[own] == getattr(run, own)] if own else [_R.c.scenario_id.is_(None), _R.c.case_id.is_(None)]
        query = select(*(_R.c[name] for name in names), _R.c.project_id).where(*of, _R.c.id < run.id)
        query = query if own else query.where(_R.c.project_id == run.project_id)
        index = next(one.name for one in _R.indexes if one.columns.keys() == [own or "project_id", "id"])
        for dialect in ("mysql", "mariadb"):  # else they may sort all of them
            query = query.with_hint(_R, f"FORCE INDEX ({index})", dialect)
        recent = query.order_by(_R.c.id.desc()).limit(_LOOKED_AT).subquery()
        same = [_is(recent.c[name], getattr(run, name)) for name in ("project_id", "environment_id", "private_to")]
        same.append(recent.c.state.in_(_COMPARED) if state is None else recent.c.state == state)
        same += [] if branch is None else [recent.c.branch == branch]
        return fetch(self._session, select(recent).where(*same).order_by(recent.c.id.desc()).limit(_FOUND))

    def times(self, run_id: int) -> list[float]:
        """Milliseconds of every step that was carried out."""
        query = select(_S.c.duration_ms).where(_S.c.run_id == run_id, _S.c.outcome != StepOutcome.SKIPPED)
        return [row.duration_ms for row in fetch(self._session, query)]

    def names(self, run_id: int) -> Sequence[Row[Any]]:
        """What tells a step from the others in any run, its number and outcome, in the order in which they came."""
        names = ("seq", "case_id", "name", "dataset", "phase", "outcome")
        query = select(*(_S.c[name] for name in names)).where(_S.c.run_id == run_id)
        return fetch(self._session, query.order_by(_S.c.seq))

    def wrong(self, run_id: int) -> Sequence[Row[Any]]:
        """Results that did not pass, without their details, in the order in which they came."""
        query = select(*_LINE).where(_S.c.run_id == run_id, _S.c.outcome.in_(_WRONG)).order_by(_S.c.seq)
        return fetch(self._session, query)

    def slowest(self, run_id: int, size: int) -> Sequence[Row[Any]]:
        """Those that took longest, without their details."""
        query = select(*_LINE).where(_S.c.run_id == run_id, _S.c.outcome != StepOutcome.SKIPPED)
        return fetch(self._session, query.order_by(_S.c.duration_ms.desc(), _S.c.seq).limit(size))

    def stretch(self, run_id: int, outcome: StepOutcome, after: int, size: int) -> Sequence[Row[Any]]:
        """Results of that outcome behind that number, without their details."""
        query = select(*_LINE).where(_S.c.run_id == run_id, _S.c.outcome == outcome, _S.c.seq > after)
        return fetch(self._session, query.order_by(_S.c.seq).limit(size))

    def order(self, run_id: int) -> list[int]:
        """The numbers of all results in the plan's order."""
        rows = fetch(self._session, select(_S.c.ordinal, _S.c.seq).where(_S.c.run_id == run_id))
        return [seq for _, seq in sorted((row.ordinal, row.seq) for row in rows)]

    def results(self, run_id: int, seqs: Collection[int]) -> dict[int, Row[Any]]:
        """Results with their details by number."""
        query = select(*_LINE, _S.c.detail).where(_S.c.run_id == run_id, _S.c.seq.in_(seqs))
        return {row.seq: row for row in fetch(self._session, query)}

    def sizes(self, project_id: int, run_id: int, refs: Collection[str]) -> dict[str, int]:
        """How many bytes bodies of a run have, by their hashes."""
        query = select(_B.c.sha256, _B.c.size).join(_U, (_U.c.sha256 == _B.c.sha256) & (_U.c.run_id == run_id))
        rows = fetch(self._session, query.where(_B.c.project_id == project_id, _B.c.sha256.in_(refs)))
        return {row.sha256: row.size for row in rows}

    def bodies(self, project_id: int, refs: Collection[str]) -> dict[str, bytes]:
        """Compressed bodies by their hashes, which `sizes` gave."""
        query = select(_B.c.sha256, _B.c.packed).where(_B.c.project_id == project_id, _B.c.sha256.in_(refs))
        return {row.sha256: row.packed for row in fetch(self._session, query) if row.packed is not None}


class ShareDao(Dao):
    """Reads and writes links to reports."""

    def add(self, values: Mapping[str, object]) -> int:
        """A new link; its number."""
        return self._add(_H, values)

    def get(self, run_id: int, share_id: int) -> Row[Any] | None:
        """A link of that run."""
        return self._one(select(_H).where(_H.c.run_id == run_id, _H.c.id == share_id))

    def by_hash(self, token_hash: str) -> Row[Any] | None:
        """The link with that token."""
        return self._one(select(_H).where(_H.c.token_hash == token_hash))

    def working(self, run_id: int, now: datetime) -> int:
        """How many links of a run work at that time."""
        query = select(func.count().label("found")).where(_H.c.run_id == run_id, _H.c.revoked_at.is_(None))
        row = self._one(query.where(_H.c.expires_at > now))
        return 0 if row is None else int(row.found)

    def page(self, run_id: int, offset: int, size: int) -> tuple[Sequence[Row[Any]], int]:
        """Links of a run, the newest first, and how many there are."""
        query = select(_H).where(_H.c.run_id == run_id).order_by(_H.c.id.desc()).offset(offset).limit(size)
        row = self._one(select(func.count().label("found")).where(_H.c.run_id == run_id))
        return fetch(self._session, query), 0 if row is None else int(row.found)

    def revoke(self, share_id: int, now: datetime) -> bool:
        """End a link; False where it had ended."""
        condition = (_H.c.id == share_id, _H.c.revoked_at.is_(None))
        return self._run(update(_H).where(*condition).values(revoked_at=now)).rowcount > 0

    def used(self, share_id: int, now: datetime) -> None:
        """Note that it was used."""
        self._run(update(_H).where(_H.c.id == share_id).values(used_at=now))


def _is(column: Any, value: object) -> ColumnElement[bool]:
    """Equal, nothing being equal to nothing."""
    found: ColumnElement[bool] = column.is_(None) if value is None else column == value
    return found
