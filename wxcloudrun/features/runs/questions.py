"""Questions about runs as people ask them: begin, list, look at, cancel, remove. What workers ask is in `dao`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Row,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)

from wxcloudrun.core.dao import Question
from wxcloudrun.core.db import AnySession, fetch
from wxcloudrun.core.db_time import utc_now
from wxcloudrun.features.runs.models import (
    Priority,
    Run,
    RunBody,
    RunBodyUse,
    RunCheckpoint,
    RunPlan,
    RunResult,
    RunState,
    StepOutcome,
)

_R: Any = Run.__table__
_P: Any = RunPlan.__table__
_C: Any = RunCheckpoint.__table__
_S: Any = RunResult.__table__
_B: Any = RunBody.__table__
_U: Any = RunBodyUse.__table__
_AT_ONCE = 500  # hashes in one statement
_FIRST = _R.alias("first")
_PLACE = (
    select(func.count())
    .where(
        _FIRST.c.state == RunState.QUEUED,
        _FIRST.c.project_id == _R.c.project_id,
        or_(
            _FIRST.c.priority < _R.c.priority,
            and_(_FIRST.c.priority == _R.c.priority, _FIRST.c.id < _R.c.id),
        ),
    )
    .scalar_subquery()
)
_THIS = (_R.c.project_id == bindparam("project"), _R.c.id == bindparam("run"))
_VIEW = select(_R, case((_R.c.state == RunState.QUEUED, _PLACE)).label("place")).where(*_THIS)
_LINE = [column for column in _R.c if column.name != "summary"]
_RESULT_LINE = [column for column in _S.c if column.name not in {"run_id", "detail"}]


def _results(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Some of a run's results behind the number `after`, with who sees the run; one row at least where it is there."""
    stretch = (
        select(_S.c.run_id, *_RESULT_LINE)
        .where(_S.c.run_id == bindparam("run"), _S.c.seq > bindparam("after"), *conditions)
        .order_by(_S.c.seq)
        .limit(bindparam("size"))
        .subquery()
    )
    columns = [column for column in stretch.c if column.name != "run_id"]
    joined = _R.outerjoin(stretch, stretch.c.run_id == _R.c.id)
    return select(_R.c.state.label("run_state"), _R.c.private_to, *columns).select_from(joined).where(*_THIS)


_RESULTS = _results()
_RESULTS_OF = _results(_S.c.outcome == bindparam("outcome"))


@dataclass(frozen=True, slots=True)
class RunsWanted:
    """Which runs of a project: below the number `before`, at most `size`; private ones of that person only.

    `person` None: of everybody.
    """

    project_id: int
    person: int | None
    state: RunState | None = None
    scenario_id: int | None = None
    case_id: int | None = None
    schedule_id: int | None = None
    before: int | None = None
    size: int = 20


@dataclass(frozen=True, slots=True)
class Freed:
    """What the removal of runs gave back; `keys` are objects that no row refers to any more."""

    runs: int = 0
    results: int = 0
    bytes: int = 0
    keys: tuple[str, ...] = ()

    def __add__(self, other: "Freed") -> "Freed":
        return Freed(
            self.runs + other.runs, self.results + other.results, self.bytes + other.bytes, self.keys + other.keys
        )


