"""Runs again: the same plan, what failed of it, and today's definitions."""

from typing import Any

from tests.integration.projects_bench import error_of
from tests.integration.runs_api_bench import BAD, RunStage
from tests.integration.runs_bench import Target
from wxcloudrun.features.runs.models import RunState


def again(stage: RunStage, run: int, what: str) -> dict[str, Any]:
    """A rerun, at its end."""
    response = stage.team.runner.call("POST", f"{stage.place(run)}/rerun", {"what": what})
    assert response.status_code == 202, response.text
    stage.work()
    return stage.view(response.json["data"]["id"])


def seen(target: Target) -> list[str]:
    """Paths that were asked for since the last look."""
    paths = [path for _, _, path in target.seen]
    target.seen.clear()
    return paths


def test_the_same_plan_is_run_again_with_the_same_random_values(each_runs: RunStage):
    case = each_runs.case(url="/{{$randomInt}}")
    first = each_runs.done(case_id=case, title="mine", priority="ci")
    [path] = seen(each_runs.target)
    each_runs.team.editor.ok("PUT", each_runs.shelf.place(case), {"request": {"url": "/changed"}})
    second = again(each_runs, first["id"], "plan")
    assert seen(each_runs.target) == [path]
    assert (second["origin_id"], second["trigger"], second["state"]) == (first["id"], "rerun", "passed")
    assert (second["title"], second["priority"], second["case_id"]) == ("mine", "ci", case)
    assert second["id"] != first["id"]


def test_todays_definitions_are_run_with_what_was_asked_then(each_runs: RunStage):
    scenario = each_runs.scenario("s", each_runs.case(url="/{{shop}}"), inputs=[{"name": "shop"}])
    first = each_runs.done(scenario_id=scenario, inputs={"shop": 7}, deadline_ms=60_000, concurrency=3)
    each_runs.stage.step(scenario, "case", case_id=each_runs.case("new", "/new"))
    second = again(each_runs, first["id"], "today")
    assert seen(each_runs.target) == ["/7", "/7", "/new"]
    assert (second["environment_id"], second["origin_id"]) == (each_runs.environment, first["id"])
    assert each_runs.plan(second["id"])["limits"] == {"deadline_ms": 60_000, "concurrency": 3}


def test_today_a_tag_is_what_has_it_today_and_a_case_has_the_rows_that_were_chosen(a_runs: RunStage):
    inputs = [{"name": "shop"}]
    a_runs.scenario("one", a_runs.case("one", "/1/{{shop}}"), tags=["smoke"], inputs=inputs)
    first = a_runs.done(tag="smoke", inputs={"shop": 5})
    a_runs.scenario("two", a_runs.case("two", "/2/{{shop}}"), tags=["smoke"], inputs=inputs)
    assert again(a_runs, first["id"], "today")["tag"] == "smoke"
    assert sorted(seen(a_runs.target)) == ["/1/5", "/1/5", "/2/5"]
    case = a_runs.case("rows", "/{{what}}")
    for key in ("x", "y"):
        row = {"key": key, "variables": {"what": key}}
        a_runs.team.editor.ok("POST", f"{a_runs.shelf.place(case)}/datasets", row)
    picked = a_runs.done(case_id=case, dataset={"mode": "one", "key": "y"})
    again(a_runs, picked["id"], "today")
    assert seen(a_runs.target) == ["/y", "/y"]


def test_a_draft_has_no_today(a_runs: RunStage):
    number = a_runs.done(a_runs.team.editor, draft={"request": {"url": "/draft"}})["id"]
    refused = a_runs.team.editor.call("POST", f"{a_runs.place(number)}/rerun", {"what": "today"})
    assert error_of(refused) == (409, "draft_not_kept")
    assert again(a_runs, number, "plan")["state"] == "passed"


def _shop(stage: RunStage) -> int:
    """Log in, make an order, look around, pay (which fails), say thanks; log out."""
    made = {"name": "order", "source": "jsonpath", "argument": "$.id"}
    cases = {
        "in": stage.case("log in", "/in"),
        "make": stage.case("make an order", "/make", extractions=[made]),
        "look": stage.case("look around", "/look"),
        "pay": stage.case("pay", "/pay/{{order}}", assertions=[BAD]),
        "thank": stage.case("say thanks", "/thanks"),
        "out": stage.case("log out", "/out"),
    }
    scenario = stage.stage.scenario("shop", stop_on_failure=False)
    for name, phase in (
        ("in", "setup"),
        ("make", "steps"),
        ("look", "steps"),
        ("pay", "steps"),
        ("thank", "steps"),
        ("out", "teardown"),
    ):
        stage.stage.step(scenario, "case", case_id=cases[name], phase=phase)
    return scenario


def test_of_a_run_what_failed_is_run_again_with_what_it_needs(each_runs: RunStage):
    first = each_runs.done(scenario_id=_shop(each_runs))
    assert seen(each_runs.target) == ["/in", "/make", "/look", "/pay/7", "/thanks", "/out"]
    second = again(each_runs, first["id"], "failed")
    assert seen(each_runs.target) == ["/in", "/make", "/pay/7", "/out"]
    assert (second["state"], second["counts"]["failed"], second["scenario_id"]) == ("failed", 1, first["scenario_id"])
    again(each_runs, second["id"], "failed")
    assert seen(each_runs.target) == ["/in", "/make", "/pay/7", "/out"]


def test_of_a_tag_only_the_scenarios_that_failed_are_run_again(a_runs: RunStage):
    for name, assertions in (("good", []), ("bad", [BAD]), ("fine", [])):
        a_runs.scenario(name, a_runs.case(name, f"/{name}", assertions=assertions), tags=["smoke"])
    first = a_runs.done(tag="smoke")
    assert sorted(seen(a_runs.target)) == ["/bad", "/fine", "/good"]
    assert again(a_runs, first["id"], "failed")["tag"] == "smoke"
    assert seen(a_runs.target) == ["/bad"]


def test_where_nothing_failed_or_nothing_has_ended_there_is_nothing_to_run_again(a_runs: RunStage):
    number = a_runs.done(case_id=a_runs.case())["id"]
    refused = a_runs.team.runner.call("POST", f"{a_runs.place(number)}/rerun", {"what": "failed"})
    assert error_of(refused) == (409, "nothing_failed")
    a_runs.change(number, state=RunState.RUNNING)
    refused = a_runs.team.runner.call("POST", f"{a_runs.place(number)}/rerun", {"what": "failed"})
    assert error_of(refused) == (409, "run_not_ended")


def test_a_frozen_plan_reaches_only_what_may_be_reached_today(a_runs: RunStage):
    from wxcloudrun.app import EXTENSION  # noqa: PLC0415 - only here
    from wxcloudrun.features.runs.planning import RunPlanning  # noqa: PLC0415 - only here

    first = a_runs.done(case_id=a_runs.case())
    assert first["state"] == "passed"
    a_runs.team.app.extensions[EXTENSION].get(RunPlanning)._allowed = []
    second = again(a_runs, first["id"], "plan")
    assert second["state"] == "error"
    assert len(a_runs.target.seen) == 1
