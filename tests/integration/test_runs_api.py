"""Runs over HTTP: starting, listing, watching, canceling, removing, on every database."""

from typing import Any

import pytest
from sqlalchemy import func, select

from tests.integration.projects_bench import error_of, faults_of
from tests.integration.runs_api_bench import BAD, OK, RunStage, result_row
from wxcloudrun.core.db import db
from wxcloudrun.core.pagination import cursor
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.cases.models import Case
from wxcloudrun.features.runs.models import Run, RunBody, RunBodyUse, RunPlan, RunResult, RunState
from wxcloudrun.features.scenarios.models import Scenario


def test_a_run_of_a_scenario_goes_from_the_queue_to_its_results(each_runs: RunStage):
    scenario = each_runs.scenario("buy", each_runs.case("log in", "/a"), each_runs.case("pay", "/b", assertions=[BAD]))
    started = each_runs.started(scenario_id=scenario)
    assert (started["state"], started["place"], started["title"], started["trigger"]) == ("queued", 0, "buy", "manual")
    assert (started["environment"], started["warnings"]) == ("target", [])
    each_runs.work()
    ended = each_runs.view(started["id"])
    assert (ended["state"], ended["counts"]["passed"], ended["counts"]["failed"]) == ("failed", 1, 1)
    assert (ended["place"], ended["summary"]["total"]) == (None, 2)
    assert [(one["name"], one["outcome"], one["status"]) for one in each_runs.results(started["id"])] == [
        ("log in", "passed", 200),
        ("pay", "failed", 200),
    ]
    assert [path for _, _, path in each_runs.target.seen] == ["/a", "/b"]


def test_a_run_and_its_repeats_say_what_of_the_target_they_try(each_runs: RunStage):
    labels = {"branch": "feature/a", "version": "1.2.0", "commit": "0" * 40}
    run = each_runs.done(scenario_id=each_runs.scenario("s", each_runs.case()), labels=labels)
    assert run["labels"] == labels
    for what in ("plan", "today"):
        again = each_runs.team.runner.ok("POST", f"{each_runs.team.path}/runs/{run['id']}/rerun", {"what": what})
        assert again["labels"] == labels
    assert faults_of(each_runs.refused(tag="x", labels={"branch": ""})) == {"labels.branch": "string_too_short"}


def test_a_case_is_run_with_the_rows_of_data_that_were_asked_for(each_runs: RunStage):
    case = each_runs.case(url="/{{what}}")
    for key in ("x", "y"):
        row = {"key": key, "variables": {"what": key}, "is_default": key == "x"}
        each_runs.team.editor.ok("POST", f"{each_runs.shelf.place(case)}/datasets", row)
    assert each_runs.done(case_id=case)["state"] == "passed"
    assert each_runs.done(case_id=case, dataset={"mode": "all"})["counts"]["passed"] == 2
    assert each_runs.done(case_id=case, dataset={"mode": "one", "key": "y"})["counts"]["passed"] == 1
    assert [path for _, _, path in each_runs.target.seen] == ["/x", "/x", "/y", "/y"]


def test_a_tag_runs_every_scenario_that_has_it_side_by_side(each_runs: RunStage):
    good, bad = each_runs.case("good", "/good"), each_runs.case("bad", "/bad", assertions=[BAD])
    for name, case in (("one", good), ("two", bad), ("three", good)):
        each_runs.scenario(name, case, tags=["smoke"])
    each_runs.scenario("four", good, tags=["other"])
    ended = each_runs.done(tag="smoke")
    assert (ended["state"], ended["tag"], ended["title"]) == ("failed", "smoke", "#smoke")
    assert (ended["counts"]["passed"], ended["counts"]["failed"]) == (2, 1)
    with each_runs.team.app.app_context():
        counts = {row.name: row.run_count for row in db.session.execute(select(Scenario.name, Scenario.run_count))}
    assert counts == {"one": 1, "two": 1, "three": 1, "four": 0}


def test_more_than_fifty_scenarios_are_not_run_at_once(a_runs: RunStage):
    assert error_of(a_runs.refused(tag="smoke")) == (409, "nothing_to_run")
    case = a_runs.case()
    for number in range(51):
        a_runs.scenario(f"s{number}", *([case] if number < 3 else []), tags=["smoke"])
    assert error_of(a_runs.refused(tag="smoke")) == (409, "too_many_scenarios")


