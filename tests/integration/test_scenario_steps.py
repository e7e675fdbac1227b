"""Steps of a scenario: kinds, places, what they may hold, and what is answered when one does not fit."""

from typing import Any

import pytest
from sqlalchemy import select

from tests.integration.cases_bench import SET
from tests.integration.projects_bench import error_of, faults_of
from tests.integration.scenarios_bench import Stage
from wxcloudrun.core.db import db
from wxcloudrun.features.scenarios.dao import StepDao
from wxcloudrun.features.scenarios.models import ScenarioStep
from wxcloudrun.features.scenarios.tree import Tree


def whole(stage: Stage, scenario: int) -> None:
    """The order of a scenario is as it should be: positions without gaps, groups around what is inside them."""
    with stage.shelf.team.app.app_context():
        assert list(Tree(StepDao(db.session).nodes(scenario)).faults()) == []
        query = select(ScenarioStep.position).where(ScenarioStep.scenario_id == scenario).order_by("position")
        places = list(db.session.scalars(query))
    assert places == list(range(len(places)))


def shop(stage: Stage) -> tuple[int, dict[str, int]]:
    """A scenario `in g(a p(b)) c out`, and its steps by name."""
    scenario = stage.scenario()
    made: dict[str, int] = {}
    made["g"] = stage.step(scenario, "group", name="g")
    made["a"] = stage.step(scenario, name="a", parent_id=made["g"])
    made["p"] = stage.step(scenario, "parallel", name="p", parent_id=made["g"], concurrency=2)
    made["b"] = stage.step(scenario, name="b", parent_id=made["p"])
    made["c"] = stage.step(scenario, name="c")
    made["out"] = stage.step(scenario, name="out", phase="teardown")
    made["in"] = stage.step(scenario, name="in", phase="setup")
    return scenario, made


def test_steps_stand_where_they_were_put(each_stage: Stage):
    scenario, made = shop(each_stage)
    assert each_stage.shape(scenario) == "in g .a .p ..b c out"
    each_stage.step(scenario, name="x", before=made["p"])
    each_stage.step(scenario, name="y", after=made["g"])
    each_stage.step(scenario, name="z", parent_id=made["p"], to="first")
    assert each_stage.shape(scenario) == "in g .a .x .p ..z ..b y c out"
    listed = each_stage.steps(scenario)
    assert [one["position"] for one in listed] == list(range(10))
    assert [one["phase"] for one in listed] == ["setup", *["steps"] * 8, "teardown"]
    assert listed[3]["parent_id"] == made["g"]
    whole(each_stage, scenario)


@pytest.mark.parametrize(
    ("step", "place", "shape"),
    [
        ("g", {"to": "last"}, "in c g .a .p ..b out"),
        ("c", {"to": "first"}, "in c g .a .p ..b out"),
        ("c", {"parent": "p"}, "in g .a .p ..b ..c out"),
        ("p", {"after": "c"}, "in g .a c p .b out"),
        ("p", {"phase": "setup"}, "in p .b g .a c out"),
        ("b", {"parent": None}, "in g .a .p c b out"),
        ("out", {"before": "in"}, "out in g .a .p ..b c"),
        ("a", {"to": "last"}, "in g .p ..b .a c out"),
        ("b", {"to": "last"}, "in g .a .p ..b c out"),
    ],
)
def test_a_step_moves_with_everything_inside_it(each_stage: Stage, step: str, place: dict[str, Any], shape: str):
    scenario, made = shop(each_stage)
    before = each_stage.editor.ok("GET", each_stage.place(scenario))["version"]
    body = {"parent_id" if name == "parent" else name: made.get(str(value), value) for name, value in place.items()}
    moved = each_stage.editor.ok("POST", f"{each_stage.place(scenario)}/steps/{made[step]}/move", body)
    assert each_stage.shape(scenario) == shape
    assert moved["scenario_version"] == before + 1
    whole(each_stage, scenario)


def test_a_step_never_goes_into_itself(a_stage: Stage):
    scenario, made = shop(a_stage)
    for body in ({"parent_id": made["g"]}, {"parent_id": made["p"]}, {"before": made["b"]}, {"after": made["g"]}):
        response = a_stage.editor.call("POST", f"{a_stage.place(scenario)}/steps/{made['g']}/move", body)
        assert error_of(response) == (422, "step_in_itself")
    assert a_stage.shape(scenario) == "in g .a .p ..b c out"


