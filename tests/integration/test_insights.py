"""What many runs tell: causes with their story, comparisons, trends, flaky cases, quarantine, on every database."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from tests.integration.insights_bench import again, ask, clusters, told, turn
from tests.integration.projects_bench import error_of
from tests.integration.reports_bench import a_red_run
from tests.integration.runs_api_bench import BAD, OK, RunStage
from tests.integration.wechat_bench import parts_of
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.insights.counting import RunCounting
from wxcloudrun.features.insights.models import ClusterFailure, FailureCluster, Quarantine
from wxcloudrun.features.reports.differences import Differing
from wxcloudrun.features.runs.models import RunState


def test_a_cause_is_remembered_over_runs_and_told_by_their_reports(each_runs: RunStage):
    scenario, first = a_red_run(each_runs)
    told(each_runs)
    second = again(each_runs, scenario_id=scenario)
    [line] = clusters(each_runs)
    assert (line["size"], line["first_seen"]["run_id"], line["last_seen"]["run_id"]) == (2, first, second)
    place = f"{each_runs.team.path}/clusters/{line['id']}"
    change = {"state": "known", "note": "the target is a mock", "link": "https://tracker.example.com/4", "version": 1}
    assert each_runs.team.editor.ok("PUT", place, change)["state"] == "known"
    assert error_of(each_runs.team.editor.call("PUT", place, change))[1] == "edit_conflict"
    [cause] = ask(each_runs, f"/runs/{second}/report")["failures"]
    assert (cause["key"], cause["state"], cause["note"]) == (line["key"], "known", "the target is a mock")
    assert cause["since"]["run_id"] == first
    [cause] = ask(each_runs, f"/runs/{first}/report")["failures"]
    assert cause["since"] is None
    failures = each_runs.team.viewer.ok("GET", f"{place}/failures?size=1")
    assert [one["run_id"] for one in failures["items"]] == [second]
    failures = each_runs.team.viewer.ok("GET", f"{place}/failures?cursor={failures['next']}")
    assert [one["run_id"] for one in failures["items"]] == [first]
    view = each_runs.team.viewer.ok("GET", place)
    assert [(one["scenario_id"], one["count"]) for one in view["places"]] == [(scenario, 2)]
    assert view["parts"]["status"] == "2xx"


def test_a_resolved_cause_that_comes_back_is_open_again_and_says_so(each_runs: RunStage):
    scenario, _ = a_red_run(each_runs)
    told(each_runs)
    [line] = clusters(each_runs)
    place = f"{each_runs.team.path}/clusters/{line['id']}"
    each_runs.team.editor.ok("PUT", place, {"state": "resolved"})
    assert clusters(each_runs) == []
    again(each_runs, scenario_id=scenario)
    [line] = clusters(each_runs)
    assert (line["size"], line["recurred_at"] is not None) == (2, True)


def test_a_run_told_twice_counts_once(each_runs: RunStage):
    _, run = a_red_run(each_runs)
    told(each_runs)
    with each_runs.team.app.app_context():
        parts_of(each_runs.team.app).get(RunCounting).take(run)
        parts_of(each_runs.team.app).get(RunCounting).take(10**9)
    assert [line["size"] for line in clusters(each_runs)] == [1]
    assert [day["runs"] for day in ask(each_runs, "/trends")["items"]] == [1]


def test_merged_causes_stay_together_until_they_are_taken_apart(each_runs: RunStage):
    one = each_runs.case("one", "/one", assertions=[BAD])
    two = each_runs.case("two", "/two", assertions=[BAD])
    scenario = each_runs.scenario("s", one, two, stop_on_failure=False)
    again(each_runs, scenario_id=scenario)
    first, second = sorted(line["id"] for line in clusters(each_runs))
    editor, path = each_runs.team.editor, f"{each_runs.team.path}/clusters"
    merged = editor.ok("POST", f"{path}/{first}/merge", {"into": second})
    assert (merged["id"], merged["size"], [one["id"] for one in merged["merged"]]) == (second, 2, [first])
    assert error_of(editor.call("POST", f"{path}/{second}/merge", {"into": first}))[1] == "cluster_into_itself"
    run = again(each_runs, scenario_id=scenario)
    [line] = clusters(each_runs, "?sort=size")
    assert (line["id"], line["size"], line["last_seen"]["run_id"]) == (second, 4, run)
    assert len(editor.ok("GET", f"{path}/{second}/failures")["items"]) == 4
    split = editor.ok("POST", f"{path}/{second}/split", {"cluster_id": first})
    assert (split["id"], split["size"]) == (first, 2)
    assert sorted((line["id"], line["size"]) for line in clusters(each_runs)) == [(first, 2), (second, 2)]
    assert len(editor.ok("GET", f"{path}/{first}/failures")["items"]) == 2
    near = editor.ok("GET", f"{path}/{first}")["near"]
    assert [one["id"] for one in near] == [second]
    assert error_of(editor.call("POST", f"{path}/{second}/split", {"cluster_id": first}))[1] == "cluster_not_merged"


@pytest.mark.parametrize("sort", ["size", "last_seen"])
def test_a_list_of_causes_goes_on_where_it_ended(each_runs: RunStage, sort: str):
    cases = [each_runs.case(f"c{number}", f"/{'abcde'[number]}", assertions=[BAD]) for number in range(5)]
    again(each_runs, scenario_id=each_runs.scenario("s", *cases, stop_on_failure=False))
    seen, cursor = list[int](), ""
    while True:
        page = ask(each_runs, f"/clusters?size=2&sort={sort}{cursor}")
        seen += [line["id"] for line in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 5


def test_a_run_is_compared_with_the_last_green_one_of_its_branch(each_runs: RunStage):
    stays, breaks = each_runs.case("stays", "/stays"), each_runs.case("breaks", "/breaks")
    scenario = each_runs.scenario("s", stays, breaks, stop_on_failure=False)
    main = {"scenario_id": scenario, "labels": {"branch": "main", "commit": "c0ffee"}}
    run = again(each_runs, **main)
    place = f"{each_runs.team.path}/runs"
    refused = each_runs.team.viewer.call("GET", f"{place}/{run}/compare/baseline")
    assert error_of(refused) == (404, "baseline_not_found")
    again(each_runs, scenario_id=scenario, labels={"branch": "other"})
    turn(each_runs, breaks, BAD)
    red = again(each_runs, **main)
    found = ask(each_runs, f"/runs/{red}/compare/baseline")
    assert (found["baseline"]["run_id"], found["baseline"]["commit"]) == (run, "c0ffee")
    assert found["counts"] == {
        "new_failures": 1, "fixed": 0, "still_failing": 0, "other_cause": 0, "added": 0, "removed": 0, "slower": 0,
        "changed_shape": 0, "changed_variables": 0,
    }  # fmt: skip
    [step] = found["new_failures"]
    assert (step["name"], step["case_id"], step["seq"]) == ("breaks", breaks, 1)
    assert step["cause"] == clusters(each_runs)[0]["key"]
    turn(each_runs, breaks, OK)
    mended = again(each_runs, **main)
    found = ask(each_runs, f"/runs/{mended}/compare/{red}")
    assert [one["key"] for one in found["fixed"]] == [step["key"]]
    for wrong in ("0", "x", str(10**20), str(red + 1000)):
        assert each_runs.team.viewer.call("GET", f"{place}/{red}/compare/{wrong}").status_code == 404


def test_answers_that_are_built_differently_and_variables_with_other_values_are_told(each_runs: RunStage):
    steps = [each_runs.case(name, f"/{name}?v={{{{version}}}}&at={{{{$uuid}}}}") for name in ("orders", "same", "wide")]
    plain = {"name": "version", "type": "string", "value": "1"}
    base = f"http://127.0.0.1:{each_runs.target.port}"
    environment = each_runs.team.environment("other", base_url=base, variables=[plain])
    scenario = each_runs.scenario("s", *steps, stop_on_failure=False)
    body = {"scenario_id": scenario, "environment_id": environment}
    answers = {"/orders": {"price": 1, "items": [{"id": 1, "text": "x" * 400}]}, "/same": {"id": 7}, "/wide": {"a": 1}}
    each_runs.target.answer = lambda method, path: (200, json.dumps(answers[path.partition("?")[0]]).encode())
    try:
        before = again(each_runs, **body)
        answers |= {"/orders": {"price": "1", "items": [{"text": "x" * 500}]}, "/same": {"id": 8}}
        answers["/wide"] = {f"k{number}x": number for number in range(2500)}
        place = f"{each_runs.team.path}/environments/{environment}"
        version = each_runs.team.owner.ok("GET", place)["version"]
        each_runs.team.owner.ok("PUT", place, {"version": version, "variables": [plain | {"value": "2"}]})
        run = again(each_runs, **body)
    finally:
        each_runs.target.answer = None
    found = ask(each_runs, f"/runs/{run}/compare/{before}")
    [step] = found["changed_shape"]
    assert (step["name"], step["count"]) == ("orders", 2)
    assert step["paths"] == [
        {"path": "$.price", "change": "type", "before": "number", "now": "string"},
        {"path": "$.items[].id", "change": "missing", "before": "number", "now": None},
    ]
    [variable] = found["changed_variables"]
    told = {"name": "version", "scope": "environment", "before": "1", "now": "2", "secret": False}
    assert variable == told | {"step": "orders", "steps": 3}
    assert (found["counts"]["changed_shape"], found["counts"]["changed_variables"], found["not_looked_at"]) == (1, 1, 1)
    changes = ask(each_runs, f"/runs/{run}/report")["changes"]
    same = ("changed_shape", "changed_variables", "not_looked_at")
    assert [changes[name] for name in same] == [found[name] for name in same]
    page = each_runs.team.viewer.call("GET", f"{each_runs.team.path}/runs/{run}/report.html").text
    assert "$.items[].id" in page
    assert ask(each_runs, f"/runs/{before}/report")["changes"]["changed_shape"] == []


def test_new_failures_are_looked_at_however_many_steps_there_are(each_runs: RunStage, monkeypatch: pytest.MonkeyPatch):
    between = Differing.between
    monkeypatch.setattr(Differing, "between", lambda self, *told: between(self, *told[:4], most=1))
    cases = [each_runs.case(f"c{number}", f"/{'abcd'[number]}") for number in range(4)]
    scenario = each_runs.scenario("s", *cases, stop_on_failure=False)
    before = again(each_runs, scenario_id=scenario)
    each_runs.target.answer = lambda method, path: (500 if path == "/d" else 200, b'{"error": 1}')
    try:
        run = again(each_runs, scenario_id=scenario)
    finally:
        each_runs.target.answer = None
    found = ask(each_runs, f"/runs/{run}/compare/{before}")
    assert [one["name"] for one in found["changed_shape"]] == ["c0", "c3"]
    assert found["not_looked_at"] == 2


def test_trends_are_told_by_day_and_by_run(each_runs: RunStage):
    scenario, run = a_red_run(each_runs)
    told(each_runs)
    again(each_runs, scenario_id=scenario)
    case = ask(each_runs, f"/runs/{run}/results")["items"][0]["case_id"]
    for query in ("", f"?of=scenario&id={scenario}"):
        [day] = ask(each_runs, f"/trends{query}")["items"]
        assert (day["runs"], day["green"], day["passed"], day["failed"], day["pass_rate"]) == (2, 0, 2, 2, 0.5)
        assert day["p95_ms"] >= day["p50_ms"] > 0
    [day] = ask(each_runs, f"/trends?of=case&id={case}")["items"]
    assert (day["runs"], day["green"], day["pass_rate"]) == (2, 2, 1.0)
    points = ask(each_runs, f"/trends?of=scenario&id={scenario}&by=run")["items"]
    assert [point["run_id"] for point in points][0] == run
    assert [point["state"] for point in points] == ["failed", "failed"]
    assert ask(each_runs, "/trends?environment_id=999")["items"] == []
    assert each_runs.team.viewer.call("GET", f"{each_runs.team.path}/trends?of=case").status_code == 422


def test_a_case_that_passes_and_fails_on_the_same_commit_is_flaky_until_then_quarantined(each_runs: RunStage):
    case = each_runs.case("swings", "/swings")
    body = {"case_id": case, "labels": {"commit": "c1"}}
    run = again(each_runs, **body)
    assert ask(each_runs, "/flaky")["items"] == []
    each_runs.target.answer = lambda method, path: (500, b"{}")
    try:
        red = again(each_runs, **body)
    finally:
        each_runs.target.answer = None
    [found] = ask(each_runs, "/flaky")["items"]
    assert (found["case_id"], found["kind"], found["outcomes"], found["proof"]) == (case, "flaky", "PF", red)
    assert "c1" in found["reason"]["en"]
    assert "c1" in found["reason"]["zh"]
    place = f"{each_runs.team.path}/cases/{case}/quarantine"
    each_runs.team.editor.ok("POST", place, {"days": 3, "reason": "slow mock"})
    each_runs.team.editor.ok("POST", place, {"days": 7, "reason": "slow mock"})
    assert ask(each_runs, f"/runs/{red}/report")["quarantined"] == [case]
    assert ask(each_runs, f"/runs/{red}/compare/{run}")["quarantined"] == [case]
    with each_runs.team.app.app_context():
        db.session.execute(update(Quarantine).values(until=SystemClock().now() - timedelta(seconds=1)))
        db.session.commit()
    assert ask(each_runs, f"/runs/{red}/report")["quarantined"] == []
    assert error_of(each_runs.team.editor.call("DELETE", place)) == (404, "quarantine_not_found")
    each_runs.team.editor.ok("POST", place, {"days": 1, "reason": "again"})
    each_runs.team.editor.ok("DELETE", place)


def test_a_host_that_is_down_is_one_incident_and_no_flakiness(each_runs: RunStage):
    cases = [each_runs.case(f"c{number}", f"/{'abcdef'[number]}") for number in range(6)]
    scenario = each_runs.scenario("s", *cases, stop_on_failure=False)
    again(each_runs, scenario_id=scenario)
    each_runs.target.answer = lambda method, path: (503, b"down")
    try:
        run = again(each_runs, scenario_id=scenario)
    finally:
        each_runs.target.answer = None
    [incident] = ask(each_runs, "/incidents")["items"]
    assert (incident["cases"], incident["phase"], incident["runs"]) == (6, "gateway", [run])
    steady = ask(each_runs, "/flaky?kind=steady_pass")["items"]
    assert {one["outcomes"] for one in steady} == {"PI"}
    assert len(steady) == 6


@pytest.mark.parametrize("hidden", [{"state": RunState.CANCELED}, {"private_to": 1}, {"asked": '{"draft":true}'}])
def test_private_drafted_and_canceled_runs_count_nowhere(each_runs: RunStage, hidden: dict[str, Any]):
    _, run = a_red_run(each_runs)
    each_runs.change(run, **hidden)
    told(each_runs)
    assert clusters(each_runs) == []
    assert ask(each_runs, "/trends")["items"] == []


def test_a_cluster_keeps_its_newest_failures_only(each_runs: RunStage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("wxcloudrun.features.insights.occurrences.MOST_FAILURES", 2)
    scenario, _ = a_red_run(each_runs)
    runs = [again(each_runs, scenario_id=scenario) for _ in range(3)]
    with each_runs.team.app.app_context():
        kept = db.session.scalars(select(ClusterFailure.run_id).order_by(ClusterFailure.id)).all()
        assert kept == runs[-2:]
        assert db.session.scalar(select(func.sum(FailureCluster.size))) == 4
