"""What a run's steps gave, over HTTP: lists that stay small, whole results, bodies and parts of them."""

import json
from typing import Any

import pytest
from sqlalchemy import update

from tests.integration.projects_bench import error_of
from tests.integration.runs_api_bench import BAD, RunStage, a_run, result_row
from wxcloudrun.core.db import db
from wxcloudrun.features.runs.models import RunBody, RunResult, StepOutcome
from wxcloudrun.features.runs.packing import packed
from wxcloudrun.features.runs.results import MOST_LISTED, MOST_SHOWN


def with_results(stage: RunStage, *rows: dict[str, Any]) -> int:
    """An ended run with these results; its number."""
    number = int(a_run(stage.team)["run_id"])
    with stage.team.app.app_context():
        db.session.execute(RunResult.__table__.delete())
        db.session.execute(RunResult.__table__.insert(), [{"run_id": number, **row} for row in rows])
        db.session.commit()
    return number


def test_a_failed_step_explains_itself(each_runs: RunStage):
    each_runs.target.answer = lambda *_: (200, json.dumps({"items": ["a" * 400]}).encode())
    case = each_runs.case("pay", "/pay", assertions=[BAD], request={"headers": {"X-Key": "{{key}}"}})
    number = each_runs.done(case_id=case)["id"]
    [line] = each_runs.results(number)
    assert (line["outcome"], line["status"], line["case_id"]) == ("failed", 200, case)
    whole = each_runs.team.viewer.ok("GET", f"{each_runs.place(number)}/results/0")
    assert "expected status to equal 418, got 200" in whole["explanation"]
    assert "repeat: curl" in whole["explanation"]
    assert whole["detail"]["response"]["body"]["head"] == json.dumps({"items": ["a" * 400]})
    assert "CANARY" not in json.dumps(whole)
    assert whole["detail"]["assertions"][0]["actual"] == 200


def test_a_passed_step_has_nothing_to_explain_and_can_be_repeated(a_runs: RunStage):
    number = a_runs.done(case_id=a_runs.case(request={"headers": {"X-Key": "{{key}}"}}))["id"]
    whole = a_runs.team.viewer.ok("GET", f"{a_runs.place(number)}/results/0")
    assert whole["explanation"] is None
    command = whole["detail"]["request"]["curl"]
    assert command.startswith("curl http://127.0.0.1")
    assert "${X_KEY}" in command
    assert "CANARY" not in command


def test_results_are_listed_by_outcome(each_runs: RunStage):
    outcomes = [StepOutcome.PASSED, StepOutcome.FAILED, StepOutcome.PASSED, StepOutcome.ERROR, StepOutcome.FAILED]
    rows = [result_row(number, outcome=outcome) for number, outcome in enumerate(outcomes)]
    number = with_results(each_runs, *rows)
    assert [one["seq"] for one in each_runs.results(number)] == [0, 1, 2, 3, 4]
    assert [one["seq"] for one in each_runs.results(number, "?outcome=failed")] == [1, 4]
    page = each_runs.team.viewer.ok("GET", f"{each_runs.place(number)}/results?outcome=failed&size=1")
    page = each_runs.team.viewer.ok(
        "GET", f"{each_runs.place(number)}/results?outcome=failed&size=1&cursor={page['next']}"
    )
    assert [one["seq"] for one in page["items"]] == [4]
    assert page["next"] is None
    assert each_runs.results(number, "?outcome=skipped") == []


def test_a_list_stays_small_however_long_its_lines_are(a_runs: RunStage):
    rows = [result_row(n, message="\u0001" * 500, name="订" * 255, path=f"{n}/" + "p" * 600) for n in range(60)]
    number = with_results(a_runs, *rows)
    found: list[int] = []
    mark = ""
    while True:
        response = a_runs.team.viewer.call("GET", f"{a_runs.place(number)}/results?size=100{mark}")
        assert len(response.data) < 100 * 1024
        data = response.json["data"]
        found += [one["seq"] for one in data["items"]]
        if data["next"] is None:
            break
        mark = f"&cursor={data['next']}"
    assert found == list(range(60))
    assert MOST_LISTED < 60 * 500 * 6, "else this test proves nothing"


def test_bodies_are_put_back_as_far_as_they_are_shown(a_runs: RunStage):
    body = ("é" * 40_000).encode()  # its 64 KiB end inside a character or before one
    a_runs.target.answer = lambda *_: (200, body)
    number = a_runs.done(case_id=a_runs.case())["id"]
    shown = a_runs.team.viewer.ok("GET", f"{a_runs.place(number)}/results/0")["detail"]["response"]["body"]
    assert shown["size"] == len(body)
    assert shown["truncated"]
    assert set(shown["head"]) == {"é"}
    assert len(shown["head"].encode()) <= MOST_SHOWN


