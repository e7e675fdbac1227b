"""`flask runs`: start, look at and cancel runs from the machine that serves."""

import time
from collections.abc import Callable
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

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
@click.option("--scenario", required=True, type=_NUMBER)
@click.option("--environment", type=_NUMBER, help="The project's default environment unless said.")
@click.option("--watch", is_flag=True, help="Show the results as they come, and wait for the end.")
@with_appcontext
def start(project: int, scenario: int, environment: int | None, watch: bool) -> None:
    """Start a run of a scenario.

    With --watch it exits with 0 passed, 1 failed, 3 error, 4 canceled. Ctrl-C stops watching; the run goes on.
    """
    made = RunMade(scenario_id=scenario, environment_id=environment, priority="ci")
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


def _watched(project: int, run_id: int) -> RunView:
    """Tell the results as they come; the run at its end."""
    mark: str | None = None
    began, hinted = time.monotonic(), False
    while True:
        run = _answered(lambda: _part(RunService).view(SYSTEM, project, run_id))
        mark = _tell_results(project, run_id, mark)
        if run.ended_at is not None:
            _tell_end(run)
            return run
        if run.state == "queued" and not hinted and time.monotonic() - began > _PATIENCE_S:
            click.echo("It still waits: does a worker run (`flask worker`)?", err=True)
            hinted = True
        time.sleep(_LOOK_S)


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
