"""Runs and what they gave over HTTP."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.http import Caller, Raw
from wxcloudrun.core.pagination import Slice
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.runs.reruns import RunReruns
from wxcloudrun.features.runs.results import ResultService
from wxcloudrun.features.runs.retention import RunRetention
from wxcloudrun.features.runs.schemas import (
    BodyQuery,
    EventsQuery,
    Rerun,
    ResultLine,
    ResultsQuery,
    ResultView,
    RetentionChange,
    RetentionView,
    RunLine,
    RunMade,
    RunsQuery,
    RunStarted,
    RunView,
)
from wxcloudrun.features.runs.service import RunService
from wxcloudrun.features.runs.streaming import RunStream, opened


def start_run(actor: Actor, project_id: int, body: RunMade, runs: RunService) -> RunStarted:
    """Start a run: what is to be run is frozen, and a worker carries it out. For runners."""
    return runs.start(actor, project_id, body)


def runs(actor: Actor, project_id: int, query: RunsQuery, runs: RunService) -> Slice[RunLine]:
    """List a project's runs, the newest first."""
    return runs.page(actor, project_id, query)


def run(actor: Actor, project_id: int, run_id: int, runs: RunService) -> RunView:
    """Read a run. Made to be asked again and again: unchanged, it is a 304."""
    return runs.view(actor, project_id, run_id)


def cancel_run(actor: Actor, project_id: int, run_id: int, runs: RunService) -> RunView:
    """End a run that waits at once, one that is going on within two seconds. For runners."""
    return runs.cancel(actor, project_id, run_id)


def rerun(actor: Actor, project_id: int, run_id: int, body: Rerun, reruns: RunReruns) -> RunStarted:
    """Run again: the same plan, of it only what failed, or today's definitions. For runners."""
    return reruns.rerun(actor, project_id, run_id, body)


def remove_run(actor: Actor, project_id: int, run_id: int, runs: RunService) -> Removed:
    """Remove an ended run with its results. For editors."""
    return runs.remove(actor, project_id, run_id)


def events(actor: Actor, caller: Caller, project_id: int, run_id: int, query: EventsQuery, stream: RunStream) -> Raw:
    """Follow a run as server-sent events: `progress`, `result` with its number as id, `end`; ten minutes at most."""
    last = caller.headers.get("Last-Event-ID", "")
    after = int(last) if last.isascii() and last.isdecimal() and len(last) < 10 else query.after
    pieces = opened(stream.events(actor, project_id, run_id, after))
    headers = (("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"))
    return Raw(pieces, "text/event-stream; charset=utf-8", headers=headers, at_once=True)


def retention(actor: Actor, project_id: int, retention: RunRetention) -> RetentionView:
    """Read how long a project keeps its runs, what they take, and what was freed."""
    return retention.view(actor, project_id)


def change_retention(actor: Actor, project_id: int, body: RetentionChange, retention: RunRetention) -> RetentionView:
    """Change how long a project keeps its runs. For owners."""
    return retention.change(actor, project_id, body)


def results(
    actor: Actor, project_id: int, run_id: int, query: ResultsQuery, results: ResultService
) -> Slice[ResultLine]:
    """List what a run's steps gave, in the order in which it came; while it goes on there is always a `next`."""
    return results.page(actor, project_id, run_id, query)


def result(actor: Actor, project_id: int, run_id: int, seq: int, results: ResultService) -> ResultView:
    """Read everything that one step gave."""
    return results.view(actor, project_id, run_id, seq)


def body(
    actor: Actor, caller: Caller, project_id: int, run_id: int, sha256: str, query: BodyQuery, results: ResultService
) -> Raw:
    """Fetch a body, or some of its bytes, always as a download: it came from a stranger's server."""
    wanted = caller.headers.get("Range")
    part = results.body(actor, project_id, run_id, sha256, query, wanted)
    kind, ending = ("text/plain; charset=utf-8", "txt") if part.text else ("application/octet-stream", "bin")
    headers = [
        ("Content-Disposition", f'attachment; filename="{sha256[:16]}.{ending}"'),
        ("Cache-Control", "private, no-store"),
        ("Accept-Ranges", "bytes"),
    ]
    partial = wanted is not None and part.end - part.start < part.size
    headers.append(("Content-Length", str(part.end - part.start)))
    if partial:
        headers.append(("Content-Range", f"bytes {part.start}-{part.end - 1}/{part.size}"))
    return Raw(part.content, kind, status=206 if partial else 200, headers=tuple(headers))
