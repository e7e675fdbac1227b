"""Compares a run with another one, step by step, and with the history of each step where it may have become slower."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.analysis.comparison import Compared, Name, StepSeen, compared
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock, iso
from wxcloudrun.core.db import AnySession
from wxcloudrun.features.insights.dao import InsightDao
from wxcloudrun.features.insights.errors import BaselineNotFound
from wxcloudrun.features.insights.records import outcomes_of
from wxcloudrun.features.insights.schemas import (
    ComparedCounts,
    ComparedRun,
    ComparedStep,
    ComparisonView,
    SlowerStep,
)
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.reports.causes import Causes, divided
from wxcloudrun.features.reports.comparison import Baselines, asked_of, name_of, speaking
from wxcloudrun.features.reports.differences import Differences, Differing
from wxcloudrun.features.reports.views import shape_view, variable_view
from wxcloudrun.features.runs.access import seen
from wxcloudrun.features.runs.errors import RunNotFound
from wxcloudrun.features.runs.models import StepOutcome

MOST_TOLD: Final = 100
BASELINE: Final = "baseline"
_WRONG: Final = (StepOutcome.FAILED, StepOutcome.ERROR)
_LONGEST_NUMBER: Final = 15


class ComparingService:
    """What members of a project read of what is different between two runs."""

    def __init__(self, session: AnySession, clock: Clock, access: ProjectAccess, dao: InsightDao | None = None) -> None:
        self._clock = clock
        self._access = access
        self._dao = dao or InsightDao(session)
        self._causes = Causes(session)
        self._baselines = Baselines(session)
        self._differing = Differing.of(session)

    def compared(self, actor: Actor, project_id: int, run_id: int, other: str) -> ComparisonView:
        """What is different since a run: the one of that number, or `baseline`, the last comparable one that passed.

        Raises ProjectNotFound, RunNotFound, BaselineNotFound.
        """
        membership = self._access.require(actor, project_id, Right.VIEW)
        run = seen(actor, membership, self._dao.run(project_id, run_id))
        before = seen(actor, membership, self._other(run, other))
        now, then = self._dao.steps(run.id), self._dao.steps(before.id)
        keys, titles = self._told(run, now)
        old_keys, _ = self._told(before, then)
        found = compared(_seen(now, keys), _seen(then, old_keys), self._usual(run, now))
        if asked_of(run).get("partial") is True or not run.state.final:
            found.removed.clear()
        first = (*found.new_failures[:MOST_TOLD], *found.other_cause[:MOST_TOLD])
        different = self._differing.between((run, before), now, then, first)
        view = _Telling(speaking(now), speaking(then), keys, titles)
        cases = {line.case_id for line in now if line.outcome in _WRONG and line.case_id is not None}
        return ComparisonView(
            baseline=_run(before),
            counts=_counts(found, different),
            **view.lists(found),
            slower=view.slower(found),
            changed_shape=[shape_view(one) for one in different.shapes[:MOST_TOLD]],
            changed_variables=[variable_view(one) for one in different.variables[:MOST_TOLD]],
            not_looked_at=different.not_looked_at,
            quarantined=sorted(self._dao.quarantined(project_id, cases, self._clock.now())) if cases else [],
        )

    def _other(self, run: Row[Any], other: str) -> Row[Any]:
        if other == BASELINE:
            green = self._baselines.green(run)
            found = None if green is None else self._dao.run(run.project_id, green.id)
            if found is None:
                raise BaselineNotFound
            return found
        number = int(other) if other.isascii() and other.isdecimal() and len(other) <= _LONGEST_NUMBER else 0
        found = self._dao.run(run.project_id, number)
        if found is None:
            raise RunNotFound
        return found

    def _told(self, run: Row[Any], lines: Sequence[Row[Any]]) -> tuple[dict[int, str], dict[str, str]]:
        """The cause of each failure by its number, and titles of causes."""
        groups = self._causes.of_run(run.project_id, run.id)
        parts = self._dao.parts(run.project_id, [one.key for one in groups]) if groups else {}
        groups = divided(groups, parts, run.scenario_id, {line.seq: line.case_id for line in lines})
        return {seq: group.key for group in groups for seq in group.seqs}, {one.key: one.title for one in groups}

    def _usual(self, run: Row[Any], lines: Sequence[Row[Any]]) -> dict[Name, list[float]]:
        """Durations of earlier runs in which the steps' cases passed, in the same scenario and environment."""
        cases = {line.case_id for line in lines if line.case_id is not None}
        place = (run.scenario_id or 0, run.environment_id or 0)
        known: dict[tuple[int, str, str], list[float]] = {}
        for row in self._dao.histories(run.project_id, cases) if cases else []:
            if (row.scenario_id, row.environment_id) == place:
                known[row.case_id, row.dataset, row.name] = [
                    one.duration_ms
                    for one in outcomes_of(row.outcomes)
                    if one.past.passed and one.past.run_id is not None and one.past.run_id < run.id
                ]
        places = {name_of(line): (line.case_id, line.dataset or "", line.name) for line in lines}
        return {name: known[place] for name, place in places.items() if place in known}


class _Telling:
    """Makes views of steps by their names."""

    def __init__(
        self, now: Mapping[Name, Row[Any]], then: Mapping[Name, Row[Any]], keys: Mapping[int, str],
        titles: Mapping[str, str],
    ) -> None:  # fmt: skip
        self._now, self._then = now, then
        self._keys, self._titles = keys, titles

    def lists(self, found: Compared) -> dict[str, list[ComparedStep]]:
        """The first hundred steps of each kind of difference."""
        names = ("new_failures", "fixed", "still_failing", "other_cause", "added", "removed")
        return {kind: [ComparedStep(**self._facts(one)) for one in getattr(found, kind)[:MOST_TOLD]] for kind in names}

    def slower(self, found: Compared) -> list[SlowerStep]:
        """The first hundred steps that became slower."""
        numbers = ("usual_ms", "limit_ms", "now_ms")
        return [
            SlowerStep(**self._facts(one.name), **{name: getattr(one, name) for name in numbers})
            for one in found.slower[:MOST_TOLD]
        ]

    def _facts(self, name: Name) -> dict[str, Any]:
        now = self._now.get(name)
        line = now if now is not None else self._then[name]
        cause = None if now is None else self._keys.get(now.seq)
        text = json.dumps(name, ensure_ascii=True, default=str)
        return {
            "key": hashlib.sha256(text.encode()).hexdigest()[:16],
            **{one: getattr(line, one) for one in ("name", "case_id", "dataset", "phase")},
            "seq": None if now is None else now.seq,
            "cause": cause,
            "title": None if cause is None else self._titles.get(cause),
        }


def _seen(lines: Iterable[Row[Any]], keys: Mapping[int, str]) -> Iterable[StepSeen]:
    for line in lines:
        took = None if line.outcome is StepOutcome.SKIPPED else line.duration_ms
        yield StepSeen(name_of(line), line.outcome in _WRONG, took, keys.get(line.seq))


def _counts(found: Compared, different: Differences) -> ComparedCounts:
    counts = {name: len(getattr(found, name)) for name in (one.name for one in fields(found))}
    return ComparedCounts(
        **counts, changed_shape=len(different.shapes), changed_variables=len(different.variables)
    )  # fmt: skip


def _run(row: Row[Any]) -> ComparedRun:
    return ComparedRun(
        run_id=row.id,
        state=row.state.name.lower(),
        ended_at=None if row.ended_at is None else iso(row.ended_at),
        branch=row.branch,
        version=row.target_version,
        commit=row.commit_id,
    )
