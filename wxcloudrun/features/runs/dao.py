"""Questions about runs in hand: who may claim which, and what is kept under a fence."""

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Dialect,
    Insert,
    Row,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite

from wxcloudrun.core.db import AnySession, fetch
from wxcloudrun.core.db_time import utc_now
from wxcloudrun.features.runs.models import (
    Run,
    RunBody,
    RunBodyUse,
    RunCheckpoint,
    RunEnding,
    RunPlan,
    RunResult,
    RunState,
    SendPlace,
)

_R: Any = Run.__table__
_P: Any = RunPlan.__table__
_C: Any = RunCheckpoint.__table__
_S: Any = RunResult.__table__
_B: Any = RunBody.__table__
_U: Any = RunBodyUse.__table__
_PLACES: Any = SendPlace.__table__
_E: Any = RunEnding.__table__
_NOW = utc_now()
NUMBERS = (
    "stored", "passed", "failed", "error", "skipped", "after_retry", "requests", "min_ms", "mean_ms", "max_ms", "ahead",
    "detail_bytes",
)  # fmt: skip
"""Columns that change with every batch of results."""

_ADVANCE = (
    update(_R)
    .where(_R.c.id == bindparam("the_id"), _R.c.fence == bindparam("the_fence"))
    .where(_R.c.stored == bindparam("the_stored"), _R.c.state == RunState.RUNNING)
    .values({name: bindparam(f"new_{name}") for name in NUMBERS})
)
_COME_FURTHER = _ADVANCE.values(claims=1)
_WAITS = [
    _R.c[name]
    for name in ("id", "project_id", "priority", "state", "fence", "claims", "created_at", "beat_at", "cancel_at")
]


class _Timed:
    """The questions of every run that need the time: written once for a clock, since writing costs more than asking."""

    def __init__(self, now: ColumnElement[datetime]) -> None:
        oldest = (
            select(func.min(_R.c.id).label("id"))
            .where(_R.c.state == RunState.QUEUED)
            .group_by(_R.c.project_id, _R.c.priority)
            .subquery()
        )
        timed = now.label("now")
        looked_at = select(*_WAITS, timed).order_by(_R.c.id)
        self.running = looked_at.where(_R.c.state == RunState.RUNNING)
        self.waiting = looked_at.join(oldest, oldest.c.id == _R.c.id)
        self.run = select(_R, timed).where(_R.c.id == bindparam("the_id"))
        with_plan = select(_R, timed, _P.c.content.label("plan")).outerjoin(_P, _P.c.run_id == _R.c.id)
        self.run_with_plan = with_plan.where(_R.c.id == bindparam("the_id"))
        seen = (
            _R.c.id == bindparam("the_id"),
            _R.c.fence == bindparam("the_fence"),
            _R.c.state == bindparam("the_state"),
            _R.c.beat_at.is_not_distinct_from(bindparam("the_beat")),  # its worker may have shown itself meanwhile
        )
        self.claim = (
            update(_R)
            .where(*seen)
            .values(
                state=RunState.RUNNING,
                fence=_R.c.fence + 1,
                worker=bindparam("the_worker"),
                beat_at=now,
                claims=_R.c.claims + 1,
                ahead=_R.c.ahead + 1,
                started_at=func.coalesce(_R.c.started_at, now),
            )
        )
        self.close = (
            update(_R)
            .where(*seen)
            .values(state=bindparam("end_state"), reason=bindparam("end_reason"), fence=_R.c.fence + 1, ended_at=now)
        )


_timed = functools.lru_cache(maxsize=16)(_Timed)


