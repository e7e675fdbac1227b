"""What it costs to ask what many runs tell, among 10,000 and among 1,000,000 results: `python -m benchmarks.insights`.

Runs of a hundred steps as in `benchmarks.reports`, every tenth of which passed, with what is kept of them: a cause for
every four hundred results, its failures and places, hosts that were down, ninety days, histories. Prints milliseconds
(the least of turns taken by both sizes) and the ratio; and what it costs to count one more run.
"""

import argparse
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.orm import Session

from benchmarks.databases import KINDS
from benchmarks.reports import filled
from benchmarks.reports_rows import PROJECT, READER, STEPS
from wxcloudrun.analysis.flaky import Past
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.features.insights.clusters import ClusterService
from wxcloudrun.features.insights.comparing import ComparingService
from wxcloudrun.features.insights.counting import RunCounting
from wxcloudrun.features.insights.knowledge import Knowledge
from wxcloudrun.features.insights.models import (
    CaseHistory,
    ClusterFailure,
    ClusterPlace,
    ClusterState,
    DaySummary,
    FailureCluster,
    HostOutage,
    InsightProject,
    Of,
)
from wxcloudrun.features.insights.records import Outcome, outcomes_text
from wxcloudrun.features.insights.schemas import ClustersQuery, FlakyQuery, IncidentsQuery, TrendQuery
from wxcloudrun.features.insights.service import InsightService
from wxcloudrun.features.projects.access import ProjectAccess
from wxcloudrun.features.reports.schemas import ReportQuery
from wxcloudrun.features.reports.service import ReportService
from wxcloudrun.features.runs.models import Run, RunState

_WHEN = datetime(2026, 1, 1, tzinfo=UTC)
_R: Any = Run.__table__
_FIRST = 1_000_001  # number of the first cause; those that are counted here come before it on PostgreSQL
_RESULTS_OF_A_CAUSE, _FAILURES, _DAYS, _CASES = 400, 50, 90, 40


class _Then(Clock):
    """The day on which the benchmark's last run ended."""

    def now(self) -> datetime:
        """That moment."""
        return _WHEN + timedelta(days=_DAYS)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--databases", default=KINDS)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    for kind in options.databases.split(","):
        with ExitStack() as stack:
            engines = [stack.enter_context(filled(kind, count)) for count in (options.few, options.many)]
            found = [engine for engine in engines if engine is not None]
            if len(found) < len(engines):
                print(f"{kind}: no such server here")
                continue
            for engine, count in zip(found, (options.few, options.many), strict=True):
                _keep(engine, count)
            _print(kind, [_questions(engine) for engine in found], options.rounds)


def _print(kind: str, sizes: list[dict[str, Callable[[], object]]], rounds: int) -> None:
    print(f"\n{kind:<34}{'few':>9}{'many':>9}{'ratio':>7}")
    for name in sizes[0]:
        times: list[list[float]] = [[] for _ in sizes]
        for _ in range(rounds):
            for one, kept in zip(sizes, times, strict=True):
                begun = time.perf_counter()
                one[name]()
                kept.append(time.perf_counter() - begun)
        few, many = (min(kept) * 1000 for kept in times)
        print(f"{name:<34}{few:>9.2f}{many:>9.2f}{many / few:>7.2f}", flush=True)


def _questions(engine: Engine) -> dict[str, Callable[[], object]]:
    """What is measured, in one database."""
    session, who = Session(engine), Actor(READER)
    access = ProjectAccess(session)
    with engine.connect() as connection:
        last = int(connection.scalar(select(func.max(_R.c.id))) or 0) - 1
        cluster = int(connection.scalar(select(func.max(FailureCluster.id))) or 0)
    insights = InsightService(session, _Then(), access)
    clusters = ClusterService(session, None, access)  # type: ignore[arg-type]  # nothing is changed here
    comparing = ComparingService(session, _Then(), access)
    reports = ReportService(session, access, Knowledge(session, _Then()))
    counting = _Counting(session, last)
    return {
        "report": lambda: reports.report(who, PROJECT, last, ReportQuery()),
        "trend by day": lambda: insights.trend(who, PROJECT, TrendQuery(days=_DAYS)),
        "trend by run": lambda: insights.trend(who, PROJECT, TrendQuery(of="scenario", id=1, by="run", days=366)),
        "causes, the latest": lambda: clusters.page(who, PROJECT, ClustersQuery()),
        "causes, the largest": lambda: clusters.page(who, PROJECT, ClustersQuery(sort="size")),
        "compared with the baseline": lambda: comparing.compared(who, PROJECT, last, "baseline"),
        "compared with a run": lambda: comparing.compared(who, PROJECT, last, str(last - 1)),
        "flaky": lambda: insights.flaky(who, PROJECT, FlakyQuery()),
        "a cause (at most 200 alike)": lambda: clusters.view(who, PROJECT, cluster),
        "incidents": lambda: insights.incidents(who, PROJECT, IncidentsQuery(days=30)),
        "counting a run": counting.next,
    }


