"""Runs and steps for tests of exporters, and texts that want to be more than text."""

from typing import Any

from wxcloudrun.exporters.report import RunFacts, StepFacts, Totals

HOSTILE = "</script><script>alert(1)</script> ]]> \"'&\x00\x07\x1b[31m \u202egnp.exe \u2028 =cmd() \ud800 订单"
STEERING = ("\x00", "\x07", "\x1b", "\u202e", "\u2028", "\ud800")


def a_run(**more: Any) -> RunFacts:
    """A run that failed."""
    told: dict[str, Any] = {
        "id": 42,
        "project": "Payments v1.2",
        "name": "log in, pay",
        "title": "log in, pay",
        "state": "failed",
        "reason": None,
        "environment": "staging",
        "trigger": "api",
        "started_at": "2026-01-02T03:04:05.000Z",
        "ended_at": "2026-01-02T03:04:15.000Z",
        "totals": Totals(passed=1, failed=1, requests=2, duration_ms=10_000.0),
    }
    return RunFacts(**(told | more))


def counted(steps: list[StepFacts]) -> Totals:
    """The totals of these steps."""
    numbers = {name: sum(step.outcome == name for step in steps) for name in ("passed", "failed", "error", "skipped")}
    again = sum(step.good and bool(step.earlier) for step in steps)
    return Totals(**numbers, passed_after_retry=again, requests=len(steps), duration_ms=1000.0)


def a_step(seq: int = 0, outcome: str = "passed", **more: Any) -> StepFacts:
    """A step that sent a request, as the engine tells of it."""
    bad = outcome in ("failed", "error")
    told: dict[str, Any] = {
        "seq": seq,
        "path": f"steps/{seq}",
        "phase": "steps",
        "kind": "case",
        "name": f"step {seq}",
        "outcome": outcome,
        "started_at": "2026-01-02T03:04:06.500Z",
        "duration_ms": 12.5,
        "error_class": "connect" if outcome == "error" else None,
        "status": None if outcome == "error" else 500 if bad else 200,
        "message": "expected status to equal 200, got 500" if bad else None,
        "explanation": "failed: step\n  repeat: curl http://x" if bad else None,
    }
    detail = more.pop("detail", None)
    told["detail"] = a_detail(outcome) if detail is None else detail
    return StepFacts(**(told | more))


def a_detail(outcome: str = "passed", **more: Any) -> dict[str, Any]:
    """What the engine tells of a step."""
    answer = None if outcome == "error" else a_response()
    detail: dict[str, Any] = {
        "attempts": [an_attempt(1, outcome)],
        "request": a_request(),
        "response": answer,
        "assertions": [an_assertion(outcome == "passed")],
        "variables": [{"name": "base", "scope": "environment", "value": "x", "secret": False, "hash": None}],
        "extractions": [],
        "log": [],
        "error": None,
        "reason": None,
    }
    return detail | more


def an_attempt(number: int, outcome: str = "passed", **more: Any) -> dict[str, Any]:
    """One sending."""
    told = {"number": number, "outcome": outcome, "sent_at": f"2026-01-02T03:04:0{number}.000Z", "wait_ms": 0.0}
    told |= {"status": 200, "error_class": None, "message": None, "timing": dict(TIMING), "peer": "127.0.0.1:80"}
    return told | {"trace_id": None, "parent_id": None} | more


def an_assertion(passed: bool, **more: Any) -> dict[str, Any]:
    """A verdict."""
    told = {"index": 0, "passed": passed, "name": "", "source": "status", "comparator": "eq", "expected": 200}
    told |= {"actual": 200 if passed else 500, "where": "status", "nearest": None, "places": []}
    return told | {"message": "" if passed else "expected status to equal 200, got 500"} | more


def a_body(text: str = "", **more: Any) -> dict[str, Any]:
    """A body that is kept whole."""
    size = len(text.encode("utf-8", "replace"))
    return {"head": text, "encoding": "text", "size": size, "sha256": "", "truncated": False, "charset": "utf-8"} | more


def a_request(**more: Any) -> dict[str, Any]:
    """A request with a key that was masked."""
    headers = [["Host", "api.example"], ["Authorization", "Bearer ***"], ["Content-Type", "application/json"]]
    told = {"method": "POST", "url": "http://api.example/pay?key=***&n=1", "headers": headers, "curl": ""}
    return told | {"body": a_body('{"pin":"***","sum":5}')} | more


def a_response(**more: Any) -> dict[str, Any]:
    """An answer."""
    told = {"status": 200, "reason": "OK", "http_version": "1.1", "headers": [["Content-Type", "application/json"]]}
    told |= {"body": a_body('{"ok":true}'), "url": "http://api.example/pay", "timing": dict(TIMING), "cookies": []}
    return told | {"peer": "127.0.0.1:80", "hops": [], "certificate": None} | more


TIMING = {
    "resolve_ms": 1.0, "connect_ms": 2.0, "tls_ms": 3.0, "send_ms": 0.5, "wait_ms": 5.0, "receive_ms": 1.0,
    "total_ms": 12.5,
}  # fmt: skip
