"""Questions about what is kept of ended runs, and how it is kept."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import batched
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Table, bindparam, delete, insert, select, update

from wxcloudrun.core.dao import Dao
from wxcloudrun.core.db import fetch
from wxcloudrun.features.insights.models import (
    CaseHistory,
    ClusterFailure,
    ClusterPlace,
    DaySummary,
    FailureCluster,
    HostOutage,
    InsightProject,
    InsightRun,
    Of,
    Quarantine,
)
from wxcloudrun.features.reports.causes import Part
from wxcloudrun.features.runs.models import Run, RunResult, RunState

_P: Any = InsightProject.__table__
_M: Any = InsightRun.__table__
_C: Any = FailureCluster.__table__
_F: Any = ClusterFailure.__table__
_L: Any = ClusterPlace.__table__
_O: Any = HostOutage.__table__
_D: Any = DaySummary.__table__
_H: Any = CaseHistory.__table__
_Q: Any = Quarantine.__table__
_R: Any = Run.__table__
_S: Any = RunResult.__table__
_AT_ONCE: Final = 200
_RUN = [column for column in _R.c if column.name != "summary"]
_ENDED = (RunState.PASSED, RunState.FAILED, RunState.ERROR)
_COLUMNS: Final = {Of.SCENARIO: "scenario_id", Of.CASE: "case_id"}
_LOOKED_AT, _LOOKED_AT_IN_ONE = 200, 500  # newest runs; of one environment there are fewer among them


class CountingDao(Dao):
    """Keeps what ended runs gave."""

    def run(self, run_id: int) -> Row[Any] | None:
        """A run without its summary."""
        return self._one(select(*_RUN).where(_R.c.id == run_id))

    def lines(self, run_id: int, size: int) -> Sequence[Row[Any]]:
        """Results without their details, in the order in which they came."""
        names = ("seq", "case_id", "name", "dataset", "phase", "outcome", "error_class", "duration_ms")
        query = select(*(_S.c[name] for name in names)).where(_S.c.run_id == run_id)
        return fetch(self._session, query.order_by(_S.c.seq).limit(size))

    def details(self, run_id: int, seqs: Sequence[int]) -> Sequence[Row[Any]]:
        """Compressed details of results by their numbers."""
        return fetch(self._session, select(_S.c.seq, _S.c.detail).where(_S.c.run_id == run_id, _S.c.seq.in_(seqs)))

    def has(self, project_id: int) -> bool:
        """True when runs of the project were counted."""
        return self._one(select(_P.c.project_id).where(_P.c.project_id == project_id)) is not None

    def begin(self, project_id: int) -> None:
        """The project's row; nothing where it is there. For a transaction of its own: it may be refused."""
        self._run(insert(_P), {"project_id": project_id, "runs": 0})

    def hold(self, project_id: int) -> None:
        """Keep others from counting runs of this project before this transaction ends."""
        self._run(update(_P).where(_P.c.project_id == project_id).values(runs=_P.c.runs + 1))

    def mark(self, run_id: int, project_id: int, at: datetime) -> bool:
        """Note that a run is counted; false when it was. The project is held."""
        if self._one(select(_M.c.run_id).where(_M.c.run_id == run_id)) is not None:
            return False
        self._run(insert(_M), {"run_id": run_id, "project_id": project_id, "at": at})
        return True

    def clusters(self, project_id: int, keys: Collection[str]) -> dict[str, Row[Any]]:
        """Clusters by the keys of their causes."""
        found: dict[str, Row[Any]] = {}
        for some in batched(sorted(keys), _AT_ONCE):
            query = select(_C).where(_C.c.project_id == project_id, _C.c.key.in_(some))
            found |= {row.key: row for row in fetch(self._session, query)}
        return found

    def parts(self, project_id: int, keys: Collection[str]) -> dict[str, list[Part]]:
        """What people took out of clusters, by the keys of these."""
        found: dict[str, list[Part]] = defaultdict(list)
        part, names = _C.alias("part"), ("key", "only_scenario_id", "only_case_id")
        for some in batched(sorted(keys), _AT_ONCE):
            query = select(_C.c.key.label("whole"), *(part.c[name] for name in names))
            query = query.join(part, part.c.split_from == _C.c.id).where(_C.c.project_id == project_id)
            for row in fetch(self._session, query.where(_C.c.key.in_(some))):
                found[row.whole].append(Part(row.key, row.only_scenario_id, row.only_case_id))
        return found

    def places(self, source_ids: Collection[int], scenario_id: int) -> list[Row[Any]]:
        """Where in a scenario the failures of these clusters' own keys came from."""
        found: list[Row[Any]] = []
        for some in batched(sorted(source_ids), _AT_ONCE):
            query = select(_L).where(_L.c.source_id.in_(some), _L.c.scenario_id == scenario_id)
            found += fetch(self._session, query)
        return found

    def outages(self, project_id: int, host: str, since: datetime, until: datetime) -> Sequence[Row[Any]]:
        """What is known of a host that was down then."""
        query = select(_O).where(_O.c.project_id == project_id, _O.c.host == host, _O.c.end_at >= since)
        return fetch(self._session, query.where(_O.c.start_at <= until).order_by(_O.c.id))

    def put_outage(self, number: int | None, values: Mapping[str, object]) -> None:
        """Note that a host was down, or more of it."""
        made = insert(_O) if number is None else update(_O).where(_O.c.id == number)
        self._run(made.values(**values))

    def forget_outages(self, project_id: int, before: datetime, ids: Collection[int] = ()) -> None:
        """Forget these, and those that ended before that moment."""
        old = (_O.c.big.in_([True, False]), _O.c.end_at < before)  # as the index has it
        self._run(delete(_O).where(_O.c.project_id == project_id, *old))
        if ids:
            self._run(delete(_O).where(_O.c.id.in_(ids)))

    def cluster(self, cluster_id: int) -> Row[Any] | None:
        """A cluster."""
        return self._one(select(_C).where(_C.c.id == cluster_id))

    def add_cluster(self, values: Mapping[str, object]) -> int:
        """A new cluster; its number."""
        return self._add(_C, values)

    def grow(self, cluster_id: int, count: int, values: Mapping[str, object]) -> None:
        """So many failures more; and columns."""
        self._run(update(_C).where(_C.c.id == cluster_id).values(size=_C.c.size + count, **values))

    def add_failures(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Failures of clusters."""
        if rows:
            self._session.connection().execute(insert(_F), list(rows))

    def keep_newest(self, cluster_id: int, most: int) -> None:
        """Forget failures of a cluster beyond the newest so many."""
        query = select(_F.c.id).where(_F.c.cluster_id == cluster_id).order_by(_F.c.id.desc()).offset(most).limit(1)
        oldest = self._one(query)
        if oldest is not None:
            self._run(delete(_F).where(_F.c.cluster_id == cluster_id, _F.c.id <= oldest.id))

    def summaries(self, project_id: int, day: str, environment_id: int) -> dict[tuple[Of, int], Row[Any]]:
        """A day's summaries in an environment."""
        query = select(_D).where(_D.c.project_id == project_id, _D.c.day == day)
        query = query.where(_D.c.environment_id == environment_id, _D.c.of.in_([Of.PROJECT, Of.SCENARIO]))
        return {(row.of, row.of_id): row for row in fetch(self._session, query)}

    def case_summaries(self, project_id: int, day: str, environment_id: int, ids: Collection[int]) -> list[Row[Any]]:
        """Those of cases."""
        found: list[Row[Any]] = []
        for some in batched(sorted(ids), _AT_ONCE):
            query = select(_D).where(_D.c.project_id == project_id, _D.c.of == Of.CASE, _D.c.of_id.in_(some))
            found += fetch(self._session, query.where(_D.c.day == day, _D.c.environment_id == environment_id))
        return found

    def histories(self, project_id: int, case_ids: Collection[int]) -> list[Row[Any]]:
        """The histories of cases."""
        found: list[Row[Any]] = []
        for some in batched(sorted(case_ids), _AT_ONCE):
            query = select(_H).where(_H.c.project_id == project_id, _H.c.case_id.in_(some))
            found += fetch(self._session, query)
        return found

    def write(self, table: str, new: Sequence[Mapping[str, object]], changed: Sequence[Mapping[str, object]]) -> None:
        """New rows of summaries, histories or places, and changed ones with all of their columns."""
        known: Table = {"day_summaries": _D, "case_histories": _H, "cluster_places": _L}[table]
        connection = self._session.connection()
        if new:
            connection.execute(insert(known), list(new))
        if changed:
            keys = set(known.primary_key.columns.keys())
            values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in changed[0] if name not in keys}
            same = [known.c[name] == bindparam(f"the_{name}") for name in sorted(keys)]
            rows = [{f"{'the' if name in keys else 'new'}_{name}": row[name] for name in row} for row in changed]
            connection.execute(update(known).where(*same).values(**values), rows)


