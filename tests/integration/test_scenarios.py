"""Scenarios: what they say, who may do what, their names, the trash, and copies."""

import json

import pytest
from sqlalchemy import select

from tests.integration.cases_bench import SET
from tests.integration.projects_bench import error_of, faults_of
from tests.integration.scenarios_bench import Stage
from wxcloudrun.core.db import db
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.scenarios.models import Scenario, ScenarioStep

SAID = {
    "folder": "shop/orders",
    "description": "From the login\nto the payment.",
    "tags": ["smoke", "订单"],
    "status": "debugging",
    "position": 4,
    "variables": [
        {"name": "sku", "value": "a"},
        {"name": "pin", "type": "secret", "value": "CANARY-pin", "description": "of the card"},
    ],
    "inputs": [
        {"name": "user", "required": True},
        {"name": "password", "secret": True, "default": "CANARY-password"},
        {"name": "open", "secret": True, "default": "{{token}}"},
    ],
    "outputs": ["sku"],
    "stop_on_failure": False,
}


def test_a_scenario_says_what_was_said_but_for_its_secrets(each_stage: Stage):
    made = each_stage.made("buy", **SAID)
    assert {name: made[name] for name in ("folder", "description", "tags", "status", "position", "outputs")} == {
        name: SAID[name] for name in ("folder", "description", "tags", "status", "position", "outputs")
    }
    assert made["variables"][1] == {"name": "pin", "type": "secret", "value": SET, "description": "of the card"}
    assert [one["default"] for one in made["inputs"]] == [None, SET, "{{token}}"]
    assert (made["steps_count"], made["version"], made["stop_on_failure"]) == (0, 1, False)
    assert made["creator_id"] == made["owner_id"] == each_stage.editor.id
    read = each_stage.editor.ok("GET", each_stage.place(made["id"]))
    assert read == {name: value for name, value in made.items() if name != "warnings"}
    with each_stage.shelf.team.app.app_context():
        stored = [str(row) for table in (Scenario, AuditEntry) for row in db.session.execute(select(table.__table__))]
    assert "CANARY" not in "".join(stored)


def test_only_what_is_sent_changes_and_marks_keep_secrets(each_stage: Stage):
    number = each_stage.scenario("buy", **SAID)
    path = each_stage.place(number)
    changed = each_stage.editor.ok("PUT", path, {"description": "shorter", "version": 1})
    assert (changed["description"], changed["tags"], changed["version"]) == ("shorter", SAID["tags"], 2)
    inputs = [{"name": "password", "secret": True, "default": SET, "required": False}]
    changed = each_stage.editor.ok("PUT", path, {"inputs": inputs, "tags": [], "name": "sell"})
    assert changed["inputs"] == inputs
    assert [one["name"] for one in changed["variables"]] == ["sku", "pin"]
    assert faults_of(each_stage.editor.call("PUT", path, {"inputs": [{"name": "x", "default": SET}]})) == {
        "inputs.0.default": "not_set"
    }
    conflict = each_stage.editor.call("PUT", path, {"name": "late", "version": 1})
    assert error_of(conflict) == (409, "edit_conflict")
    assert conflict.json["data"]["present"]["name"] == "sell"


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"variables": [{"name": "a", "value": 1}]}, {"variables.0.value": "not_a_text"}),
        ({"inputs": [{"name": "a"}, {"name": "a"}]}, {"inputs.1.name": "given_twice"}),
        ({"inputs": [{"name": "a", "default": "{{ }}"}]}, {"inputs.0.default": "not_usable"}),
        ({"outputs": ["a", "a"]}, {"outputs.1": "given_twice"}),
        ({"folder": "/a"}, {"folder": "string_pattern_mismatch"}),
        ({"owner_id": 10**6}, {"owner_id": "not_a_member"}),
        ({"status": "finished"}, {"status": "literal_error"}),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(a_stage: Stage, fields: dict, fault: dict):
    assert faults_of(a_stage.editor.call("POST", a_stage.all, {"name": "x", **fields})) == fault
    number = a_stage.scenario()
    assert faults_of(a_stage.editor.call("PUT", a_stage.place(number), fields)) == fault