class RunQuestions:
    """Reads and writes runs. Rows have the columns of the table; the rest is said where it is read."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def add(self, values: Mapping[str, Any], plan: str) -> int:
        """A queued run with its encrypted plan; its number."""
        number = int(self._run(insert(_R), values).inserted_primary_key[0])  # type: ignore[index]  # it has one
        self._run(insert(_P), {"run_id": number, "content": plan})
        return number

    def view(self, project_id: int, run_id: int) -> Row[Any] | None:
        """What `viewing` asks for."""
        return first_row(self._answered(viewing(project_id, run_id)))

    def locked(self, project_id: int, run_id: int) -> Row[Any] | None:
        """A run with `now`, the database's clock; nobody else changes it before this transaction ends."""
        query = select(_R, utc_now().label("now")).where(_R.c.project_id == project_id, _R.c.id == run_id)
        return self._run(query.with_for_update()).one_or_none()

    def project(self, run_id: int) -> int | None:
        """The project that a run belongs to."""
        row = first_row(fetch(self._session, select(_R.c.project_id).where(_R.c.id == run_id)))
        return None if row is None else int(row.project_id)

    def going_on(self, project_id: int, schedule_id: int) -> list[int]:
        """Numbers of a schedule's runs that have not ended, the oldest first, found among the project's."""
        open_ones = _R.c.state.in_([RunState.QUEUED, RunState.RUNNING])
        query = select(_R.c.id).where(open_ones, _R.c.project_id == project_id, _R.c.schedule_id == schedule_id)
        return [int(row.id) for row in fetch(self._session, query.order_by(_R.c.id))]

    def page(self, wanted: RunsWanted) -> Sequence[Row[Any]]:
        """Runs without their summaries, the newest first."""
        conditions = [_R.c.project_id == wanted.project_id]
        if wanted.person is not None:
            conditions.append(or_(_R.c.private_to.is_(None), _R.c.private_to == wanted.person))
        conditions += [] if wanted.before is None else [_R.c.id < wanted.before]
        of = {name: getattr(wanted, name) for name in ("scenario_id", "case_id", "schedule_id", "state")}
        given = {name: value for name, value in of.items() if value is not None}
        conditions += [_R.c[name] == value for name, value in given.items()]
        first = next(iter(given), "project_id")
        if first == "state":  # its index has priorities before numbers: the newest of each, and of these the newest
            each = [_newest([*conditions, _R.c.priority == one], first, wanted.size).subquery() for one in Priority]
            found = union_all(*map(select, each)).subquery()
            return fetch(self._session, select(found).order_by(found.c.id.desc()).limit(wanted.size))
        return fetch(self._session, _newest(conditions, first, wanted.size))

    def cancel(self, run_id: int) -> None:
        """Ask the worker of a run to end it."""
        self._run(update(_R).where(_R.c.id == run_id).values(cancel_at=func.coalesce(_R.c.cancel_at, utc_now())))

    def results(self, project_id: int, run_id: int, after: int, size: int) -> list[Row[Any]]:
        """What `listing` asks for, in order."""
        return in_order(self._answered(listing(project_id, run_id, after, size)))

    def result(self, project_id: int, run_id: int, seq: int) -> Row[Any] | None:
        """One result with its `detail`, and with `private_to` of its run."""
        query = select(_R.c.private_to, *_RESULT_LINE, _S.c.detail).join(_S, _S.c.run_id == _R.c.id)
        here = (_R.c.project_id == project_id, _R.c.id == run_id, _S.c.seq == seq)
        return first_row(fetch(self._session, query.where(*here)))

    def details(self, run_id: int, after: int, size: int) -> Sequence[Row[Any]]:
        """`seq`, `path`, `outcome` and `detail` of results behind that number, in order."""
        query = select(_S.c.seq, _S.c.path, _S.c.outcome, _S.c.detail).where(_S.c.run_id == run_id, _S.c.seq > after)
        return fetch(self._session, query.order_by(_S.c.seq).limit(size))

    def plan(self, run_id: int) -> str | None:
        """The encrypted plan."""
        row = first_row(fetch(self._session, select(_P.c.content).where(_P.c.run_id == run_id)))
        return None if row is None else str(row.content)

    def bodies(self, project_id: int, run_id: int, refs: Collection[str]) -> dict[str, bytes]:
        """Compressed bodies of a run by their hashes."""
        if not refs:
            return {}
        query = self._bodies(project_id, run_id).where(_U.c.sha256.in_(sorted(refs)))
        return {row.sha256: row.packed for row in fetch(self._session, query) if row.packed is not None}

    def body(self, project_id: int, run_id: int, sha256: str) -> Row[Any] | None:
        """A body of a run (`packed` or `store_key`, `size`), and `private_to` of the run."""
        return first_row(fetch(self._session, self._bodies(project_id, run_id).where(_U.c.sha256 == sha256)))

    def remove(self, project_id: int, row: Any) -> Freed:
        """Remove a run with all it holds, and the bodies that no other run has; the caller holds its row."""
        run_id, other = row.id, _U.alias("other")
        shared = and_(other.c.project_id == _U.c.project_id, other.c.sha256 == _U.c.sha256, other.c.run_id != run_id)
        joined = _U.outerjoin(other, shared).join(
            _B, and_(_B.c.project_id == _U.c.project_id, _B.c.sha256 == _U.c.sha256)
        )
        alone = select(_B.c.sha256, _B.c.kept, _B.c.store_key).select_from(joined)
        # Who stores results holds its run's row: with these rows held, nobody is about to use one of the bodies.
        going_on = and_(_R.c.state == RunState.RUNNING, _R.c.project_id == project_id)
        self._run(select(_R.c.id).where(going_on).order_by(_R.c.id).with_for_update()).fetchall()
        bodies = self._run(alone.where(_U.c.run_id == run_id, other.c.run_id.is_(None))).fetchall()
        for some in batched([body.sha256 for body in bodies], _AT_ONCE):
            self._run(delete(_B).where(_B.c.project_id == project_id, _B.c.sha256.in_(some)))
        for table in (_U, _S, _C, _P):
            self._run(delete(table).where(table.c.run_id == run_id))
        self._run(delete(_R).where(_R.c.id == run_id))
        freed = row.detail_bytes + sum(body.kept for body in bodies)
        return Freed(1, row.stored, freed, tuple(body.store_key for body in bodies if body.store_key is not None))

    def _bodies(self, project_id: int, run_id: int) -> Select[Any]:
        same = and_(_B.c.project_id == _U.c.project_id, _B.c.sha256 == _U.c.sha256)
        joined = _R.join(_U, _U.c.run_id == _R.c.id).join(_B, same)
        query = select(_R.c.private_to, _B.c.sha256, _B.c.packed, _B.c.size, _B.c.store_key).select_from(joined)
        return query.where(_R.c.project_id == project_id, _R.c.id == run_id)

    def _answered(self, question: Question) -> Sequence[Row[Any]]:
        return fetch(self._session, question.statement, question.values)

    def _run(self, statement: Any, values: Mapping[str, Any] | None = None) -> CursorResult[Any]:
        return self._session.connection().execute(statement, values)