def test_a_body_that_is_gone_is_told_so_and_hides_nothing_else(a_runs: RunStage):
    a_runs.target.answer = lambda *_: (200, b"x" * 500)
    number = a_runs.done(case_id=a_runs.case())["id"]
    with a_runs.team.app.app_context():
        db.session.execute(update(RunBody).values(packed=None))
        db.session.commit()
    shown = a_runs.team.viewer.ok("GET", f"{a_runs.place(number)}/results/0")["detail"]["response"]
    assert (shown["status"], shown["body"]["head"], shown["body"]["truncated"]) == (200, "", True)
    gone = a_runs.team.viewer.call("GET", f"{a_runs.place(number)}/bodies/{shown['body']['ref']}")
    assert error_of(gone) == (404, "body_not_found")


def test_what_no_json_can_hold_is_answered_all_the_same(a_runs: RunStage):
    detail = {"request": None, "response": None, "log": ["half \ud800 of a pair", "whole 😀"], "more": float("nan")}
    number = with_results(a_runs, result_row(0, detail=packed(detail)))
    response = a_runs.team.viewer.call("GET", f"{a_runs.place(number)}/results/0")
    found = json.loads(response.data, parse_constant=pytest.fail)["data"]["detail"]
    assert found["log"] == ["half ? of a pair", "whole 😀"]
    assert found["more"] == "NaN"


def _bodies(stage: RunStage, content: bytes) -> str:
    """The address of an answer's body."""
    stage.target.answer = lambda *_: (200, content)
    number = stage.done(case_id=stage.case(f"case {len(stage.target.seen)}"))["id"]
    shown = stage.team.viewer.ok("GET", f"{stage.place(number)}/results/0")["detail"]["response"]["body"]
    return f"{stage.place(number)}/bodies/{shown['ref']}"


def test_a_body_is_a_download_that_no_browser_shows(each_runs: RunStage):
    text = ("<script>alert(1)</script>" * 40).encode()
    path = _bodies(each_runs, text)
    response = each_runs.team.viewer.call("GET", path)
    assert (response.status_code, response.data) == (200, text)
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"].startswith("attachment; ")
    assert each_runs.team.stranger.call("GET", path).status_code == 404
    binary = each_runs.team.viewer.call("GET", _bodies(each_runs, bytes(range(128, 256)) * 4))
    assert binary.headers["Content-Type"] == "application/octet-stream"
    assert binary.data == bytes(range(128, 256)) * 4


@pytest.mark.parametrize(
    ("query", "header", "status", "part"),
    [
        ("?offset=10&length=5", None, 200, slice(10, 15)),
        ("?offset=590&length=500", None, 200, slice(590, 600)),
        ("?offset=600", None, 200, slice(600, 600)),
        ("", "bytes=0-9", 206, slice(0, 10)),
        ("", "bytes=590-", 206, slice(590, 600)),
        ("", "bytes=-10", 206, slice(590, 600)),
        ("", "bytes=-9999", 200, slice(0, 600)),
        ("", "bytes=500-9999", 206, slice(500, 600)),
        ("", "bytes=0-1,5-6", 200, slice(0, 600)),
        ("", "bytes=9-3", 200, slice(0, 600)),
        ("", "bytes=-", 200, slice(0, 600)),
        ("", "lines=1-2", 200, slice(0, 600)),
    ],
)
def test_some_bytes_of_a_body(a_runs: RunStage, query: str, header: str | None, status: int, part: slice):
    content = b"".join(b"%06d" % number for number in range(100))
    path = _bodies(a_runs, content)
    response = a_runs.team.viewer.call("GET", path + query, headers={} if header is None else {"Range": header})
    assert (response.status_code, response.data) == (status, content[part])
    if status == 206:
        assert response.headers["Content-Range"] == f"bytes {part.start}-{part.stop - 1}/600"


@pytest.mark.parametrize(("query", "header"), [("?offset=601", None), ("", "bytes=600-"), ("", "bytes=999999999999-")])
def test_bytes_behind_the_end_are_refused(a_runs: RunStage, query: str, header: str | None):
    path = _bodies(a_runs, b"x" * 600)
    response = a_runs.team.viewer.call("GET", path + query, headers={} if header is None else {"Range": header})
    assert error_of(response) == (416, "range_not_satisfiable")


def test_the_body_of_another_run_is_not_there(a_runs: RunStage):
    path = _bodies(a_runs, b"x" * 600)
    other = a_runs.done(case_id=a_runs.case("other", "/other"))["id"]
    ref = path.rpartition("/")[2]
    same = a_runs.team.viewer.call("GET", f"{a_runs.place(other)}/bodies/{ref}")
    assert same.status_code == 200, "it had the same answer"
    a_runs.target.answer = lambda *_: (200, b"y" * 600)
    third = a_runs.done(case_id=a_runs.case("third", "/third"))["id"]
    gone = a_runs.team.viewer.call("GET", f"{a_runs.place(third)}/bodies/{ref}")
    assert error_of(gone) == (404, "body_not_found")
