"""Rows of runs, results and causes as exporters are given them and as clients are shown them."""

import math
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.clock import iso
from wxcloudrun.exporters.naming import scenario_path
from wxcloudrun.exporters.report import (
    Cause,
    ChangedShape,
    ChangedVariable,
    Changes,
    OtherRun,
    RunFacts,
    StepFacts,
    Totals,
)
from wxcloudrun.exporters.wording import cut
from wxcloudrun.features.reports.comparison import asked_of
from wxcloudrun.features.reports.schemas import (
    CauseView,
    ChangedPathView,
    ChangedShapeView,
    ChangedVariableView,
    ChangesView,
    FailureView,
    OtherView,
    TotalsView,
)

_EXPLANATION = 3_000  # bytes
_PATHS = 10


def run_facts(row: Row[Any], times: Sequence[float] = (), link: str | None = None) -> RunFacts:
    """A run's row with `project`; `times` are milliseconds of its steps."""
    asked = asked_of(row)
    labels = {"branch": row.branch, "version": row.target_version, "commit": row.commit_id}
    return RunFacts(
        id=row.id,
        project=row.project,
        name=asked.get("name") or row.title,
        title=row.title,
        state=row.state.name.lower(),
        reason=row.reason,
        environment=row.environment,
        trigger=row.trigger.name.lower(),
        started_at=None if row.started_at is None else iso(row.started_at),
        ended_at=None if row.ended_at is None else iso(row.ended_at),
        totals=_totals(row, sorted(times)),
        labels={name: value for name, value in labels.items() if value},
        link=link,
    )


def totals_view(totals: Totals) -> TotalsView:
    """The numbers of a run."""
    return TotalsView(**{name: getattr(totals, name) for name in TotalsView.model_fields})


def changes_view(changes: Changes) -> ChangesView:
    """What is different."""
    numbers = ("new_failures", "fixed", "still_failing", "added", "removed")
    return ChangesView(
        before=_other(changes.before),
        green=_other(changes.green),
        **{name: getattr(changes, name) for name in numbers},
        changed_shape=[shape_view(one) for one in changes.shapes],
        changed_variables=[variable_view(one) for one in changes.variables],
        not_looked_at=changes.not_looked_at,
    )


def shape_view(one: ChangedShape) -> ChangedShapeView:
    """A step whose answer is built differently."""
    paths = [
        ChangedPathView(path=path.path, change=path.change.value, before=path.before, now=path.now)
        for path in one.paths[:_PATHS]
    ]
    return ChangedShapeView(seq=one.seq, name=one.name, dataset=one.dataset, paths=paths, count=len(one.paths))


def variable_view(one: ChangedVariable) -> ChangedVariableView:
    """A variable with another value."""
    names = ("name", "scope", "before", "now", "secret")
    return ChangedVariableView(**{name: getattr(one.change, name) for name in names}, step=one.step, steps=one.steps)


def cause_view(run: RunFacts, cause: Cause) -> CauseView:
    """A group of failures."""
    return CauseView(
        key=cause.key,
        title=cause.title,
        count=cause.count,
        fresh=cause.fresh,
        since=_other(cause.since),
        state=cause.state,
        note=cause.note,
        link=cause.link,
        steps=[_failure(run, step) for step in cause.steps],
    )


def _failure(run: RunFacts, step: StepFacts) -> FailureView:
    same = ("seq", "name", "dataset", "path", "case_id", "message")
    return FailureView(
        **{name: getattr(step, name) for name in same},
        scenario=" > ".join(scenario_path(run, step)),
        explanation=None if step.explanation is None else cut(step.explanation, _EXPLANATION),
    )


def _other(run: OtherRun | None) -> OtherView | None:
    return None if run is None else OtherView(run_id=run.id, state=run.state or None, at=run.ended_at)


def _totals(row: Row[Any], times: Sequence[float]) -> Totals:
    took = None
    if row.started_at is not None and row.ended_at is not None:
        took = (row.ended_at - row.started_at).total_seconds() * 1000
    same = ("passed", "failed", "error", "skipped", "requests")
    return Totals(
        **{name: getattr(row, name) for name in same},
        passed_after_retry=row.after_retry,
        p50_ms=_share(times, 0.5),
        p95_ms=_share(times, 0.95),
        duration_ms=took,
    )


def _share(times: Sequence[float], share: float) -> float | None:
    """The smallest of them that at least this share does not exceed (nearest rank); they are sorted."""
    return times[math.ceil(share * len(times)) - 1] if times else None