def viewing(project_id: int, run_id: int) -> Question:
    """A run of that project; while it is queued `place` is how many of the project's runs go before it."""
    return Question(_VIEW, {"project": project_id, "run": run_id})


def listing(project_id: int, run_id: int, after: int, size: int, outcome: StepOutcome | None = None) -> Question:
    """`run_state` and `private_to` of a run with its results behind the number `after`, without their details.

    One row with `seq` None where there are none; no row where there is no such run.
    """
    values = {"project": project_id, "run": run_id, "after": after, "size": size}
    if outcome is None:
        return Question(_RESULTS, values)
    return Question(_RESULTS_OF, {**values, "outcome": outcome})


def in_order(rows: Iterable[Row[Any]]) -> list[Row[Any]]:
    """Of what `listing` asks for, the results."""
    return sorted((row for row in rows if row.seq is not None), key=lambda row: row.seq)


def _newest(conditions: Sequence[ColumnElement[bool]], first: str, size: int) -> Select[Any]:
    """Runs without their summaries by the index that begins with that column."""
    query = select(*_LINE).where(*conditions).order_by(_R.c.id.desc()).limit(size)
    index = next(one.name for one in _R.indexes if one.columns.keys()[0] == first)
    for dialect in ("mysql", "mariadb"):  # else they walk from the newest run of all to where the page begins
        query = query.with_hint(_R, f"FORCE INDEX ({index})", dialect)
    return query


def first_row(rows: Sequence[Row[Any]]) -> Row[Any] | None:
    """The first row of an answer."""
    return rows[0] if rows else None
