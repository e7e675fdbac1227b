"""The client for pipelines, as a pipeline calls it."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.ci.bench import TOKEN, FakeService, result, serving
from wxcloudrun.ci import command, watching
from wxcloudrun.ci.service import Service
from wxcloudrun.console.client import zipped

EXPLANATION = "expected status 201\n     got status 500\ncurl -X POST https://shop.example/orders"
BROKEN = [
    result(0, "log in"),
    result(1, "create", "failed", dataset="row 2", message="status", explanation=EXPLANATION),
]
COMPARED = {
    "baseline": {"run_id": 7, "ended_at": "2026-11-30T12:00:00.000Z"},
    "counts": {"new_failures": 1, "still_failing": 2, "fixed": 0, "slower": 0},
}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the next look."""
    monkeypatch.setattr(watching, "_LOOK_S", 0.0)


def called(service: FakeService, *more: str, **environ: str) -> int:
    """The exit code of a call."""
    words = ["run", "--server", service.url, "--project", "1", "--scenario", "3", *more]
    return command.main(words, {"WXCLOUDRUN_TOKEN": TOKEN, **environ})


def test_a_run_that_passes_ends_with_0_and_says_so(capsys):
    with serving(FakeService(looks=3)) as service:
        assert called(service) == 0
    told = capsys.readouterr().out
    assert "Run 12: checkout in staging" in told
    assert "PASSED  checkout in staging: 2 steps passed (run 12)" in told


def test_a_failure_is_told_with_what_broke_since_when_and_how_to_repeat_it(capsys):
    with serving(FakeService("failed", BROKEN, comparison=COMPARED)) as service:
        assert called(service) == 1
    told = capsys.readouterr().out
    verdict, since, failure = (
        told.index(text)
        for text in (
            "FAILED  checkout in staging: 1 failed of 2 steps (run 12)",
            "last green: run 7, 2026-11-30 12:00 UTC; since then 1 new, 2 failed before",
            "1. create [row 2]",
        )
    )
    assert verdict < since < failure
    assert "   curl -X POST https://shop.example/orders" in told


def test_causes_come_first_with_the_run_since_which_they_are_there(tmp_path: Path, capsys):
    old = {"title": "POST /pay 500: DOWN", "count": 3, "fresh": 0, "state": "known", "note": "gateway|", "link": None}
    old["since"] = {"run_id": 9, "at": "2026-11-30T12:00:00.000Z"}
    new = {"title": "GET /a 404", "count": 1, "fresh": 1, "state": "open", "note": None, "link": None, "since": None}
    back = {**old, "title": "POST /b", "count": 1, "state": "open", "note": None, "since": {"run_id": 5, "at": None}}
    causes = [old, new, back, *({**new, "title": f"GET /{n}", "fresh": None} for n in range(4))]
    with serving(FakeService("failed", BROKEN, comparison=COMPARED, causes=causes)) as service:
        assert called(service, "--summary", str(tmp_path / "sum.md")) == 1
    lines = capsys.readouterr().out.splitlines()
    at = next(at for at, line in enumerate(lines) if line.startswith("FAILED"))
    assert lines[at + 1 : at + 8] == [
        "  3 times: POST /pay 500: DOWN (since run 9, 2026-11-30 12:00 UTC, known, gateway|)",
        "  GET /a 404 (new in this run)",
        "  POST /b (back again, first seen in run 5)",
        "  GET /0",
        "  GET /1",
        "  and 2 causes more",
        "  last green: run 7, 2026-11-30 12:00 UTC; since then 1 new, 2 failed before",
    ]
    assert "- GET /a 404 (new in this run)" in (tmp_path / "sum.md").read_text()


def test_answers_and_variables_that_are_different_are_told(tmp_path: Path, capsys):
    paths = [{"path": f"$.{name}", "change": "type", "before": "number", "now": "string"} for name in "ab"]
    paths += [{"path": "$.c", "change": "missing", "before": "number", "now": None}]
    shape = {"name": "pay", "dataset": "row", "seq": 1, "paths": paths, "count": 9}
    added = [{"path": "$.e", "change": "added", "before": None, "now": "null"}]
    plain = {"name": "base", "scope": "environment", "before": "http://a", "now": "http://b|", "secret": False}
    secret = {"name": "key", "scope": "project", "before": "***", "now": "***", "secret": True}
    more = {"changed_shape": [shape, {**shape, "name": "e", "paths": added, "count": 1}]}
    compared = {**COMPARED, **more, "changed_variables": [plain, secret]}
    with serving(FakeService("failed", BROKEN, comparison=compared)) as service:
        assert called(service, "--summary", str(tmp_path / "sum.md")) == 1
    told = capsys.readouterr().out
    for line in (
        "pay [row] is answered differently: $.a: number -> string; $.b: number -> string; $.c is missing; and 6 more",
        "e [row] is answered differently: $.e is new",
        "variable base (environment): http://a -> http://b|",
        "variable key (project): a secret with another value",
    ):
        assert line in told
    assert "http://b\\|" in (tmp_path / "sum.md").read_text()