def test_a_draft_is_run_and_kept_nowhere(each_runs: RunStage):
    draft = {"request": {"url": "/draft", "headers": {"X-Token": "CANARY-of-the-draft"}}, "assertions": [OK]}
    ended = each_runs.done(each_runs.team.editor, draft=draft)
    assert (ended["state"], ended["title"], ended["case_id"]) == ("passed", "draft", None)
    assert [path for _, _, path in each_runs.target.seen] == ["/draft"]
    assert "CANARY" not in each_runs.stored(ended["id"])
    refused = each_runs.refused(each_runs.team.editor, draft={"request": {"url": "/"}, "assertions": [{"source": "?"}]})
    assert {field.split(".")[0] for field in faults_of(refused)} == {"draft"}
    assert "draft.assertions.0.source" in faults_of(refused)


def test_a_draft_may_use_the_credentials_of_its_case(a_runs: RunStage):
    case = a_runs.case("case", "/a", request={"headers": {"X-Token": "CANARY-kept"}})
    a_runs.done(
        a_runs.team.editor, draft={"case_id": case, "request": {"url": "/b", "headers": {"X-Token": {"is_set": True}}}}
    )
    number = a_runs.started(a_runs.team.editor, draft={"case_id": case, "name": "mine"})["id"]
    plan = a_runs.plan(number)
    assert "CANARY-kept" in str(plan)
    assert a_runs.view(number)["title"] == "mine"


def test_what_cannot_work_is_not_queued(a_runs: RunStage):
    assert faults_of(a_runs.refused()) == {"body": "value_error"}
    assert faults_of(a_runs.refused(tag="x", case_id=1)) == {"body": "value_error"}
    assert error_of(a_runs.refused(scenario_id=999)) == (404, "scenario_not_found")
    assert error_of(a_runs.refused(case_id=999)) == (404, "case_not_found")
    assert error_of(a_runs.refused(scenario_id=a_runs.scenario("empty"))) == (409, "nothing_to_run")
    case = a_runs.case()
    assert error_of(a_runs.refused(case_id=case, environment_id=999)) == (404, "environment_not_found")
    refused = a_runs.refused(case_id=case, dataset={"mode": "one", "key": "no-such-row"})
    assert error_of(refused) == (422, "plan_rejected")
    assert list(faults_of(refused).values()) == ["not_usable"]
    a_runs.team.editor.ok("DELETE", a_runs.shelf.place(case))
    assert error_of(a_runs.refused(case_id=case)) == (404, "case_not_found")
    assert a_runs.team.viewer.ok("GET", a_runs.all)["items"] == []


def test_a_required_input_must_be_given(a_runs: RunStage):
    scenario = a_runs.scenario("s", a_runs.case(url="/{{shop}}"), inputs=[{"name": "shop", "required": True}])
    assert faults_of(a_runs.refused(scenario_id=scenario)) == {"inputs.shop": "missing"}
    assert a_runs.done(scenario_id=scenario, inputs={"shop": 7})["state"] == "passed"
    assert [path for _, _, path in a_runs.target.seen] == ["/7"]


def test_names_without_a_value_are_warned_of(a_runs: RunStage):
    scenario = a_runs.scenario("s", a_runs.case(url="/{{nowhere}}"))
    [warning] = a_runs.started(scenario_id=scenario)["warnings"]
    assert "`nowhere` 赋值" in warning


def test_a_definition_that_changes_changes_no_queued_run(a_runs: RunStage):
    case = a_runs.case(url="/before")
    a_runs.started(case_id=case)
    a_runs.team.editor.ok("PUT", a_runs.shelf.place(case), {"request": {"url": "/after"}})
    a_runs.work()
    assert [path for _, _, path in a_runs.target.seen] == ["/before"]


def test_a_start_counts_the_run_writes_an_entry_and_makes_no_version(each_runs: RunStage):
    case = each_runs.case()
    number = each_runs.started(case_id=case, title="nightly")["id"]
    each_runs.started(scenario_id=each_runs.scenario("s", case))
    with each_runs.team.app.app_context():
        row = db.session.execute(select(Case.run_count, Case.version).where(Case.id == case)).one()
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.target_id == number, AuditEntry.action == "run.started")
        ).one()
    assert tuple(row) == (1, 1)
    assert "nightly" in entry.after
    assert entry.project_id == each_runs.team.project