def test_a_name_is_free_in_another_folder_and_when_its_owner_lies_in_the_trash(each_stage: Stage):
    number = each_stage.scenario("buy")
    taken = each_stage.editor.call("POST", each_stage.all, {"name": "buy"})
    assert error_of(taken) == (409, "scenario_name_taken")
    other = each_stage.scenario("buy", folder="old")
    moved = each_stage.editor.call("PUT", each_stage.place(other), {"folder": ""})
    assert error_of(moved) == (409, "scenario_name_taken")
    each_stage.editor.ok("DELETE", each_stage.place(number))
    each_stage.editor.ok("PUT", each_stage.place(other), {"folder": ""})
    back = each_stage.editor.call("POST", f"{each_stage.place(number)}/restore")
    assert error_of(back) == (409, "scenario_name_taken")
    each_stage.editor.ok("DELETE", each_stage.place(other))
    assert each_stage.editor.ok("POST", f"{each_stage.place(number)}/restore")["deleted_at"] is None


def test_what_lies_in_the_trash_is_read_and_not_changed(a_stage: Stage):
    number = a_stage.scenario("buy")
    step = a_stage.step(number)
    path = a_stage.place(number)
    a_stage.editor.ok("DELETE", path)
    assert a_stage.editor.ok("GET", path)["deleted_at"] is not None
    assert len(a_stage.steps(number)) == 1
    for method, place, body in [
        ("PUT", path, {"name": "x"}),
        ("DELETE", path, None),
        ("POST", f"{path}/copy", {}),
        ("POST", f"{path}/steps", {"kind": "group"}),
        ("PUT", f"{path}/steps/{step}", {"name": "x"}),
        ("POST", f"{path}/steps/{step}/move", {"to": "first"}),
        ("DELETE", f"{path}/steps/{step}", None),
    ]:
        assert error_of(a_stage.editor.call(method, place, body)) == (409, "scenario_in_trash"), place
    assert a_stage.editor.ok("POST", f"{path}/restore")["steps_count"] == 1
    assert a_stage.editor.ok("POST", f"{path}/restore")["version"] == 4


def test_scenarios_are_found_by_what_they_say(each_stage: Stage):
    each_stage.scenario("buy a book", folder="shop/books", tags=["smoke", "slow"], status="done", position=2)
    each_stage.scenario("buy a pen", folder="shop", tags=["smoke"], position=1)
    each_stage.scenario("登录并下单")
    gone = each_stage.scenario("gone", tags=["smoke"])
    each_stage.editor.ok("DELETE", each_stage.place(gone))

    def names(query: str) -> list[str]:
        return [one["name"] for one in each_stage.editor.ok("GET", f"{each_stage.all}?{query}")["items"]]

    assert names("") == ["登录并下单", "buy a pen", "buy a book"]
    assert names("folder=shop") == ["buy a pen", "buy a book"]
    assert names("folder=shop/books") == ["buy a book"]
    assert names("tag=smoke&tag=slow") == ["buy a book"]
    assert names("status=done") == ["buy a book"]
    assert names("status=draft&tag=smoke") == ["buy a pen"]
    assert names("q=BUY") == ["buy a pen", "buy a book"]
    assert names("q=下单") == ["登录并下单"]
    assert names("sort=name&folder=shop") == ["buy a book", "buy a pen"]
    assert names("sort=position&folder=shop") == ["buy a pen", "buy a book"]
    assert names("trashed=true") == ["gone"]
    assert names(f"owner_id={each_stage.shelf.team.owner.id}") == []
    first = each_stage.editor.ok("GET", f"{each_stage.all}?size=2")
    assert [one["name"] for one in first["items"]] == ["登录并下单", "buy a pen"]
    assert names(f"size=2&cursor={first['next']}") == ["buy a book"]


def test_a_change_of_steps_is_a_change_of_the_scenario(each_stage: Stage):
    first, second = each_stage.scenario("first"), each_stage.scenario("second")
    each_stage.step(first)
    listed = each_stage.editor.ok("GET", f"{each_stage.all}?sort=-updated_at")["items"]
    assert [one["id"] for one in listed] == [first, second]
    assert listed[0]["version"] == 2
    assert listed[0]["updated_at"] > listed[0]["created_at"]