class RunDao:
    """Runs as their workers see them. `now` is the database's clock; a test may hand in another.

    `told` are the names of those who are told of every run that ended.
    """

    def __init__(
        self, session: AnySession, now: ColumnElement[datetime] | None = None, told: Collection[str] = ()
    ) -> None:
        self.session = self._session = session
        self._told = told
        self._now: ColumnElement[datetime] = _NOW if now is None else now
        self._timed = _timed(self._now)

    def running(self) -> Sequence[Row[Any]]:
        """Every run that somebody carries out, or did; `now` beside each."""
        return fetch(self._session, self._timed.running)

    def waiting(self) -> Sequence[Row[Any]]:
        """The oldest queued run of each project and priority; `now` beside each."""
        return fetch(self._session, self._timed.waiting)

    def depths(self) -> Sequence[Row[Any]]:
        """How many runs wait (`state` queued) or go on, by `priority`, with the oldest's `since` and the time `now`."""
        open_ = _R.c.state.in_([RunState.QUEUED, RunState.RUNNING])
        columns = (_R.c.state, _R.c.priority)
        numbers = (func.count().label("runs"), func.min(_R.c.created_at).label("since"), self._now.label("now"))
        return fetch(self._session, select(*columns, *numbers).where(open_).group_by(*columns))

    def claim(self, seen: Row[Any], worker: str) -> bool:
        """Take a run as `seen` into hand, with the next fence; false when somebody was faster or its worker lives.

        A first request is allowed with it (`ahead`): it needs no write of its own.
        """
        return bool(self._run(self._timed.claim, {**_as_seen(seen), "the_worker": worker}).rowcount)

    def close(self, seen: Row[Any], state: RunState, reason: str) -> bool:
        """End a run as `seen` that nobody carries out; false when somebody does."""
        values = {**_as_seen(seen), "end_state": state, "end_reason": reason}
        closed = bool(self._run(self._timed.close, values).rowcount)
        if closed:
            self.ended(seen.id)
        return closed

    def get(self, run_id: int) -> Row[Any] | None:
        """A run, with `now` beside it."""
        rows = fetch(self._session, self._timed.run, {"the_id": run_id})
        return rows[0] if rows else None

    def in_hand(self, run_id: int) -> Row[Any] | None:
        """The same with its encrypted `plan`."""
        rows = fetch(self._session, self._timed.run_with_plan, {"the_id": run_id})
        return rows[0] if rows else None

    def outcomes(self, run_id: int) -> Sequence[Row[Any]]:
        """Path and outcome of each stored result, and `answered`: how many had an answer is their sum."""
        answered = case((_S.c.status.is_(None), 0), else_=1).label("answered")
        return fetch(self._session, select(_S.c.path, _S.c.outcome, answered).where(_S.c.run_id == run_id))

    def checkpoints(self, run_id: int) -> list[str]:
        """What stored steps handed on, encrypted, the oldest first."""
        query = select(_C.c.content).where(_C.c.run_id == run_id).order_by(_C.c.id)
        return [row.content for row in fetch(self._session, query)]

    def beat(self, fences: Mapping[int, int]) -> None:
        """Show that the worker of these runs (id: fence) lives; those that another one took stay as they are."""
        ours = [and_(_R.c.id == run_id, _R.c.fence == fence) for run_id, fence in sorted(fences.items())]
        self._changed(and_(_R.c.state == RunState.RUNNING, or_(*ours)), {"beat_at": self._now})

    def fences(self, ids: Collection[int]) -> Sequence[Row[Any]]:
        """Who holds these runs, and whether somebody canceled them."""
        columns = (_R.c.id, _R.c.fence, _R.c.state, _R.c.cancel_at)
        return fetch(self._session, select(*columns).where(_R.c.id.in_(sorted(ids))))

    def advance(self, run_id: int, fence: int, stored: int, numbers: Mapping[str, Any], end: Mapping[str, Any]) -> bool:
        """Change a run in hand that has `stored` results; false when it is another's, or has others already.

        `numbers` are those of `NUMBERS`, `end` any columns.
        """
        statement = _COME_FURTHER if numbers["stored"] > stored else _ADVANCE
        if end:
            statement = statement.values(**end)
        place = {"the_id": run_id, "the_fence": fence, "the_stored": stored}
        return bool(self._run(statement, {**place, **{f"new_{name}": numbers[name] for name in NUMBERS}}).rowcount)

    def end_values(self, state: RunState, reason: str | None, summary: str) -> dict[str, Any]:
        """Columns of an end, for `advance`."""
        return {"state": state, "reason": reason, "summary": summary, "ended_at": self._now}

    def returned_values(self, fence: int) -> dict[str, Any]:
        """Columns of a run that its worker gives back unharmed, for `advance`."""
        values = {"state": RunState.QUEUED, "fence": fence + 1, "claims": _R.c.claims - 1}
        return {**values, "worker": None, "beat_at": None}

    def add_results(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """New results of steps; every value as the driver takes it."""
        self._insert(_S, rows)

    def add_bodies(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Bodies, where the project has none with that hash."""
        ordered = sorted(rows, key=lambda row: row["sha256"])  # one order for all: no two wait for each other
        self._insert(_B, ordered, missing=True)

    def hold(self, run_id: int, fence: int) -> bool:
        """Keep others from changing or removing a run in hand before this transaction ends; false: it is another's."""
        query = select(_R.c.id).where(_R.c.id == run_id, _R.c.fence == fence, _R.c.state == RunState.RUNNING)
        return self._run(query.with_for_update()).first() is not None

    def place(self, key: str, now: int, step: int, latest: int) -> int:
        """The next place in a row, in microseconds; one behind `latest` cannot be right: the row begins anew."""
        end = _PLACES.c.next_us
        begins = case((end < now, now), (end > latest, now), else_=end)
        if not self._run(update(_PLACES).where(_PLACES.c.key == key).values(next_us=begins + step)).rowcount:
            self._insert(_PLACES, [{"key": key, "next_us": now}], missing=True)
            self._run(update(_PLACES).where(_PLACES.c.key == key).values(next_us=begins + step))
        return int(self._run(select(end).where(_PLACES.c.key == key)).scalar_one()) - step

    def has_body(self, project_id: int, sha256: str) -> bool:
        """True when the project has a body with that hash."""
        query = select(_B.c.sha256).where(_B.c.project_id == project_id, _B.c.sha256 == sha256)
        return self._run(query).first() is not None

    def add_long_body(self, row: Mapping[str, Any]) -> bool:
        """A body that is kept in the object store; false when the project has one with that hash."""
        if self.has_body(row["project_id"], row["sha256"]):
            return False
        self._run(insert(_B).values(**row))
        return True

    def add_uses(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Which bodies a run needs."""
        self._insert(_U, rows, missing=True)

    def add_checkpoint(self, run_id: int, content: str) -> None:
        """What the results of a batch handed on, encrypted."""
        self._run(insert(_C), {"run_id": run_id, "content": content})

    def ended(self, run_id: int) -> None:
        """In the transaction that ends a run: remove what only a next worker would need, and note who is to be told."""
        self._run(delete(_C).where(_C.c.run_id == run_id))
        if self._told:
            place = (_R.c.id, _R.c.project_id)
            told = [
                select(*place, literal(name), literal(0), self._now).where(_R.c.id == run_id) for name in self._told
            ]
            names = ["run_id", "project_id", "consumer", "attempts", "due_at"]
            self._run(insert(_E).from_select(names, union_all(*told)))

    def _insert(self, table: Table, rows: Sequence[Mapping[str, Any]], *, missing: bool = False) -> None:
        """Many rows at once; with `missing` those whose key is there already are left out."""
        if not rows:
            return
        connection = self._session.connection()
        statement, names = _written(connection.dialect, table, missing=missing)
        values: Any = rows if names is None else [tuple([row[name] for name in names]) for row in rows]
        connection.exec_driver_sql(statement, values)

    def _changed(self, condition: ColumnElement[bool], values: Mapping[str, Any]) -> bool:
        return bool(self._run(update(_R).where(condition).values(**values)).rowcount)

    def _run(self, statement: Any, values: Any = None) -> CursorResult[Any]:
        return self._session.connection().execute(statement, values)


class EndingsDao:
    """The notes of ended runs. `now` is the database's clock; a test may hand in another."""

    def __init__(self, session: AnySession, now: ColumnElement[datetime] | None = None) -> None:
        self._session = session
        self._now: ColumnElement[datetime] = _NOW if now is None else now

    def due(self, consumers: Sequence[str], size: int) -> Sequence[Row[Any]]:
        """What is due for these, the longest due first; `now` beside each."""
        query = select(_E, self._now.label("now")).where(_E.c.due_at <= self._now, _E.c.consumer.in_(consumers))
        return fetch(self._session, query.order_by(_E.c.due_at, _E.c.id).limit(size))

    def take(self, seen: Row[Any], until: datetime) -> bool:
        """Hold a note as `seen` until then; false when somebody else has taken it since."""
        same = (_E.c.id == seen.id, _E.c.attempts == seen.attempts)
        changed: Any = self._session.execute(update(_E).where(*same).values(attempts=_E.c.attempts + 1, due_at=until))
        return bool(changed.rowcount)

    def postpone(self, seen: Row[Any], until: datetime) -> None:
        """What was taken as `seen` is due then, unless somebody has taken it again."""
        same = (_E.c.id == seen.id, _E.c.attempts == seen.attempts + 1)
        self._session.execute(update(_E).where(*same).values(due_at=until))

    def remove(self, number: int) -> None:
        """It was done, or is given up."""
        self._session.execute(delete(_E).where(_E.c.id == number))


def _as_seen(seen: Row[Any]) -> dict[str, Any]:
    return {"the_id": seen.id, "the_fence": seen.fence, "the_state": seen.state, "the_beat": seen.beat_at}


_STATEMENTS: dict[tuple[str, str, bool], tuple[str, list[str] | None]] = {}


def _written(dialect: Dialect, table: Table, *, missing: bool) -> tuple[str, list[str] | None]:
    """An insert of whole rows as text, written once: SQLAlchemy would look at each value of each of very many rows.

    With it the names of its places in their order; None where places have names.
    """
    known = _STATEMENTS.get((dialect.name, table.name, missing))
    if known is None:
        compiled: Any = _inserting(dialect.name, table, missing=missing).compile(dialect=dialect)
        known = _STATEMENTS[dialect.name, table.name, missing] = (str(compiled), compiled.positiontup)
    return known


def _inserting(kind: str, table: Table, *, missing: bool) -> Insert:
    if not missing:
        return insert(table)
    if kind == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    if kind in {"mysql", "mariadb"}:
        made = mysql.insert(table)
        first = list(table.primary_key.columns)[-1].name
        return made.on_duplicate_key_update({first: made.inserted[first]})
    return postgresql.insert(table).on_conflict_do_nothing()
