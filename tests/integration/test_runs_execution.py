"""Runs from the queue to their end, on every database: what is sent, what is stored, and what is told."""

import base64
import gc
import json
import socket
import threading
import time
import zlib
from contextlib import contextmanager, suppress
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from tests.integration.runs_bench import (
    Desk,
    call,
    counting,
    crew_of,
    plan,
    wait_until,
    working,
)
from tests.pace import patience, promptly
from wxcloudrun.core.db import Base, db
from wxcloudrun.features.runs import execution
from wxcloudrun.features.runs.crew import RunCrew
from wxcloudrun.features.runs.deflation import inflated
from wxcloudrun.features.runs.models import Priority, RunCheckpoint, RunPlan, RunState, StepOutcome
from wxcloudrun.features.runs.tables import RunTables
from wxcloudrun.features.runs.waking import Bell
from wxcloudrun.integrations.object_store import ObjectStore


@pytest.fixture
def desk(each_app):
    with each_app.app_context():
        yield Desk(db.engine)


@pytest.fixture
def lone_desk(app):
    with app.app_context():
        yield Desk(db.engine)


@pytest.fixture
def target():
    with counting() as server:
        yield server


def carried_out(desk, tmp_path, content, **more):
    run = desk.run(desk.project(), content, **more)
    with working(crew_of(desk, tmp_path)):
        return desk.ended(run)


def extraction(name, path, **more):
    return {"name": name, "source": "jsonpath", "argument": path, **more}


def test_a_queued_run_is_carried_out(desk, target, tmp_path):
    steps = [call("POST", "/a", extractions=[extraction("n", "$.id")]), call("GET", "/b/{{n}}"), call("DELETE", "/c")]
    row = carried_out(desk, tmp_path, plan(target, steps))
    assert (row.state, row.passed, row.requests, row.stored, row.ahead) == (RunState.PASSED, 3, 3, 3, 0)
    assert [path for _, _, path in target.seen] == ["/a", "/b/7", "/c"]
    assert desk.paths(row.id) == ["steps/0", "steps/1", "steps/2"]
    summary = json.loads(row.summary)
    assert (summary["outcome"], summary["total"], summary["success_rate"]) == ("passed", 3, 1.0)
    assert row.min_ms <= row.mean_ms <= row.max_ms
    assert row.started_at <= row.ended_at


def test_the_worst_of_its_steps_is_how_a_run_ends(desk, target, tmp_path):
    target.answer = lambda method, path: (404 if path == "/gone" else 200, b"{}")
    steps = [call("GET", "/gone", stop_on_failure=False), call("GET", "/{{nobody_knows}}"), call("GET", "/never")]
    row = carried_out(desk, tmp_path, plan(target, steps))
    assert (row.state, row.failed, row.error, row.skipped) == (RunState.ERROR, 1, 1, 1)
    first, second, third = desk.results(row.id)
    assert (first.outcome, first.status) == (StepOutcome.FAILED, 404)
    assert "nobody_knows" in second.message
    assert second.error_class == "variable"
    assert third.outcome is StepOutcome.SKIPPED


def test_a_plan_that_cannot_work_ends_with_the_reason_and_without_its_secrets(desk, target, tmp_path):
    secret = {"name": "pass", "value": "canary-7f3a", "secret": True}
    steps = [call("GET", "/canary-7f3a/{{"), call("GET", "/", dataset={"mode": "one", "key": "canary-7f3a"})]
    row = carried_out(desk, tmp_path, plan(target, steps, {"variables": [secret]}))
    assert row.state is RunState.ERROR
    assert row.reason.startswith("the plan cannot work")
    assert "canary" not in row.reason + row.summary
    assert target.seen == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"scenario": {"name": "n", "steps": [{"wait_ms": 1, "canary-7f3a": "canary-7f3a"}]}}, "cannot be read"),
        ({}, "cannot be read; look at scenario"),
    ],
)
def test_a_plan_that_cannot_be_read_ends_with_the_reason(desk, tmp_path, content, reason):
    row = carried_out(desk, tmp_path, content)
    assert row.state is RunState.ERROR
    assert reason in row.reason


def test_a_plan_whose_key_is_gone_says_so(desk, tmp_path, target):
    run = desk.run(desk.project(), plan(target, []))
    desk._add(update(RunPlan).where(RunPlan.run_id == run).values(content="k0.YWJjZGVmZ2hpamtsbW5vcA=="))
    with working(crew_of(desk, tmp_path)):
        row = desk.ended(run)
    assert row.state is RunState.ERROR
    assert "ENCRYPTION_KEYS" in row.reason


