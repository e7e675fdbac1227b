"""Reads what is to be counted of an ended run, in batches, outside of any transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.analysis.flaky import Past
from wxcloudrun.analysis.incidents import HostFailure, incidents
from wxcloudrun.core.db import AnySession
from wxcloudrun.features.insights.dao import CountingDao
from wxcloudrun.features.insights.records import Outcome
from wxcloudrun.features.reports.causes import Causes, Group
from wxcloudrun.features.reports.comparison import Baselines, asked_of
from wxcloudrun.features.runs.models import RunState, StepOutcome
from wxcloudrun.features.runs.results import unpacked

MOST_RESULTS: Final = 20_000
MOST_CASES: Final = 2_000
_AT_ONCE: Final = 100
_WRONG: Final = (StepOutcome.FAILED, StepOutcome.ERROR)
_NO_OUTCOME: Final = frozenset({"canceled", "interrupted"})


@dataclass(frozen=True, slots=True)
class Tried:
    """A case with a dataset's row, and what the run gave of it: the worst of its results."""

    case_id: int
    dataset: str
    name: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Gathered:
    """An ended run with what is counted of it. `lines` are its results, `groups` its failures by cause.

    `green` is the last comparable run that passed before it, where something failed.
    """

    run: Row[Any]
    at: datetime
    partial: bool
    lines: Sequence[Row[Any]]
    groups: Sequence[Group]
    tried: Sequence[Tried] = field(default=())
    green: Row[Any] | None = None


class Gathering:
    """Reads runs that ended."""

    def __init__(self, session: AnySession, dao: CountingDao) -> None:
        self._causes = Causes(session)
        self._baselines = Baselines(session)
        self._dao = dao

    def of(self, run_id: int) -> Gathered | None:
        """What is counted of a run; None where nothing is: it is gone, was canceled, is private, or ran a draft."""
        run = self._dao.run(run_id)
        if run is None or run.ended_at is None or run.private_to is not None:
            return None
        asked = asked_of(run)
        if not run.state.final or run.state is RunState.CANCELED or asked.get("draft"):
            return None
        lines = self._dao.lines(run_id, MOST_RESULTS)
        groups = self._causes.of_run(run.project_id, run_id)
        green = self._baselines.green(run) if groups else None
        tried = self._tried(run, lines, groups)
        return Gathered(run, run.ended_at, asked.get("partial") is True, lines, groups, tried, green)

    def _tried(self, run: Row[Any], lines: Sequence[Row[Any]], groups: Sequence[Group]) -> list[Tried]:
        """The first two thousand results of cases, one for each case and row of data."""
        told = [one for one in lines if _tells(one)][:MOST_CASES]
        outage = _outage(run, groups, {one.seq: one.case_id for one in lines})
        found: dict[tuple[int, str], Tried] = {}
        for some in batched(told, _AT_ONCE):
            details = {row.seq: unpacked(row.detail) for row in self._dao.details(run.id, [one.seq for one in some])}
            for line in some:
                one = _tried(run, line, details.get(line.seq, {}), line.seq in outage)
                key = (one.case_id, one.dataset)
                found[key] = _worse(found[key], one) if key in found else one
        return list(found.values())


def _tells(line: Row[Any]) -> bool:
    """True for results that say something of a case."""
    carried_out = line.outcome is not StepOutcome.SKIPPED and line.error_class not in _NO_OUTCOME
    return line.case_id is not None and carried_out


def _tried(run: Row[Any], line: Row[Any], detail: dict[str, Any], outage: bool) -> Tried:
    version = detail.get("case_version")
    past = Past(
        passed=line.outcome is StepOutcome.PASSED,
        case_version=version if isinstance(version, int) else None,
        target=run.commit_id or run.target_version,
        after_retry=bool(detail.get("passed_after_retry")),
        incident=outage,
        run_id=run.id,
    )
    return Tried(line.case_id, line.dataset or "", line.name, Outcome(past, line.duration_ms))


def _worse(one: Tried, other: Tried) -> Tried:
    return (
        one if not one.outcome.past.passed or other.outcome.past.after_retry < one.outcome.past.after_retry else other
    )


def _outage(run: Row[Any], groups: Sequence[Group], cases: dict[int, int | None]) -> set[int]:
    """Numbers of failures at a host at which many cases of this run failed."""
    places = [(seq, group.cause.parts) for group in groups for seq in group.seqs if seq in cases]
    told = [HostFailure(p["host"], cases[seq], run.ended_at, p["phase"], p["status"], run.id) for seq, p in places]
    hosts = {one.host for one in incidents(told)}
    return {seq for seq, parts in places if parts["host"] in hosts}