def test_a_failure_in_quarantine_is_told_and_stops_nothing(capsys):
    broken = [BROKEN[0], BROKEN[1] | {"case_id": 7}]
    with serving(FakeService("failed", broken, quarantined=[7])) as service:
        assert called(service) == 0
    told = capsys.readouterr().out
    assert "1 failures, all of cases in quarantine" in told
    assert "1. create [row 2]" in told


@pytest.mark.parametrize(("state", "code"), [("error", 3), ("canceled", 4)])
def test_infrastructure_and_cancels_have_codes_of_their_own(state: str, code: int):
    with serving(FakeService(state, [], reason="worker lost")) as service:
        assert called(service) == code


def test_who_waits_too_long_cancels_the_run(capsys, monkeypatch):
    clock = iter(range(0, 10_000, 30))
    before = watching.Watch.__init__

    def hurried(self: Any, *arguments: Any) -> None:
        before(self, *arguments, sleep=lambda _: None, monotonic=lambda: next(clock))

    monkeypatch.setattr(watching.Watch, "__init__", hurried)
    with serving(FakeService(looks=10_000)) as service:
        assert called(service, "--timeout", "60") == 4
        assert service.asked[-1][:2] == ("POST", "/api/projects/1/runs/12/cancel")
    assert "longer than 60 s" in capsys.readouterr().err


def test_ctrl_c_cancels_the_run():
    with serving(FakeService(looks=10_000)) as service:

        class Impatient(Service):
            def get(self, path: str) -> Any:
                raise KeyboardInterrupt

        options = command.read(
            ["run", "--server", service.url, "--project", "1", "--tag", "smoke"], {"WXCLOUDRUN_TOKEN": TOKEN}
        )
        with pytest.raises(KeyboardInterrupt):
            command.Job(options, {}, Impatient(service.url, TOKEN)).run()
        assert service.asked[-1][:2] == ("POST", "/api/projects/1/runs/12/cancel")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--server", "http://tests.example", "--project", "1"], "--allow-http"),
        (["--server", "ftp://tests.example", "--project", "1"], "https://tests.example.com"),
        (["--server", "https://tests.example", "--project", "x"], "--project"),
        (["--server", "https://tests.example", "--project", "1", "--input", "x"], "NAME=VALUE"),
    ],
)
def test_wrong_use_says_what_to_write(words: list[str], told: str, capsys):
    assert command.main(["run", "--tag", "x", *words], {"WXCLOUDRUN_TOKEN": TOKEN}) == 2
    assert told in capsys.readouterr().err


def test_without_a_token_one_is_told_where_to_get_it(capsys):
    assert command.main(["run", "--tag", "x", "--server", "https://a.example", "--project", "1"], {}) == 2
    assert "WXCLOUDRUN_TOKEN" in capsys.readouterr().err


def test_what_the_service_refuses_is_wrong_use_with_its_fields(capsys):
    fields = [{"field": "inputs.shop", "reason": "missing"}]
    refused = [lambda handler: handler.refuse(422, "invalid_input", fields=fields)]
    with serving(FakeService(answers=refused)) as service:
        assert called(service) == 2
    assert "It is invalid_input; inputs.shop: missing" in capsys.readouterr().err


def test_a_start_that_is_sent_again_has_the_same_key_and_a_pause_as_told(monkeypatch):
    paused: list[float] = []
    busy = [lambda handler: handler.refuse(503, "database_unavailable", retry_after=5)] * 2
    with serving(FakeService(answers=busy)) as service:
        options = command.read(
            ["run", "--server", service.url, "--project", "1", "--tag", "x"], {"WXCLOUDRUN_TOKEN": TOKEN}
        )
        assert command.Job(options, {}, Service(service.url, TOKEN, sleep=paused.append)).run() == 0
        keys = {headers["Idempotency-Key"] for method, _, _, headers in service.asked if method == "POST"}
    assert len(keys) == 1
    assert paused[:2] == [5.0, 5.0]