def test_a_fault_nobody_foresaw_ends_the_run_and_not_the_worker(desk, tmp_path, target, monkeypatch):
    def broken(*_: Any) -> None:
        raise RuntimeError("canary-7f3a")

    monkeypatch.setattr(execution, "plan_of", broken)
    row = carried_out(desk, tmp_path, plan(target, []))
    assert (row.state, "RuntimeError" in row.reason) == (RunState.ERROR, True)
    assert "canary" not in row.reason


def stored_bytes(desk):
    """Everything that stands in the tables of runs, unpacked where it is compressed."""
    everything = []
    for name, table in Base.metadata.tables.items():
        if name.startswith("run"):
            with desk.engine.connect() as connection:
                for row in connection.execute(select(table)):
                    everything += [_plain(value) for value in row]
    return b"\n".join(everything)


def _plain(value):
    """As somebody reads it who has the table and no key."""
    if isinstance(value, bytes):
        return inflated(value)
    with suppress(ValueError, TypeError, zlib.error):
        return inflated(base64.b64decode(value, validate=True))
    return repr(value).encode()


def test_no_secret_stands_in_a_table_in_clear(desk, target, tmp_path):
    canaries = ["canary-plan-77", "canary-taken-88", "canary-head-99", "canary-body-66", "canary-cookie-55"]
    taken = canaries[1]
    target.answer = lambda method, path: (
        200,
        json.dumps({"token": taken, "password": canaries[3], "text": f"{canaries[0]} {'x' * 400}"}).encode(),
    )
    variables = [
        {"name": "key", "value": canaries[0], "secret": True},
        {"name": "header", "value": canaries[2], "secret": True},
    ]
    steps = [
        call("POST", "/?q={{key}}", extractions=[extraction("t", "$.token", secret=True, scope="global")]),
        call("GET", "/{{t}}", request={"headers": {"X-Api": "{{header}}"}, "cookies": {"sid": canaries[4]}}),
        call("PUT", "/", request={"body": {"kind": "json", "value": {"k": "{{t}}", "pad": "y" * 300}}}),
        call("GET", "/{{t}}/{{unknown}}"),
    ]
    run = desk.run(desk.project(), plan(target, steps, {"variables": variables, "outputs": ["t"]}))
    target.delay_s = 0.25  # so that results and checkpoints are stored while it runs
    with working(crew_of(desk, tmp_path)):
        wait_until(lambda: desk.row(run).stored >= 2)
        running = stored_bytes(desk)
        desk.ended(run)
    for everything in (running, stored_bytes(desk)):
        assert b"steps/1" in everything
        assert [canary for canary in canaries if canary.encode() in everything] == []
    with desk.engine.connect() as connection:
        assert connection.execute(select(RunCheckpoint.__table__)).all() == []


@pytest.mark.parametrize("moment", range(8))
def test_a_cancel_at_any_moment_ends_the_run_within_two_seconds_and_nothing_is_sent_afterwards(
    desk, target, tmp_path, moment
):
    random = Random(moment)
    target.delay_s = random.choice([0.0, 0.01, 0.4, 5.0])
    flow = {
        "for_each": {"items": list(range(400)), "concurrency": random.choice([1, 4])},
        "steps": [call("POST", "/s")],
    }
    teardown = {"teardown": [call("DELETE", "/t"), {"wait_ms": 60_000}, call("DELETE", "/late")]}
    run = desk.run(desk.project(), plan(target, [flow, {"wait_ms": 60_000}], teardown))
    with working(crew_of(desk, tmp_path)):
        time.sleep(random.uniform(0, 1.2))
        desk.cancel(run)
        began = time.monotonic()
        row = desk.ended(run)
        took, sent = time.monotonic() - began, len(target.seen)
        time.sleep(0.4)
    assert took < 2.0 * patience()
    assert row.state is RunState.CANCELED
    assert len(target.seen) == sent
    assert row.stored == len(desk.results(run))
    assert max(target.unsafe().values(), default=0) <= 401
    assert "/late" not in target.unsafe()


def test_a_canceled_run_that_waits_is_not_begun(desk, target, tmp_path):
    run = desk.run(desk.project(), plan(target, [call("GET", "/")]))
    desk.cancel(run)
    with working(crew_of(desk, tmp_path)):
        assert desk.ended(run).state is RunState.CANCELED
    assert target.seen == []


