"""The run of the demo's scenario that a start shows."""

import pytest

from scripts.demo_run import DemoRun
from scripts.main_job import JobFailedError
from tests.unit.scripts.test_main_job import service  # noqa: F401 - a server that answers from a table

COUNTS = {"passed": 1, "failed": 1, "error": 0}
ENDED = {"id": 9, "title": "demo", "state": "failed", "counts": COUNTS, "reason": None}
LINE = {"seq": 0, "outcome": "passed", "name": "log in", "dataset": None, "status": 200, "duration_ms": 12.3}
BAD = LINE | {"seq": 1, "outcome": "failed", "name": "change", "dataset": "third", "status": 422}
RESULTS = "GET /api/projects/1/runs/9/results"
ANSWERS = {
    "POST /_sim/login-code": (200, {"code": "code-that-nobody-may-read"}),
    "POST /api/login": (200, {"token": "token-that-nobody-may-read"}),
    "GET /api/projects?q=Demo%3A%20this%20service%20tests%20itself": (200, {"items": [{"id": 1}]}),
    "GET /api/projects/1/scenarios?tag=demo": (200, {"items": [{"id": 5}]}),
    "POST /api/projects/1/runs": (200, ENDED | {"state": "queued"}),
    "GET /api/projects/1/runs/9": (200, ENDED),
    RESULTS: (200, {"items": [LINE], "next": "m1"}),
    f"{RESULTS}?cursor=m1": (200, {"items": [], "next": "m2"}),
    f"{RESULTS}?cursor=m2": (200, {"items": [BAD], "next": None}),
    "GET /api/projects/1/runs/9/results/1": (200, {"explanation": "failed: change\n  expected 200"}),
}


def run(service):  # noqa: F811 - the fixture
    lines, slept = [], []
    service.answers.clear()
    service.answers.update(ANSWERS | service.more)
    DemoRun(service.url, service.url, lines.append, slept.append).run()
    return lines, slept


@pytest.fixture(autouse=True)
def _as_it_is(service):  # noqa: F811 - the fixture
    service.more = {}


def test_results_are_shown_as_they_come_and_failures_explained(service):  # noqa: F811 - the fixture
    lines, slept = run(service)
    assert lines[0] == "  run 9: demo"
    assert [line.split()[0] for line in lines[1:3]] == ["ok", "FAILED"]
    assert "change [third]" in lines[2]
    assert lines[3] == "  failed: 1 passed, 1 failed, 0 errors"
    assert "      expected 200" in lines
    assert len(slept) == 1, "only where nothing had come"
    assert not [line for line in lines if "nobody-may-read" in line]


@pytest.mark.parametrize("state", ["error", "canceled"])
def test_a_run_that_was_not_carried_out_is_a_failed_start(service, state):  # noqa: F811 - the fixture
    service.more = {"GET /api/projects/1/runs/9": (200, ENDED | {"state": state, "reason": "no worker"})}
    with pytest.raises(JobFailedError, match=f"ended as {state}: no worker"):
        run(service)


def test_a_demo_that_somebody_took_or_emptied_is_no_failure(service):  # noqa: F811 - the fixture
    service.more = {"GET /api/projects/1/scenarios?tag=demo": (200, {"items": []})}
    assert "scenario is gone" in run(service)[0][0]
    service.more = {"GET /api/projects?q=Demo%3A%20this%20service%20tests%20itself": (200, {"items": []})}
    assert "somebody else" in run(service)[0][0]


def test_a_refusal_says_where(service):  # noqa: F811 - the fixture
    service.more = {"POST /api/projects/1/runs": (409, {"error": "nothing_to_run"})}
    with pytest.raises(JobFailedError, match="POST /api/projects/1/runs was answered 409 .*nothing_to_run"):
        run(service)