class InsightDao(Dao):
    """Reads what was kept, and what people said of it."""

    def run(self, project_id: int, run_id: int) -> Row[Any] | None:
        """A run without its summary."""
        return self._one(select(*_RUN).where(_R.c.project_id == project_id, _R.c.id == run_id))

    def days(self, project_id: int, of: Of, of_id: int, since: str) -> Sequence[Row[Any]]:
        """Summaries from that day on, in all environments."""
        query = select(_D).where(_D.c.project_id == project_id, _D.c.of == of, _D.c.of_id == of_id)
        return fetch(self._session, query.where(_D.c.day >= since).order_by(_D.c.day))

    def runs(self, project_id: int, of: Of, of_id: int, environment_id: int | None, size: int) -> Sequence[Row[Any]]:
        """The newest ended runs that the project sees, among the last two hundred; of one environment, five hundred."""
        of_id, own = (project_id, "project_id") if of is Of.PROJECT else (of_id, _COLUMNS[of])
        looked_at = _LOOKED_AT if environment_id is None else _LOOKED_AT_IN_ONE
        # One condition inside: with two of them PostgreSQL, not knowing the table yet, sorts all runs of a scenario.
        newest = select(*_RUN).where(_R.c[own] == of_id).order_by(_R.c.id.desc()).limit(looked_at)
        recent = newest.subquery()
        same: list[ColumnElement[bool]] = [recent.c.project_id == project_id]
        same += [recent.c.private_to.is_(None), recent.c.state.in_(_ENDED)]
        same += [] if environment_id is None else [recent.c.environment_id == environment_id]
        return fetch(self._session, select(recent).where(*same).order_by(recent.c.id.desc()).limit(size))

    def known(self, project_id: int, keys: Collection[str]) -> list[tuple[str, Row[Any]]]:
        """Keys with the clusters they count for."""
        rows = CountingDao(self._session).clusters(project_id, keys)
        targets = {row.merged_into for row in rows.values() if row.merged_into is not None}
        into = {row.id: row for row in fetch(self._session, select(_C).where(_C.c.id.in_(targets)))} if targets else {}
        return [(key, into.get(row.merged_into, row)) for key, row in rows.items()]

    def parts(self, project_id: int, keys: Collection[str]) -> dict[str, list[Part]]:
        """What people took out of clusters, by the keys of these."""
        return CountingDao(self._session).parts(project_id, keys)

    def incidents(self, project_id: int, since: datetime, size: int) -> Sequence[Row[Any]]:
        """Hosts that were down since then, with many cases, the newest first."""
        query = select(_O).where(_O.c.project_id == project_id, _O.c.big.is_(True), _O.c.end_at >= since)
        return fetch(self._session, query.order_by(_O.c.end_at.desc()).limit(size))

    def flaky(self, project_id: int, kind: str, before: int | None, size: int) -> Sequence[Row[Any]]:
        """Histories that tell this, the latest first seen first."""
        query = select(_H).where(_H.c.project_id == project_id, _H.c.kind == kind)
        query = query if before is None else query.where(_H.c.id < before)
        return fetch(self._session, query.order_by(_H.c.id.desc()).limit(size))

    def steps(self, run_id: int) -> Sequence[Row[Any]]:
        """What tells a run's steps from each other in any run, outcome and duration, in the order of their coming."""
        names = ("seq", "case_id", "name", "dataset", "phase", "outcome", "duration_ms")
        query = select(*(_S.c[name] for name in names)).where(_S.c.run_id == run_id)
        return fetch(self._session, query.order_by(_S.c.seq))

    def histories(self, project_id: int, case_ids: Collection[int]) -> list[Row[Any]]:
        """The histories of cases."""
        return CountingDao(self._session).histories(project_id, case_ids)

    def quarantined(self, project_id: int, case_ids: Collection[int], now: datetime) -> dict[int, datetime]:
        """Which of the cases are in quarantine at that time, and until when."""
        found: dict[int, datetime] = {}
        for some in batched(sorted(case_ids), _AT_ONCE):
            query = select(_Q.c.case_id, _Q.c.until).where(_Q.c.project_id == project_id, _Q.c.case_id.in_(some))
            found |= {row.case_id: row.until for row in fetch(self._session, query.where(_Q.c.until > now))}
        return found

    def put(self, values: Mapping[str, object]) -> None:
        """Put a case into quarantine, or change until when."""
        self._run(delete(_Q).where(_Q.c.case_id == values["case_id"]))
        self._run(insert(_Q), dict(values))

    def release(self, case_id: int, now: datetime) -> bool:
        """End a quarantine; false where there was none."""
        gone = self._run(delete(_Q).where(_Q.c.case_id == case_id, _Q.c.until > now))
        return gone.rowcount > 0
