"""The rows of the reports' benchmark: a project with one reader, runs of one scenario, results of which some failed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, insert

from wxcloudrun.features.projects.models import MemberRole, Project, ProjectMember
from wxcloudrun.features.runs.models import Priority, RunState, StepOutcome, Trigger
from wxcloudrun.features.runs.packing import packed
from wxcloudrun.features.users.models import User

PROJECT: Final = 1
READER: Final = 1
STEPS: Final = 100
DEEP: Final = 10_000
_WRONG: Final = 20  # one of so many fails
_MESSAGE: Final = "expected status to equal 200, got 500"
_TIMING: Final = dict.fromkeys(
    ("resolve_ms", "connect_ms", "tls_ms", "send_ms", "wait_ms", "receive_ms", "total_ms"), 1.0
)


def people(connection: Connection, at: datetime) -> None:
    """The reader and the project."""
    connection.execute(insert(User), [{"id": READER, "created_at": at, "updated_at": at}])
    connection.execute(insert(Project), [{"id": PROJECT, "name": "p", "created_at": at, "updated_at": at}])
    member = {"project_id": PROJECT, "user_id": READER, "joined_at": at, "role": MemberRole.VIEWER}
    connection.execute(insert(ProjectMember), [member])


def run_row(number: int, at: datetime, steps: int = STEPS) -> dict[str, Any]:
    """A failed run of scenario 1."""
    zero = dict.fromkeys(("fence", "claims", "ahead", "skipped", "error", "after_retry"), 0)
    failed = steps // _WRONG
    return {
        **zero,
        "id": number,
        "project_id": PROJECT,
        "title": "nightly",
        "scenario_id": 1,
        "environment": "staging",
        "trigger": Trigger.SCHEDULE,
        "priority": Priority.SCHEDULE,
        "state": RunState.FAILED,
        "created_at": at,
        "started_at": at,
        "ended_at": at + timedelta(seconds=30),
        "stored": steps,
        "passed": steps - failed,
        "failed": failed,
        "requests": steps,
    }


def results(run: int, count: int, begin: int = 0) -> Iterator[dict[str, Any]]:
    """Results of a run, from that number on."""
    details = {bad: packed(_detail(bad)) for bad in (False, True)}
    for seq in range(begin, begin + count):
        bad = seq % _WRONG == _WRONG - 1
        yield {
            "run_id": run,
            "seq": seq,
            "path": f"steps/{seq}",
            "ordinal": f"2{seq:05}",
            "kind": "case",
            "phase": "steps",
            "name": f"step {seq % 40}",
            "case_id": seq % 40 + 1,
            "dataset": f"row {seq}",
            "outcome": StepOutcome.FAILED if bad else StepOutcome.PASSED,
            "status": 500 if bad else 200,
            "started_at": "2026-01-01T00:00:00.000Z",
            "duration_ms": float(seq % 97),
            "message": _MESSAGE if bad else None,
            "detail": details[bad],
        }


def _detail(bad: bool) -> dict[str, Any]:
    """What the engine tells of a step, as long as it usually is."""
    headers = [["Host", "api.example.test"], ["Accept", "*/*"], ["User-Agent", "wxcloudrun/1"]]
    body = {"head": '{"ok":true}', "encoding": "text", "size": 11, "sha256": "ab" * 32, "truncated": False}
    body["charset"] = "utf-8"
    status = 500 if bad else 200
    outcome = "failed" if bad else "passed"
    attempt = {"number": 1, "outcome": outcome, "sent_at": "2026-01-01T00:00:00.000Z", "wait_ms": 0.0}
    attempt |= {"status": status, "error_class": None, "message": None, "timing": _TIMING, "peer": "10.0.0.1:443"}
    request = {"method": "GET", "url": "https://api.example.test/v1/orders/17", "headers": headers, "curl": ""}
    response = {"status": status, "reason": "", "http_version": "1.1", "headers": headers, "timing": _TIMING}
    response |= {"body": body, "url": request["url"], "cookies": [], "peer": "10.0.0.1:443", "hops": []}
    assertion = {"index": 0, "passed": not bad, "name": "", "source": "status", "comparator": "eq", "expected": 200}
    assertion |= {
        "actual": status,
        "where": "status",
        "nearest": None,
        "places": [],
        "message": _MESSAGE if bad else "",
    }
    return {
        "trail": [],
        "iteration": None,
        "attempts": [attempt],
        "request": {**request, "body": body},
        "response": response,
        "assertions": [assertion],
        "explanation": f"failed: step\n  {_MESSAGE}" if bad else None,
    }
