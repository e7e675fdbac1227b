"""Questions about causes: their rows, what was merged into them or taken out of them, their failures and places."""

from collections.abc import Collection, Mapping, Sequence
from itertools import batched
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, func, or_, select, update

from wxcloudrun.core.dao import Dao
from wxcloudrun.core.db import fetch
from wxcloudrun.features.cases.models import Case
from wxcloudrun.features.insights.models import (
    ClusterFailure,
    ClusterPlace,
    ClusterState,
    FailureCluster,
    InsightProject,
)
from wxcloudrun.features.projects.models import ProjectMember
from wxcloudrun.features.scenarios.models import Scenario

_P: Any = InsightProject.__table__
_C: Any = FailureCluster.__table__
_F: Any = ClusterFailure.__table__
_L: Any = ClusterPlace.__table__
_TITLES: Final[Mapping[str, Any]] = {"scenario_id": Scenario.__table__, "case_id": Case.__table__}
_AT_ONCE: Final = 200
_SHOWN: Final = 100


class ClusterQuestions(Dao):
    """Reads and changes causes of failures."""

    def page(
        self, project_id: int, state: ClusterState, sort: str, before: tuple[Any, int] | None, size: int
    ) -> Sequence[Row[Any]]:
        """Clusters in that state, the largest or the latest first, behind that place."""
        column = _C.c[sort]
        query = select(_C).where(_C.c.project_id == project_id, _C.c.state == state)
        if before is not None:
            value, number = before
            query = query.where(column <= value, or_(column < value, _C.c.id < number))
        return fetch(self._session, query.order_by(column.desc(), _C.c.id.desc()).limit(size))

    def cluster(self, project_id: int, cluster_id: int, *, locked: bool = False) -> Row[Any] | None:
        """A cluster of that project; with `locked` nobody else changes it before this transaction ends."""
        query = select(_C).where(_C.c.project_id == project_id, _C.c.id == cluster_id)
        return self._run(query.with_for_update()).one_or_none() if locked else self._one(query)

    def by_key(self, project_id: int, key: str) -> Row[Any] | None:
        """The cluster of that key."""
        return self._one(select(_C).where(_C.c.project_id == project_id, _C.c.key == key))

    def some(self, project_id: int, ids: Collection[int]) -> dict[int, Row[Any]]:
        """Clusters by their numbers."""
        found: dict[int, Row[Any]] = {}
        for batch in batched(sorted(ids), _AT_ONCE):
            query = select(_C).where(_C.c.project_id == project_id, _C.c.id.in_(batch))
            found |= {row.id: row for row in fetch(self._session, query)}
        return found

    def merged(self, cluster_id: int) -> Sequence[Row[Any]]:
        """The first hundred clusters that were merged into that one."""
        return fetch(self._session, select(_C).where(_C.c.merged_into == cluster_id).order_by(_C.c.id).limit(_SHOWN))

    def taken_out(self, cluster_id: int) -> Sequence[Row[Any]]:
        """The first hundred clusters that were taken out of that one."""
        return fetch(self._session, select(_C).where(_C.c.split_from == cluster_id).order_by(_C.c.id).limit(_SHOWN))

    def alike(self, row: Row[Any], size: int) -> Sequence[Row[Any]]:
        """Clusters among which near ones are sought: the latest that are not merged, without the cluster itself."""
        states = (ClusterState.OPEN, ClusterState.KNOWN, ClusterState.RESOLVED)
        found: list[Row[Any]] = []
        for state in states:
            query = select(_C).where(_C.c.project_id == row.project_id, _C.c.state == state, _C.c.id != row.id)
            found += fetch(self._session, query.order_by(_C.c.last_at.desc(), _C.c.id.desc()).limit(size))
        return [one for one in found if one.phase == row.phase and one.status == row.status]

    def is_member(self, project_id: int, user_id: int) -> bool:
        """True for people of the project."""
        query = select(ProjectMember.id).where(ProjectMember.project_id == project_id)
        return self._one(query.where(ProjectMember.user_id == user_id)) is not None

    def failures(self, cluster_id: int, before: int | None, size: int) -> Sequence[Row[Any]]:
        """Failures of a cluster, the newest first."""
        query = select(_F).where(_F.c.cluster_id == cluster_id)
        query = query if before is None else query.where(_F.c.id < before)
        return fetch(self._session, query.order_by(_F.c.id.desc()).limit(size))

    def places(self, cluster_id: int, size: int) -> Sequence[Row[Any]]:
        """Scenarios and cases of a cluster's failures, those with most first; `places` beside each: how many there are.

        It reads a row for each case in a scenario where the cause was seen, however often it was.
        """
        count = func.sum(_L.c.failures).label("found")
        seen = (func.min(_L.c.first_run_id).label("first_run_id"), func.max(_L.c.last_run_id).label("last_run_id"))
        place = (_L.c.scenario_id, _L.c.case_id)
        query = select(*place, count, *seen, func.count().over().label("places")).where(_L.c.cluster_id == cluster_id)
        return fetch(self._session, query.group_by(*place).order_by(count.desc(), *place).limit(size))

    def titles(self, project_id: int, of: str, ids: Collection[int]) -> dict[int, str]:
        """Names of scenarios (`scenario_id`) or cases (`case_id`) that everybody in the project sees."""
        table = _TITLES[of]
        seen = (table.c.project_id == project_id, table.c.id.in_(ids), table.c.lane == 0)
        return {row.id: row.name for row in fetch(self._session, select(table.c.id, table.c.name).where(*seen))}

    def hold(self, project_id: int) -> None:
        """Keep others from counting runs of this project, and from merging, before this transaction ends."""
        self._run(select(_P.c.project_id).where(_P.c.project_id == project_id).with_for_update()).fetchall()

    def family(self, project_id: int, cluster_id: int) -> Sequence[Row[Any]]:
        """A cluster and all that is merged into it, by number; nobody changes them before this transaction ends."""
        own = or_(_C.c.id == cluster_id, _C.c.merged_into == cluster_id)
        query = select(_C).where(_C.c.project_id == project_id, own).order_by(_C.c.id)
        return self._run(query.with_for_update()).fetchall()

    def add(self, values: Mapping[str, object]) -> int:
        """A new cluster; its number."""
        return self._add(_C, values)

    def change(self, cluster_id: int, values: Mapping[str, object]) -> None:
        """Change a cluster's columns; its next version."""
        self._run(update(_C).where(_C.c.id == cluster_id).values(**values, version=_C.c.version + 1))

    def grow(self, cluster_id: int, more: int) -> None:
        """So many failures more, or fewer."""
        self._run(update(_C).where(_C.c.id == cluster_id).values(size=_C.c.size + more, version=_C.c.version + 1))

    def merge(self, cluster_id: int, into: int) -> None:
        """What belongs to a cluster, and what was merged into it, belongs to another one."""
        self._run(update(_C).where(_C.c.merged_into == cluster_id).values(merged_into=into))
        for table in (_F, _L):
            self._run(update(table).where(table.c.cluster_id == cluster_id).values(cluster_id=into))

    def belong(self, source_id: int, into: int) -> None:
        """What has a cluster's own key belongs to that one."""
        for table in (_F, _L):
            self._run(update(table).where(table.c.source_id == source_id).values(cluster_id=into))

    def divide(self, source_id: int, place: Mapping[str, int], part: int, into: int) -> None:
        """A cluster's own failures at a place are another one's, which belongs to `into`."""
        for table in (_F, _L):
            there = (table.c.source_id == source_id, *(table.c[name] == value for name, value in place.items()))
            self._run(update(table).where(*there).values(source_id=part, cluster_id=into))

    def own_size(self, row: Row[Any]) -> int:
        """How many failures a cluster has without those of clusters that were merged into it."""
        found = self._one(select(func.sum(_C.c.size).label("size")).where(_C.c.merged_into == row.id))
        return int(row.size - (0 if found is None else found.size or 0))

    def count(self, of: str, cluster_id: int, place: Mapping[str, int]) -> int:
        """How many failures a cluster has at a place; `of`: as its own (`source_id`), or in all (`cluster_id`)."""
        there: list[ColumnElement[bool]] = [_L.c[of] == cluster_id, *(_L.c[n] == value for n, value in place.items())]
        found = self._one(select(func.sum(_L.c.failures).label("found")).where(*there))
        return int(0 if found is None else found.found or 0)

    def seen(self, cluster_id: int) -> dict[str, Any]:
        """When and by which runs the failures of a cluster were seen first and last, as its columns have it."""
        values: dict[str, Any] = {}
        for end, order in (("first", _L.c.first_at), ("last", _L.c.last_at.desc())):
            names = (f"{end}_run_id", f"{end}_at")
            query = select(*(_L.c[name] for name in names)).where(_L.c.cluster_id == cluster_id)
            row = self._one(query.order_by(order).limit(1))
            values |= {} if row is None else {name: getattr(row, name) for name in names}
        return values
