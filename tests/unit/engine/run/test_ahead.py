"""`resume.ahead`: of the steps without a result the first so many may have been sent, and are not sent again."""

import pytest

from tests.unit.engine.plans import demo, outcomes, plan_of, run, step
from wxcloudrun.engine.run.doubt import NO_DOUBT, Doubt


@pytest.fixture
def target():
    with demo() as server:
        yield server


def post(name, **parts):
    return step(f"/echo/{name}", "POST", {}, stop_on_failure=False, **parts)


def taken_over(target, steps, ahead, done=(), **parts):
    resume = {"ahead": ahead, "done": {path: {"outcome": "passed"} for path in done}}
    return run(plan_of(target, steps, resume=resume, **parts))


def test_the_first_unsafe_steps_without_a_result_are_interrupted_and_the_next_is_sent(target):
    results, summary = taken_over(target, [post(name) for name in "abcd"], 2, done=["steps/0"])
    assert outcomes(results) == {"steps/1": "error", "steps/2": "error", "steps/3": "passed"}
    assert {result.error.error_class.value for result in results[:2]} == {"interrupted"}
    assert "idempotent" in results[0].error.message
    assert target.paths() == ["POST /echo/d"]
    assert summary.outcome == "error"


def test_what_changes_nothing_is_sent_again_and_does_not_count(target):
    steps = [step("/echo/a", "GET"), post("b"), post("c", idempotent=True), post("d")]
    results, _ = taken_over(target, steps, 1)
    assert outcomes(results) == {"steps/0": "passed", "steps/1": "error", "steps/2": "passed", "steps/3": "passed"}
    assert target.paths() == ["GET /echo/a", "POST /echo/c", "POST /echo/d"]


def test_a_step_that_sends_nothing_did_not_send_then_either(target):
    steps = [post("{{nobody_knows}}"), post("b", enabled=False), post("c"), post("d")]
    results, _ = taken_over(target, steps, 1)
    assert [result.outcome.value for result in results] == ["error", "skipped", "error", "passed"]
    assert [getattr(result.error, "error_class", None) for result in results] == ["variable", None, "interrupted", None]
    assert target.paths() == ["POST /echo/d"]


def test_a_retry_does_not_send_what_may_have_been_sent(target):
    results, _ = taken_over(target, [post("a", retry={"attempts": 5, "interval_ms": 1, "on": ["error"]})], 1)
    assert outcomes(results) == {"steps/0": "error"}
    assert target.seen == []


def test_a_later_attempt_of_a_step_that_is_surely_new_is_sent(target):
    retried = step("/flaky?key=ahead&failures=1", "POST", {}, retry={"attempts": 3, "interval_ms": 1})
    results, _ = taken_over(target, [post("a"), retried], 1)
    assert outcomes(results) == {"steps/0": "error", "steps/1": "passed"}


def test_in_each_branch_the_first_ones_are_left_alone(target):
    branches = [{"steps": [post(f"{branch}{number}") for number in range(3)]} for branch in "xy"]
    results, _ = taken_over(target, [{"parallel": branches}], 1)
    sent = sorted(target.paths())
    assert sent == ["POST /echo/x1", "POST /echo/x2", "POST /echo/y1", "POST /echo/y2"]
    assert sum(result.outcome == "error" for result in results) == 2


def test_of_very_many_branches_only_those_that_may_have_begun(target):
    group = {"for_each": {"items": list(range(60)), "concurrency": 3}, "steps": [post("{{item}}")]}
    results, _ = taken_over(target, [group], 4)
    interrupted = sorted(int(result.path.split("/")[3]) for result in results if result.outcome == "error")
    assert 4 + 3 <= len(interrupted) <= 4 + 2 * 3
    assert interrupted[-1] < 4 + 3 * 3, "they are among the first"
    assert len(target.seen) == 60 - len(interrupted)


def test_after_the_branches_a_sequence_counts_what_it_counted_before():
    doubt = Doubt(3)
    assert doubt.take()
    inner = doubt.branches(2).branch()
    assert [inner.take() for _ in range(3)] == [True, True, False]
    assert [doubt.take() for _ in range(3)] == [True, True, False]


def test_where_nothing_is_in_doubt_no_branch_is():
    assert NO_DOUBT.branches(8).branch() is NO_DOUBT
    assert not NO_DOUBT.take()


def test_nested_branches_of_one_that_surely_did_not_begin_are_free():
    doubt = Doubt(1)
    branches = doubt.branches(1)
    first = [branches.branch() for _ in range(4)]
    assert [one.branches(1).branch().take() for one in first] == [True, True, True, False]