def test_a_service_that_is_away_for_two_minutes_is_infrastructure(capsys, monkeypatch):
    clock = iter(range(0, 10_000, 50))
    before = Service.__init__

    def hurried(self: Any, *arguments: Any) -> None:
        before(self, *arguments, sleep=lambda _: None, monotonic=lambda: next(clock))

    monkeypatch.setattr(Service, "__init__", hurried)
    with serving(FakeService()) as service:
        pass
    assert called(service) == 3
    assert "does not answer" in capsys.readouterr().err


def test_a_redirect_leads_the_token_nowhere():
    with serving(FakeService()) as other, serving(FakeService()) as service:
        moved = [lambda handler: handler.answer(307, b"", Location=f"{other.url}/api/projects/1/runs")]
        service.answers = moved
        assert called(service) == 3
        assert other.asked == []


def test_a_page_that_is_no_reply_is_infrastructure(monkeypatch):
    clock = iter(range(0, 10_000, 50))
    before = Service.__init__

    def hurried(self: Any, *arguments: Any) -> None:
        before(self, *arguments, sleep=lambda _: None, monotonic=lambda: next(clock))

    monkeypatch.setattr(Service, "__init__", hurried)
    with serving(FakeService(answers=[lambda handler: handler.answer(200, b"<html>log in</html>")] * 9)) as service:
        assert called(service) == 3


def test_the_same_job_asks_with_the_same_key_and_its_next_attempt_with_another():
    job = {
        "GITHUB_REPOSITORY": "a/b",
        "GITHUB_RUN_ID": "5",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_JOB": "test",
        "GITHUB_ACTION": "run",
        "WXCLOUDRUN_TOKEN": TOKEN,
    }
    words = ["run", "--server", "https://a.example", "--project", "1", "--tag", "x"]
    first = command.read(words, job).key
    assert command.read(words, job).key == first
    assert command.read(words, job | {"GITHUB_RUN_ATTEMPT": "2"}).key != first
    assert command.read([*words, "--environment", "2"], job).key != first


def test_the_run_is_told_branch_commit_inputs_and_limits():
    given = ["--input", "count=3", "--input", "name=小明", "--label", "version=1.2", "--timeout", "90"]
    with serving(FakeService()) as service:
        assert called(service, *given, GITHUB_REF_NAME="main", GITHUB_SHA="abc") == 0
        body = service.asked[0][2]
    assert body == {
        "scenario_id": 3,
        "priority": "ci",
        "deadline_ms": 90_000,
        "inputs": {"count": 3, "name": "小明"},
        "labels": {"branch": "main", "commit": "abc", "version": "1.2"},
    }


def test_files_are_written_and_the_verdict_is_there_for_programs(tmp_path: Path):
    names = ["--junit", "out/junit.xml", "--html", "report.html", "--json", "verdict.json", "--summary", "sum.md"]
    words = [word if word.startswith("--") else str(tmp_path / word) for word in names]
    with serving(FakeService("failed", BROKEN, comparison=COMPARED)) as service:
        assert called(service, *words) == 1
    assert (tmp_path / "out" / "junit.xml").read_bytes() == b"<report/>"
    assert (tmp_path / "report.html").read_bytes() == b"<report/>"
    told = json.loads((tmp_path / "verdict.json").read_text())
    assert (told["verdict"], told["exit_code"], told["run"]["id"]) == ("failed", 1, 12)
    assert "| create \\[row 2\\] | status |" in (tmp_path / "sum.md").read_text()


def test_a_job_that_writes_reports_does_not_know_the_token(tmp_path: Path, capsys):
    with serving(FakeService("failed", BROKEN)) as service:
        called(service, "--json", str(tmp_path / "verdict.json"), "--summary", str(tmp_path / "sum.md"))
    texts = [path.read_text() for path in tmp_path.iterdir()]
    captured = capsys.readouterr()
    assert TOKEN not in "".join([*texts, captured.out, captured.err])


def test_the_served_file_runs_by_itself(tmp_path: Path):
    file = tmp_path / "ci.pyz"
    file.write_bytes(zipped())
    assert zipped() == file.read_bytes(), "its hash can be pinned"
    with serving(FakeService()) as service:
        outcome = subprocess.run(
            [sys.executable, "-I", str(file), "run", "--server", service.url, "--project", "1", "--tag", "smoke"],
            env={"WXCLOUDRUN_TOKEN": TOKEN},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert outcome.returncode == 0, outcome.stderr
    assert "PASSED" in outcome.stdout


def test_an_old_python_understands_every_line():
    for path in (Path(command.__file__).parent).glob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
