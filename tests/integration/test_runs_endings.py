"""Whoever wants to hear of ended runs is told of each once it ended, on every database."""

import threading
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.integration.live import at_once
from tests.integration.runs_bench import KEYS, Desk
from wxcloudrun.core.db import db
from wxcloudrun.features.runs.endings import RunEndings
from wxcloudrun.features.runs.models import RunEnding, RunState
from wxcloudrun.features.runs.packing import KnownBodies
from wxcloudrun.features.runs.recording import Recorder
from wxcloudrun.features.runs.supply import MAX_CLAIMS
from wxcloudrun.features.runs.tables import RunTables
from wxcloudrun.features.runs.totals import Totals

PLAN: dict[str, Any] = {"scenario": {"name": "nothing", "steps": []}}


@pytest.fixture
def desk(each_app):
    with each_app.app_context():
        made = Desk(db.engine)
        made.tables = RunTables(made.sessions, told=["one", "two"])
        yield made


def noted(desk):
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(RunEnding.run_id, RunEnding.consumer))]


def recorder(desk, run):
    claim = desk.supply().next()
    assert claim.run_id == run
    row = desk.row(run)
    return Recorder(desk.tables, claim.lease, KEYS, Totals.of(row, 0), bodies=KnownBodies(run, row.project_id))


def test_a_recorded_end_is_noted_once_for_each_who_listens(desk):
    run = desk.run(desk.project(), PLAN)
    mine = recorder(desk, run)
    assert noted(desk) == []
    mine.end(RunState.PASSED, None, "{}")
    assert sorted(noted(desk)) == [(run, "one"), (run, "two")]


def test_a_run_that_is_given_back_has_not_ended(desk):
    mine = recorder(desk, desk.run(desk.project(), PLAN))
    mine.leave(0)
    assert noted(desk) == []


def test_an_end_without_a_worker_is_noted_too(desk):
    project = desk.project()
    lost = desk.run(project, PLAN, state=RunState.RUNNING, fence=3, claims=MAX_CLAIMS)
    desk.supply().ready()
    assert desk.row(lost).state is RunState.ERROR
    assert sorted(noted(desk)) == [(lost, "one"), (lost, "two")]


def test_of_two_workers_one_tells_and_nothing_stays(desk):
    project = desk.project()
    runs = [desk.run(project, PLAN) for _ in range(4)]
    for run in runs:
        recorder(desk, run).end(RunState.FAILED, None, "{}")
    told, lock = Counter[tuple[str, int]](), threading.Lock()

    def listener(name):
        def hear(run_id):
            with lock:
                told[name, run_id] += 1

        return hear

    def work(_):
        with Session(desk.engine) as session:
            endings = RunEndings(session, {"one": listener("one"), "two": listener("two")})
            while endings.tell():
                pass

    at_once(3, work)
    assert told == Counter([(name, run) for run in runs for name in ("one", "two")])
    assert noted(desk) == []


def test_what_a_failing_listener_was_not_told_waits_and_the_other_is_told(desk):
    run = desk.run(desk.project(), PLAN)
    recorder(desk, run).end(RunState.PASSED, None, "{}")
    heard = []

    def broken(run_id):
        raise ValueError("no")

    with Session(desk.engine) as session:
        endings = RunEndings(session, {"one": broken, "two": heard.append})
        assert (endings.tell(), endings.tell()) == (2, 0)
    assert heard == [run]
    assert noted(desk) == [(run, "one")]
