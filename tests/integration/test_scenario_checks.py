"""What may not work in a scenario: told after every write, and as a whole on demand."""

from typing import Any

from tests.integration.projects_bench import error_of, faults_of
from tests.integration.scenarios_bench import Stage

TAKES = [{"name": "order", "source": "jsonpath", "argument": "$.id"}]


def told(answer: dict[str, Any]) -> list[tuple[str, str, int | None]]:
    """Kind, name and step of each warning."""
    return [(one["kind"], one["name"], one["step_id"]) for one in answer["warnings"]]


def using(stage: Stage, scenario: int, name: str, **fields: Any) -> dict[str, Any]:
    """A step whose case needs a variable."""
    case = stage.shelf.case(f"needs {name}", request={"url": f"/{{{{{name}}}}}"})
    return stage.added(scenario, "case", case_id=case, **fields)


def test_a_name_that_nothing_above_gives_is_told_with_its_step(each_stage: Stage):
    scenario = each_stage.scenario()
    first = using(each_stage, scenario, "order")
    assert told(first) == [("variable", "order", first["id"])]
    assert first["warnings"][0]["field"] == "case.request.url"
    place = f"{each_stage.place(scenario)}/check"
    sentences = {
        language: each_stage.editor.ok("GET", place, headers={"Accept-Language": language})["warnings"][0]["message"]
        for language in ("en", "zh")
    }
    assert sentences["en"] == "nothing above this step gives `order` a value"
    assert sentences["zh"] == first["warnings"][0]["message"] == "此步骤之前没有任何地方给 `order` 赋值"
    making = each_stage.shelf.case("makes it", extractions=TAKES)
    above = each_stage.added(scenario, "case", case_id=making, before=first["id"])
    assert told(above) == []
    moved = each_stage.editor.ok("POST", f"{each_stage.place(scenario)}/steps/{above['id']}/move", {"to": "last"})
    assert told(moved) == [("variable", "order", first["id"])]
    off = each_stage.editor.ok("PUT", f"{each_stage.place(scenario)}/steps/{first['id']}", {"enabled": False})
    assert told(off) == []


def test_names_of_environment_project_and_scenario_are_known_without_their_values(a_stage: Stage):
    a_stage.shelf.team.owner.ok(
        "PUT", f"{a_stage.shelf.path}/variables", {"variables": [{"name": "p", "type": "secret", "value": "v"}]}
    )
    variables = [{"name": "s", "type": "secret", "value": "v"}, {"name": "t", "value": "{{token}}"}]
    scenario = a_stage.scenario(variables=variables, inputs=[{"name": "i"}])
    for name in ("token", "dry", "base_url", "p", "s", "t", "i"):
        assert using(a_stage, scenario, name)["warnings"] == [], name
    bare = a_stage.shelf.team.environment("bare")
    found = a_stage.editor.ok("GET", f"{a_stage.place(scenario)}/check?environment_id={bare}")
    assert {one["name"] for one in found["warnings"]} == {"token", "dry", "base_url"}
    missing = a_stage.editor.call("GET", f"{a_stage.place(scenario)}/check?environment_id=99999")
    assert error_of(missing) == (404, "environment_not_found")


def test_a_called_scenario_gives_its_outputs_and_asks_for_its_inputs(a_stage: Stage):
    login = a_stage.scenario("log in", inputs=[{"name": "user", "required": True}], outputs=["session"])
    assert told(a_stage.editor.ok("PUT", a_stage.place(login), {"tags": []})) == [
        ("output", "session", None),
        ("empty", "", None),
    ]
    scenario = a_stage.scenario()
    added = a_stage.added(scenario, "scenario", scenario_id=login)
    assert told(added) == [("input_missing", "user", added["id"])]
    path = f"{a_stage.place(scenario)}/steps/{added['id']}"
    assert told(a_stage.editor.ok("PUT", path, {"inputs": {"user": "{{who}}"}})) == [("variable", "who", added["id"])]
    assert told(a_stage.editor.ok("PUT", path, {"inputs": {"user": "eve"}})) == []
    assert using(a_stage, scenario, "session")["warnings"] == []
    a_stage.editor.ok("PUT", a_stage.place(login), {"inputs": [{"name": "person", "required": True}]})
    found = a_stage.editor.ok("GET", f"{a_stage.place(scenario)}/check")
    faults = [(one["kind"], one["field"], one["step_id"]) for one in found["faults"]]
    assert sorted(faults) == [("fault", "inputs.user", added["id"]), ("input_missing", "inputs", added["id"])]
    assert [(one["kind"], one["scenario_id"]) for one in found["warnings"]] == [("output", login), ("empty", login)]


