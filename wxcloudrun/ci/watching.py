"""Starts a run and waits for its end, telling what comes; whoever is stopped cancels it."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any

from wxcloudrun.ci.options import Options
from wxcloudrun.ci.service import OutOfReach, Refused, Service

FINAL = ("passed", "failed", "error", "canceled")
_LOOK_S = 1.0
_TELL_EVERY_S = 15.0


class Stopped(Exception):
    """The pipeline ends this job, or it took too long; the run was asked to end."""


class Watch:
    """One run from its start to its end. `say` is given a line."""

    def __init__(
        self,
        service: Service,
        options: Options,
        say: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service, self._options, self._say = service, options, say
        self._sleep, self._monotonic = sleep, monotonic
        self._runs = f"/api/projects/{options.project}/runs"
        self._told_at = float("-inf")
        self._mark = ""

    def run(self) -> dict[str, Any]:
        """The run as it ended. Raises Stopped, Refused, OutOfReach."""
        with _signals():
            run = self._service.post(self._runs, self._options.body, self._options.key)
            self._say(f"Run {run['id']}: {run['title']} in {run['environment']}")
            for warning in run.get("warnings", ()):
                self._say(f"  warning: {warning}")
            try:
                return self._ended(run["id"])
            except (Stopped, KeyboardInterrupt):
                self._cancel(run["id"])
                raise

    def _ended(self, run_id: int) -> dict[str, Any]:
        ends = self._monotonic() + self._options.timeout_s
        while True:
            run: dict[str, Any] = self._service.get(f"{self._runs}/{run_id}")
            self._tell_failures(run_id)
            if run["state"] in FINAL:
                return run
            if self._monotonic() >= ends:
                raise Stopped(f"it took longer than {self._options.timeout_s:.0f} s and was canceled")
            self._tell_progress(run)
            self._sleep(_LOOK_S)

    def _tell_failures(self, run_id: int) -> None:
        """What failed since the last look, at once: who watches need not wait for the end."""
        while True:
            page = self._service.get(f"{self._runs}/{run_id}/results?size=100{self._mark}")
            for line in page["items"]:
                if line["outcome"] in {"failed", "error"}:
                    self._say(f"  {line['outcome'].upper():<7} {name_of(line)}: {line['message'] or ''}")
            if page["next"] is not None:
                self._mark = f"&cursor={page['next']}"
            if page["next"] is None or not page["items"]:
                return

    def _tell_progress(self, run: dict[str, Any]) -> None:
        now = self._monotonic()
        if now - self._told_at < _TELL_EVERY_S:
            return
        self._told_at = now
        counts = run["counts"]
        if run["state"] == "queued":
            place = run.get("place")
            self._say("  waiting for a worker" + (f", {place} before it" if place else ""))
        else:
            self._say(f"  {counts['passed']} passed, {counts['failed']} failed, {counts['error']} errors so far")

    def _cancel(self, run_id: int) -> None:
        """Ask the run to end; a run that cannot be reached any more ends at its own deadline."""
        with contextlib.suppress(Refused, OutOfReach):
            self._service.post(f"{self._runs}/{run_id}/cancel", {})
            self._say(f"  run {run_id} is canceled")


def name_of(line: Mapping[str, Any]) -> str:
    """The step's name with its row of data."""
    return str(line["name"]) if line.get("dataset") is None else f"{line['name']} [{line['dataset']}]"


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM, which pipelines send to a job that is canceled, ends the block as Ctrl-C does."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stopped("the job was canceled")

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
