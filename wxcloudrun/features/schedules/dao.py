"""Questions about schedules and their ticks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, func, insert, or_, select, update

from wxcloudrun.core.dao import Dao
from wxcloudrun.core.db import fetch
from wxcloudrun.core.listing import page_of
from wxcloudrun.features.schedules.models import Schedule, ScheduleTick, TickOutcome

_S: Any = Schedule.__table__
_T: Any = ScheduleTick.__table__
_BY_ID = select(_S).where(_S.c.project_id == bindparam("project"), _S.c.id == bindparam("id"))
_LOCKED = _BY_ID.with_for_update()
_DUE = (
    select(_S.c.id, _S.c.project_id)
    .where(_S.c.next_at <= bindparam("now", type_=_S.c.next_at.type))
    .order_by(_S.c.next_at)
    .limit(bindparam("size"))
)
_WAITING = (
    select(_S.c.id, _S.c.project_id)
    .where(_S.c.id.in_(select(_T.c.schedule_id).where(_T.c.outcome == TickOutcome.WAITING)))
    .order_by(_S.c.id)
    .limit(bindparam("size"))
)
_QUEUE = (
    select(_T)
    .where(_T.c.outcome == TickOutcome.WAITING, _T.c.schedule_id == bindparam("schedule"))
    .order_by(_T.c.planned_at)
)


@dataclass(frozen=True, slots=True)
class TicksWanted:
    """Which ticks of a project, the newest first: of one schedule, from a moment until another, behind a place.

    Those of somebody else's private cases are left out unless `person` is None.
    """

    project_id: int
    person: int | None
    schedule_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, int] | None = None
    size: int = 20


class ScheduleDao(Dao):
    """Reads and writes schedules and ticks."""

    def get(self, project_id: int, schedule_id: int) -> Row[Any] | None:
        """A schedule of that project."""
        return self._one(_BY_ID, {"project": project_id, "id": schedule_id})

    def locked(self, project_id: int, schedule_id: int) -> Row[Any] | None:
        """The same, and nobody else changes or fires it before this transaction ends."""
        return self._run(_LOCKED, {"project": project_id, "id": schedule_id}).one_or_none()

    def page(
        self, project_id: int, person: int | None, filters: Mapping[str, object], offset: int, size: int
    ) -> tuple[list[Row[Any]], int]:
        """Schedules, the oldest first, and how many there are; private ones of that person only (None: everybody's)."""
        query = select(_S).where(_S.c.project_id == project_id, *(_S.c[name] == one for name, one in filters.items()))
        return page_of(self._session, query.where(*_seen_by(person)), "id", offset, size)

    def count(self, project_id: int) -> int:
        """How many schedules a project has."""
        return int(fetch(self._session, select(func.count()).where(_S.c.project_id == project_id))[0][0])

    def add(self, values: Mapping[str, object]) -> int:
        """A new schedule; its number."""
        return self._add(_S, values)

    def change(self, schedule_id: int, values: Mapping[str, object]) -> None:
        """Change columns."""
        self._run(update(_S).where(_S.c.id == schedule_id).values(**values))

    def remove(self, schedule_id: int) -> None:
        """Remove a schedule with its ticks; its runs stay."""
        self._run(delete(_T).where(_T.c.schedule_id == schedule_id))
        self._run(delete(_S).where(_S.c.id == schedule_id))

    def due(self, now: datetime, size: int) -> Sequence[Row[Any]]:
        """`id` and `project_id` of schedules whose next time has come, the one that waits longest first."""
        return fetch(self._session, _DUE, {"now": now, "size": size})

    def waiting(self, size: int) -> Sequence[Row[Any]]:
        """`id` and `project_id` of schedules with ticks that wait for the end of a run."""
        return fetch(self._session, _WAITING, {"size": size})

    def queue(self, schedule_id: int) -> Sequence[Row[Any]]:
        """Waiting ticks of a schedule, the oldest first."""
        return fetch(self._session, _QUEUE, {"schedule": schedule_id})

    def recorded(self, schedule_id: int, planned: Collection[datetime]) -> set[datetime]:
        """Which of these times have their tick already."""
        query = select(_T.c.planned_at).where(_T.c.schedule_id == schedule_id, _T.c.planned_at.in_(planned))
        return {row.planned_at for row in fetch(self._session, query)}

    def record(self, ticks: Sequence[Mapping[str, object]]) -> None:
        """Write new ticks."""
        if ticks:
            self._session.connection().execute(insert(_T), [dict(one) for one in ticks])

    def settle(self, tick_id: int, values: Mapping[str, object]) -> None:
        """Say what became of a waiting tick."""
        self._run(update(_T).where(_T.c.id == tick_id).values(**values))

    def keep(self, schedule_id: int, most: int) -> None:
        """Forget the oldest ticks of a schedule beyond so many."""
        query = select(_T.c.planned_at).where(_T.c.schedule_id == schedule_id)
        last = self._one(query.order_by(_T.c.planned_at.desc()).offset(most).limit(1))
        if last is not None:
            self._run(delete(_T).where(_T.c.schedule_id == schedule_id, _T.c.planned_at <= last.planned_at))

    def forget(self, before: datetime) -> int:
        """Remove ticks of times before that moment; how many there were."""
        return int(self._run(delete(_T).where(_T.c.planned_at < before)).rowcount)

    def ticks(self, wanted: TicksWanted) -> Sequence[Row[Any]]:
        """Ticks with the `name` of their schedules."""
        conditions = [_T.c.project_id == wanted.project_id]
        if wanted.schedule_id is not None:
            conditions = [_T.c.schedule_id == wanted.schedule_id]
        conditions += [] if wanted.since is None else [_T.c.planned_at >= wanted.since]
        conditions += [] if wanted.until is None else [_T.c.planned_at < wanted.until]
        if wanted.before is not None:
            at, number = wanted.before
            conditions.append(or_(_T.c.planned_at < at, and_(_T.c.planned_at == at, _T.c.id < number)))
        query = select(_T, _S.c.name).join(_S, _S.c.id == _T.c.schedule_id).where(*conditions)
        query = query.where(*_seen_by(wanted.person))
        return fetch(self._session, query.order_by(_T.c.planned_at.desc(), _T.c.id.desc()).limit(wanted.size))


def _seen_by(person: int | None) -> list[Any]:
    return [] if person is None else [or_(_S.c.private_to.is_(None), _S.c.private_to == person)]
