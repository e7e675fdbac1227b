"""Which exit code a run and the gates give."""

from typing import Any

import pytest

from wxcloudrun.ci.options import Gates
from wxcloudrun.ci.verdict import CANCELED, FAILED, INFRASTRUCTURE, PASSED, Facts, judged


def run(state: str = "failed", passed: int = 9, failed: int = 1, error: int = 0) -> dict[str, Any]:
    return {"state": state, "reason": None, "counts": {"passed": passed, "failed": failed, "error": error}}


def compared(new: int) -> dict[str, Any]:
    return {"baseline": {"run_id": 7}, "counts": {"new_failures": new}}


@pytest.mark.parametrize(
    ("state", "code"), [("passed", PASSED), ("failed", FAILED), ("error", INFRASTRUCTURE), ("canceled", CANCELED)]
)
def test_without_gates_the_runs_state_decides(state: str, code: int):
    assert judged(Facts(run(state)), Gates()).code == code


@pytest.mark.parametrize(("least", "code"), [(90, PASSED), (90.1, FAILED), (0, PASSED), (100, FAILED)])
def test_a_pass_rate_that_is_enough_lets_a_failure_pass(least: float, code: int):
    assert judged(Facts(run()), Gates(min_pass_rate=least)).code == code


def test_nothing_that_ran_is_no_pass():
    assert judged(Facts(run("passed", 0, 0)), Gates(min_pass_rate=1)).code == FAILED


@pytest.mark.parametrize(("new", "code"), [(0, PASSED), (1, FAILED)])
def test_old_failures_are_let_through_and_new_ones_not(new: int, code: int):
    assert judged(Facts(run(), comparison=compared(new)), Gates(no_new_failures=True)).code == code


def test_without_a_green_run_every_failure_is_new():
    assert judged(Facts(run()), Gates(no_new_failures=True)).code == FAILED
    assert judged(Facts(run("passed", 10, 0)), Gates(no_new_failures=True)).code == PASSED


@pytest.mark.parametrize(("p95", "code"), [(500, PASSED), (500.1, FAILED), (None, FAILED)])
def test_a_slow_run_fails(p95: float | None, code: int):
    assert judged(Facts(run("passed"), totals={"p95_ms": p95}), Gates(max_p95_ms=500)).code == code


def test_every_gate_must_hold_and_each_is_told():
    facts = Facts(run(), totals={"p95_ms": 900}, comparison=compared(0))
    verdict = judged(facts, Gates(min_pass_rate=50, no_new_failures=True, max_p95_ms=500))
    assert verdict.code == FAILED
    assert verdict.reasons == (
        "pass rate 90.0 % (at least 50 %)",
        "0 new failures since run 7",
        "p95 900 ms (more than 500 ms)",
    )


def test_no_gate_makes_a_canceled_or_broken_run_good():
    assert judged(Facts(run("canceled")), Gates(min_pass_rate=0)).code == CANCELED
    assert judged(Facts(run("error", 0, 0)), Gates(min_pass_rate=0)).code == INFRASTRUCTURE


def failing(*case_ids: int) -> list[dict[str, Any]]:
    return [{"case_id": case_id} for case_id in case_ids]


@pytest.mark.parametrize(
    ("gates", "code"),
    [(Gates(), PASSED), (Gates(min_pass_rate=100), PASSED), (Gates(no_new_failures=True), PASSED)],
    ids=["none", "rate", "new"],
)
def test_a_case_in_quarantine_stops_nothing(gates: Gates, code: int):
    facts = Facts(run(), failures=failing(7), quarantined=frozenset({7}))
    assert judged(facts, gates).code == code
    assert judged(Facts(run(), failures=failing(7), quarantined=frozenset({8})), gates).code == FAILED
    two = Facts(run(passed=8, failed=2), failures=failing(7, 8), quarantined=frozenset({7}))
    assert judged(two, gates).code == FAILED


def test_a_new_failure_in_quarantine_is_none():
    comparison = compared(1) | {"new_failures": failing(7)}
    facts = Facts(run(), comparison=comparison, failures=failing(7), quarantined=frozenset({7}))
    assert judged(facts, Gates(no_new_failures=True)).code == PASSED
