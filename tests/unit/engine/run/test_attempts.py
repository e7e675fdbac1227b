"""One step sent several times: retry and polling."""

import tempfile
import threading

from tests.unit.engine.plans import plan_of, run, step


def test_retry_passes_in_the_end_and_the_attempts_are_kept(target):
    retry = {"attempts": 4, "interval_ms": 10, "backoff": 2, "statuses": ["5xx"]}
    results, summary = run(plan_of(target, [step("/flaky?key=a&failures=2", retry=retry)]))
    assert results[0].outcome == "passed"
    assert [(one["number"], one["status"], one["outcome"]) for one in results[0].attempts] == [
        (1, 503, "failed"),
        (2, 503, "failed"),
        (3, 200, "passed"),
    ]
    assert [one["wait_ms"] for one in results[0].attempts] == [0, 10, 20]
    assert results[0].passed_after_retry
    assert summary.passed_after_retry == 1
    assert "passed after retry" in results[0].explain()


def test_retries_are_used_up(target):
    results, _ = run(plan_of(target, [step("/status/503", retry={"attempts": 3, "interval_ms": 1})]))
    assert results[0].outcome == "failed"
    assert len(results[0].attempts) == 3


def test_random_values_stay_the_same_in_every_attempt(target):
    step_ = step("/flaky?key=b&failures=1&id={{$uuid}}", retry={"attempts": 2, "interval_ms": 1})
    run(plan_of(target, [step_]))
    assert target.seen[0]["query"]["id"] == target.seen[1]["query"]["id"]


def test_polling_goes_on_until_the_condition_is_true(target):
    steps = [
        step("/orders", "POST", {"sku": "x"}, 201, extract={"order": "$.id"}),
        step(
            "/orders/{{order}}",
            expect={"$.state": "paid"},
            extract={"state": "$.state"},
            poll={"until": "state == 'paid'", "interval_ms": 5, "timeout_ms": 5000},
        ),
    ]
    results, _ = run(plan_of(target, steps))
    assert results[1].outcome == "passed"
    assert len(results[1].attempts) == 3
    assert results[1].attempts[0]["outcome"] == "failed"


def test_polling_ends_at_once_when_it_cannot_become_true(target):
    steps = [
        step("/orders", "POST", {"fail": True}, 201, extract={"order": "$.id"}),
        step(
            "/orders/{{order}}",
            poll={"until": "body.state == 'paid'", "fail_if": "body.state == 'lost'", "interval_ms": 5},
        ),
    ]
    results, _ = run(plan_of(target, steps))
    assert results[1].outcome == "failed"
    assert results[1].reason == "poll: `body.state == 'lost'` became true"
    assert len(results[1].attempts) == 3


def test_polling_has_a_time_limit(target):
    poll = {"until": "status == 200", "interval_ms": 20, "timeout_ms": 100}
    results, _ = run(plan_of(target, [step("/status/202", status=None, poll=poll)]))
    assert results[0].outcome == "failed"
    assert "did not become true within 100 ms" in results[0].reason


def test_polling_stops_at_an_error_unless_told_to_go_through(target):
    poll = {"until": "status == 200", "interval_ms": 5, "timeout_ms": 60}
    results, _ = run(plan_of(target, [step("/hang-up", poll=poll)]))
    assert (results[0].outcome, len(results[0].attempts)) == ("error", 1)
    results, _ = run(plan_of(target, [step("/hang-up", poll={**poll, "through_errors": True})]))
    assert results[0].outcome == "error"
    assert results[0].error.error_class == "protocol"
    assert len(results[0].attempts) > 3


def test_bodies_of_attempts_that_are_not_kept_leave_no_files(target, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    one = step("/long?size=5000", status=500, retry={"attempts": 3, "interval_ms": 1})
    run(plan_of(target, [one], limits={"head_bytes": 100}))
    assert len(target.seen) == 3
    assert list(tmp_path.iterdir()) == []


def test_polling_ends_with_a_cancel_and_with_an_expression_that_fails(target):
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    poll = {"until": "status == 200", "interval_ms": 50}
    results, _ = run(plan_of(target, [step("/status/202", status=None, poll=poll)]), cancel=cancel)
    assert results[0].error.error_class == "canceled"
    results, _ = run(plan_of(target, [step("/", poll={"until": "body.nothing.more > 1"})]))
    assert results[0].error.error_class == "expression"


def test_long_polling_keeps_the_first_and_the_last_attempts(target):
    poll = {"until": "status == 200", "interval_ms": 0, "timeout_ms": 60_000}
    results, _ = run(plan_of(target, [step("/flaky?key=p&failures=80", poll=poll)]))
    numbers = [one["number"] for one in results[0].attempts]
    assert results[0].outcome == "passed"
    assert numbers == [*range(1, 11), *range(42, 82)]
