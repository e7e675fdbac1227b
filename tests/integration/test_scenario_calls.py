"""Scenarios that call scenarios, and cases that are used: no circles, nothing that is used goes away."""

from tests.integration.cases_bench import SET
from tests.integration.projects_bench import error_of, faults_of
from tests.integration.scenarios_bench import Stage
from wxcloudrun.core.db import db
from wxcloudrun.features.scenarios.models import ScenarioStep


def test_a_call_is_shown_with_what_it_gives(each_stage: Stage):
    inputs = [{"name": "user", "required": True}, {"name": "pin", "secret": True}]
    login = each_stage.scenario("log in", inputs=inputs)
    buy = each_stage.scenario("buy")
    given = {"user": "eve", "pin": "CANARY", "password": "CANARY-too"}
    refused = each_stage.refused(buy, "scenario", scenario_id=login, inputs=given)
    assert faults_of(refused) == {"inputs.password": "not_usable"}
    assert "CANARY" not in refused.text
    given.pop("password")
    added = each_stage.added(
        buy, "scenario", scenario_id=login, inputs=given, cache={"key": "{{user}}", "ttl_ms": 1000}
    )
    assert added["scenario"] == {"id": login, "name": "log in", "trashed": False}
    assert added["inputs"] == {"user": "eve", "pin": SET}
    path = f"{each_stage.place(buy)}/steps/{added['id']}"
    assert each_stage.editor.ok("PUT", path, {"inputs": {"user": "bob", "pin": SET}})["inputs"]["user"] == "bob"
    with each_stage.shelf.team.app.app_context():
        row = db.session.execute(ScenarioStep.__table__.select()).one()
    assert "CANARY" not in str(row)


def test_what_was_given_to_an_input_is_encrypted_when_the_input_becomes_secret(each_stage: Stage):
    login = each_stage.scenario("log in", inputs=[{"name": "user"}, {"name": "pin"}])
    buy, trashed = each_stage.scenario("buy"), each_stage.scenario("trashed")
    given = {"user": "eve", "pin": "CANARY"}
    steps = [each_stage.step(one, "scenario", scenario_id=login, inputs=given) for one in (buy, trashed)]
    each_stage.editor.ok("DELETE", each_stage.place(trashed))
    inputs = [{"name": "user"}, {"name": "pin", "secret": True}]
    assert "CANARY" not in str(each_stage.editor.ok("PUT", each_stage.place(login), {"inputs": inputs}))
    path = f"{each_stage.place(buy)}/steps/{steps[0]}"
    assert each_stage.editor.ok("GET", path)["inputs"] == {"user": "eve", "pin": SET}
    assert each_stage.editor.ok("PUT", path, {"name": "kept"})["inputs"]["pin"] == SET
    with each_stage.shelf.team.app.app_context():
        rows = db.session.execute(ScenarioStep.__table__.select()).all()
    assert len(rows) == len(steps)
    assert "CANARY" not in str(rows)


def test_a_circle_is_refused_with_its_way(each_stage: Stage):
    a, b, c = (each_stage.scenario(name) for name in "ABC")
    each_stage.step(a, "scenario", scenario_id=b)
    each_stage.step(b, "scenario", scenario_id=c)
    response = each_stage.refused(c, "scenario", scenario_id=a)
    assert error_of(response) == (409, "scenario_circle")
    english = each_stage.editor.call(
        "POST",
        f"{each_stage.place(c)}/steps",
        {"kind": "scenario", "scenario_id": a},
        headers={"Accept-Language": "en"},
    )
    assert "C -> A -> B -> C" in english.json["msg"]
    assert error_of(each_stage.refused(a, "scenario", scenario_id=a)) == (409, "scenario_circle")
    other = each_stage.scenario("other")
    step = each_stage.step(c, "scenario", scenario_id=other)
    changed = each_stage.editor.call("PUT", f"{each_stage.place(c)}/steps/{step}", {"scenario_id": b})
    assert error_of(changed) == (409, "scenario_circle")


def test_scenarios_call_one_another_ten_deep_and_no_deeper(a_stage: Stage):
    chain = [a_stage.scenario(f"level {number}") for number in range(12)]
    for upper, lower in zip(chain[1:11], chain[2:12], strict=True):
        a_stage.step(upper, "scenario", scenario_id=lower)
    assert error_of(a_stage.refused(chain[0], "scenario", scenario_id=chain[1])) == (409, "calls_too_deep")
    a_stage.step(chain[0], "scenario", scenario_id=chain[2])
    lowest = a_stage.scenario("lowest")
    assert error_of(a_stage.refused(chain[11], "scenario", scenario_id=lowest)) == (409, "calls_too_deep")


