"""A rate of requests that workers share: evenly spaced places, whoever asks, on every database."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy.orm import sessionmaker

from wxcloudrun.core.db import db
from wxcloudrun.features.runs.tables import RunTables
from wxcloudrun.features.runs.throttling import SharedThrottle


@pytest.fixture
def tables(each_app: Flask) -> RunTables:
    with each_app.app_context():
        return RunTables(sessionmaker(db.engine, expire_on_commit=False))


def test_workers_that_ask_at_once_get_places_one_step_apart(tables: RunTables):
    workers = [SharedThrottle(tables, now=lambda: 1_000.0) for _ in range(2)]
    begin = threading.Barrier(8)

    def ask(number: int) -> list[float]:
        begin.wait(20)
        return [workers[number % 2].reserve("1/2", 10.0) for _ in range(3)]

    with ThreadPoolExecutor(8) as pool:
        places = sorted(place for found in pool.map(ask, range(8)) for place in found)
    assert places == pytest.approx([number / 10 for number in range(24)])


def test_time_that_passes_is_time_that_was_waited(tables: RunTables):
    now = [1_000.0]
    throttle = SharedThrottle(tables, now=lambda: now[0])
    assert [throttle.reserve("1/2", 2.0) for _ in range(2)] == [0.0, 0.5]
    now[0] += 5
    assert throttle.reserve("1/2", 2.0) == 0.0
    assert throttle.reserve("1/3", 2.0) == 0.0, "another environment has a row of its own"


def test_a_clock_that_was_moved_back_holds_nobody_up(tables: RunTables):
    now = [10_000.0]
    throttle = SharedThrottle(tables, now=lambda: now[0])
    throttle.reserve("1/2", 1.0)
    now[0] -= 3600
    assert throttle.reserve("1/2", 1.0) == 0.0
    assert throttle.reserve("1/2", 1.0) == 1.0
