"""Worker processes that are killed, stopped, or cut off from the database: every run ends, and nothing happens twice."""

import signal
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.conftest import database_urls, make_app
from tests.integration.proxy import proxy_to
from tests.integration.runs_bench import KINDS, Desk, Target, call, counting, desk_of, plan, wait_until, workers
from tests.pace import patience
from wxcloudrun.features.runs.models import RunState
from wxcloudrun.features.runs.supply import WORKER_LOST

MOMENTS, STEPS = 6, 25


@pytest.fixture
def target():
    with counting() as server:
        yield server


def small_plan(target: Target, name: str) -> dict[str, Any]:
    """Orders in a row and side by side, some read in between; every unsafe path comes once."""
    made = [{"name": "n", "source": "jsonpath", "argument": "$.id"}]
    steps: list[Any] = []
    for number in range(6):
        steps.append(call("POST", f"/{name}/p{number}", extractions=made, stop_on_failure=False))
        steps.append(call("GET", f"/{name}/g{number}/{{{{n}}}}", stop_on_failure=False))
    each = {"for_each": {"items": list(range(12)), "concurrency": 3}, "stop_on_failure": False}
    steps.append({**each, "steps": [call("PUT", f"/{name}/e{{{{item}}}}", stop_on_failure=False)]})
    return plan(target, steps, {"teardown": [call("DELETE", f"/{name}/end")], "variables": [{"name": "n", "value": 0}]})


class Acknowledged(threading.Thread):
    """Reads results as a person would, and remembers each one that it was shown."""

    def __init__(self, desk: Desk, runs: list[int]) -> None:
        super().__init__(daemon=True)
        self.seen: set[tuple[int, int, str]] = set()
        self._desk, self._runs, self._over = desk, runs, threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.05):
            for run in tuple(self._runs):
                self.seen.update((run, row.seq, row.path) for row in self._desk.results(run))

    def end(self) -> None:
        self._over.set()
        self.join()


def check_all(desk: Desk, target: Target, runs: list[int], acknowledged: set[tuple[int, int, str]]) -> Counter[Any]:
    """What must hold whatever happened; the reasons of the runs' ends."""
    assert [path for path, count in target.unsafe().items() if count > 1] == []
    stored = {(run, row.seq, row.path) for run in runs for row in desk.results(run)}
    assert acknowledged <= stored
    for run in runs:
        row, paths = desk.row(run), desk.paths(run)
        assert row.state.final
        assert len(paths) == len(set(paths)) == row.stored
        assert row.passed + row.failed + row.error + row.skipped == row.stored
        if row.reason != WORKER_LOST:
            assert row.stored == STEPS
            assert row.passed == STEPS - len(desk.interrupted(run))
            assert row.state is (RunState.PASSED if row.passed == STEPS else RunState.ERROR)
    return Counter(desk.row(run).reason for run in runs)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", KINDS)
def test_kill_9_at_random_moments_loses_nothing_and_sends_nothing_twice(kind: str, target: Target, tmp_path: Path):
    random = Random(f"{kind} 1")
    for url in database_urls(tmp_path, kind):
        make_app(url, tmp_path)
        with desk_of(url) as desk:
            runs: list[int] = []
            reader = Acknowledged(desk, runs)
            reader.start()
            target.delay_s = 0.02
            project = desk.project()
            for moment in range(MOMENTS):
                runs += [desk.run(project, small_plan(target, f"m{moment}r{number}")) for number in range(2)]
                before = len(target.seen)
                with workers(url, tmp_path) as [worker]:
                    target.wait_for(before + 1)
                    time.sleep(random.uniform(0.0, 0.7))
                    worker.kill()
            with workers(url, tmp_path, 2):
                for run in runs:
                    desk.ended(run, 60)
            reader.end()
            reasons = check_all(desk, target, runs, reader.seen)
    assert len(reader.seen) > 50
    assert reasons[WORKER_LOST] <= MOMENTS, "who comes further is not given up"


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_that_was_stopped_past_its_lease_is_refused_when_it_wakes(kind: str, target: Target, tmp_path: Path):
    target.delay_s = 0.05
    for url in database_urls(tmp_path, kind):
        make_app(url, tmp_path)
        with desk_of(url) as desk, workers(url, tmp_path) as [first]:
            steps = [call("POST", f"/s{number}", stop_on_failure=False) for number in range(60)]
            run = desk.run(desk.project(), plan(target, steps))
            target.wait_for(20)
            first.send(signal.SIGSTOP)
            wait_until(lambda: target.seen[-1][0] < time.monotonic() - 0.3)
            held = len(desk.results(run))
            with workers(url, tmp_path) as [second]:
                desk.claimed(run, 2)
                first.send(signal.SIGCONT)
                row = desk.ended(run)
                wait_until(lambda: "run left" in first.log.read_text())
                second.kill()
            assert 0 < held < 60
            assert row.fence == 2
            assert row.stored == len(set(desk.paths(run))) == 60
            assert max(target.unsafe().values()) == 1
            assert desk.interrupted(run) != []
            assert row.passed + row.error == 60
            assert len(target.unsafe()) >= row.passed, "who was in doubt may have been sent, everybody else was"
            again = desk.run(desk.project(), plan(target, [call("POST", "/again")]))
            assert desk.ended(again).state is RunState.PASSED, "it is as good as new"


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
@pytest.mark.parametrize("mood", ["cut", "down", "silent"])
def test_a_run_ends_although_its_database_has_a_bad_day(kind: str, mood: str, target: Target, tmp_path: Path):
    target.delay_s = 0.01
    limits = {"DB_CONNECT_TIMEOUT_S": "2", "DB_STATEMENT_TIMEOUT_S": "1"}
    for url in database_urls(tmp_path, kind):
        make_app(url, tmp_path)
        with proxy_to(url.host or "127.0.0.1", url.port or 0) as proxy, desk_of(url) as desk:
            through = url.set(host="127.0.0.1", port=proxy.port)
            with workers(through, tmp_path, RUN_LEASE_S="4", **limits):
                steps = [call("POST", f"/s{number}", stop_on_failure=False) for number in range(250)]
                run = desk.run(desk.project(), plan(target, steps))
                target.wait_for(60)
                if mood == "cut":
                    proxy.drop_all()
                elif mood == "down":
                    with proxy.down():
                        time.sleep(2.5)
                else:
                    with proxy.black_hole():
                        time.sleep(2.5)
                row = desk.ended(run, 40)
            assert row.stored == len(set(desk.paths(run))) == 250
            assert max(target.unsafe().values()) == 1
            if row.fence == 1:
                assert row.state is RunState.PASSED
            else:
                assert row.passed >= 250 - 70, "what is in doubt after a takeover is bounded"


def test_a_worker_told_to_end_gives_its_runs_back(target: Target, tmp_path: Path):
    target.delay_s = 0.02
    for url in database_urls(tmp_path, "sqlite"):
        make_app(url, tmp_path)
        with desk_of(url) as desk:
            steps = [call("POST", f"/s{number}") for number in range(100)]
            run = desk.run(desk.project(), plan(target, steps))
            for _ in range(2):
                before = len(target.seen)
                with workers(url, tmp_path) as [worker]:
                    target.wait_for(before + 10)
                    worker.send(signal.SIGTERM)
                    assert worker.process.wait(8 * patience()) == 0
                assert (desk.row(run).state, desk.row(run).ahead) == (RunState.QUEUED, 0)
            with workers(url, tmp_path):
                row = desk.ended(run)
    assert (row.state, row.passed) == (RunState.PASSED, 100)
    assert set(target.unsafe().values()) == {1}
