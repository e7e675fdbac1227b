"""Who may run what: private cases, cases of their creators only, and inputs that lead elsewhere."""

import pytest
from sqlalchemy import select

from tests.integration.projects_bench import error_of, faults_of, join
from tests.integration.runs_api_bench import RunStage
from wxcloudrun.core.db import db
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.runs.models import Run, RunPlan


def test_a_private_case_and_its_runs_are_there_for_their_person_and_the_owners_only(each_runs: RunStage):
    people = each_runs.team
    case = each_runs.case("secret plan", visibility="private")  # of the editor
    assert error_of(each_runs.refused(case_id=case)) == (404, "case_not_found")
    number = each_runs.done(people.editor, case_id=case)["id"]
    body = "0" * 64
    for path in ("", "/results", "/results/0"):
        assert error_of(people.runner.call("GET", f"{each_runs.place(number)}{path}")) == (404, "run_not_found"), path
        assert people.editor.call("GET", f"{each_runs.place(number)}{path}").status_code == 200
        assert people.owner.call("GET", f"{each_runs.place(number)}{path}").status_code == 200
    assert people.runner.call("GET", f"{each_runs.place(number)}/bodies/{body}").status_code == 404
    for path in ("/cancel", "/rerun"):
        assert error_of(
            people.runner.call("POST", f"{each_runs.place(number)}{path}", {} if path == "/rerun" else None)
        ) == (404, "run_not_found")
    assert people.runner.ok("GET", each_runs.all)["items"] == []
    assert people.runner.ok("GET", f"{each_runs.all}?state=passed&case_id={case}")["items"] == []
    assert [one["id"] for one in people.editor.ok("GET", each_runs.all)["items"]] == [number]
    assert [one["id"] for one in people.owner.ok("GET", each_runs.all)["items"]] == [number]
    with people.app.app_context():
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "run.started")).one()
    assert entry.project_id is None, "the project's activity tells its members nothing of it"


def test_an_editor_cannot_remove_the_run_of_somebody_elses_private_case(a_runs: RunStage):
    case = a_runs.case("mine", who=a_runs.team.owner, visibility="private")
    number = a_runs.done(a_runs.team.owner, case_id=case)["id"]
    assert error_of(a_runs.team.editor.call("DELETE", a_runs.place(number))) == (404, "run_not_found")


@pytest.mark.parametrize("what", ["case", "scenario", "called", "tag"])
def test_only_its_creator_runs_a_creators_case_wherever_it_is(a_runs: RunStage, what: str):
    case = a_runs.case("delicate", creator_only=True)  # of the editor
    scenario = a_runs.scenario("s", case, tags=["smoke"] if what == "tag" else [])
    if what == "called":
        above = a_runs.stage.scenario("above")
        a_runs.stage.step(above, "scenario", scenario_id=scenario)
        scenario = above
    body = {"case": {"case_id": case}, "tag": {"tag": "smoke"}}.get(what, {"scenario_id": scenario})
    for person in (a_runs.team.runner, a_runs.team.owner):
        refused = a_runs.refused(person, **body)
        assert error_of(refused) == (403, "creator_only_case")
        assert "delicate" in refused.json["msg"]
    assert a_runs.done(a_runs.team.editor, **body)["state"] == "passed"


def test_who_does_not_see_a_creators_case_is_not_told_its_name(a_runs: RunStage):
    case = a_runs.case("delicate", creator_only=True, visibility="private")
    refused = a_runs.refused(scenario_id=a_runs.scenario("s", case))
    assert error_of(refused) == (403, "creator_only_case")
    assert "delicate" not in refused.text


def test_a_creators_case_is_not_run_by_way_of_a_draft(a_runs: RunStage):
    case = a_runs.case("delicate", creator_only=True, who=a_runs.team.owner)
    refused = a_runs.refused(a_runs.team.editor, draft={"case_id": case})
    assert error_of(refused) == (403, "creator_only_case")


def test_a_rerun_asks_again_whose_the_cases_are(a_runs: RunStage):
    case = a_runs.case("case")
    number = a_runs.done(case_id=case)["id"]
    a_runs.team.editor.ok("PUT", a_runs.shelf.place(case), {"creator_only": True})
    for what in ("plan", "today"):
        refused = a_runs.team.runner.call("POST", f"{a_runs.place(number)}/rerun", {"what": what})
        assert error_of(refused) == (403, "creator_only_case"), what
    a_runs.team.editor.ok("POST", f"{a_runs.place(number)}/rerun", {"what": "plan"})


