"""Allure's results as its report generator reads them."""

import json
import zipfile
from io import BytesIO

from tests.unit.exporters.samples import (
    HOSTILE,
    STEERING,
    a_body,
    a_detail,
    a_response,
    a_run,
    a_step,
    an_attempt,
)
from wxcloudrun.exporters.allure import allure
from wxcloudrun.exporters.report import Totals
from wxcloudrun.exporters.wording import LONGEST


def unzipped(steps, **run) -> dict[str, str]:
    archive = zipfile.ZipFile(BytesIO(b"".join(allure(a_run(**run), steps))))
    assert archive.testzip() is None
    return {name: archive.read(name).decode() for name in archive.namelist()}


def results(files: dict[str, str]) -> list[dict]:
    return [json.loads(text) for name, text in files.items() if name.endswith("-result.json")]


def test_every_step_is_a_result_with_what_the_views_need():
    files = unzipped([a_step(0), a_step(1, "failed"), a_step(2, "error"), a_step(3, "skipped")])
    found = results(files)
    assert [one["status"] for one in found] == ["passed", "failed", "broken", "skipped"]
    assert len({one["uuid"] for one in found}) == len({one["historyId"] for one in found}) == 4
    assert all(f"{one['uuid']}-result.json" in files for one in found)
    labels = {one["name"]: one["value"] for one in found[0]["labels"]}
    assert (labels["parentSuite"], labels["suite"], labels["host"]) == ("Payments v1_2", "log in, pay", "api.example")
    assert found[1]["stop"] - found[1]["start"] == 12
    assert found[1]["steps"][0]["status"] == "failed"
    assert found[1]["statusDetails"]["message"] == "expected status to equal 200, got 500"


def test_the_history_is_that_of_the_step_and_its_row_whatever_the_run():
    def ids(run: int, seq: int, row: str) -> tuple[str, str, str]:
        [one] = results(unzipped([a_step(seq, name="pay", dataset=row)], id=run))
        return one["historyId"], one["testCaseId"], one["uuid"]

    first, second, other = ids(1, 5, "card"), ids(2, 9, "card"), ids(2, 9, "cash")
    assert first[:2] == second[:2]
    assert first[2] != second[2]
    assert first[0] != other[0]


def test_a_retry_is_an_earlier_result_of_the_same_history_and_marks_the_last_as_flaky():
    attempts = [an_attempt(1, "error", error_class="timeout", message="slow"), an_attempt(2)]
    early, last = results(unzipped([a_step(0, detail=a_detail(attempts=attempts))]))
    assert (early["status"], last["status"]) == ("broken", "passed")
    assert early["historyId"] == last["historyId"]
    assert early["stop"] < last["stop"]
    assert last["statusDetails"]["flaky"]


def test_what_people_know_of_a_failure_is_told():
    [one] = results(unzipped([a_step(0, "failed", known=True, muted=True)]))
    assert (one["statusDetails"]["known"], one["statusDetails"]["muted"]) == (True, True)


def test_setup_and_teardown_stand_around_the_others():
    steps = [a_step(0, phase="setup"), a_step(1), a_step(2, phase="teardown")]
    files = unzipped(steps)
    [container] = [json.loads(text) for name, text in files.items() if name.endswith("-container.json")]
    by_name = {one["name"]: one["uuid"] for one in results(files)}
    assert container["children"] == [by_name["step 1"]]
    assert [one["name"] for one in container["befores"]] == ["step 0"]
    assert [one["name"] for one in container["afters"]] == ["step 2"]


def test_what_did_not_pass_has_request_and_answer_beside_it():
    detail = a_detail("failed", response=a_response(body=a_body(HOSTILE + "x" * 200_000)))
    files = unzipped([a_step(0), a_step(1, "failed", detail=detail)])
    good, bad = results(files)
    assert good["attachments"] == []
    request, response = (files[one["source"]] for one in bad["attachments"])
    assert 'Authorization: Bearer "${AUTHORIZATION}"' in request.replace("'", "")
    assert len(response.encode()) <= LONGEST
    assert not [sign for sign in STEERING if sign in response]
    assert {one["type"] for one in bad["attachments"]} == {"text/plain"}


def test_the_files_about_the_run_can_be_read_by_java():
    files = unzipped([a_step(0)], environment="预发 = 1\nx", labels={"branch name": "main"}, link="https://t.example/1")
    lines = files["environment.properties"].splitlines()
    assert "environment=\\u9884\\u53d1\\ \\=\\ 1\\ x" in lines
    assert "branch\\ name=main" in lines
    assert json.loads(files["executor.json"])["buildUrl"] == "https://t.example/1"
    assert all(one["name"] for one in json.loads(files["categories.json"]))


def test_a_run_that_ended_by_itself_is_not_green():
    last = results(unzipped([a_step(0)], state="error", reason="worker lost", totals=Totals(passed=1)))[-1]
    assert (last["status"], last["statusDetails"]["message"]) == ("broken", "error: worker lost")


def test_hostile_names_stay_names():
    step = a_step(0, "failed", name=HOSTILE, message=HOSTILE, dataset=HOSTILE, trail=(HOSTILE,))
    text = "".join(unzipped([step], project=HOSTILE, name=HOSTILE, environment=HOSTILE).values())
    assert not [sign for sign in STEERING if sign in text]