class _Counting:
    """Counts one run after the other, from the newest on."""

    def __init__(self, session: Session, last: int) -> None:
        self._counting, self._next = RunCounting(session), last

    def next(self) -> None:
        """One more."""
        self._counting.take(self._next)
        self._next -= 1


def _keep(engine: Engine, results: int) -> None:
    """What would have been kept of so many results."""
    causes = max(1, results // _RESULTS_OF_A_CAUSE)
    parts = {"phase": "assert", "status": "5xx", "host": "api.example.test", "method": "GET", "said": ""}
    clusters = [_cluster(number, parts | {"path": f"/v1/{number}/x"}) for number in range(_FIRST, _FIRST + causes)]
    failures = [_failure(number, turn) for number in range(_FIRST, _FIRST + causes) for turn in range(_FAILURES)]
    places = [_place(number, case) for number in range(_FIRST, _FIRST + causes) for case in range(_CASES)]
    outcomes = outcomes_text([Outcome(Past(turn % 2 == 0, 1, None, run_id=1), 50.0) for turn in range(50)])
    days = [(_WHEN + timedelta(days=day)).date().isoformat() for day in range(_DAYS)]
    with engine.begin() as connection:
        connection.execute(update(_R).where(_R.c.id % 10 == 3).values(state=RunState.PASSED))  # noqa: PLR2004
        connection.execute(insert(InsightProject), [{"project_id": PROJECT, "runs": results // STEPS}])
        connection.execute(insert(FailureCluster), clusters)
        connection.execute(insert(ClusterFailure), failures)
        connection.execute(insert(ClusterPlace), places)
        connection.execute(insert(HostOutage), [_outage(number) for number in range(causes)])
        connection.execute(insert(DaySummary), [_day(day, of, number) for day in days for of, number in _things()])
        connection.execute(insert(CaseHistory), [_history(case, outcomes) for case in range(1, _CASES + 1)])


def _things() -> list[tuple[Of, int]]:
    return [(Of.PROJECT, PROJECT), (Of.SCENARIO, 1), *((Of.CASE, number) for number in range(1, _CASES + 1))]


def _cluster(number: int, parts: dict[str, str]) -> dict[str, Any]:
    at = _WHEN + timedelta(days=_DAYS, minutes=_FIRST - number)
    first = {"project_id": PROJECT, "key": f"{number:032x}", "title": f"GET {parts['path']}", "size": number % 977}
    place = {name: parts[name] for name in ("host", "phase", "status")} | {"parts": json.dumps(parts)}
    seen = {"first_run_id": 1, "first_at": at, "last_run_id": number, "last_at": at}
    return {"id": number, **first, **place, **seen, "state": ClusterState.OPEN, "version": 1}


def _failure(cluster: int, turn: int) -> dict[str, Any]:
    at = _WHEN + timedelta(days=_DAYS, minutes=_FIRST - cluster)
    place = {"cluster_id": cluster, "source_id": cluster, "run_id": 1, "seq": turn, "scenario_id": 1}
    return {"project_id": PROJECT, **place, "case_id": turn % _CASES + 1, "name": f"step {turn}", "at": at}


def _place(cluster: int, case: int) -> dict[str, Any]:
    at = _WHEN + timedelta(days=_DAYS, minutes=_FIRST - cluster)
    place = {"source_id": cluster, "scenario_id": 1, "case_id": case + 1, "cluster_id": cluster, "failures": case + 1}
    return place | {"first_run_id": 1, "first_at": at, "last_run_id": cluster, "last_at": at}


def _outage(number: int) -> dict[str, Any]:
    """Every tenth was an incident."""
    at = _WHEN + timedelta(days=_DAYS, hours=-number)
    place = {"project_id": PROJECT, "host": "api.example.test", "start_at": at, "end_at": at}
    told = {"cases": json.dumps(list(range(9))), "phases": '{"connect":9}', "runs": "[1]"}
    return place | told | {"big": number % 10 == 0, "failures": 9}


def _day(day: str, of: Of, number: int) -> dict[str, Any]:
    counts = {"runs": 10, "green": 1, "passed": 950, "failed": 50, "error": 0, "skipped": 0}
    durations = json.dumps({str(bucket): 20 for bucket in range(50)})
    causes = json.dumps({str(_FIRST + cause): 1 for cause in range(50)})
    place = {"project_id": PROJECT, "of": of, "of_id": number, "day": day, "environment_id": 0}
    return {**place, **counts, "durations": durations, "causes": causes}


def _history(case: int, outcomes: str) -> dict[str, Any]:
    place = {"project_id": PROJECT, "case_id": case, "dataset": "", "scenario_id": 1, "environment_id": 0}
    return {**place, "name": f"step {case}", "kind": "flaky", "outcomes": outcomes}


if __name__ == "__main__":
    main()