def test_a_runner_sends_no_draft(a_runs: RunStage):
    refused = a_runs.refused(draft={"request": {"url": "/?{{key}}"}})
    assert error_of(refused) == (403, "right_required")
    assert a_runs.target.seen == []


def test_a_runner_gives_only_the_inputs_that_a_scenario_asks_for(each_runs: RunStage):
    case = each_runs.case(url="/{{shop}}")
    scenario = each_runs.scenario("s", case, inputs=[{"name": "shop", "default": 1}], tags=["smoke"])
    for body in ({"scenario_id": scenario}, {"tag": "smoke"}, {"case_id": case}):
        refused = each_runs.refused(**body, inputs={"base_url": "http://127.0.0.1:1", "shop": 2})
        faults = {"inputs.base_url": "not_declared"} | ({"inputs.shop": "not_declared"} if "case_id" in body else {})
        assert faults_of(refused) == faults
    assert each_runs.done(scenario_id=scenario, inputs={"shop": 2})["state"] == "passed"
    assert each_runs.done(tag="smoke", inputs={"shop": 3})["state"] == "passed"
    assert each_runs.done(each_runs.team.editor, case_id=case, inputs={"shop": 4})["state"] == "passed"
    assert (
        each_runs.done(each_runs.team.editor, scenario_id=scenario, inputs={"shop": "{{x}}", "x": 5})["state"]
        == "passed"
    )
    assert [path for _, _, path in each_runs.target.seen] == ["/2", "/3", "/4", "/5"]
    refused = each_runs.refused(each_runs.team.editor, tag="smoke", inputs={"other": 6})
    assert faults_of(refused) == {"inputs.other": "not_declared"}, "scenarios that are called see nothing else"


@pytest.mark.parametrize("value", ["{{key}}", ["a", {"b": "x{{key}}"}], {"{{key}}": 1}], ids=["text", "inside", "name"])
def test_a_runner_puts_no_secret_into_an_input(a_runs: RunStage, value: object):
    scenario = a_runs.scenario("s", a_runs.case(url="/{{shop}}"), inputs=[{"name": "shop"}])
    refused = a_runs.refused(scenario_id=scenario, inputs={"shop": value})
    assert faults_of(refused) == {"inputs.shop": "placeholder"}


def test_what_an_editor_gave_is_no_runners_to_give_today(a_runs: RunStage):
    case = a_runs.case(url="/{{shop}}")
    number = a_runs.done(a_runs.team.editor, case_id=case, inputs={"shop": 4})["id"]
    refused = a_runs.team.runner.call("POST", f"{a_runs.place(number)}/rerun", {"what": "today"})
    assert faults_of(refused) == {"inputs.shop": "not_declared"}
    a_runs.team.runner.ok("POST", f"{a_runs.place(number)}/rerun", {"what": "plan"})


def test_no_byte_of_a_plan_is_stored_in_clear(a_runs: RunStage):
    case = a_runs.case(request={"headers": {"X-Key": "{{key}}"}})
    scenario = a_runs.scenario("s", case, inputs=[{"name": "pin", "secret": True}])
    number = a_runs.done(scenario_id=scenario, inputs={"pin": "CANARY-given"})["id"]
    assert "CANARY-given" in str(a_runs.plan(number))
    with a_runs.team.app.app_context():
        contents = db.session.scalars(select(RunPlan.content)).all()
        rows = db.session.execute(select(Run.__table__)).all()
        entries = db.session.scalars(select(AuditEntry.after)).all()
    stored = f"{contents} {rows} {entries} {a_runs.stored(number)}"
    assert "CANARY" not in stored
    assert "pin" in str(entries), "that it was given is told"


def test_a_run_of_another_project_is_not_there(a_runs: RunStage):
    number = a_runs.done(case_id=a_runs.case())["id"]
    owner = a_runs.team.owner
    other = owner.ok("POST", "/api/projects", {"name": "Other"})["id"]
    join(a_runs.team.app, other, a_runs.team.runner.id, "owner")
    path = f"/api/projects/{other}/runs/{number}"
    for place in ("", "/results", "/bodies/" + "0" * 64):
        assert a_runs.team.runner.call("GET", f"{path}{place}").status_code == 404
    for method, place in (("POST", "/cancel"), ("DELETE", "")):
        assert error_of(a_runs.team.runner.call(method, f"{path}{place}")) == (404, "run_not_found")
    assert error_of(a_runs.team.runner.call("POST", f"{path}/rerun", {})) == (404, "run_not_found")
    environment = a_runs.environment
    refused = a_runs.team.runner.call(
        "POST", f"/api/projects/{other}/runs", {"case_id": 1, "environment_id": environment}
    )
    assert error_of(refused) == (404, "case_not_found")
