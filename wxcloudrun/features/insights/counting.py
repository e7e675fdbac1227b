"""Counts every ended run once: its causes, its day, and the histories of its cases, in one transaction."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from wxcloudrun.analysis.durations import added, histogram
from wxcloudrun.analysis.flaky import verdict
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.features.insights.dao import CountingDao
from wxcloudrun.features.insights.gathering import Gathered, Gathering
from wxcloudrun.features.insights.models import ClusterState, Of
from wxcloudrun.features.insights.records import histogram_of, histogram_text, outcomes_of, outcomes_text
from wxcloudrun.features.reports.causes import Group
from wxcloudrun.features.runs.models import RunState, StepOutcome

MOST_FAILURES: Final = 200  # that a cluster keeps
MOST_OF_A_RUN: Final = 50
MOST_CLUSTERS: Final = 200  # of one run
_STEPS: Final = ("passed", "failed", "error", "skipped")


class RunCounting:
    """Is told of ended runs. Told of one again it does nothing more."""

    def __init__(self, session: AnySession, dao: CountingDao | None = None) -> None:
        self.session = session
        self._dao = dao or CountingDao(session)
        self._gathering = Gathering(session, self._dao)

    def take(self, run_id: int) -> None:
        """Count a run; the work is bounded whatever the run's size."""
        found = self._gathering.of(run_id)
        if found is None:
            return
        if not self._dao.has(found.run.project_id):
            try:
                self._begin(found.run.project_id)
            except IntegrityError:
                if not self._dao.has(found.run.project_id):  # else another worker began it at the same time
                    raise
        self._count(found)

    @unit_of_work
    def _begin(self, project_id: int) -> None:
        self._dao.begin(project_id)

    @unit_of_work
    def _count(self, found: Gathered) -> None:
        run = found.run
        self._dao.hold(run.project_id)
        if not self._dao.mark(run.id, run.project_id, found.at):
            return
        self._causes(found)
        if not found.partial:
            self._day(found)
        self._histories(found)

    def _causes(self, found: Gathered) -> None:
        groups = found.groups[:MOST_CLUSTERS]
        known = self._dao.clusters(found.run.project_id, [group.key for group in groups])
        lines = {line.seq: line for line in found.lines}
        failures: list[dict[str, Any]] = []
        touched = set[int]()
        for group in sorted(groups, key=lambda one: one.key):
            row = known.get(group.key)
            own = self._add(found, group) if row is None else self._grow(found, group, row)
            into = own if row is None or row.merged_into is None else row.merged_into
            touched.add(into)
            told = [lines[seq] for seq in group.seqs if seq in lines][:MOST_OF_A_RUN]
            failures += [_failure(found, line, into, own) for line in told]
        self._dao.add_failures(failures)
        for cluster_id in sorted(touched):
            self._dao.keep_newest(cluster_id, MOST_FAILURES)

    def _add(self, found: Gathered, group: Group) -> int:
        parts, run = group.cause.parts, found.run
        return self._dao.add_cluster(
            {
                "project_id": run.project_id, "key": group.key, "title": group.title,
                "parts": json.dumps(parts, ensure_ascii=False), "host": parts["host"][:255], "phase": parts["phase"],
                "status": parts["status"], "state": ClusterState.OPEN, "size": len(group.seqs), "version": 1,
                "first_run_id": run.id, "first_at": found.at, "last_run_id": run.id, "last_at": found.at,
            }
        )  # fmt: skip

    def _grow(self, found: Gathered, group: Group, row: Row[Any]) -> int:
        """One more run has it; what was resolved is open again, and says so."""
        values: dict[str, Any] = {}
        if row.last_at <= found.at:
            values = {"last_run_id": found.run.id, "last_at": found.at}
        count = len(group.seqs)
        self._dao.grow(row.id, count, values | _again(row, found))
        if row.merged_into is not None:
            target = self._dao.cluster(row.merged_into)
            if target is not None:
                self._dao.grow(target.id, count, values | _again(target, found))
        return int(row.id)

    def _day(self, found: Gathered) -> None:
        run, day, environment = found.run, found.at.date().isoformat(), found.run.environment_id or 0
        place = {"project_id": run.project_id, "day": day, "environment_id": environment}
        took = histogram(one.duration_ms for one in found.lines if one.outcome is not StepOutcome.SKIPPED)
        whole = {name: getattr(run, name) for name in _STEPS} | {"durations": took}
        whole |= {"runs": 1, "green": int(run.state is RunState.PASSED)}
        more = {(Of.PROJECT, int(run.project_id)): whole} | _of_cases(found)
        if run.scenario_id is not None:
            more[Of.SCENARIO, int(run.scenario_id)] = whole
        cases = [number for of, number in more if of is Of.CASE]
        rows = self._dao.summaries(run.project_id, day, environment)
        rows |= {(row.of, row.of_id): row for row in self._dao.case_summaries(run.project_id, day, environment, cases)}
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        for (of, number), values in more.items():
            row = rows.get((of, number))
            kept = place | {"of": of, "of_id": number} | _sum(row, values)
            (new if row is None else changed).append(kept)
        self._dao.write("day_summaries", new, changed)

    def _histories(self, found: Gathered) -> None:
        run = found.run
        rows = {
            (row.case_id, row.dataset, row.scenario_id, row.environment_id): row
            for row in self._dao.histories(run.project_id, {one.case_id for one in found.tried})
        }
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        for one in found.tried:
            place = (one.case_id, one.dataset, run.scenario_id or 0, run.environment_id or 0)
            row = rows.get(place)
            outcomes = [*([] if row is None else outcomes_of(row.outcomes)), one.outcome]
            outcomes.sort(key=lambda outcome: outcome.past.run_id or 0)
            kind = str(verdict([outcome.past for outcome in outcomes]).kind)
            names = ("case_id", "dataset", "scenario_id", "environment_id")
            values = {"project_id": run.project_id, **dict(zip(names, place, strict=True)), "name": one.name[:255]}
            values |= {"kind": kind, "outcomes": outcomes_text(outcomes)}
            if row is None:
                new.append(values)
            else:
                changed.append(values | {"id": row.id})
        self._dao.write("case_histories", new, changed)


