"""What a run tells as one resource: verdict, changes, causes, steps; small however many steps there are."""

import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import event

from tests.integration.projects_bench import error_of
from tests.integration.reports_bench import CANARY, a_big_run, a_red_run
from tests.integration.runs_api_bench import BAD, OK, RunStage
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.db import db
from wxcloudrun.exporters.report import OtherRun
from wxcloudrun.features.reports.insight import Insight, Known, NothingKnown
from wxcloudrun.features.runs.results import MOST_LISTED


def report(stage: RunStage, run: int, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = stage.team.viewer.ok("GET", f"{stage.place(run)}/report{query}")
    return found


def test_a_red_run_tells_what_broke_and_how_to_repeat_it(each_runs: RunStage):
    _, run = a_red_run(each_runs)
    found = report(each_runs, run)
    assert (found["verdict"], found["state"], found["causes"]) == ("failed", "failed", 1)
    assert (found["totals"]["passed"], found["totals"]["failed"]) == (1, 1)
    assert found["totals"]["p95_ms"] >= found["totals"]["p50_ms"] > 0
    [cause] = found["failures"]
    assert (cause["count"], cause["since"]) == (1, None)
    assert "expected status to equal 418, got 200" in cause["title"]
    [step] = cause["steps"]
    assert (step["name"], step["scenario"]) == ("pay", "checkout")
    assert "repeat: curl" in step["explanation"]
    assert [one["outcome"] for one in found["steps"]["items"]] == ["failed", "passed"]
    assert len(found["slowest"]) == 2
    assert CANARY not in json.dumps(found)


def test_the_last_run_of_the_same_says_what_is_new_fixed_and_still_failing(each_runs: RunStage):
    first = each_runs.case("always red", "/one", assertions=[BAD])
    second = each_runs.case("turns green", "/two", assertions=[BAD])
    third = each_runs.case("turns red", "/three")
    scenario = each_runs.scenario("s", first, second, third, stop_on_failure=False)
    before = each_runs.done(scenario_id=scenario)["id"]
    assert report(each_runs, before)["changes"]["before"] is None
    for case, assertion in ((second, OK), (third, BAD)):
        path = f"{each_runs.team.path}/cases/{case}"
        version = each_runs.team.editor.ok("GET", path)["version"]
        each_runs.team.editor.ok("PUT", path, {"version": version, "assertions": [assertion]})
    whole = report(each_runs, each_runs.done(scenario_id=scenario)["id"])
    found = whole["changes"]
    assert sorted((one["fresh"], one["steps"][0]["name"]) for one in whole["failures"]) == [
        (0, "always red"),
        (1, "turns red"),
    ]
    assert (found["before"]["run_id"], found["before"]["state"]) == (before, "failed")
    assert (found["new_failures"], found["fixed"], found["still_failing"]) == (1, 1, 1)
    assert (found["added"], found["removed"], found["green"]) == (0, 0, None)


def test_a_run_is_compared_with_its_like_only(a_runs: RunStage):
    case = a_runs.case("x", "/x")
    elsewhere = a_runs.team.environment("other", base_url=f"http://127.0.0.1:{a_runs.target.port}")
    green = a_runs.done(case_id=case, labels={"branch": "main"})["id"]
    a_runs.done(case_id=a_runs.case("y", "/y"))
    a_runs.done(case_id=case, environment_id=elsewhere)
    canceled = a_runs.started(case_id=case)["id"]
    a_runs.team.runner.ok("POST", f"{a_runs.place(canceled)}/cancel")
    found = report(a_runs, a_runs.done(case_id=case)["id"])["changes"]
    assert found["before"]["run_id"] == found["green"]["run_id"] == green
    branch = report(a_runs, a_runs.done(case_id=case, labels={"branch": "next"})["id"])["changes"]
    assert branch["before"] is not None
    assert branch["green"] is None, "nothing of that branch was green"


def test_a_rerun_of_what_failed_is_compared_and_is_no_measure_for_others(a_runs: RunStage):
    scenario, run = a_red_run(a_runs)
    part = a_runs.team.runner.ok("POST", f"{a_runs.place(run)}/rerun", {"what": "failed"})["id"]
    a_runs.work()
    changes = report(a_runs, part)["changes"]
    assert (changes["before"]["run_id"], changes["still_failing"], changes["removed"]) == (run, 1, 0)
    later = a_runs.done(scenario_id=scenario)["id"]
    assert report(a_runs, later)["changes"]["before"]["run_id"] == run


def test_while_a_run_goes_on_there_is_no_verdict(a_runs: RunStage):
    case = a_runs.case()
    before = a_runs.done(case_id=case)["id"]
    number = a_runs.started(case_id=case)["id"]
    found = report(a_runs, number)
    assert (found["verdict"], found["state"], found["failures"]) == (None, "queued", [])
    assert (found["changes"]["before"]["run_id"], found["changes"]["removed"]) == (before, 0), "it may yet come to them"
    response = a_runs.team.viewer.call("GET", f"{a_runs.place(number)}/junit.xml")
    assert error_of(response) == (409, "run_not_ended")


def test_failures_of_one_cause_are_one_group_whatever_their_data(a_runs: RunStage):
    number = a_big_run(a_runs.team, 1000, wrong=100)
    found = report(a_runs, number)
    assert (found["totals"]["failed"], found["causes"]) == (100, 1)
    assert [one["count"] for one in found["failures"]] == [100]
    assert len(found["failures"][0]["steps"]) == 3


def test_steps_are_paged_with_what_went_wrong_first(each_runs: RunStage):
    number = a_big_run(each_runs.team, 230, wrong=23)
    page = report(each_runs, number, "?size=20")["steps"]
    items = page["items"]
    while page["next"] is not None:
        page = each_runs.team.viewer.ok("GET", f"{each_runs.place(number)}/report/steps?size=50&cursor={page['next']}")
        items += page["items"]
    assert [one["outcome"] for one in items] == ["failed"] * 23 + ["passed"] * 207
    assert len({one["seq"] for one in items}) == 230
    assert error_of(each_runs.team.viewer.call("GET", f"{each_runs.place(number)}/report/steps?cursor=x"))[0] == 422


def test_the_first_page_of_ten_thousand_steps_is_small_and_asks_few_questions(a_runs: RunStage):
    number = a_big_run(a_runs.team, 10_000, wrong=500)
    asked: list[str] = []
    with a_runs.team.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    response = a_runs.team.viewer.call("GET", f"{a_runs.place(number)}/report")
    assert len(response.data) < 3 * MOST_LISTED
    assert response.json["data"]["totals"]["p95_ms"] == 949.0
    assert len([one for one in asked if "run_results" in one]) <= 12


class Memory:
    """Knows every cause, and lets no case stop a pipeline."""

    def known(self, project_id, run_id, keys):
        since = OtherRun(3, "failed", "2026-01-01T00:00:00.000Z")
        return {key: Known(since, "known", "a ticket", "https://t.example/1") for key in keys}

    def parts(self, project_id, keys):
        return {}

    def quarantined(self, project_id, case_ids):
        return set(case_ids)


@pytest.fixture
def remembering(a_runs: RunStage) -> Iterator[int]:
    """A red run of a service that remembers."""
    _, run = a_red_run(a_runs)
    container = a_runs.team.app.extensions[EXTENSION]
    container.provide(Insight, Memory)
    container.forget_made()
    yield run
    container.provide(Insight, NothingKnown)
    container.forget_made()


def test_what_others_remember_of_a_cause_is_told(a_runs: RunStage, remembering: int):
    found = report(a_runs, remembering)
    [cause] = found["failures"]
    assert cause["since"] == {"run_id": 3, "state": "failed", "at": "2026-01-01T00:00:00.000Z"}
    assert (cause["state"], cause["note"], cause["link"]) == ("known", "a ticket", "https://t.example/1")
    assert found["quarantined"] == [one["case_id"] for one in cause["steps"]]
    archive = zipfile.ZipFile(BytesIO(a_runs.team.viewer.call("GET", f"{a_runs.place(remembering)}/allure.zip").data))
    results = [json.loads(archive.read(name)) for name in archive.namelist() if name.endswith("-result.json")]
    details = [one["statusDetails"] for one in results]
    assert [(one["known"], one["muted"]) for one in details] == [(False, False), (True, True)]


def test_a_private_cases_run_is_not_there_for_others(a_runs: RunStage):
    case = a_runs.case("mine", "/m", who=a_runs.team.editor, visibility="private")
    run = a_runs.done(who=a_runs.team.editor, case_id=case)["id"]
    for path in ("report", "report/steps", "report.html", "junit.xml", "allure.zip", "har", "results.csv"):
        assert error_of(a_runs.team.viewer.call("GET", f"{a_runs.place(run)}/{path}")) == (404, "run_not_found")
        assert a_runs.team.editor.call("GET", f"{a_runs.place(run)}/{path}").status_code == 200