def test_a_dataset_that_is_not_there_is_told(a_stage: Stage):
    case, scenario = a_stage.shelf.case(), a_stage.scenario()
    choose = {"mode": "one", "key": "vip"}
    step = a_stage.added(scenario, "case", case_id=case, dataset=choose)
    assert told(step) == [("dataset_unknown", "vip", step["id"])]
    datasets = f"{a_stage.shelf.place(case)}/datasets"
    made = a_stage.editor.ok("POST", datasets, {"key": "vip", "variables": {"level": "{{nobody}}"}})
    path = f"{a_stage.place(scenario)}/steps/{step['id']}"
    assert told(a_stage.editor.ok("PUT", path, {"name": "x"})) == [("variable", "nobody", step["id"])]
    a_stage.editor.ok("PUT", f"{datasets}/{made['id']}", {"enabled": False})
    assert told(a_stage.editor.ok("PUT", path, {"name": "y"})) == [("dataset_disabled", "vip", step["id"])]
    for mode in ("all", "limit", "random"):
        bare = a_stage.shelf.case(f"bare {mode}")
        other = a_stage.added(scenario, "case", case_id=bare, dataset={"mode": mode})
        assert ("dataset_unknown", "", other["id"]) in told(other)
        a_stage.editor.ok("DELETE", f"{a_stage.place(scenario)}/steps/{other['id']}")


def test_cases_that_not_everybody_may_run_are_told(a_stage: Stage):
    scenario = a_stage.scenario()
    case = a_stage.shelf.case("mine", visibility="private", creator_only=True, status="deprecated")
    step = a_stage.added(scenario, "case", case_id=case)
    kinds = {one["kind"] for one in step["warnings"]}
    assert kinds == {"case_private", "case_creator_only", "case_deprecated"}
    again = a_stage.editor.ok("PUT", a_stage.place(scenario), {"position": 1})
    assert told(again) == told(step)


def test_a_fault_elsewhere_is_a_warning_and_the_rest_is_looked_at_all_the_same(a_stage: Stage):
    """The called scenario's input got another name after the step was put in."""
    login = a_stage.scenario("log in", inputs=[{"name": "user"}], outputs=["session"])
    scenario = a_stage.scenario()
    call = a_stage.added(scenario, "scenario", scenario_id=login, inputs={"user": "eve"})
    assert using(a_stage, scenario, "session")["warnings"] == []
    a_stage.editor.ok("PUT", a_stage.place(login), {"inputs": [{"name": "person"}]})
    later = using(a_stage, scenario, "nobody")
    assert told(later) == [("fault", "scenario-1", call["id"]), ("variable", "nobody", later["id"])]
    assert "person" in later["warnings"][0]["message"]
    path = f"{a_stage.place(scenario)}/steps/{call['id']}"
    refused = a_stage.editor.call("PUT", path, {"name": "log in"})
    assert faults_of(refused) == {"inputs.user": "not_usable"}
    assert told(a_stage.editor.ok("PUT", path, {"inputs": {"person": "eve"}})) == [("variable", "nobody", later["id"])]


def test_a_long_scenario_is_checked_around_the_step_that_was_written(a_stage: Stage):
    scenario = a_stage.scenario()
    lost = using(a_stage, scenario, "lost")
    for _ in range(150):
        a_stage.step(scenario)
    other = using(a_stage, scenario, "other")
    assert told(other) == [("variable", "other", other["id"])]
    found = a_stage.editor.ok("GET", f"{a_stage.place(scenario)}/check")
    assert [one["step_id"] for one in found["warnings"]] == [lost["id"], other["id"]]
    assert found["complete"] is True