def _again(row: Row[Any], found: Gathered) -> dict[str, Any]:
    if row.state is not ClusterState.RESOLVED:
        return {}
    return {"state": ClusterState.OPEN, "recurred_at": found.at, "version": row.version + 1}


def _failure(found: Gathered, line: Row[Any], into: int, own: int) -> dict[str, Any]:
    run = found.run
    return {
        "project_id": run.project_id, "cluster_id": into, "source_id": own, "run_id": run.id, "seq": line.seq,
        "case_id": line.case_id, "scenario_id": run.scenario_id, "name": line.name, "at": found.at,
    }  # fmt: skip


def _of_cases(found: Gathered) -> dict[tuple[Of, int], dict[str, Any]]:
    """What each case of the run adds to its day."""
    lines: dict[int, list[Row[Any]]] = defaultdict(list)
    for line in found.lines:
        if line.case_id is not None:
            lines[line.case_id].append(line)
    return {(Of.CASE, case_id): _of_case(some) for case_id, some in lines.items()}


def _of_case(lines: list[Row[Any]]) -> dict[str, Any]:
    counts = {name: sum(one.outcome is StepOutcome[name.upper()] for one in lines) for name in _STEPS}
    took = histogram(one.duration_ms for one in lines if one.outcome is not StepOutcome.SKIPPED)
    return counts | {"durations": took, "runs": 1, "green": int(not counts["failed"] and not counts["error"])}


def _sum(row: Row[Any] | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """A day's columns with what a run adds."""
    if row is None:
        return {**values, "durations": histogram_text(values["durations"])}
    numbers = {name: getattr(row, name) + values[name] for name in (*_STEPS, "runs", "green")}
    took = added([histogram_of(row.durations), values["durations"]])
    return numbers | {"durations": histogram_text(took)}
