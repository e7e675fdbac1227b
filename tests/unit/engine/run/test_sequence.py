"""Steps one after the other: what they hand on, what stops them, what is skipped, groups."""

import time

import pytest

from tests.unit.engine.plans import outcomes, plan_of, run, step

LOGIN = step(
    "/login",
    "POST",
    {"user": "{{user}}", "password": "{{password}}"},
    name="log in",
    extract={"token": "$.token"},
)
PEOPLE = [{"name": "user", "value": "eve"}, {"name": "password", "value": "s3cret-password", "secret": True}]


def test_values_go_from_step_to_step(target):
    steps = [
        LOGIN,
        step("/me", request={"headers": {"Authorization": "Bearer {{token}}"}}, expect={"$.name": "{{user}}"}),
    ]
    results, summary = run(plan_of(target, steps, environment={"variables": PEOPLE}))
    assert outcomes(results) == {"steps/0": "passed", "steps/1": "passed"}
    assert (summary.outcome, summary.passed, summary.requests) == ("passed", 2, 2)
    assert results[1].variables[0]["name"] == "token"
    assert results[1].variables[0]["scope"] == "extracted"


def test_a_false_assertion_fails_the_step_and_all_assertions_are_reported(target):
    results, summary = run(
        plan_of(target, [step("/", expect={"$.name": "other", "$.nothing": 1, "$.items[0].sku": "a"})])
    )
    assert [one["passed"] for one in results[0].assertions] == [True, False, False, True]
    assert results[0].outcome == "failed"
    assert summary.outcome == "failed"


def test_a_failure_stops_the_scenario_and_the_rest_is_reported_as_skipped(target):
    steps = [step("/status/500", name="broken"), step("/", name="never"), step("/", name="never too")]
    results, summary = run(plan_of(target, steps))
    assert outcomes(results) == {"steps/0": "failed", "steps/1": "skipped", "steps/2": "skipped"}
    assert results[1].reason == "step `broken` before it: failed"
    assert (summary.failed, summary.skipped, summary.success_rate) == (1, 2, 0.0)


@pytest.mark.parametrize(("scenario", "own"), [({"stop_on_failure": False}, {}), ({}, {"stop_on_failure": False})])
def test_a_failure_need_not_stop(target, scenario, own):
    steps = [step("/status/500", **own), step("/")]
    results, _ = run(plan_of(target, steps, scenario=scenario))
    assert outcomes(results) == {"steps/0": "failed", "steps/1": "passed"}


def test_teardown_runs_after_a_failure_and_setup_runs_once_before(target):
    scenario = {"setup": [step("/count/setup", status=None)], "teardown": [step("/count/down", status=None)]}
    results, _ = run(plan_of(target, [step("/status/500")], scenario=scenario))
    assert [result.phase.value for result in results] == ["setup", "steps", "teardown"]
    assert target.paths() == ["GET /count/setup", "GET /status/500", "GET /count/down"]


def test_a_setup_that_fails_skips_the_steps_but_not_the_teardown(target):
    scenario = {"setup": [step("/status/500")], "teardown": [step("/")]}
    results, summary = run(plan_of(target, [step("/")], scenario=scenario))
    assert outcomes(results) == {"setup/0": "failed", "steps/0": "skipped", "teardown/0": "passed"}
    assert results[1].reason == "setup: failed"
    assert summary.outcome == "failed"


def test_disabled_steps_and_false_conditions_are_skipped_with_the_reason(target):
    steps = [
        step("/", enabled=False),
        step("/", condition="level > 3", variables=[{"name": "level", "value": 2}]),
        step("/", condition="level > 3", variables=[{"name": "level", "value": 5}]),
    ]
    results, summary = run(plan_of(target, steps))
    assert [result.outcome.value for result in results] == ["skipped", "skipped", "passed"]
    assert [results[0].reason, results[1].reason] == ["disabled", "condition is false: level > 3"]
    assert summary.outcome == "passed"


def test_a_condition_that_cannot_be_evaluated_is_an_error(target):
    results, _ = run(plan_of(target, [step("/", condition="nobody > 3")]))
    assert results[0].error.error_class == "expression"
    assert target.seen == []


def test_groups_share_their_scope_and_are_passed_or_skipped_as_one(target):
    group = {"name": "group", "steps": [step("/", extract={"first": "$.items[0].sku"}), step("/echo?x={{first}}")]}
    results, _ = run(plan_of(target, [group, step("/echo?y={{first}}"), {**group, "condition": "false"}]))
    assert outcomes(results) == {
        "steps/0/steps/0": "passed",
        "steps/0/steps/1": "passed",
        "steps/1": "passed",
        "steps/2": "skipped",
    }
    assert results[0].trail == ("group",)


def test_waiting_takes_its_time(target):
    began = time.monotonic()
    results, _ = run(
        plan_of(
            target,
            [{"name": "breathe", "wait_ms": 80}, {"wait_ms": "{{ms}}", "variables": [{"name": "ms", "value": "x"}]}],
        )
    )
    assert time.monotonic() - began > 0.07
    assert results[0].duration_ms >= 75
    assert results[1].error.error_class == "variable"
