"""What ends a run before its time: a cancel, a deadline, a bound on results."""

import threading
import time

import pytest

from tests.pace import patience, promptly
from tests.unit.engine.plans import outcomes, plan_of, run, step


def test_a_cancel_stops_within_a_second_and_teardown_still_runs(target):
    cancel = threading.Event()
    scenario = {"teardown": [step("/count/down", status=None)]}
    plan = plan_of(target, [step("/slow?ms=8000"), step("/")], scenario=scenario)
    threading.Timer(0.2, cancel.set).start()
    with promptly(1.2):
        results, summary = run(plan, cancel=cancel)
    assert (
        outcomes(results) == {"steps/0": "error", "steps/1": "skipped", "teardown/0": "passed"}
        or results[2].response["status"] == 404
    )
    assert results[0].error.error_class == "canceled"
    assert results[1].reason == "the run was canceled"
    assert summary.outcome == "canceled"


@pytest.mark.parametrize(
    "waiting", [{"wait_ms": 60_000}, step("/status/503", retry={"attempts": 9, "interval_ms": 60_000})]
)
def test_a_cancel_ends_waiting_too(target, waiting):
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    with promptly(1.2):
        results, summary = run(plan_of(target, [waiting]), cancel=cancel)
    assert results[0].error.error_class == "canceled"
    assert summary.outcome == "canceled"


def test_the_deadline_ends_the_run_as_an_error(target):
    plan = plan_of(target, [step("/slow?ms=5000"), step("/")], limits={"deadline_ms": 300})
    with promptly(1.5):
        results, summary = run(plan)
    assert results[0].error.error_class == "timeout"
    assert results[1].reason == "the run's time is used up"
    assert (summary.outcome, summary.reason) == ("error", "the run's time is used up")


def test_teardown_has_time_of_its_own_and_no_more(target):
    scenario = {"teardown": [{"wait_ms": 60_000}]}
    with promptly(1.5):
        results, _ = run(plan_of(target, [step("/")], scenario=scenario, limits={"teardown_ms": 200}))
    assert results[1].error.error_class == "timeout"


def test_a_cancel_in_the_middle_of_a_teardown_ends_it_too(target):
    scenario = {"teardown": [{"wait_ms": 60_000}]}
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    began = time.monotonic()
    plan = plan_of(target, [step("/")], scenario=scenario, limits={"cancel_teardown_ms": 200})
    results, summary = run(plan, cancel=cancel)
    assert 0.4 < time.monotonic() - began < 1.3 * patience()
    assert results[1].error.error_class == "canceled"
    assert summary.outcome == "canceled"


def test_the_number_of_results_is_bounded(target):
    results, summary = run(plan_of(target, [step("/", repeat={"times": 50}), step("/")], limits={"max_steps": 5}))
    assert sum(result.outcome == "passed" for result in results) == 5
    assert summary.outcome == "error"
    assert "limit of 5 results" in summary.reason
