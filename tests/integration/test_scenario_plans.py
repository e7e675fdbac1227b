"""From the library to a run: what was written over HTTP becomes a plan, and the engine carries it out."""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from tests.integration.scenarios_bench import Stage
from tests.unit.engine.demo_target import USERS, DemoTarget
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import db
from wxcloudrun.core.errors import ApiError
from wxcloudrun.engine.plan.plan import Plan
from wxcloudrun.engine.run.runner import Engine
from wxcloudrun.features.cases.dao import CaseDao
from wxcloudrun.features.environments.planning import EnvironmentPlanning
from wxcloudrun.features.scenarios.errors import CalledScenarioTrashed, CaseTrashed, ScenarioInTrash, ScenarioNotFound
from wxcloudrun.features.scenarios.planning import ScenarioPlanning

PASSWORD = USERS["eve"]


def expects(status: int) -> dict[str, Any]:
    return {"source": "status", "comparator": "eq", "expected": status}


def shop(stage: Stage, target: DemoTarget) -> tuple[int, int]:
    """The main job: log in, make an order, pay it in two ways. Numbers of the scenario and of its environment."""
    library = stage.shelf
    secret = {"name": "password", "type": "secret", "value": PASSWORD}
    environment = library.team.environment("shop", base_url=target.url, variables=[secret])
    log_in = library.case(
        "log in",
        request={
            "method": "POST",
            "url": "/login",
            "body": {"kind": "json", "value": {"user": "{{user}}", "password": "{{password}}"}},
        },
        extractions=[{"name": "token", "source": "jsonpath", "argument": "$.token", "secret": True}],
        assertions=[expects(200)],
    )
    create = library.case(
        "create",
        request={
            "method": "POST",
            "url": "/orders",
            "headers": {"Authorization": "Bearer {{token}}", "X-Api-Key": "CANARY-api-key"},
            "body": {"kind": "json", "value": {"sku": "none"}},
        },
        extractions=[{"name": "order", "source": "jsonpath", "argument": "$.id"}],
        assertions=[expects(201)],
    )
    pay = library.case(
        "pay",
        request={
            "method": "POST",
            "url": "/echo",
            "body": {"kind": "json", "value": {"order": "{{order}}", "by": "nothing"}},
        },
        assertions=[
            expects(200),
            {"source": "jsonpath", "argument": "$.body.by", "comparator": "eq", "expected": "{{expected.by}}"},
        ],
        dataset={"mode": "all"},
    )
    for key in ("card", "wallet"):
        row = {"key": key, "name": f"by {key}", "body": {"by": key}, "expected": {"by": key}}
        stage.editor.ok("POST", f"{library.place(pay)}/datasets", row)
    scenario = stage.scenario("buy", variables=[{"name": "user", "value": "eve"}])
    stage.step(scenario, "case", case_id=log_in, phase="setup", key="in")
    stage.step(scenario, "case", case_id=create, key="create", overrides={"body": {"sku": "a"}})
    warned = stage.added(scenario, "case", case_id=pay, key="pay", condition="order > 0")["warnings"]
    assert [(one["kind"], one["name"]) for one in warned] == [("variable", "password")]  # not in the default one
    return scenario, environment


def planned(app: Flask, stage: Stage, scenario: int, environment: int | None = None) -> dict[str, Any]:
    """The plan, as a run would freeze it."""
    container, project = app.extensions[EXTENSION], stage.shelf.team.project
    with app.app_context():
        plan: dict[str, Any] = {"scenario": container.get(ScenarioPlanning).scenario(project, scenario)}
        layers = container.get(EnvironmentPlanning).plan_environment(project, environment, "Payments")
        plan["project"], plan["environment"] = layers
        db.session.remove()
    return json.loads(json.dumps(plan))


def run(plan: dict[str, Any], target: DemoTarget) -> list[Any]:
    network = {"allowed": [f"127.0.0.1/32:{target.port}"]}
    engine = Engine(Plan.model_validate({**plan, "network": network}))
    return list(engine.run())