def test_the_same_start_sent_twice_is_one_run(each_runs: RunStage):
    body = {"case_id": each_runs.case(), "environment_id": each_runs.environment}
    sent = [
        each_runs.team.runner.call("POST", each_runs.all, body, headers={"Idempotency-Key": "once"}) for _ in range(2)
    ]
    assert [one.status_code for one in sent] == [202, 202]
    assert sent[0].json == sent[1].json
    assert len(each_runs.team.viewer.ok("GET", each_runs.all)["items"]) == 1


def test_a_start_that_is_not_kept_leaves_nothing(a_runs: RunStage, monkeypatch: pytest.MonkeyPatch):
    case = a_runs.case()

    def fail(*_: Any) -> None:
        raise RuntimeError("the audit record is full")

    monkeypatch.setattr("wxcloudrun.features.audit.dao.AuditDao.add", fail)
    assert a_runs.refused(case_id=case).status_code == 500
    with a_runs.team.app.app_context():
        assert [db.session.scalar(select(func.count()).select_from(one)) for one in (Run, RunPlan)] == [0, 0]
        assert db.session.scalar(select(Case.run_count)) == 0


def test_who_waits_is_told_how_many_go_before(a_runs: RunStage):
    case = a_runs.case()
    numbers = [a_runs.started(case_id=case, priority=priority)["id"] for priority in ("ci", "ci", "interactive")]
    assert [a_runs.view(number)["place"] for number in numbers] == [1, 2, 0]
    a_runs.taken(numbers[2])
    assert [a_runs.view(number)["place"] for number in numbers] == [0, 1, None]