def test_places_that_cannot_be_are_refused(a_stage: Stage):
    scenario, made = shop(a_stage)
    other = a_stage.step(a_stage.scenario("other"))
    wait = {"kind": "wait", "wait_ms": 1}
    path = f"{a_stage.place(scenario)}/steps"
    assert error_of(a_stage.editor.call("POST", path, {**wait, "parent_id": made["c"]}))[1] == "step_holds_none"
    assert error_of(a_stage.editor.call("POST", path, {**wait, "before": other})) == (404, "step_not_found")
    assert error_of(a_stage.editor.call("POST", path, {**wait, "parent_id": 10**9})) == (404, "step_not_found")
    both = {**wait, "before": made["a"], "to": "last"}
    assert faults_of(a_stage.editor.call("POST", path, both)) == {"to": "more_than_one_place"}
    phase = {**wait, "parent_id": made["g"], "phase": "teardown"}
    assert faults_of(a_stage.editor.call("POST", path, phase)) == {"phase": "not_of_that_place"}
    assert error_of(a_stage.editor.call("POST", f"{path}/{other}/move", {"to": "last"})) == (404, "step_not_found")


def test_groups_are_nested_eight_deep_and_no_deeper(a_stage: Stage):
    scenario, inner = a_stage.scenario(), None
    for _ in range(9):
        inner = a_stage.step(scenario, "group", **({"parent_id": inner} if inner else {}))
    response = a_stage.refused(scenario, "group", parent_id=inner)
    assert error_of(response) == (422, "nesting_too_deep")


def test_a_group_goes_with_what_is_inside_it(each_stage: Stage):
    scenario, made = shop(each_stage)
    removed = each_stage.editor.ok("DELETE", f"{each_stage.place(scenario)}/steps/{made['g']}")
    assert (removed["id"], removed["removed"]) == (made["g"], 4)
    assert each_stage.shape(scenario) == "in c out"
    whole(each_stage, scenario)
    gone = each_stage.editor.call("GET", f"{each_stage.place(scenario)}/steps/{made['b']}")
    assert error_of(gone) == (404, "step_not_found")


def test_a_copy_stands_behind_its_original_with_keys_of_its_own(each_stage: Stage):
    scenario, made = shop(each_stage)
    copy = each_stage.editor.ok("POST", f"{each_stage.place(scenario)}/steps/{made['g']}/copy")
    assert each_stage.shape(scenario) == "in g .a .p ..b g .a .p ..b c out"
    listed = each_stage.steps(scenario)
    assert copy["id"] == listed[5]["id"]
    assert listed[8]["parent_id"] == listed[7]["id"]
    assert len({one["key"] for one in listed}) == 11
    inner = each_stage.editor.ok("POST", f"{each_stage.place(scenario)}/steps/{made['b']}/copy")
    assert inner["parent_id"] == made["p"]
    assert each_stage.shape(scenario) == "in g .a .p ..b ..b g .a .p ..b c out"
    whole(each_stage, scenario)


def test_a_key_is_given_once_and_stays(each_stage: Stage):
    scenario = each_stage.scenario()
    first = each_stage.added(scenario, key="log-in")
    assert each_stage.added(scenario)["key"] == "wait-2"
    assert error_of(each_stage.refused(scenario, wait_ms=1, key="log-in")) == (409, "step_key_taken")
    path = f"{each_stage.place(scenario)}/steps/{first['id']}"
    assert each_stage.editor.ok("POST", f"{path}/move", {"to": "last"})["key"] == "log-in"
    assert error_of(each_stage.editor.call("PUT", path, {"key": "wait-2"})) == (409, "step_key_taken")


def test_a_case_step_says_what_the_engine_knows(each_stage: Stage):
    scenario, case = (
        each_stage.scenario(),
        each_stage.shelf.case("order", request={"url": "/orders", "method": "POST"}),
    )
    said = {
        "name": "make an order",
        "case_id": case,
        "condition": "token != null",
        "dataset": {"mode": "none"},
        "overrides": {
            "method": "PUT",
            "url": "/orders/1",
            "query": {"dry": 1},
            "headers": {"X-Token": "CANARY-in-a-step"},
            "body": {"sku": "a"},
            "timeouts": {"read_ms": 10},
        },
        "stop_on_failure": False,
        "retry": {"attempts": 3, "statuses": ["5xx"]},
        "repeat": {"times": 2},
        "variables": [
            {"name": "pin", "type": "secret", "value": "CANARY-pin"},
            {"name": "n", "type": "number", "value": 2},
        ],
    }
    added = each_stage.added(scenario, "case", **said)
    shown = {**said["overrides"], "headers": {"X-Token": SET}}
    assert added["overrides"] == shown
    assert added["variables"][0]["value"] == SET
    assert added["case"] == {
        "id": case, "visible": True, "name": "order", "method": "POST", "url": "/orders", "version": 1, "trashed": False,
    }  # fmt: skip
    path = f"{each_stage.place(scenario)}/steps/{added['id']}"
    change = {"overrides": {**shown, "query": {}}, "name": "", "version": 1}
    changed = each_stage.editor.ok("PUT", path, change)
    assert changed["overrides"]["headers"] == {"X-Token": SET}
    assert (changed["name"], changed["version"], changed["retry"]) == ("", 2, added["retry"])
    assert each_stage.editor.ok("PUT", path, {"retry": None, "repeat": None})["retry"] is None
    with each_stage.shelf.team.app.app_context():
        row = db.session.execute(select(ScenarioStep.__table__)).one()
    assert "CANARY" not in str(row)