def test_a_scenario_that_was_made_over_http_runs(each_stage: Stage):
    app = each_stage.shelf.team.app
    with DemoTarget() as target:
        scenario, environment = shop(each_stage, target)
        results = run(planned(app, each_stage, scenario, environment), target)
        assert [(one.key, one.outcome.value) for one in results] == [
            ("in", "passed"), ("create", "passed"), ("pay", "passed"), ("pay", "passed"),
        ]  # fmt: skip
        assert [json.loads(one["body"]).get("by") for one in target.seen[2:]] == ["card", "wallet"]
        assert target.seen[1]["headers"]["x-api-key"] == "CANARY-api-key"
        assert target.seen[1]["headers"]["authorization"].startswith("Bearer token-of-eve")
        assert json.loads(target.seen[1]["body"]) == {"sku": "a"}
    assert [one.dataset.key for one in results[2:]] == ["card", "wallet"]
    listed = each_stage.steps(scenario)
    assert [one.id for one in results[:3]] == [one["id"] for one in listed]


def test_what_a_step_says_holds_over_what_its_case_said(each_stage: Stage):
    app, library = each_stage.shelf.team.app, each_stage.shelf
    case = library.case(condition="a == 1", retry={"attempts": 5}, dataset={"mode": "all"})
    scenario = each_stage.scenario()
    each_stage.step(scenario, "case", case_id=case)
    own = {"condition": "b == 2 or c == 3", "poll": {"until": "status == 200"}, "dataset": {"mode": "none"}}
    each_stage.step(scenario, "case", case_id=case, **own, stop_on_failure=True)
    first, second = planned(app, each_stage, scenario)["scenario"]["steps"]
    assert (first["condition"], first["dataset"], first["retry"]["attempts"]) == ("a == 1", {"mode": "all"}, 5)
    assert second["condition"] == "(a == 1) and (b == 2 or c == 3)"
    assert (second["dataset"], second["poll"]) == ({"mode": "none"}, {"until": "status == 200"})
    assert "retry" not in second
    assert second["stop_on_failure"] is True
    Plan.model_validate(planned(app, each_stage, scenario))


def test_calls_groups_and_secrets_are_in_the_plan(each_stage: Stage):
    app = each_stage.shelf.team.app
    inputs = [{"name": "pin", "secret": True, "default": "CANARY-default"}, {"name": "who"}]
    inner = each_stage.scenario(
        "inner", inputs=inputs, outputs=["x"], variables=[{"name": "v", "type": "secret", "value": "CANARY-v"}]
    )
    each_stage.step(inner, "wait", wait_ms="{{who}}")
    case = each_stage.shelf.case()
    outer = each_stage.scenario("outer")
    group = each_stage.step(outer, "parallel", concurrency=3, name="both")
    overrides = {"headers": {"X-Token": "CANARY-step"}, "auth": {"kind": "bearer", "token": "CANARY-auth"}}
    each_stage.step(outer, "case", case_id=case, parent_id=group, overrides=overrides)
    each_stage.step(outer, "scenario", scenario_id=inner, parent_id=group, inputs={"pin": "CANARY-given", "who": "5"})
    each_stage.step(outer, "scenario", scenario_id=inner, phase="teardown", enabled=False)
    plan = planned(app, each_stage, outer)
    both = plan["scenario"]["steps"][0]
    assert (both["kind"], both["concurrency"]) == ("parallel", 3)
    assert both["parallel"][0]["overrides"] == overrides
    called = both["parallel"][1]
    assert called["inputs"] == {"pin": "CANARY-given", "who": "5"}
    assert called["scenario"]["inputs"][0]["default"] == "CANARY-default"
    assert called["scenario"]["variables"] == [{"name": "v", "value": "CANARY-v", "secret": True}]
    assert plan["scenario"]["teardown"][0]["enabled"] is False
    read = Plan.model_validate(plan)
    assert read.scenario.steps[0].parallel[1].scenario.steps[0].wait_ms == "{{who}}"


