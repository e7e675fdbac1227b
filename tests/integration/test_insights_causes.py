"""Causes over many runs: what passed before, where they were seen, what people take out of them, and their days."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.integration.insights_bench import again, ask, clusters, told, turn
from tests.integration.live import at_once
from tests.integration.projects_bench import error_of
from tests.integration.runs_api_bench import BAD, OK, RunStage
from tests.integration.wechat_bench import parts_of
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.db import db
from wxcloudrun.core.errors import Conflict
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.insights.counting import RunCounting
from wxcloudrun.features.insights.merging import ClusterMerging
from wxcloudrun.features.insights.models import ClusterFailure, ClusterPlace, ClusterState, FailureCluster, HostOutage
from wxcloudrun.features.insights.schemas import ClusterMerge, ClusterSplit
from wxcloudrun.features.runs.models import Run


def alike(stage: RunStage, *names: str) -> list[int]:
    """Cases whose failures have one key."""
    return [stage.case(name, "/same", assertions=[BAD]) for name in names]


def one(stage: RunStage, cluster: int) -> dict[str, Any]:
    found: dict[str, Any] = ask(stage, f"/clusters/{cluster}")
    return found


def split(stage: RunStage, cluster: int, **what: int) -> dict[str, Any]:
    made: dict[str, Any] = stage.team.editor.ok("POST", f"{stage.team.path}/clusters/{cluster}/split", what)
    return made


def merge(stage: RunStage, cluster: int, into: int) -> dict[str, Any]:
    made: dict[str, Any] = stage.team.editor.ok(
        "POST", f"{stage.team.path}/clusters/{cluster}/merge", {"into": into}
    )  # fmt: skip
    return made


def holds_together(stage: RunStage, failures: int) -> None:
    """Nothing is lost or counted twice, and every row belongs where its cluster does."""
    with stage.team.app.app_context():
        rows = {row.id: row for row in db.session.scalars(select(FailureCluster))}
        roots = {number: row.merged_into or number for number, row in rows.items()}
        assert sum(row.size for row in rows.values() if row.state is not ClusterState.MERGED) == failures
        places = db.session.scalars(select(ClusterPlace)).all()
        for number, row in rows.items():
            of = "source_id" if row.state is ClusterState.MERGED else "cluster_id"
            assert row.size == sum(place.failures for place in places if getattr(place, of) == number), (number, of)
        kept = db.session.scalars(select(ClusterFailure)).all()
        assert all(place.cluster_id == roots[place.source_id] for place in [*places, *kept])
        assert all(roots[root] == root for root in roots.values())
        db.session.remove()


def test_a_cause_names_the_last_run_that_passed_before_it(each_runs: RunStage):
    case = each_runs.case("pay", "/pay")
    body = {"case_id": case}
    again(each_runs, **body)
    green = again(each_runs, **body)
    turn(each_runs, case, BAD)
    again(each_runs, **body)
    again(each_runs, **body)
    [line] = clusters(each_runs)
    assert line["last_good"]["run_id"] == green
    assert line["last_good"]["at"] < line["first_seen"]["at"]
    turn(each_runs, case, OK)
    later = again(each_runs, **body)
    turn(each_runs, case, BAD)
    again(each_runs, **body)
    assert clusters(each_runs)[0]["last_good"]["run_id"] == green, "it was not resolved"
    each_runs.team.editor.ok("PUT", f"{each_runs.team.path}/clusters/{line['id']}", {"state": "resolved"})
    again(each_runs, **body)
    assert clusters(each_runs)[0]["last_good"]["run_id"] == later
    again(each_runs, case_id=each_runs.case("never", "/never", assertions=[BAD]))
    assert [found["last_good"] for found in clusters(each_runs)][0] is None


def test_places_say_where_a_cause_was_seen_and_follow_merges(each_runs: RunStage):
    first, second = alike(each_runs, "one", "two")
    other = each_runs.case("other", "/other", assertions=[BAD])
    scenario = each_runs.scenario("shop", first, second, other, stop_on_failure=False)
    run = again(each_runs, scenario_id=scenario)
    last = again(each_runs, scenario_id=scenario)
    alone = again(each_runs, case_id=first)
    [small, large] = sorted(clusters(each_runs), key=lambda line: line["size"])
    view = one(each_runs, large["id"])
    same = {"scenario_id": scenario, "scenario": "shop", "first_run_id": run, "last_run_id": last, "count": 2}
    assert (view["places_count"], view["places"]) == (3, [
        same | {"case_id": first, "case": "one"},
        same | {"case_id": second, "case": "two"},
        {"scenario_id": None, "scenario": None, "case_id": first, "case": "one", "count": 1, "first_run_id": alone,
         "last_run_id": alone},
    ])  # fmt: skip
    merged = merge(each_runs, small["id"], large["id"])
    assert (merged["places_count"], sum(place["count"] for place in merged["places"]), merged["size"]) == (4, 7, 7)
    again(each_runs, scenario_id=scenario)
    assert sorted(place["count"] for place in one(each_runs, large["id"])["places"]) == [1, 3, 3, 3]
    assert split(each_runs, large["id"], cluster_id=small["id"])["size"] == 3
    assert [(line["size"], one(each_runs, line["id"])["places_count"]) for line in clusters(each_runs, "?sort=size")] == [
        (7, 3), (3, 1),
    ]  # fmt: skip
    holds_together(each_runs, 10)
    each_runs.team.editor.ok("DELETE", f"{each_runs.team.path}/scenarios/{scenario}")
    assert {place["scenario"] for place in one(each_runs, large["id"])["places"]} == {None}


def test_a_cause_that_has_others_takes_them_along_and_keeps_its_own(each_runs: RunStage):
    cases = [each_runs.case(name, f"/{name}", assertions=[BAD]) for name in ("a", "b", "c")]
    again(each_runs, scenario_id=each_runs.scenario("s", *cases, stop_on_failure=False))
    again(each_runs, case_id=cases[0])
    a, b, c = (line["id"] for line in sorted(clusters(each_runs), key=lambda line: line["title"]))
    merge(each_runs, a, b)
    assert merge(each_runs, b, c)["size"] == 4
    holds_together(each_runs, 4)
    assert split(each_runs, c, cluster_id=b)["size"] == 1
    assert split(each_runs, c, cluster_id=a)["size"] == 2
    assert one(each_runs, c)["size"] == 1
    holds_together(each_runs, 4)


def test_failures_of_one_case_become_a_cause_of_their_own_and_stay_so(each_runs: RunStage):
    first, second = alike(each_runs, "one", "two")
    scenario = each_runs.scenario("s", first, second, stop_on_failure=False)
    before = again(each_runs, scenario_id=scenario)
    [whole] = clusters(each_runs)
    part = split(each_runs, whole["id"], case_id=second)
    assert (part["size"], part["split_from"], part["only_case_id"]) == (1, whole["id"], second)
    assert part["state"] == "open"
    assert [place["case_id"] for place in part["places"]] == [second]
    assert [found["id"] for found in one(each_runs, whole["id"])["taken_out"]] == [part["id"]]
    with each_runs.team.app.app_context():
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "cause.divided")).one()
        assert str(second) in str(entry.after)
    place = f"{each_runs.team.path}/clusters/{part['id']}"
    each_runs.team.editor.ok("PUT", place, {"state": "known", "note": "only two"})
    run = again(each_runs, scenario_id=scenario)
    assert {line["id"]: line["size"] for state in ("open", "known") for line in clusters(each_runs, f"?state={state}")} == {
        whole["id"]: 2, part["id"]: 2,
    }  # fmt: skip
    found = ask(each_runs, f"/runs/{run}/report")
    told_of = {cause["steps"][0]["name"]: (cause["key"], cause["state"], cause["note"]) for cause in found["failures"]}
    assert told_of == {"one": (whole["key"], "open", None), "two": (part["key"], "known", "only two")}
    compared = ask(each_runs, f"/runs/{run}/compare/{before}")
    assert [(step["name"], step["cause"]) for step in compared["still_failing"]] == [
        ("one", whole["key"]), ("two", part["key"]),
    ]  # fmt: skip
    holds_together(each_runs, 4)
    assert merge(each_runs, part["id"], whole["id"])["size"] == 4
    again(each_runs, scenario_id=scenario)
    assert [line["size"] for line in clusters(each_runs)] == [6]
    again_apart = split(each_runs, whole["id"], case_id=second)
    assert (again_apart["id"], again_apart["size"]) == (part["id"], 3)
    holds_together(each_runs, 6)
    refused = each_runs.team.editor.call(
        "POST", f"{each_runs.team.path}/clusters/{whole['id']}/split", {"case_id": second}
    )
    assert error_of(refused) == (409, "cluster_not_divisible")
    assert each_runs.team.editor.call("POST", f"{place}/split", {"case_id": 1, "scenario_id": 1}).status_code == 422
    assert each_runs.team.editor.call("POST", f"{place}/split", {}).status_code == 422


def test_failures_of_one_scenario_are_taken_out_of_what_was_merged_too(each_runs: RunStage):
    first, second = alike(each_runs, "one", "two")
    other = each_runs.case("other", "/other", assertions=[BAD])
    here = each_runs.scenario("here", first, other, stop_on_failure=False)
    there = each_runs.scenario("there", first, second, other, stop_on_failure=False)
    early = again(each_runs, scenario_id=here)
    late = again(each_runs, scenario_id=there)
    small, large = (line["id"] for line in sorted(clusters(each_runs), key=lambda line: line["size"]))
    merge(each_runs, small, large)
    part = split(each_runs, large, scenario_id=there)
    assert (part["size"], part["only_scenario_id"], len(part["merged"])) == (3, there, 1)
    assert part["first_seen"]["run_id"] == part["last_seen"]["run_id"] == late
    rest = one(each_runs, large)
    assert (rest["size"], rest["first_seen"]["run_id"], rest["last_seen"]["run_id"]) == (2, early, early)
    holds_together(each_runs, 5)
    for scenario in (here, there):
        again(each_runs, scenario_id=scenario)
    assert sorted(line["size"] for line in clusters(each_runs)) == [4, 6]
    deeper = split(each_runs, part["id"], case_id=second)
    assert (deeper["size"], deeper["only_scenario_id"], deeper["only_case_id"]) == (2, there, second)
    again(each_runs, scenario_id=there)
    assert sorted(line["size"] for line in clusters(each_runs)) == [3, 4, 6]
    holds_together(each_runs, 13)


def test_a_part_that_was_merged_into_another_cause_goes_along_as_a_whole(each_runs: RunStage):
    cases = [each_runs.case(name, f"/{name}", assertions=[BAD]) for name in ("a", "b")]
    here, there = (each_runs.scenario(name, *cases, stop_on_failure=False) for name in ("here", "there"))
    for scenario in (here, there, there):
        again(each_runs, scenario_id=scenario)
    a, b = (line["id"] for line in sorted(clusters(each_runs), key=lambda line: line["title"]))
    merge(each_runs, split(each_runs, b, scenario_id=there)["id"], a)
    assert one(each_runs, a)["size"] == 5
    part = split(each_runs, a, scenario_id=there)
    assert (part["size"], len(part["merged"]), one(each_runs, a)["size"]) == (4, 1, 1)
    again(each_runs, scenario_id=there)
    assert one(each_runs, part["id"])["size"] == 6
    holds_together(each_runs, 8)
    merge(each_runs, b, part["id"])
    place = f"{each_runs.team.path}/clusters/{part['id']}/split"
    refused = each_runs.team.editor.call("POST", place, {"scenario_id": there})
    assert error_of(refused) == (409, "cluster_not_divisible"), "its own failures are all from there"
    assert split(each_runs, part["id"], scenario_id=here)["size"] == 1
    holds_together(each_runs, 8)


def test_counting_merging_and_dividing_at_once_lose_nothing(each_runs: RunStage):
    cases = alike(each_runs, "one", "two", "three")
    other = each_runs.case("other", "/other", assertions=[BAD])
    scenario = each_runs.scenario("s", *cases, other, stop_on_failure=False)
    again(each_runs, scenario_id=scenario)
    small, large = (line["id"] for line in sorted(clusters(each_runs), key=lambda line: line["size"]))
    runs = [int(each_runs.done(scenario_id=scenario)["id"]) for _ in range(4)]
    team, editor = each_runs.team, Actor(each_runs.team.editor.id)

    def work(number: int) -> None:
        with team.app.app_context():
            get = parts_of(team.app).get
            if number % 2:
                get(RunCounting).take(runs[number // 2])
                return
            merging = get(ClusterMerging)
            for call in (
                lambda: merging.split(editor, team.project, large, ClusterSplit(case_id=cases[number // 2 % 3])),
                lambda: merging.merge(editor, team.project, small, ClusterMerge(into=large)),
                lambda: merging.split(editor, team.project, large, ClusterSplit(cluster_id=small)),
            ):
                with suppress(Conflict):  # somebody else was faster
                    call()

    at_once(8, work)
    told(each_runs)
    holds_together(each_runs, 4 * 5)


def test_trends_tell_failures_by_cause(each_runs: RunStage):
    first, second = alike(each_runs, "one", "two")
    other = each_runs.case("other", "/other", assertions=[BAD])
    scenario = each_runs.scenario("s", first, second, other, stop_on_failure=False)
    for _ in range(2):
        run = again(each_runs, scenario_id=scenario)
    each_runs.team.runner.ok("POST", f"{each_runs.place(run)}/rerun", {"what": "failed"})
    each_runs.work()
    told(each_runs)
    small, large = (line["id"] for line in sorted(clusters(each_runs), key=lambda line: line["size"]))
    for query in ("", f"?of=scenario&id={scenario}"):
        found = ask(each_runs, f"/trends{query}")
        assert [(cause["id"], cause["count"], cause["state"]) for cause in found["causes"]] == [
            (large, 4, "open"), (small, 2, "open"),
        ], "a rerun of what failed is in no trend"  # fmt: skip
        [day] = found["items"]
        assert (day["causes"], day["other_causes"]) == ([{"id": large, "count": 4}, {"id": small, "count": 2}], 0)
        assert found["other_causes"] == 0
        assert found["causes"][0]["title"]
    found = ask(each_runs, f"/trends?of=case&id={second}")
    assert [(cause["id"], cause["count"]) for cause in found["causes"]] == [(large, 2)]
    merge(each_runs, small, large)
    assert [(cause["id"], cause["count"]) for cause in ask(each_runs, "/trends")["causes"]] == [(large, 6)]
    found = ask(each_runs, f"/trends?of=scenario&id={scenario}&by=run")
    assert (found["causes"], found["items"][0]["causes"]) == ([], [])


def test_of_many_causes_ten_are_told_and_the_rest_is_a_number(each_runs: RunStage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("wxcloudrun.features.insights.records.MOST_CAUSES", 11)
    names = "abcdefghijklm"
    cases = [each_runs.case(name, f"/{name}", assertions=[BAD]) for name in names]
    again(each_runs, case_id=cases[3])
    again(each_runs, scenario_id=each_runs.scenario("s", *cases, stop_on_failure=False))
    found = ask(each_runs, "/trends")
    assert [cause["count"] for cause in found["causes"]] == [2, *[1] * 9]
    assert (found["other_causes"], found["items"][0]["other_causes"]) == (3, 3)


def test_runs_that_end_near_each_other_tell_of_one_incident(each_runs: RunStage):
    cases = [each_runs.case(f"c{number}", f"/{'abcdef'[number]}") for number in range(6)]
    halves = [each_runs.scenario(f"s{n}", *cases[3 * n : 3 * n + 3], stop_on_failure=False) for n in (0, 1)]
    each_runs.target.answer = lambda method, path: (503, b"down")
    try:
        runs = [int(each_runs.done(scenario_id=half)["id"]) for half in (*halves, halves[0])]
    finally:
        each_runs.target.answer = None
    with each_runs.team.app.app_context():
        ended = db.session.scalar(select(func.max(Run.ended_at)).where(Run.id.in_(runs)))
    for run, minutes in zip(runs, (16, 0, 8), strict=True):
        each_runs.change(run, ended_at=ended - timedelta(minutes=minutes))
    with each_runs.team.app.app_context():
        for run in runs[:2]:
            parts_of(each_runs.team.app).get(RunCounting).take(run)
        assert db.session.scalar(select(func.count()).select_from(HostOutage)) == 2
        db.session.remove()
    assert ask(each_runs, "/incidents")["items"] == [], "three cases each are none"
    told(each_runs)
    [incident] = ask(each_runs, "/incidents")["items"]
    assert (incident["cases"], incident["failures"], incident["phase"]) == (6, 9, "gateway")
    assert incident["runs"] == sorted(runs)
    assert incident["start"] < incident["end"]
