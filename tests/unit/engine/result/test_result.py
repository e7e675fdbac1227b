"""Results as JSON."""

import json

from wxcloudrun.engine.errors import ErrorClass
from wxcloudrun.engine.response import Cookie
from wxcloudrun.engine.result.records import Carried, Outcome, Phase, StepFault
from wxcloudrun.engine.result.result import RunOutcome, RunSummary, StepResult, WriteBack


def result(**parts):
    fields = {
        "ordinal": "200000",
        "path": "steps/0",
        "kind": "case",
        "outcome": Outcome.PASSED,
        "key": "k",
        "name": "n",
        "phase": Phase.STEPS,
        "started_at": "2026-01-01T00:00:00.000Z",
        "duration_ms": 1.5,
    }
    return StepResult(**{**fields, **parts})


def test_a_result_is_plain_json():
    data = result(error=StepFault(ErrorClass.TIMEOUT, "slow"), trail=("a", "b")).to_json()
    assert json.loads(json.dumps(data)) == data
    assert (data["outcome"], data["phase"], data["trail"]) == ("passed", "steps", ["a", "b"])
    assert data["error"] == {"error_class": "timeout", "message": "slow", "detail": None}


def test_values_for_resuming_are_neither_in_json_nor_in_representations():
    one = result(carried=(Carried("t", "s3cret-value", True),), cookies=(Cookie("sid", "s3cret-cookie"),))
    assert "s3cret" not in json.dumps(one.to_json()) + repr(one)
    assert "s3cret" not in repr(RunSummary(RunOutcome.PASSED, write_back=(WriteBack("t", "s3cret-value"),)))


def test_passing_after_a_failed_attempt_is_told():
    attempts = ({"number": 1, "outcome": "failed"}, {"number": 2, "outcome": "passed"})
    assert result(attempts=attempts).passed_after_retry
    assert not result(attempts=attempts[1:]).passed_after_retry
    assert not result(attempts=attempts, outcome=Outcome.FAILED).passed_after_retry


def test_the_success_rate_counts_what_was_carried_out():
    summary = RunSummary(RunOutcome.FAILED, passed=3, failed=1, skipped=6)
    assert (summary.total, summary.success_rate) == (10, 0.75)
    assert RunSummary(RunOutcome.PASSED).success_rate == 1.0
    assert RunSummary(RunOutcome.PASSED).to_json()["outcome"] == "passed"
