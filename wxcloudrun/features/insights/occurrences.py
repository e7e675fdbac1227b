"""Counts the failures of an ended run for their causes: how many, where, which are kept; what is new or is back."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.features.insights.dao import CountingDao
from wxcloudrun.features.insights.gathering import Gathered
from wxcloudrun.features.insights.models import ClusterState
from wxcloudrun.features.insights.records import last_good
from wxcloudrun.features.reports.causes import Group, divided

MOST_FAILURES: Final = 200  # that a cluster keeps
MOST_OF_A_RUN: Final = 50
MOST_CLUSTERS: Final = 200  # of one run


class Occurrences:
    """Counts for causes. The caller holds the project, in a transaction."""

    def __init__(self, dao: CountingDao) -> None:
        self._dao = dao

    def count(self, found: Gathered) -> dict[int, int]:
        """Count a run's failures; for their numbers the cluster of each one's own key."""
        lines = {line.seq: line for line in found.lines}
        groups = self._groups(found, lines)
        known = self._dao.clusters(found.run.project_id, [group.key for group in groups])
        failures: list[dict[str, Any]] = []
        owners, homes = dict[int, int](), dict[int, int]()
        for group in sorted(groups, key=lambda one: one.key):
            row = known.get(group.key)
            own = self._add(found, group) if row is None else self._grow(found, group, row)
            homes[own] = into = own if row is None or row.merged_into is None else row.merged_into
            owners |= dict.fromkeys(group.seqs, own)
            told = [lines[seq] for seq in group.seqs if seq in lines][:MOST_OF_A_RUN]
            failures += [_failure(found, line, into, own) for line in told]
        self._dao.add_failures(failures)
        for cluster_id in sorted(set(homes.values())):
            self._dao.keep_newest(cluster_id, MOST_FAILURES)
        self._places(found, homes, Counter((own, _case(lines.get(seq))) for seq, own in owners.items()))
        return owners

    def _groups(self, found: Gathered, lines: Mapping[int, Row[Any]]) -> Sequence[Group]:
        groups = found.groups[:MOST_CLUSTERS]
        parts = self._dao.parts(found.run.project_id, [group.key for group in groups]) if groups else {}
        return divided(groups, parts, found.run.scenario_id, {seq: line.case_id for seq, line in lines.items()})

    def _add(self, found: Gathered, group: Group) -> int:
        parts, run = group.cause.parts, found.run
        return self._dao.add_cluster(
            {
                "project_id": run.project_id, "key": group.key, "title": group.title,
                "parts": json.dumps(parts, ensure_ascii=False), "host": parts["host"][:255], "phase": parts["phase"],
                "status": parts["status"], "state": ClusterState.OPEN, "size": len(group.seqs), "version": 1,
                "first_run_id": run.id, "first_at": found.at, "last_run_id": run.id, "last_at": found.at,
                **last_good(found.green),
            }
        )  # fmt: skip

    def _grow(self, found: Gathered, group: Group, row: Row[Any]) -> int:
        """One more run has it; what was resolved is open again, and says so."""
        count = len(group.seqs)
        self._dao.grow(row.id, count, _last(row, found) | _again(row, found))
        if row.merged_into is not None:
            target = self._dao.cluster(row.merged_into)
            if target is not None:
                self._dao.grow(target.id, count, _last(target, found) | _again(target, found))
        return int(row.id)

    def _places(self, found: Gathered, homes: Mapping[int, int], counts: Mapping[tuple[int, int], int]) -> None:
        scenario = found.run.scenario_id or 0
        rows = {(row.source_id, row.case_id): row for row in self._dao.places(homes, scenario)}
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        for (own, case), count in sorted(counts.items()):
            row = rows.get((own, case))
            place = {"source_id": own, "scenario_id": scenario, "case_id": case, "cluster_id": homes[own]}
            seen = _ends(row, found) | {"failures": count + (0 if row is None else row.failures)}
            (new if row is None else changed).append(place | seen)
        self._dao.write("cluster_places", new, changed)


def by_cause(owners: Mapping[int, int], wrong: Iterable[int]) -> dict[int, int]:
    """How many of these failures, by their numbers, each cluster has; 0: none that is told apart."""
    return dict(Counter(owners.get(seq, 0) for seq in wrong))


def _case(line: Row[Any] | None) -> int:
    return 0 if line is None else line.case_id or 0


def _last(row: Row[Any], found: Gathered) -> dict[str, Any]:
    return {"last_run_id": found.run.id, "last_at": found.at} if row.last_at <= found.at else {}


def _ends(row: Row[Any] | None, found: Gathered) -> dict[str, Any]:
    """The first and the last run at a place; runs may be counted in another order than they ended."""
    now = {"first_run_id": found.run.id, "first_at": found.at, "last_run_id": found.run.id, "last_at": found.at}
    if row is None:
        return now
    kept = {name: getattr(row, name) for name in now}
    earlier, later = found.at < row.first_at, found.at >= row.last_at
    return {name: now[name] if (earlier if name.startswith("first") else later) else kept[name] for name in now}


def _again(row: Row[Any], found: Gathered) -> dict[str, Any]:
    if row.state is not ClusterState.RESOLVED:
        return {}
    back = {"state": ClusterState.OPEN, "recurred_at": found.at, "version": row.version + 1}
    return back | last_good(found.green)


def _failure(found: Gathered, line: Row[Any], into: int, own: int) -> dict[str, Any]:
    run = found.run
    return {
        "project_id": run.project_id, "cluster_id": into, "source_id": own, "run_id": run.id, "seq": line.seq,
        "case_id": line.case_id, "scenario_id": run.scenario_id, "name": line.name, "at": found.at,
    }  # fmt: skip
