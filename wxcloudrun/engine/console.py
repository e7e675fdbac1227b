"""Runs a plan file for a person at a terminal: a line a step, the reasons of failures, a summary, an exit code."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from wxcloudrun.engine.bounds import Cancel
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.plan.plan import Plan
from wxcloudrun.engine.result.records import Outcome
from wxcloudrun.engine.result.result import RunOutcome, RunSummary, StepResult
from wxcloudrun.engine.run.runner import Engine

PASSED, FAILED, WRONG_PLAN, ERROR, CANCELED = 0, 1, 2, 3, 4

Write = Callable[[str], Any]

_EXIT = {
    RunOutcome.PASSED: PASSED,
    RunOutcome.FAILED: FAILED,
    RunOutcome.ERROR: ERROR,
    RunOutcome.CANCELED: CANCELED,
}
_MARK = {Outcome.PASSED: "ok", Outcome.FAILED: "FAILED", Outcome.ERROR: "ERROR", Outcome.SKIPPED: "skipped"}


def run_plan_file(
    path: Path | str,
    *,
    allow: Sequence[str] = (),
    out: Write,
    cancel: Cancel | None = None,
    on_result: Callable[[StepResult], Any] | None = None,
) -> int:
    """Run the plan in a file and write a transcript, one line a call.

    `allow` are address ranges besides those the plan allows. Exit codes: 0 passed, 1 failed, 2 the plan cannot work,
    3 error, 4 canceled.
    """
    try:
        plan = read_plan(path)
        engine = Engine(_allowing(plan, allow), cancel=cancel or threading.Event())
    except DefinitionError as fault:
        out(f"{path}: this plan cannot work")
        out(f"  {fault}")
        return WRONG_PLAN
    for result in engine.run():
        _write_result(result, out)
        if on_result is not None:
            on_result(result)
    _write_summary(engine.summary, out)
    return _EXIT[engine.summary.outcome]


def read_plan(path: Path | str) -> Plan:
    """The plan in a JSON file; raises `DefinitionError` that names the first field that does not fit."""
    try:
        data = Path(path).read_bytes()
    except OSError as fault:
        raise DefinitionError("plan", f"the file cannot be read: {fault.strerror}") from None
    try:
        return Plan.model_validate_json(data)
    except ValidationError as error:
        fault_found = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in fault_found["loc"]) or "plan"
    raise DefinitionError(field, str(fault_found["msg"]).removeprefix("Value error, "))


def _allowing(plan: Plan, allow: Sequence[str]) -> Plan:
    if not allow:
        return plan
    network = plan.network.model_copy(update={"allowed": (*plan.network.allowed, *allow)})
    return plan.model_copy(update={"network": network})


def _write_result(result: StepResult, out: Write) -> None:
    names = " > ".join(name for name in (*result.trail, result.name or result.path) if name)
    row = f" [{result.dataset.name or result.dataset.key}]" if result.dataset else ""
    status = f" {result.response.status}" if result.response else ""
    out(f"{_MARK[result.outcome]:<8}{names}{row}{status} ({result.duration_ms:.0f} ms)")
    if result.outcome is Outcome.SKIPPED:
        out(f"        {result.reason}")
        return
    for line in result.explain().splitlines()[1:]:
        out(f"      {line}")
    for line in result.log:
        out(f"        log: {line}")


def _write_summary(summary: RunSummary, out: Write) -> None:
    for warning in summary.warnings:
        out(f"warning: {warning}")
    counts = f"{summary.passed} passed, {summary.failed} failed, {summary.error} errors, {summary.skipped} skipped"
    retried = f" ({summary.passed_after_retry} after retry)" if summary.passed_after_retry else ""
    reason = f": {summary.reason}" if summary.reason else ""
    out(f"{summary.outcome.value}{reason}: {counts}{retried} in {summary.duration_ms / 1000:.2f} s")
