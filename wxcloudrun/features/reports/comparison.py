"""Compares a run with the one before it: which steps fail now, which do no longer, which are new."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from wxcloudrun.analysis.comparison import Name, StepSeen, compared
from wxcloudrun.core.clock import iso
from wxcloudrun.core.db import AnySession
from wxcloudrun.exporters.report import Changes, OtherRun
from wxcloudrun.features.reports.dao import ReportDao
from wxcloudrun.features.runs.models import RunState, StepOutcome

_WRONG = (StepOutcome.FAILED, StepOutcome.ERROR)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is different, and the names of steps that failed before; None where nothing was before.

    `before` is the run before, `lines` are the results of this run and of that one, `new` the names of new failures.
    """

    changes: Changes
    failed: frozenset[Name] | None = None
    before: Row[Any] | None = None
    lines: tuple[Sequence[Row[Any]], Sequence[Row[Any]]] = ((), ())
    new: Sequence[Name] = ()


class Baselines:
    """Finds the runs with which others are compared."""

    def __init__(self, session: AnySession, dao: ReportDao | None = None) -> None:
        self._dao = dao or ReportDao(session)

    def green(self, run: Row[Any]) -> Row[Any] | None:
        """The last run before this one of the same thing, environment and branch that passed; None: there is none."""
        return next(_same(self._dao.earlier(run, RunState.PASSED, run.branch), asked_of(run)), None)


def before_and_after(run: Row[Any], dao: ReportDao) -> Comparison:
    """What is different from the last comparable run of the same thing in the same environment.

    Runs of only what had failed are no measure for a whole run, and have all of it before them. The last green run is
    sought on the run's branch, where it has one.
    """
    asked = asked_of(run)
    before = next(_same(dao.earlier(run), asked), None)
    green = next(_same(dao.earlier(run, RunState.PASSED, run.branch), asked), None)
    if before is None:
        return Comparison(Changes(green=None if green is None else other(green)))
    lines = dao.names(run.id), dao.names(before.id)
    then = list(_steps(lines[1]))
    found = compared(_steps(lines[0]), then)
    part = asked.get("partial") is True or not run.state.final
    told = Changes(
        before=other(before),
        green=None if green is None else other(green),
        new_failures=len(found.new_failures),
        fixed=len(found.fixed),
        still_failing=len(found.still_failing),
        added=len(found.added),
        removed=0 if part else len(found.removed),
    )
    failed = frozenset(step.name for step in then if step.wrong)
    return Comparison(told, failed, before, lines, found.new_failures)


def name_of(row: Row[Any]) -> Name:
    """What tells a step from the others in any run."""
    return row.case_id, row.name, row.dataset, row.phase


def speaking(lines: Iterable[Row[Any]]) -> dict[Name, Row[Any]]:
    """The result of each name that speaks for it: one that went wrong before others."""
    found: dict[Name, Row[Any]] = {}
    for line in lines:
        name = name_of(line)
        if name not in found or (line.outcome in _WRONG and found[name].outcome not in _WRONG):
            found[name] = line
    return found


def previous(run: Row[Any], dao: ReportDao) -> OtherRun | None:
    """The last comparable run on the run's branch, where it has one, else of all."""
    before = next(_same(dao.earlier(run, branch=run.branch), asked_of(run)), None)
    return None if before is None else other(before)


def asked_of(run: Row[Any]) -> dict[str, Any]:
    """What was asked for besides what columns tell."""
    asked: dict[str, Any] = json.loads(run.asked or "{}")
    return asked


def other(run: Row[Any]) -> OtherRun:
    """An earlier run as reports name it."""
    return OtherRun(run.id, run.state.name.lower(), None if run.ended_at is None else iso(run.ended_at))


def _same(runs: Iterable[Row[Any]], asked: dict[str, Any]) -> Iterator[Row[Any]]:
    """Those that ran the same: with the same tag and data, and the whole of it. Drafts are never the same."""
    for run in runs:
        its = asked_of(run)
        alike = all(its.get(name) == asked.get(name) for name in ("tag", "dataset"))
        if alike and not its.get("partial") and not its.get("draft") and not asked.get("draft"):
            yield run


def _steps(rows: Iterable[Row[Any]]) -> Iterator[StepSeen]:
    for row in rows:
        yield StepSeen(name_of(row), row.outcome in _WRONG)
