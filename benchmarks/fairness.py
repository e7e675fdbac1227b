"""How the work of a worker is shared among projects that all want more of it: `python -m benchmarks.fairness`.

Eight projects queue a hundred runs each, at once; a run of the eighth takes four times as long as one of the first.
Somebody starts an interactive run now and then. Prints, for the time until a quarter of the work was done, the seconds
that the runs of each project were carried out beside an equal share, and how long interactive runs waited for their
first request. One step takes `--step` seconds: nobody should wait for much more.
"""

import argparse
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import select

from benchmarks.databases import new_database
from tests.conftest import make_app
from tests.integration.runs_bench import Desk, Target, call, counting, desk_of, plan, workers
from wxcloudrun.core.db_time import utc_now
from wxcloudrun.features.runs.models import Priority, Run, RunState
from wxcloudrun.features.runs.waking import Bell

PROJECTS, RUNS = 8, 100
_PAUSE_S = 0.7


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--databases", default="sqlite,mariadb,postgresql")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--step", type=float, default=0.05)
    options = parser.parse_args()
    for kind in options.databases.split(","):
        with new_database(kind) as url, tempfile.TemporaryDirectory() as folder, counting() as target:
            if url is None:
                print(f"{kind}: no such server here")
                continue
            make_app(url, Path(folder))
            target.delay_s = options.step
            with desk_of(url) as desk:
                steps = _queued(desk, target)
                asker = _Asker(desk, target, Bell(Path(folder)))
                with workers(url, Path(folder), options.workers, RUN_THREADS=str(options.threads), RUN_LEASE_S="15"):
                    while _sent(target).total() < sum(steps.values()) / 4:
                        asker.ask()
                    had = _seconds(desk, list(steps))
                _print(kind, had, asker.waits, options)


def _queued(desk: Desk, target: Target) -> dict[int, int]:
    """How many steps each project wants."""
    wanted: dict[int, int] = {}
    for number in range(PROJECTS):
        project, size = desk.project(), 1 + number // 2
        content = plan(target, [call("GET", f"/p{number}")] * size)
        for _ in range(RUNS):
            desk.run(project, content, Priority.CI)
        wanted[project] = RUNS * size
    return wanted


def _sent(target: Target) -> Counter[str]:
    return Counter(path for _, _, path in tuple(target.seen) if path.startswith("/p"))


def _seconds(desk: Desk, projects: list[int]) -> list[float]:
    """How long the runs of each project have been carried out by now."""
    now = utc_now().label("now")
    with desk.engine.connect() as connection:
        query = select(Run.project_id, Run.started_at, Run.ended_at, now).where(Run.started_at.is_not(None))
        rows = connection.execute(query).all()
    had = dict.fromkeys(projects, 0.0)
    for row in rows:
        if row.project_id in had:
            had[row.project_id] += ((row.ended_at or row.now) - row.started_at).total_seconds()
    return list(had.values())


class _Asker:
    """Somebody who starts interactive runs; `waits` are the seconds until the first request of each."""

    def __init__(self, desk: Desk, target: Target, bell: Bell) -> None:
        self.waits: list[float] = []
        self._desk, self._target, self._bell = desk, target, bell
        self._project = desk.project()

    def ask(self) -> None:
        """Start one once the worker is busy, and wait until it has ended."""
        time.sleep(_PAUSE_S)
        if not _sent(self._target):
            return
        path = f"/i{len(self.waits)}"
        run = self._desk.run(self._project, plan(self._target, [call("GET", path)]), Priority.INTERACTIVE)
        began = time.monotonic()
        self._bell.ring()
        if self._desk.ended(run).state is not RunState.PASSED:
            raise RuntimeError(f"{path} did not pass")
        self.waits.append(next(moment for moment, _, seen in self._target.seen if seen == path) - began)


def _print(kind: str, had: list[float], waits: list[float], options: argparse.Namespace) -> None:
    told = " ".join(f"{seconds / statistics.mean(had) - 1:+.0%}" for seconds in had)
    print(f"{kind}: {options.workers} workers, {options.threads} threads; seconds beside an equal share {told}")
    waited = f"median {statistics.median(waits):.3f}, longest {max(waits):.3f} s"
    print(f"{kind}: {len(waits)} interactive runs waited {waited}; a step takes {options.step} s", flush=True)


if __name__ == "__main__":
    main()