def test_a_single_case_is_a_scenario_of_one_step(a_stage: Stage):
    app, project = a_stage.shelf.team.app, a_stage.shelf.team.project
    case = a_stage.shelf.case("alone", condition="1 == 1")
    a_stage.editor.ok("POST", f"{a_stage.shelf.place(case)}/datasets", {"key": "a"})
    with app.app_context():
        planning = app.extensions[EXTENSION].get(ScenarioPlanning)
        row = CaseDao(db.session).get(project, case)
        step = planning.single(row)["steps"][0]
        chosen = planning.single(row, {"mode": "one", "key": "a"})["steps"][0]
    assert (step["name"], step["condition"], step["case"]["datasets"][0]["key"]) == ("alone", "1 == 1", "a")
    assert chosen["dataset"] == {"mode": "one", "key": "a"}


def test_what_lies_in_the_trash_ends_the_plan_with_a_clear_cause(a_stage: Stage):
    """Both came into the trash with their scenario, which was taken out again alone."""
    app, project = a_stage.shelf.team.app, a_stage.shelf.team.project
    case, inner = a_stage.shelf.case("order"), a_stage.scenario("inner")
    by_case, by_call = a_stage.scenario("by case"), a_stage.scenario("by call")
    steps = a_stage.step(by_case, "case", case_id=case, name="s"), a_stage.step(by_call, "scenario", scenario_id=inner)
    for number in (by_case, by_call, inner):
        a_stage.editor.ok("DELETE", a_stage.place(number))
    a_stage.editor.ok("DELETE", a_stage.shelf.place(case))
    told: list[type[ApiError]] = []
    with app.app_context():
        planning = app.extensions[EXTENSION].get(ScenarioPlanning)
        for number in (by_case, by_call):
            with pytest.raises(ScenarioInTrash):
                planning.scenario(project, number)
            a_stage.editor.ok("POST", f"{a_stage.place(number)}/restore")
            with pytest.raises(ApiError) as refused:
                planning.scenario(project, number)
            told.append(type(refused.value))
        with pytest.raises(ScenarioNotFound):
            planning.scenario(project + 1, by_case)
    assert told == [CaseTrashed, CalledScenarioTrashed]
    for number, step in zip((by_case, by_call), steps, strict=True):
        kinds = [one["kind"] for one in a_stage.editor.ok("GET", f"{a_stage.place(number)}/check")["faults"]]
        assert kinds in (["case_trashed"], ["scenario_trashed"])
        a_stage.editor.ok("PUT", f"{a_stage.place(number)}/steps/{step}", {"enabled": False})
        assert Plan.model_validate(planned(app, a_stage, number))


def test_a_plan_costs_the_same_however_many_steps_there_are(a_stage: Stage):
    app, project = a_stage.shelf.team.app, a_stage.shelf.team.project
    inner, outer = a_stage.scenario("inner"), a_stage.scenario("outer")
    a_stage.step(outer, "scenario", scenario_id=inner)
    statements: list[str] = []
    costs = []
    with app.app_context():
        engine = db.engine
        event.listen(engine, "before_cursor_execute", lambda *facts: statements.append(facts[2]))
    for _ in range(2):
        for number in range(6):
            case = a_stage.shelf.case(f"case {len(costs)} {number}")
            a_stage.step(inner, "case", case_id=case)
        with app.app_context():
            statements.clear()
            app.extensions[EXTENSION].get(ScenarioPlanning).scenario(project, outer)
            costs.append(len(statements))
    assert costs[0] == costs[1] == 6


def test_a_plan_needs_the_keys_of_its_secrets(a_stage: Stage):
    app, project = a_stage.shelf.team.app, a_stage.shelf.team.project
    scenario = a_stage.scenario(variables=[{"name": "v", "type": "secret", "value": "x"}])
    other = KeyRing((("other", b"0" * 32),), b"0" * 32)
    with app.app_context():
        container = app.extensions[EXTENSION]
        from wxcloudrun.features.cases.planning import CasePlanning  # noqa: PLC0415 - of this test alone
        from wxcloudrun.features.datasets.planning import DatasetPlanning  # noqa: PLC0415 - as above

        blind = ScenarioPlanning(db.session, other, container.get(CasePlanning), container.get(DatasetPlanning))
        with pytest.raises(ApiError) as refused:
            blind.scenario(project, scenario)
    assert refused.value.name() == "secrets_unreadable"
    assert a_stage.editor.ok("GET", f"{a_stage.place(scenario)}/check")["faults"] == []