def test_what_calls_open_is_five_thousand_steps_at_most(a_stage: Stage):
    """A scenario of 9 steps is called ten times, that one four times: each call of it opens 405 steps."""
    inner = a_stage.scenario("inner")
    for _ in range(9):
        a_stage.step(inner)
    for times in (10, 4):
        outer = a_stage.scenario(f"{times} times")
        for _ in range(times):
            a_stage.step(outer, "scenario", scenario_id=inner)
        inner = outer
    top = a_stage.scenario("top")
    group = a_stage.step(top, "group")
    a_stage.step(top, "scenario", scenario_id=inner, parent_id=group)
    path = f"{a_stage.place(top)}/steps/{group}/copy"
    for _ in range(11):
        a_stage.editor.ok("POST", path)
    assert 12 * (1 + 405) == 4872
    assert error_of(a_stage.editor.call("POST", path)) == (409, "scenario_too_large")
    assert error_of(a_stage.refused(top, "scenario", scenario_id=inner)) == (409, "scenario_too_large")
    assert a_stage.step(top)


def test_a_scenario_that_is_called_stays(each_stage: Stage):
    login, buy = each_stage.scenario("log in"), each_stage.scenario("buy")
    step = each_stage.step(buy, "scenario", scenario_id=login)
    refused = each_stage.editor.call("DELETE", each_stage.place(login))
    assert error_of(refused) == (409, "scenario_in_use")
    assert "buy" in refused.json["msg"]
    each_stage.editor.ok("DELETE", each_stage.place(buy))
    each_stage.editor.ok("DELETE", each_stage.place(login))
    assert error_of(each_stage.refused(each_stage.scenario("new"), "scenario", scenario_id=login)) == (
        409,
        "scenario_in_trash",
    )
    back = each_stage.editor.ok("POST", f"{each_stage.place(buy)}/restore")
    assert [(one["kind"], one["step_id"]) for one in back["warnings"]] == [("scenario_trashed", step)]


def test_a_scenario_of_another_project_is_never_called(a_stage: Stage):
    owner = a_stage.shelf.team.owner
    other = owner.ok("POST", "/api/projects", {"name": "other"})["id"]
    foreign = owner.ok("POST", f"/api/projects/{other}/scenarios", {"name": "foreign"})["id"]
    body = {"kind": "scenario", "scenario_id": foreign}
    refused = owner.call("POST", f"{a_stage.place(a_stage.scenario())}/steps", body)
    assert error_of(refused) == (404, "scenario_not_found")


def test_a_case_that_a_scenario_uses_stays(each_stage: Stage):
    scenario, case = each_stage.scenario("buy"), each_stage.shelf.case("order")
    step = each_stage.step(scenario, "case", case_id=case)
    refused = each_stage.editor.call("DELETE", each_stage.shelf.place(case))
    assert error_of(refused) == (409, "case_in_use")
    assert "buy" in refused.json["msg"]
    each_stage.editor.ok("DELETE", f"{each_stage.place(scenario)}/steps/{step}")
    each_stage.editor.ok("DELETE", each_stage.shelf.place(case))
    assert error_of(each_stage.refused(scenario, "case", case_id=case)) == (404, "case_not_found")


def test_a_case_of_another_project_is_not_there(a_stage: Stage):
    owner = a_stage.shelf.team.owner
    other = owner.ok("POST", "/api/projects", {"name": "other"})["id"]
    body = {"name": "foreign", "request": {"url": "/"}, "visibility": "public"}
    foreign = owner.ok("POST", f"/api/projects/{other}/cases", body)["id"]
    refused = owner.call("POST", f"{a_stage.place(a_stage.scenario())}/steps", {"kind": "case", "case_id": foreign})
    assert error_of(refused) == (404, "case_not_found")


def test_a_private_case_is_used_by_who_sees_it_and_hidden_from_others(each_stage: Stage):
    owner, editor = each_stage.shelf.team.owner, each_stage.editor
    private = each_stage.shelf.case("CANARY case", owner, visibility="private", request={"url": "/CANARY/{{x}}"})
    scenario = each_stage.scenario()
    assert error_of(each_stage.refused(scenario, "case", case_id=private)) == (404, "case_not_found")
    added = each_stage.added(scenario, "case", owner, case_id=private)
    assert added["case"]["name"] == "CANARY case"
    assert {one["kind"] for one in added["warnings"]} == {"case_private", "variable"}
    path = f"{each_stage.place(scenario)}/steps/{added['id']}"
    for place in (path, f"{each_stage.place(scenario)}/steps", f"{each_stage.place(scenario)}/check"):
        response = editor.call("GET", place)
        assert response.status_code == 200
        assert "CANARY" not in response.text
        assert "`x`" not in response.text
    assert editor.ok("GET", path)["case"] == {
        "id": private, "visible": False, "name": None, "method": None, "url": None, "version": None, "trashed": None,
    }  # fmt: skip
    for method, place, body in [
        ("PUT", path, {"overrides": {"url": "http://elsewhere.example"}}),
        ("POST", f"{path}/copy", None),
        ("POST", f"{each_stage.place(scenario)}/copy", {}),
    ]:
        assert error_of(editor.call(method, place, body)) == (403, "step_case_hidden"), place
    editor.ok("POST", f"{path}/move", {"phase": "setup"})
    editor.ok("DELETE", path)
