"""Counts every ended run once: its causes, its day, and the histories of its cases, in one transaction."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from wxcloudrun.analysis.durations import added, histogram
from wxcloudrun.analysis.flaky import verdict
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.features.insights.dao import CountingDao
from wxcloudrun.features.insights.gathering import Gathered, Gathering
from wxcloudrun.features.insights.models import Of
from wxcloudrun.features.insights.occurrences import Occurrences, by_cause
from wxcloudrun.features.insights.outages import Outages
from wxcloudrun.features.insights.records import (
    causes_of,
    causes_text,
    histogram_of,
    histogram_text,
    outcomes_of,
    outcomes_text,
)
from wxcloudrun.features.runs.models import RunState, StepOutcome

_WRONG: Final = (StepOutcome.FAILED, StepOutcome.ERROR)
_STEPS: Final = ("passed", "failed", "error", "skipped")


class RunCounting:
    """Is told of ended runs. Told of one again it does nothing more."""

    def __init__(self, session: AnySession, dao: CountingDao | None = None) -> None:
        self.session = session
        self._dao = dao or CountingDao(session)
        self._gathering = Gathering(session, self._dao)
        self._occurrences = Occurrences(self._dao)
        self._outages = Outages(self._dao)

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
        owners = self._occurrences.count(found)
        self._outages.count(found)
        if not found.partial:
            self._day(found, owners)
        self._histories(found)

    def _day(self, found: Gathered, owners: Mapping[int, int]) -> None:
        run, day, environment = found.run, found.at.date().isoformat(), found.run.environment_id or 0
        place = {"project_id": run.project_id, "day": day, "environment_id": environment}
        took = histogram(one.duration_ms for one in found.lines if one.outcome is not StepOutcome.SKIPPED)
        whole = {name: getattr(run, name) for name in _STEPS} | {"durations": took}
        whole |= {"runs": 1, "green": int(run.state is RunState.PASSED)}
        whole["causes"] = by_cause(owners, [seq for group in found.groups for seq in group.seqs])
        more = {(Of.PROJECT, int(run.project_id)): whole} | _of_cases(found, owners)
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


def _of_cases(found: Gathered, owners: Mapping[int, int]) -> dict[tuple[Of, int], dict[str, Any]]:
    """What each case of the run adds to its day."""
    lines: dict[int, list[Row[Any]]] = defaultdict(list)
    for line in found.lines:
        if line.case_id is not None:
            lines[line.case_id].append(line)
    return {(Of.CASE, case_id): _of_case(some, owners) for case_id, some in lines.items()}


def _of_case(lines: list[Row[Any]], owners: Mapping[int, int]) -> dict[str, Any]:
    counts = {name: sum(one.outcome is StepOutcome[name.upper()] for one in lines) for name in _STEPS}
    took = histogram(one.duration_ms for one in lines if one.outcome is not StepOutcome.SKIPPED)
    causes = by_cause(owners, [one.seq for one in lines if one.outcome in _WRONG])
    green = int(not counts["failed"] and not counts["error"])
    return counts | {"durations": took, "causes": causes, "runs": 1, "green": green}


def _sum(row: Row[Any] | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """A day's columns with what a run adds."""
    if row is None:
        return {**values, "durations": histogram_text(values["durations"]), "causes": causes_text(values["causes"])}
    numbers = {name: getattr(row, name) + values[name] for name in (*_STEPS, "runs", "green")}
    took = added([histogram_of(row.durations), values["durations"]])
    causes = causes_of(row.causes) + Counter(values["causes"])
    return numbers | {"durations": histogram_text(took), "causes": causes_text(causes)}