class Cut(RunTables):
    """Tables that are out of reach for one worker while `sessions.cut` is set."""

    @contextmanager
    def reading(self):
        self._reach()
        with RunTables.reading(self) as dao:
            yield dao

    @contextmanager
    def writing(self):
        self._reach()
        with RunTables.writing(self) as dao:
            yield dao

    def _reach(self):
        if self.sessions.cut.is_set():
            raise OperationalError("connect", {}, Exception("gone"))


def cut_off(desk):
    def sessions():
        return desk.sessions()

    sessions.cut = threading.Event()
    return Cut(sessions)


def test_who_takes_a_run_over_sends_nothing_twice_that_changes_something(desk, target, tmp_path):
    """The first worker loses the database in the middle of a request; the second goes on where it was."""
    target.answer = lambda method, path: (200, json.dumps({"id": len(target.seen), "token": "canary-5c1"}).encode())
    target.hold, target.holds = threading.Event(), "/held"
    steps = [
        call("POST", "/login", extractions=[extraction("t", "$.token", secret=True)]),
        call("POST", "/order", extractions=[extraction("n", "$.id")]),
        call("GET", "/wait/{{n}}"),
        call("POST", "/held/{{n}}", stop_on_failure=False),
        call("PUT", "/after/{{n}}", request={"headers": {"X-Token": "{{t}}", "X-Same": "canary-5c1"}}),
    ]
    run = desk.run(desk.project(), plan(target, steps, {"teardown": [call("DELETE", "/order/{{n}}")]}))
    tables = cut_off(desk)
    with working(crew_of(desk, tmp_path, lease_s=1, tables=tables)):
        target.wait_for(4)
        wait_until(lambda: (desk.row(run).stored, desk.row(run).ahead) == (3, 1))
        tables.sessions.cut.set()
        with working(crew_of(desk, tmp_path, lease_s=1)):
            wait_until(lambda: desk.row(run).fence == 2)
            target.hold.set()
            row = desk.ended(run)
        tables.sessions.cut.clear()
        time.sleep(0.3)
    assert max(target.unsafe().values()) == 1
    assert set(target.unsafe()) == {"/login", "/order", "/held/2", "/after/2", "/order/2"}
    by_path = {result.path: result for result in desk.results(run)}
    assert sorted(by_path) == ["steps/0", "steps/1", "steps/2", "steps/3", "steps/4", "teardown/0"]
    assert by_path["steps/3"].error_class == "interrupted"
    assert (row.state, row.stored, row.passed, row.error, row.fence) == (RunState.ERROR, 6, 5, 1, 2)
    assert json.loads(row.summary)["total"] == 6
    assert b"canary-5c1" not in stored_bytes(desk)


def test_a_worker_without_a_database_stops_sending_when_its_lease_ends(desk, target, tmp_path):
    target.delay_s = 0.02
    run = desk.run(desk.project(), plan(target, [call("POST", "/s", repeat={"times": 2000})]))
    tables = cut_off(desk)
    with working(crew_of(desk, tmp_path, lease_s=1, tables=tables)):
        target.wait_for(20)
        tables.sessions.cut.set()
        cut = time.monotonic()
        wait_until(lambda: target.seen[-1][0] < time.monotonic() - 0.4)
        sent = len(target.seen)
        assert target.seen[-1][0] - cut < 1.3 * patience()
        row = desk.row(run)
        assert sent - row.stored <= row.ahead
        desk.cancel(run)
        tables.sessions.cut.clear()
        assert desk.ended(run).state is RunState.CANCELED


@pytest.mark.parametrize("seconds", [0.3, 2.5])
def test_a_run_ends_although_the_database_was_away(desk, target, tmp_path, seconds):
    target.delay_s = 0.005
    run = desk.run(desk.project(), plan(target, [call("GET", "/s", repeat={"times": 300})]))
    tables = cut_off(desk)
    with working(crew_of(desk, tmp_path, lease_s=1, tables=tables)):
        target.wait_for(50)
        tables.sessions.cut.set()
        time.sleep(seconds)
        tables.sessions.cut.clear()
        row = desk.ended(run)
    assert (row.state, row.passed, row.stored) == (RunState.PASSED, 300, 300)
    assert len(set(desk.paths(run))) == 300