def test_a_copy_has_all_steps_with_their_keys_and_secrets(each_stage: Stage):
    scenario = each_stage.scenario("buy", **SAID)
    group = each_stage.step(scenario, "group", name="g", key="all")
    pin = [{"name": "pin", "type": "secret", "value": "CANARY"}]
    inner = each_stage.step(scenario, "parallel", name="p", parent_id=group)
    each_stage.step(scenario, name="w", parent_id=inner, variables=pin)
    each_stage.step(scenario, name="x")
    copy = each_stage.editor.ok("POST", f"{each_stage.place(scenario)}/copy", {})
    assert (copy["name"], copy["folder"], copy["origin_id"]) == ("buy (2)", "shop/orders", scenario)
    assert copy["steps_count"] == 4
    assert each_stage.shape(copy["id"]) == "g .p ..w x"
    old, new = each_stage.steps(scenario), each_stage.steps(copy["id"])
    assert [one["key"] for one in old] == [one["key"] for one in new]
    assert {one["id"] for one in old} & {one["id"] for one in new} == set()
    assert [one["parent_id"] for one in new] == [None, new[0]["id"], new[1]["id"], None]
    with each_stage.shelf.team.app.app_context():
        steps = db.session.execute(select(ScenarioStep.secrets).where(ScenarioStep.secrets.is_not(None))).all()
        kept = db.session.execute(select(Scenario.secrets)).all()
    assert len(steps) == 2
    assert kept[0] == kept[1]
    again = each_stage.editor.ok("POST", f"{each_stage.place(scenario)}/copy", {"folder": "old", "name": "buy"})
    assert (again["name"], again["folder"]) == ("buy", "old")
    assert each_stage.editor.ok("POST", f"{each_stage.place(scenario)}/copy", {})["name"] == "buy (3)"


def test_a_scenario_of_another_project_is_not_there(a_stage: Stage):
    other = a_stage.shelf.team.owner.ok("POST", "/api/projects", {"name": "other"})["id"]
    number, owner = a_stage.scenario(), a_stage.shelf.team.owner
    step = a_stage.step(number)
    path = f"/api/projects/{other}/scenarios/{number}"
    for method, place, body in [
        ("GET", path, None),
        ("PUT", path, {"name": "x"}),
        ("DELETE", path, None),
        ("POST", f"{path}/restore", None),
        ("POST", f"{path}/copy", {}),
        ("GET", f"{path}/check", None),
        ("GET", f"{path}/steps", None),
        ("POST", f"{path}/steps", {"kind": "group"}),
        ("GET", f"{path}/steps/{step}", None),
        ("PUT", f"{path}/steps/{step}", {"name": "x"}),
        ("DELETE", f"{path}/steps/{step}", None),
        ("POST", f"{path}/steps/{step}/move", {"to": "last"}),
        ("POST", f"{path}/steps/{step}/copy", None),
    ]:
        assert error_of(owner.call(method, place, body)) == (404, "scenario_not_found"), place
    mine = owner.ok("POST", f"/api/projects/{other}/scenarios", {"name": "mine"})["id"]
    through = f"/api/projects/{other}/scenarios/{mine}/steps/{step}"
    assert error_of(owner.call("GET", through)) == (404, "step_not_found")
    assert error_of(owner.call("DELETE", through)) == (404, "step_not_found")


def test_the_activity_tells_what_changed_and_no_more(a_stage: Stage):
    number = a_stage.scenario("buy", **SAID)
    a_stage.editor.ok("PUT", a_stage.place(number), {"name": "sell"})
    step = a_stage.step(number, name="wait a moment")
    a_stage.editor.ok("PUT", f"{a_stage.place(number)}/steps/{step}", {"wait_ms": 7})
    a_stage.editor.ok("POST", f"{a_stage.place(number)}/steps/{step}/move", {"phase": "teardown"})
    a_stage.editor.ok("DELETE", f"{a_stage.place(number)}/steps/{step}")
    a_stage.editor.ok("DELETE", a_stage.place(number))
    with a_stage.shelf.team.app.app_context():
        found = db.session.execute(select(AuditEntry.action, AuditEntry.before, AuditEntry.after).order_by("id")).all()
    told = {row.action: tuple(None if one is None else json.loads(one) for one in row[1:]) for row in found}
    assert told["scenario.changed"] == ({"name": "buy"}, {"name": "sell"})
    assert told["step.changed"] == ({"scenario": number, "wait_ms": 1}, {"scenario": number, "wait_ms": 7})
    assert told["step.moved"][1]["phase"] == "teardown"
    assert told["step.removed"][0]["name"] == "wait a moment"
    assert told["scenario.trashed"][0] == {"name": "buy", "folder": "shop/orders"} | {"name": "sell"}
    assert "CANARY" not in str(told)
