"""Runs a plan file for a person at a terminal: a line a step, the reasons of failures, a summary, an exit code."""

import json
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from wxcloudrun.engine.bounds import Cancel
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.plan.plan import Plan
from wxcloudrun.engine.result.explain import one_line
from wxcloudrun.engine.result.records import Outcome
from wxcloudrun.engine.result.result import RunOutcome, RunSummary, StepResult
from wxcloudrun.engine.run.runner import Engine
from wxcloudrun.engine.shape import Faults, shape_faults

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

    `allow` are address ranges besides those the plan allows. Without `cancel`, Ctrl-C and SIGTERM cancel the run, whose
    teardown still runs; a second one ends the process. Exit codes: 0 passed, 1 failed, 2 the plan cannot work,
    3 error, 4 canceled.
    """
    stop = threading.Event()
    with _until_told(stop) if cancel is None else nullcontext():
        return _run(path, allow, out, cancel or stop, on_result)


def _run(
    path: Path | str, allow: Sequence[str], out: Write, cancel: Cancel, on_result: Callable[[StepResult], Any] | None
) -> int:
    try:
        plan = read_plan(path)
        engine = Engine(_allowing(plan, allow), cancel=cancel)
    except DefinitionError as fault:
        out(f"{path}: this plan cannot work")
        for line in str(fault).split("\n"):
            out(f"  {one_line(line.removeprefix('  '))}")
        return WRONG_PLAN
    for result in engine.run():
        _write_result(result, out)
        if on_result is not None:
            on_result(result)
    _write_summary(engine.summary, out)
    return _EXIT[engine.summary.outcome]


@contextmanager
def _until_told(stop: threading.Event) -> Iterator[None]:
    """Turns the first SIGINT or SIGTERM into `stop`; only a program's first thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = (signal.SIGINT, signal.SIGTERM)

    def told(*_: object) -> None:
        stop.set()
        for one in signals:
            signal.signal(one, signal.SIG_DFL)

    before = [signal.signal(one, told) for one in signals]
    try:
        yield
    finally:
        for one, handler in zip(signals, before, strict=True):
            signal.signal(one, handler)


def read_plan(path: Path | str) -> Plan:
    """The plan in a JSON file, with or without a byte order mark; raises `Faults`, every field that does not fit."""
    try:
        data = Path(path).read_bytes()
    except OSError as fault:
        raise DefinitionError("plan", f"the file cannot be read: {fault.strerror}") from None
    try:
        text = data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as fault:
        raise DefinitionError("plan", f"the file is not {fault.encoding}: byte {fault.start}") from None
    try:
        return Plan.model_validate_json(text)
    except ValidationError as error:
        raise Faults(shape_faults(Plan, error)) from None


def _allowing(plan: Plan, allow: Sequence[str]) -> Plan:
    if not allow:
        return plan
    network = plan.network.model_copy(update={"allowed": (*plan.network.allowed, *allow)})
    return plan.model_copy(update={"network": network})


def _write_result(result: StepResult, out: Write) -> None:
    names = " > ".join(name for name in (*result.trail, result.name or result.path) if name)
    row = f" [{result.dataset.name or result.dataset.key}]" if result.dataset else ""
    status = f" {result.response['status']}" if result.response else ""
    out(one_line(f"{_MARK[result.outcome]:<8}{names}{row}{status} ({result.duration_ms:.0f} ms)"))
    if result.outcome is Outcome.SKIPPED:
        out(f"        {one_line(result.reason or '')}")
        return
    for line in result.explain().split("\n")[1:]:
        out(f"      {line}")
    for line in result.log:
        out(f"        log: {one_line(line)}")


def _write_summary(summary: RunSummary, out: Write) -> None:
    for warning in summary.warnings:
        out(f"warning: {one_line(warning)}")
    errors = f"{summary.error} error{'' if summary.error == 1 else 's'}"
    counts = f"{summary.passed} passed, {summary.failed} failed, {errors}, {summary.skipped} skipped"
    retried = f" ({summary.passed_after_retry} after retry)" if summary.passed_after_retry else ""
    reason = f": {one_line(summary.reason)}" if summary.reason else ""
    out(f"{summary.outcome.value}{reason}: {counts}{retried} in {summary.duration_ms / 1000:.2f} s")