def test_a_worker_that_stops_gives_its_runs_to_the_next_one(desk, target, tmp_path):
    target.delay_s = 0.01
    steps = [call("POST", f"/s{number}") for number in range(120)]
    run = desk.run(desk.project(), plan(target, steps))
    first = crew_of(desk, tmp_path)
    first.start()
    target.wait_for(20)
    with promptly(2):
        first.stop()
    row = desk.row(run)
    assert (row.state, row.ahead, row.claims) == (RunState.QUEUED, 0, 0)
    assert row.stored == len(target.seen)
    with working(crew_of(desk, tmp_path)):
        row = desk.ended(run)
    assert (row.state, row.passed) == (RunState.PASSED, 120)
    assert set(target.unsafe().values()) == {1}


def test_an_interactive_run_begins_although_every_place_is_taken(lone_desk, target, tmp_path):
    desk = lone_desk
    target.hold = threading.Event()
    projects = [desk.project() for _ in range(3)]
    for number in range(12):
        desk.run(projects[number % 3], plan(target, [call("GET", "/long")]))
    with working(crew_of(desk, tmp_path)):
        target.wait_for(8)
        urgent = desk.run(desk.project(), plan(target, [{"wait_ms": 1}]), Priority.INTERACTIVE)
        assert desk.ended(urgent).state is RunState.PASSED
        assert len(target.seen) == 8
        target.hold.set()


def test_values_of_global_scope_are_handed_back_when_the_run_has_ended(lone_desk, target, tmp_path):
    desk = lone_desk
    shared = {"name": "order", "value": "", "secret": False}
    content = plan(target, [call("GET", "/", extractions=[extraction("order", "$.id", scope="global")])])
    content["environment"]["variables"] = [shared]
    told = []

    def write_back(project_id, environment_id, values):
        told.append((project_id, environment_id, [(one.name, one.value) for one in values]))

    project = desk.project()
    run = desk.run(project, content, environment_id=5)
    with working(crew_of(desk, tmp_path, write_back=write_back)):
        desk.ended(run)
        wait_until(lambda: told)
    assert told == [(project, 5, [("order", 7)])]


def test_files_of_the_project_can_be_sent(app, target, tmp_path):
    with app.app_context():
        desk = Desk(db.engine)
        store = app.extensions["wxcloudrun"].get(ObjectStore)
        crew = app.extensions["wxcloudrun"].get(RunCrew)
        assert store is not None
        body = {"kind": "binary", "blob": "12345"}
        run = desk.run(desk.project(), plan(target, [call("POST", "/", request={"body": body})]))
        with working(crew):
            desk.ended(run)
        app.extensions["wxcloudrun"].forget_made()
    [result] = desk.results(run)
    assert result.error_class == "definition"
    assert "no file" in result.message


def test_a_ring_begins_a_run_at_once(lone_desk, target, tmp_path):
    desk = lone_desk
    bell = Bell(tmp_path)
    with working(crew_of(desk, tmp_path)):
        time.sleep(0.3)
        for _ in range(4):
            run = desk.run(desk.project(), plan(target, []))
            bell.ring()
            with promptly(0.6):
                desk.ended(run)


def test_a_bell_without_listeners_or_with_dead_ones_is_rung_in_vain(tmp_path):
    folder = tmp_path / "runs.wake"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(folder / "dead.socket"))
    Bell(tmp_path).ring()
    assert list(folder.iterdir()) == []
    Bell(tmp_path / "nothing").ring()


def test_a_folder_too_deep_for_a_socket_is_no_fault(tmp_path):
    deep = tmp_path / ("d" * 120)
    heard = []
    bell = Bell(deep)
    with bell.heard(lambda: heard.append(1)):
        bell.ring()
    assert heard == [1]


def test_the_memory_of_a_long_run_stays_flat(lone_desk, target, tmp_path):
    desk = lone_desk
    body = {"kind": "json", "value": {"n": "{{repeat}}", "pad": "x" * 600}}
    target.answer = lambda method, path: (200, json.dumps({"id": len(target.seen), "pad": "y" * 2000}).encode())
    step = call("POST", "/s", request={"body": body}, repeat={"times": 3000})
    run = desk.run(desk.project(), plan(target, [step]))
    with working(crew_of(desk, tmp_path)):
        wait_until(lambda: desk.row(run).stored >= 1000, 60)
        first = objects()
        wait_until(lambda: desk.row(run).stored >= 2500, 60)
        second = objects()
        row = desk.ended(run, 60)
    assert (row.state, row.stored) == (RunState.PASSED, 3000)
    assert second - first < 12_000, "1,500 steps more"


def objects():
    gc.collect()
    return len(gc.get_objects())
