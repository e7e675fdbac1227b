"""How long runs are kept: by age, count and bytes; what is never removed; what was freed."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.integration.projects_bench import error_of
from tests.integration.runs_api_bench import OK, RunStage
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.runs.models import Run, RunBody, RunPlan, RunResult
from wxcloudrun.features.runs.retention import RunRetention


def swept(stage: RunStage) -> int:
    """Runs that one turn of the duty removed."""
    with stage.team.app.app_context():
        retention = stage.team.app.extensions[EXTENSION].get(RunRetention)
        retention._last, total = 0, 0
        while removed := retention.sweep():
            total += removed
        return total


def limits(stage: RunStage, **change: Any) -> dict[str, Any]:
    changed: dict[str, Any] = stage.team.owner.ok("PUT", f"{stage.team.path}/retention", change)
    return changed


def present(stage: RunStage) -> list[int]:
    return [one["id"] for one in stage.team.owner.ok("GET", stage.all)["items"]][::-1]


def aged(stage: RunStage, run: int, days: int) -> None:
    stage.change(run, ended_at=SystemClock().now() - timedelta(days=days))


def test_old_runs_go_but_the_last_that_passed_stays_to_be_compared_with(each_runs: RunStage):
    case = each_runs.case()
    runs = [each_runs.done(case_id=case)["id"] for _ in range(3)]
    for run in runs:
        aged(each_runs, run, 91)
    assert swept(each_runs) == 2
    assert present(each_runs) == runs[2:]
    with each_runs.team.app.app_context():
        left = {
            str(t.__tablename__): db.session.scalar(select(func.count()).select_from(t)) for t in (RunResult, RunPlan)
        }
    assert left == {"run_results": 1, "run_plans": 1}


def test_a_project_keeps_as_many_as_it_wants_and_the_oldest_go_first(each_runs: RunStage):
    case = each_runs.case()
    runs = [each_runs.done(case_id=case)["id"] for _ in range(5)]
    limits(each_runs, runs=2)
    assert swept(each_runs) == 3
    assert present(each_runs) == runs[3:]
    told = each_runs.team.viewer.ok("GET", f"{each_runs.team.path}/retention")
    assert (told["runs"], told["own"], told["used"]["runs"], told["freed"]["runs"]) == (2, ["runs"], 2, 3)
    assert told["freed"]["bytes"] > 0
    assert told["freed"]["at"] is not None
    (entry,) = [
        one
        for one in each_runs.team.viewer.ok("GET", f"{each_runs.team.path}/activity")["items"]
        if one["action"] == "runs.cleared"
    ]
    assert entry["after"]["runs"] == 3


def test_bytes_are_what_compressed_results_and_bodies_take(each_runs: RunStage):
    each_runs.target.answer = lambda method, path: (200, path.encode() * 2000)
    for name in "abc":
        each_runs.done(case_id=each_runs.case(name, f"/{name}"))
    limits(each_runs, days=3650)
    assert swept(each_runs) == 0
    with each_runs.team.app.app_context():
        bodies = db.session.scalar(select(func.sum(func.length(RunBody.packed))))
        details = db.session.scalar(select(func.sum(func.length(RunResult.detail))))
    used = each_runs.team.viewer.ok("GET", f"{each_runs.team.path}/retention")["used"]
    assert used["bytes"] == bodies + details
    assert (used["runs"], used["results"]) == (3, 3)


def test_too_many_bytes_let_the_oldest_go(a_runs: RunStage, monkeypatch: pytest.MonkeyPatch):
    case = a_runs.case()
    runs = [a_runs.done(case_id=case)["id"] for _ in range(4)]
    a_runs.change(runs[0], detail_bytes=5_000_000)
    limits(a_runs, bytes=1_000_000)
    assert swept(a_runs) == 1
    assert present(a_runs) == runs[1:]


def test_a_draft_goes_a_day_after_its_end(a_runs: RunStage):
    draft = {"request": {"url": "/draft"}, "assertions": [OK]}
    run = a_runs.done(a_runs.team.editor, draft=draft)["id"]
    assert swept(a_runs) == 0
    aged(a_runs, run, 2)
    assert swept(a_runs) == 1


def test_a_run_that_has_not_ended_stays(a_runs: RunStage):
    limits(a_runs, runs=1)
    run = a_runs.started(case_id=a_runs.case())["id"]
    a_runs.change(run, created_at=SystemClock().now() - timedelta(days=400))
    assert swept(a_runs) == 0
    assert present(a_runs) == [run]


def test_limits_are_the_operators_until_an_owner_says_otherwise(a_runs: RunStage):
    place = f"{a_runs.team.path}/retention"
    before = a_runs.team.viewer.ok("GET", place)
    assert (before["days"], before["runs"], before["own"], before["version"]) == (90, 2000, [], 1)
    own = limits(a_runs, days=7, version=1)
    assert (own["days"], own["own"], own["version"]) == (7, ["days"], 2)
    assert error_of(a_runs.team.owner.call("PUT", place, {"days": 8, "version": 1})) == (409, "edit_conflict")
    assert limits(a_runs, days=None)["days"] == 90
    assert a_runs.team.owner.call("PUT", place, {"runs": 0}).status_code == 422


def test_many_projects_are_looked_after_one_by_one(a_runs: RunStage):
    other = a_runs.team.owner.ok("POST", "/api/projects", {"name": "another"})["id"]
    case = a_runs.case()
    runs = [a_runs.done(case_id=case)["id"] for _ in range(2)]
    for run in runs:
        aged(a_runs, run, 91)
    a_runs.change(runs[0], project_id=other)
    assert swept(a_runs) == 0, "each is the last that passed of its project"
    with a_runs.team.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Run)) == 2
