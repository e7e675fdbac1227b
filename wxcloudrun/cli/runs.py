"""`flask runs`: start, look at and cancel runs from the machine that serves."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

import click
from flask import current_app
from flask.cli import with_appcontext
from pydantic import ValidationError

from wxcloudrun.core.actor import SYSTEM
from wxcloudrun.core.errors import ApiError
from wxcloudrun.features.runs.results import ResultService
from wxcloudrun.features.runs.schemas import ResultLine, ResultsQuery, RunMade, RunView
from wxcloudrun.features.runs.service import RunService

_NUMBER = click.IntRange(1, 2**53 - 1)
_LOOK_S = 0.5
_PATIENCE_S = 10.0
_EXITS = {"passed": 0, "failed": 1, "error": 3, "canceled": 4}
_MARKS = {"passed": "ok", "failed": "FAILED", "error": "ERROR", "skipped": "skipped"}


@click.group()
def runs() -> None:
    """Runs of scenarios; a worker (`flask worker`) carries them out."""


@runs.command()
@click.option("--project", required=True, type=_NUMBER)
@click.option("--scenario", type=_NUMBER, help="What to run: this, --case or --tag.")
@click.option("--case", "case_id", type=_NUMBER)
@click.option("--tag", help="Every scenario that has it.")
@click.option("--environment", type=_NUMBER, help="The project's default environment unless said.")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="JSON or text, for an input; repeatable.")
@click.option("--watch", is_flag=True, help="Show the results as they come, and wait for the end.")
@with_appcontext
def start(project: int, inputs: tuple[str, ...], watch: bool, **what: Any) -> None:
    """Start a run.

    With --watch it exits with 0 passed, 1 failed, 3 error, 4 canceled. Ctrl-C stops watching; the run goes on.
    """
    made = _wanted(inputs, **what)
    started = _answered(lambda: _part(RunService).start(SYSTEM, project, made))
    for warning in started.warnings:
        click.echo(f"Warning: {warning}", err=True)
    click.echo(f"Run {started.id}: {started.title} in {started.environment}")
    if watch:
        raise SystemExit(_EXITS[_watched(project, started.id).state])


@runs.command()
@click.argument("run_id", type=_NUMBER)
@with_appcontext
def show(run_id: int) -> None:
    """Show a run and the results it has."""
    project = _answered(lambda: _part(RunService).project_of(run_id))
    run = _answered(lambda: _part(RunService).view(SYSTEM, project, run_id))
    _tell_results(project, run_id, None)
    _tell_end(run)


@runs.command()
@click.argument("run_id", type=_NUMBER)
@with_appcontext
def cancel(run_id: int) -> None:
    """Cancel a run that waits or goes on."""
    project = _answered(lambda: _part(RunService).project_of(run_id))
    run = _answered(lambda: _part(RunService).cancel(SYSTEM, project, run_id))
    click.echo(f"Run {run_id} {'is canceled' if run.state == 'canceled' else 'is asked to end'}")


def _wanted(
    inputs: tuple[str, ...], scenario: int | None, case_id: int | None, tag: str | None, environment: int | None
) -> RunMade:
    """What the options ask for; raises UsageError."""
    given = {"scenario_id": scenario, "case_id": case_id, "tag": tag}
    if sum(value is not None for value in given.values()) != 1:
        raise click.UsageError("say what to run: one of --scenario, --case and --tag")
    pairs = [text.partition("=") for text in inputs]
    if not all(name and sign for name, sign, _ in pairs):
        raise click.UsageError("--input is written NAME=VALUE")
    values = {name: _value(text) for name, _, text in pairs}
    try:
        return RunMade.model_validate({**given, "environment_id": environment, "inputs": values, "priority": "ci"})
    except ValidationError as error:
        raise click.UsageError("; ".join(str(one["msg"]) for one in error.errors(include_url=False))) from None


def _value(text: str) -> Any:
    """JSON where it is JSON, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _watched(project: int, run_id: int) -> RunView:
    """Tell the results as they come; the run at its end."""
    mark: str | None = None
    began, hinted = time.monotonic(), False
    progress = Progress(sys.stderr)
    while True:
        run = _answered(lambda: _part(RunService).view(SYSTEM, project, run_id))
        progress.clear()
        mark = _tell_results(project, run_id, mark)
        if run.ended_at is not None:
            _tell_end(run)
            return run
        if run.state == "queued" and not hinted and time.monotonic() - began > _PATIENCE_S:
            click.echo("It still waits: does a worker run (`flask worker`)?", err=True)
            hinted = True
        progress.show(run, time.monotonic() - began)
        time.sleep(_LOOK_S)


class Progress:
    """One line below the results that says how far a run is; only where somebody looks at a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._on = stream.isatty()
        self._shown = False

    def show(self, run: RunView, seconds: float) -> None:
        """Write the line anew."""
        counts = run.counts
        told = f"{counts.passed} passed, {counts.failed} failed, {counts.error} errors"
        waits = "waiting" if not run.place else f"waiting, {run.place} before it"
        self._write(f"{run.state if run.state != 'queued' else waits} | {told} | {seconds:.0f} s")
        self._shown = True

    def clear(self) -> None:
        """Take the line away, so that something else can be written."""
        if self._shown:
            self._write("")
            self._shown = False

    def _write(self, text: str) -> None:
        if self._on:
            self._stream.write(f"\r\033[K{text}")
            self._stream.flush()


def _tell_results(project: int, run_id: int, mark: str | None) -> str | None:
    """Tell what came since that mark; the mark of what comes next."""
    service = _part(ResultService)
    while True:
        query = ResultsQuery(cursor=mark, size=100)
        page = _answered(lambda query=query: service.page(SYSTEM, project, run_id, query))  # type: ignore[misc]
        for line in page.items:
            _tell_result(project, line, run_id)
        if page.next is None or not page.items:
            return page.next or mark
        mark = page.next


def _tell_result(project: int, line: ResultLine, run_id: int) -> None:
    row = "" if line.dataset is None else f" [{line.dataset}]"
    status = "" if line.status is None else f" {line.status}"
    click.echo(f"{_MARKS[line.outcome]:<8}{line.name}{row}{status} {line.duration_ms:.0f} ms")
    if line.outcome in {"failed", "error"}:
        whole = _answered(lambda: _part(ResultService).view(SYSTEM, project, run_id, line.seq))
        click.echo(whole.explanation or line.message or "")


def _tell_end(run: RunView) -> None:
    counts = run.counts
    told = f"{counts.passed} passed, {counts.failed} failed, {counts.error} errors, {counts.skipped} skipped"
    click.echo(f"Run {run.id} {run.state}: {told}{'' if run.reason is None else f' ({run.reason})'}")


def _part(kind: Any) -> Any:
    return current_app.extensions["wxcloudrun"].get(kind)


def _answered[T](work: Callable[[], T]) -> T:
    try:
        return work()
    except ApiError as error:
        fields = "".join(f"\n  {one.field}: {one.detail or one.reason}" for one in error.fields)
        raise click.ClickException(error.message("en") + fields) from None
