"""Trends, flaky cases and incidents, from what was kept when runs ended."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.analysis.durations import added, percentile
from wxcloudrun.analysis.flaky import Kind, Past, verdict
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock, iso
from wxcloudrun.core.db import AnySession
from wxcloudrun.core.pagination import Slice, cursor, position
from wxcloudrun.features.insights.dao import InsightDao
from wxcloudrun.features.insights.models import Of
from wxcloudrun.features.insights.questions import ClusterQuestions
from wxcloudrun.features.insights.records import causes_of, histogram_of, outcomes_of
from wxcloudrun.features.insights.schemas import (
    CauseCount,
    FlakyQuery,
    FlakyView,
    IncidentsQuery,
    IncidentsView,
    IncidentView,
    ReasonView,
    TrendCause,
    TrendPoint,
    TrendQuery,
    TrendView,
)
from wxcloudrun.features.projects.access import ProjectAccess, Right

_STEPS: Final = ("passed", "failed", "error", "skipped")
_MOST_RUNS: Final = 100
_MOST_INCIDENTS: Final = 100
_MOST_CAUSES: Final = 10
_MOST_LOOKED_UP: Final = 500


class InsightService:
    """What members of a project read of many runs. Runs of private cases are in none of it."""

    def __init__(self, session: AnySession, clock: Clock, access: ProjectAccess, dao: InsightDao | None = None) -> None:
        self._clock = clock
        self._access = access
        self._dao = dao or InsightDao(session)
        self._clusters = ClusterQuestions(session)

    def trend(self, actor: Actor, project_id: int, query: TrendQuery) -> TrendView:
        """Days from that many ago on, or the last hundred runs. Raises ProjectNotFound."""
        self._access.require(actor, project_id, Right.VIEW)
        of, number = Of[query.of.upper()], query.id or project_id
        since = (self._clock.now() - timedelta(days=query.days - 1)).date().isoformat()
        if query.by == "run":
            rows = self._dao.runs(project_id, of, number, query.environment_id, _MOST_RUNS)
            recent = [row for row in rows if row.ended_at is not None and row.ended_at.date().isoformat() >= since]
            return TrendView(items=[_of_run(row) for row in reversed(recent)], causes=[], other_causes=0)
        days: dict[str, list[Row[Any]]] = defaultdict(list)
        for row in self._dao.days(project_id, of, number, since):
            if query.environment_id in {None, row.environment_id}:
                days[row.day].append(row)
        told = self._causes(project_id, {day: causes_in(rows) for day, rows in days.items()})
        return TrendView(
            items=[_of_day(day, rows, told) for day, rows in days.items()],
            causes=told.views(),
            other_causes=told.rest(told.total),
        )

    def _causes(self, project_id: int, days: Mapping[str, Counter[int]]) -> "_Causes":
        """Failures of days by what people hold for one cause; of the range the 500 largest are looked up."""
        total = sum(days.values(), Counter[int]())
        first = [number for number, _ in total.most_common(_MOST_LOOKED_UP) if number]
        rows = self._clusters.some(project_id, first)
        rows |= self._clusters.some(project_id, {row.merged_into for row in rows.values()} - {None} - rows.keys())
        homes = {number: rows[number].merged_into or number for number in first if number in rows}
        return _Causes({day: at_home(found, homes) for day, found in days.items()}, at_home(total, homes), rows)

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
        """The newest hundred incidents of the last days. Raises ProjectNotFound."""
        self._access.require(actor, project_id, Right.VIEW)
        since = self._clock.now() - timedelta(days=query.days)
        rows = self._dao.incidents(project_id, since, _MOST_INCIDENTS)
        return IncidentsView(items=[_incident(row) for row in rows])


class _Causes:
    """Failures by cause, of days and in all."""

    def __init__(self, days: Mapping[str, Counter[int]], total: Counter[int], rows: Mapping[int, Row[Any]]) -> None:
        self.total = total
        self._days, self._rows = days, rows
        ranked = sorted((number for number in total if number), key=lambda number: (-total[number], number))
        self._first = ranked[:_MOST_CAUSES]

    def views(self) -> list[TrendCause]:
        """Those with most failures."""
        return [
            TrendCause(id=row.id, title=row.title, state=row.state.name.lower(), count=self.total[row.id])
            for row in (self._rows[number] for number in self._first)
        ]

    def day(self, day: str) -> dict[str, Any]:
        """A day's columns: of the causes in `views` those that it has, and how many failures have others."""
        found = self._days[day]
        counts = [CauseCount(id=number, count=found[number]) for number in self._first if found[number]]
        return {"causes": counts, "other_causes": self.rest(found)}

    def rest(self, found: Counter[int]) -> int:
        """How many failures have none of these causes."""
        return found.total() - sum(found[number] for number in self._first)


def causes_in(rows: Sequence[Row[Any]]) -> Counter[int]:
    """Failures by their own causes in all of these rows."""
    return sum((causes_of(row.causes) for row in rows), Counter[int]())


def at_home(found: Counter[int], homes: Mapping[int, int]) -> Counter[int]:
    """Failures by the causes into which their own were merged; 0: not known."""
    counts = Counter[int]()
    for number, count in found.items():
        counts[homes.get(number, 0)] += count
    return counts


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
        causes=[],
        other_causes=0,
    )


def _of_day(day: str, rows: Sequence[Row[Any]], told: _Causes) -> TrendPoint:
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
        **told.day(day),
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


def _incident(row: Row[Any]) -> IncidentView:
    phases: dict[str, int] = json.loads(row.phases)
    return IncidentView(
        host=row.host,
        start=iso(row.start_at),
        end=iso(row.end_at),
        cases=len(json.loads(row.cases)),
        failures=row.failures,
        phase=max(sorted(phases), key=lambda one: phases[one]),
        runs=json.loads(row.runs),
    )