def test_a_run_that_did_not_change_is_a_304(a_runs: RunStage):
    number = a_runs.started(case_id=a_runs.case())["id"]
    first = a_runs.team.viewer.call("GET", a_runs.place(number))
    again = a_runs.team.viewer.call("GET", a_runs.place(number), headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    a_runs.work()
    changed = a_runs.team.viewer.call("GET", a_runs.place(number), headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def _walked(stage: RunStage, query: str) -> list[int]:
    """Numbers of all runs, page by page."""
    found: list[int] = []
    mark = ""
    while True:
        page = stage.team.viewer.ok("GET", f"{stage.all}?size=2{query}{mark}")
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            return found
        mark = f"&cursor={page['next']}"


def test_runs_are_listed_newest_first_by_state_scenario_and_case(each_runs: RunStage):
    case = each_runs.case()
    scenario = each_runs.scenario("s", case)
    numbers = [
        each_runs.started(case_id=case, priority=("ci", "interactive", "schedule")[n % 3])["id"] for n in range(5)
    ]
    of_scenario = [each_runs.started(scenario_id=scenario)["id"] for _ in range(3)]
    for number in (numbers[0], numbers[3], of_scenario[1]):
        each_runs.change(number, state=RunState.FAILED)
    every = sorted(numbers + of_scenario, reverse=True)
    assert _walked(each_runs, "") == every
    assert _walked(each_runs, "&state=failed") == [of_scenario[1], numbers[3], numbers[0]]
    assert _walked(each_runs, "&state=queued") == [
        one for one in every if one not in {numbers[0], numbers[3], of_scenario[1]}
    ]
    assert _walked(each_runs, f"&scenario_id={scenario}") == of_scenario[::-1]
    assert _walked(each_runs, f"&case_id={case}&state=failed") == [numbers[3], numbers[0]]
    assert _walked(each_runs, "&state=passed") == []
    wrong = each_runs.team.viewer.call("GET", f"{each_runs.all}?cursor={cursor('a')}")
    assert faults_of(wrong) == {"cursor": "invalid"}


def test_a_queued_run_is_canceled_at_once(each_runs: RunStage):
    number = each_runs.started(case_id=each_runs.case())["id"]
    canceled = each_runs.team.runner.ok("POST", f"{each_runs.place(number)}/cancel")
    assert (canceled["state"], canceled["canceling"], canceled["reason"]) == ("canceled", False, "the run was canceled")
    assert canceled["ended_at"] is not None
    each_runs.work()
    assert each_runs.target.seen == []
    again = each_runs.team.runner.call("POST", f"{each_runs.place(number)}/cancel")
    assert error_of(again) == (409, "run_ended")


def test_the_worker_of_a_running_run_is_asked_to_end_it(each_runs: RunStage):
    number = each_runs.started(case_id=each_runs.case())["id"]
    each_runs.taken(number)
    for _ in range(2):  # pressed twice
        canceled = each_runs.team.runner.ok("POST", f"{each_runs.place(number)}/cancel")
        assert (canceled["state"], canceled["canceling"]) == ("running", True)
    with each_runs.team.app.app_context():
        told = select(func.count()).where(AuditEntry.action == "run.canceled")
        assert db.session.scalar(told) == 1


def test_a_run_whose_worker_is_gone_is_canceled_at_once(each_runs: RunStage):
    number = each_runs.started(case_id=each_runs.case())["id"]
    each_runs.taken(number, silent_s=60)
    canceled = each_runs.team.runner.ok("POST", f"{each_runs.place(number)}/cancel")
    assert (canceled["state"], canceled["canceling"]) == ("canceled", False)


def test_a_run_can_be_canceled_in_an_archived_project(a_runs: RunStage):
    number = a_runs.started(case_id=a_runs.case())["id"]
    a_runs.team.owner.ok("POST", f"{a_runs.team.path}/archive")
    assert error_of(a_runs.refused(case_id=1))[1] == "project_archived"
    assert a_runs.team.runner.ok("POST", f"{a_runs.place(number)}/cancel")["state"] == "canceled"


def test_a_removed_run_takes_everything_with_it_but_what_others_use(each_runs: RunStage):
    shared, own = b"[" + b"1," * 300 + b"1]", b"[" + b"2," * 300 + b"2]"
    each_runs.target.answer = lambda _, path: (200, own if path == "/own" else shared)
    first = each_runs.done(case_id=each_runs.case("one", "/shared"))["id"]
    second = each_runs.done(
        scenario_id=each_runs.scenario("s", each_runs.case("two", "/shared"), each_runs.case("three", "/own"))
    )["id"]
    waiting = each_runs.started(case_id=each_runs.case("four"))["id"]
    editor = each_runs.team.editor
    assert error_of(editor.call("DELETE", each_runs.place(waiting))) == (409, "run_not_ended")
    each_runs.taken(waiting)  # somebody works meanwhile
    assert editor.ok("DELETE", each_runs.place(second)) == {"id": second}
    assert error_of(editor.call("GET", each_runs.place(second))) == (404, "run_not_found")
    with each_runs.team.app.app_context():
        left = [db.session.scalars(select(one.run_id)).all() for one in (RunPlan, RunResult, RunBodyUse)]
        assert db.session.scalar(select(func.count()).select_from(RunBody)) == 1
    assert [sorted(ids) for ids in left] == [sorted([first, waiting]), [first], [first]]
    [result] = each_runs.results(first)
    whole = each_runs.team.viewer.ok("GET", f"{each_runs.place(first)}/results/{result['seq']}")
    assert whole["detail"]["response"]["body"]["head"] == shared.decode()
    editor.ok("DELETE", each_runs.place(first))
    with each_runs.team.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(RunBody)) == 0


def test_results_of_a_run_that_goes_on_have_always_a_next(each_runs: RunStage):
    number = each_runs.started(case_id=each_runs.case())["id"]
    each_runs.taken(number)
    place = f"{each_runs.place(number)}/results"
    empty = each_runs.team.viewer.ok("GET", place)
    assert empty["items"] == []
    assert empty["next"] is not None
    with each_runs.team.app.app_context():
        db.session.execute(RunResult.__table__.insert(), [{"run_id": number, **result_row(n)} for n in range(3)])
        db.session.commit()
    page = each_runs.team.viewer.ok("GET", f"{place}?size=2&cursor={empty['next']}")
    assert [one["seq"] for one in page["items"]] == [0, 1]
    page = each_runs.team.viewer.ok("GET", f"{place}?size=2&cursor={page['next']}")
    assert [one["seq"] for one in page["items"]] == [2]
    each_runs.change(number, state=RunState.PASSED)
    last = each_runs.team.viewer.ok("GET", f"{place}?size=2&cursor={page['next']}")
    assert last == {"items": [], "next": None}