def test_an_older_version_is_a_conflict_with_the_present_state(a_stage: Stage):
    scenario = a_stage.scenario()
    step = a_stage.step(scenario, name="first")
    path = f"{a_stage.place(scenario)}/steps/{step}"
    a_stage.editor.ok("PUT", path, {"name": "second", "version": 1})
    response = a_stage.editor.call("PUT", path, {"name": "third", "version": 1})
    assert error_of(response) == (409, "edit_conflict")
    assert response.json["data"]["present"]["name"] == "second"


@pytest.mark.parametrize(
    ("kind", "fields", "fault"),
    [
        ("wait", {}, {"wait_ms": "missing"}),
        ("wait", {"wait_ms": 1, "retry": {"attempts": 2}}, {"retry": "not_of_this_kind"}),
        ("group", {"case_id": 1}, {"case_id": "not_of_this_kind"}),
        ("case", {}, {"case_id": "missing"}),
        ("scenario", {}, {"scenario_id": "missing"}),
        ("group", {"condition": "a =="}, {"condition": "not_usable"}),
        ("group", {"repeat": {"times": 0}}, {"repeat.times": "not_usable"}),
        ("group", {"for_each": {"items": "no list", "as": "x"}}, {"for_each.items": "not_usable"}),
        ("wait", {"wait_ms": "{{n | nosuchfilter}}"}, {"wait_ms": "not_usable"}),
        ("group", {"variables": [{"name": "a", "value": "{{a}}"}]}, {"variables.0.value": "circular"}),
    ],
)
def test_what_cannot_work_is_refused_with_its_field(a_stage: Stage, kind: str, fields: dict[str, Any], fault: dict):
    assert faults_of(a_stage.refused(a_stage.scenario(), kind, **fields)) == fault


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"retry": {"attempts": 1}}, {"retry.attempts": "not_usable"}),
        ({"poll": {"until": "x =="}}, {"poll.until": "not_usable"}),
        ({"dataset": {"mode": "one"}}, {"dataset": "not_usable"}),
        ({"dataset": {"mode": "some"}}, {"dataset.mode": "not_usable"}),
        ({"overrides": {"nosuch": 1}}, {"overrides.nosuch": "not_usable"}),
        ({"overrides": {"headers": {"X-Token": SET}}}, {"overrides.headers.X-Token": "not_set"}),
        ({"overrides": {"url": "http://a:b@h/"}}, {"overrides.url": "holds_a_credential"}),
        ({"overrides": {"timeouts": {"read_ms": "soon"}}}, {"overrides.timeouts.read_ms": "not_usable"}),
    ],
)
def test_a_case_step_that_cannot_work_is_refused(a_stage: Stage, fields: dict[str, Any], fault: dict[str, str]):
    case = a_stage.shelf.case()
    assert faults_of(a_stage.refused(a_stage.scenario(), "case", case_id=case, **fields)) == fault


def test_a_fault_has_a_position_and_tells_no_secret(a_stage: Stage):
    case, scenario = a_stage.shelf.case(), a_stage.scenario()
    response = a_stage.refused(scenario, "case", case_id=case, condition="1 + + ")
    assert response.json["data"]["fields"][0]["position"] == 4
    response = a_stage.refused(scenario, "case", case_id=case, overrides={"headers": {"X-Token": "CANARY {{ | }} \n"}})
    assert response.status_code == 422
    assert "CANARY" not in response.text


def test_steps_are_counted_and_there_are_five_hundred_at_most(a_stage: Stage):
    scenario = a_stage.scenario()
    group = a_stage.step(scenario, "group")
    with a_stage.shelf.team.app.app_context():
        row = dict(db.session.execute(select(ScenarioStep.__table__)).one()._mapping)
        for number in range(1, 500):
            extra = {
                "id": None,
                "key": f"k{number}",
                "position": number,
                "kind": "wait",
                "parent_id": group,
                "depth": 1,
            }
            extra["content"] = row["content"].replace("}", ', "wait_ms": 1}')
            db.session.execute(ScenarioStep.__table__.insert(), {k: v for k, v in (row | extra).items() if k != "id"})
        db.session.commit()
    assert a_stage.editor.ok("GET", a_stage.place(scenario))["steps_count"] == 500
    assert error_of(a_stage.refused(scenario, wait_ms=1)) == (409, "too_many_steps")
    assert error_of(a_stage.editor.call("POST", f"{a_stage.place(scenario)}/steps/{group}/copy")) == (
        409,
        "too_many_steps",
    )
    page = a_stage.editor.ok("GET", f"{a_stage.place(scenario)}/steps?page=5")
    assert (len(page["items"]), page["total"]) == (100, 500)
