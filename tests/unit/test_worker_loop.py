"""The worker's loop, on a clock of the test's."""

import logging
import threading
from collections.abc import Callable
from contextlib import nullcontext

import pytest
from sqlalchemy.exc import OperationalError

from wxcloudrun.core.db import database_gone
from wxcloudrun.worker import Duty, Worker


class Time:
    """Passes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Bench:
    def __init__(self) -> None:
        self.time = Time()
        self.calls: list[str] = []

    def duty(self, name: str, interval_s: float, work: Callable[[], int] = lambda: 0, drains: bool = False) -> Duty:
        def call() -> int:
            self.calls.append(name)
            return work()

        return Duty(name, interval_s, call, drains)

    def worker(self, *duties: Duty) -> Worker:
        return Worker(duties, nullcontext, monotonic=self.time)

    def let_pass(self, worker: Worker, seconds: int) -> None:
        """One turn a second."""
        for _ in range(seconds):
            self.time.seconds += 1
            worker.turn()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def lost() -> int:
    raise OperationalError("select", {}, Exception("gone"))


def broken() -> int:
    raise RuntimeError("a secret of the test")


def test_each_duty_is_done_at_its_interval(bench):
    worker = bench.worker(bench.duty("often", 1), bench.duty("seldom", 5))
    worker.turn()
    bench.let_pass(worker, 10)
    assert (bench.calls.count("often"), bench.calls.count("seldom")) == (11, 3)


def test_a_duty_that_drains_goes_on_until_nothing_is_left(bench):
    left = [3, 2, 0]
    worker = bench.worker(bench.duty("drains", 60, lambda: left.pop(0), drains=True))
    worker.turn()
    assert bench.calls == ["drains"] * 3


def test_a_duty_that_fails_rests_and_disturbs_no_other(bench, caplog):
    worker = bench.worker(bench.duty("broken", 1, broken), bench.duty("sound", 1))
    bench.let_pass(worker, 120)
    assert bench.calls.count("sound") == 120
    assert 5 <= bench.calls.count("broken") <= 10
    lines = [record for record in caplog.records if record.getMessage() == "duty failed"]
    assert 1 <= len(lines) <= 2, "once a minute"


def test_while_the_database_is_away_everything_rests_and_one_line_a_minute_says_so(bench, caplog):
    caplog.set_level(logging.INFO)
    worker = bench.worker(bench.duty("first", 1, lost), bench.duty("second", 1))
    bench.let_pass(worker, 130)
    assert bench.calls.count("first") <= 10
    assert bench.calls.count("second") == 0
    lines = [record.getMessage() for record in caplog.records]
    assert lines.count("database unavailable") in (2, 3)
    assert "duty failed" not in lines


def test_work_goes_on_soon_after_the_database_is_back(bench, caplog):
    caplog.set_level(logging.INFO)
    away = [True]
    worker = bench.worker(bench.duty("first", 1, lambda: lost() if away[0] else 0), bench.duty("second", 1))
    bench.let_pass(worker, 40)
    away[0] = False
    bench.calls.clear()
    bench.let_pass(worker, 32)
    assert bench.calls.count("second") >= 1
    assert "database is back" in caplog.text
    bench.calls.clear()
    bench.let_pass(worker, 10)
    assert bench.calls.count("first") == 10


def test_doing_everything_once_tells_whether_all_went_well(bench):
    assert bench.worker(bench.duty("sound", 1)).once() is True
    assert bench.worker(bench.duty("broken", 1, broken), bench.duty("sound", 1)).once() is False
    assert bench.calls == ["sound", "broken", "sound"]


def test_a_stop_is_heard_between_two_calls():
    stop = threading.Event()
    calls: list[int] = []

    def call() -> int:
        calls.append(1)
        stop.set()
        return 1

    Worker([Duty("drains", 1, call, drains=True), Duty("next", 1, call)], nullcontext, stop).run()
    assert calls == [1]


def test_a_call_that_hangs_is_left_behind_within_a_second():
    hanging, entered = threading.Event(), threading.Event()

    def call() -> int:
        entered.set()
        return int(hanging.wait(30))

    worker = Worker([Duty("hangs", 1, call)], nullcontext)
    serving = threading.Thread(target=worker.serve)
    serving.start()
    assert entered.wait(10)
    worker.end()
    serving.join(2)
    hung = serving.is_alive()
    hanging.set()
    serving.join()
    assert not hung


def test_a_fault_in_a_statement_is_the_dutys_and_not_the_databases():
    assert not database_gone(RuntimeError())
    assert database_gone(OperationalError("select", {}, Exception()))
