"""Trends, flaky cases and incidents, from what was kept when runs ended."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.analysis.durations import added, percentile
from wxcloudrun.analysis.flaky import Kind, Past, verdict
from wxcloudrun.analysis.incidents import HostFailure, Incident, incidents
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock, iso
from wxcloudrun.core.db import AnySession
from wxcloudrun.core.pagination import Slice, cursor, position
from wxcloudrun.features.insights.dao import InsightDao
from wxcloudrun.features.insights.models import Of
from wxcloudrun.features.insights.records import histogram_of, outcomes_of
from wxcloudrun.features.insights.schemas import (
    FlakyQuery,
    FlakyView,
    IncidentsQuery,
    IncidentsView,
    IncidentView,
    ReasonView,
    TrendPoint,
    TrendQuery,
    TrendView,
)
from wxcloudrun.features.projects.access import ProjectAccess, Right

_STEPS: Final = ("passed", "failed", "error", "skipped")
_MOST_RUNS: Final = 100
_MOST_FAILURES: Final = 5_000


class InsightService:
    """What members of a project read of many runs. Runs of private cases are in none of it."""

    def __init__(self, session: AnySession, clock: Clock, access: ProjectAccess, dao: InsightDao | None = None) -> None:
        self._clock = clock
        self._access = access
        self._dao = dao or InsightDao(session)

    def trend(self, actor: Actor, project_id: int, query: TrendQuery) -> TrendView:
        """Days from that many ago on, or the last hundred runs. Raises ProjectNotFound."""
        self._access.require(actor, project_id, Right.VIEW)
        of, number = Of[query.of.upper()], query.id or project_id
        since = (self._clock.now() - timedelta(days=query.days - 1)).date().isoformat()
        if query.by == "run":
            rows = self._dao.runs(project_id, of, number, query.environment_id, _MOST_RUNS)
            recent = [row for row in rows if row.ended_at is not None and row.ended_at.date().isoformat() >= since]
            return TrendView(items=[_of_run(row) for row in reversed(recent)])
        days: dict[str, list[Row[Any]]] = defaultdict(list)
        for row in self._dao.days(project_id, of, number, since):
            if query.environment_id in {None, row.environment_id}:
                days[row.day].append(row)
        return TrendView(items=[_of_day(day, rows) for day, rows in days.items()])

    def flaky(self, actor: Actor, project_id: int, query: FlakyQuery) -> Slice[FlakyView]:
        """Cases whose history tells this. Raises ProjectNotFound, InvalidInput."""
        mark = position(query.cursor, (int,))
        self._access.require(actor, project_id, Right.VIEW)
        rows = self._dao.flaky(project_id, query.kind, mark[0] if mark else None, query.size + 1)
        shown = rows[: query.size]
        ends = self._dao.quarantined(project_id, {row.case_id for row in shown}, self._clock.now())
        views = [_flaky(row, iso(ends[row.case_id]) if row.case_id in ends else None) for row in shown]
        return Slice(items=views, next=cursor(shown[-1].id) if len(rows) > len(shown) else None)

    def incidents(self, actor: Actor, project_id: int, query: IncidentsQuery) -> IncidentsView:
        """Incidents of the last days, among the newest five thousand failures. Raises ProjectNotFound."""
        self._access.require(actor, project_id, Right.VIEW)
        since = self._clock.now() - timedelta(days=query.days)
        rows = self._dao.host_failures(project_id, since, _MOST_FAILURES)
        told = [HostFailure(r.host, r.case_id or r.name, r.at, r.phase, r.status, r.run_id) for r in rows]
        return IncidentsView(items=[_incident(one) for one in incidents(told)])


def _of_run(row: Row[Any]) -> TrendPoint:
    counts = {name: getattr(row, name) for name in _STEPS}
    return TrendPoint(
        day=row.ended_at.date().isoformat(),
        run_id=row.id,
        state=row.state.name.lower(),
        runs=1,
        green=int(row.state.name == "PASSED"),
        **counts,
        pass_rate=_rate(counts),
        p50_ms=None,
        p95_ms=None,
        mean_ms=row.mean_ms,
        max_ms=row.max_ms,
    )


def _of_day(day: str, rows: Sequence[Row[Any]]) -> TrendPoint:
    counts = {name: sum(getattr(row, name) for row in rows) for name in (*_STEPS, "runs", "green")}
    took = added(histogram_of(row.durations) for row in rows)
    return TrendPoint(
        day=day,
        run_id=None,
        state=None,
        **counts,
        pass_rate=_rate(counts),
        p50_ms=percentile(took, 0.5),
        p95_ms=percentile(took, 0.95),
        mean_ms=None,
        max_ms=None,
    )


def _rate(counts: dict[str, int]) -> float | None:
    """Share of the steps carried out that passed; None where none was."""
    done = counts["passed"] + counts["failed"] + counts["error"]
    return counts["passed"] / done if done else None


def _flaky(row: Row[Any], until: str | None) -> FlakyView:
    history = [one.past for one in outcomes_of(row.outcomes)]
    told = verdict(history)
    return FlakyView(
        case_id=row.case_id,
        name=row.name,
        dataset=row.dataset or None,
        scenario_id=row.scenario_id or None,
        environment_id=row.environment_id or None,
        kind=str(Kind(row.kind)),
        reason=ReasonView(zh=told.zh, en=told.en),
        **{name: getattr(told, name) for name in ("runs", "flips", "rate", "low", "high", "proof")},
        outcomes="".join(_letter(one) for one in history),
        quarantined_until=until,
    )


def _letter(one: Past) -> str:
    if one.passed:
        return "R" if one.after_retry else "P"
    return "I" if one.incident else "F"


def _incident(one: Incident) -> IncidentView:
    same = {name: getattr(one, name) for name in ("host", "cases", "failures", "phase")}
    return IncidentView(**same, start=iso(one.start), end=iso(one.end), runs=list(one.runs))
