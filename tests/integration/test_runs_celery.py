"""Runs by Celery's workers: both brokers, both pools, messages that come twice, late, never, and workers that end."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tests.conftest import database_urls, make_app
from tests.integration.celery_bench import Broker, CeleryProcess, broker, celery, celery_worker
from tests.integration.proxy import proxy_to
from tests.integration.runs_bench import Desk, call, counting, desk_of, plan, wait_until
from tests.pace import promptly
from wxcloudrun.broker import CeleryMessages
from wxcloudrun.features.runs.dispatch import BrokerGone, RunDispatch
from wxcloudrun.features.runs.models import Priority, RunState

WAYS = [("redis", "threads"), ("redis", "prefork"), ("rabbitmq", "threads"), ("rabbitmq", "prefork")]
pytestmark = pytest.mark.xdist_group("celery")


@dataclass
class House:
    """A database, a broker, and a worker at it."""

    desk: Desk
    broker: Broker
    worker: CeleryProcess

    def queued(self, content, priority=Priority.CI) -> int:
        """A run of a project of its own, and a message about it."""
        run = self.desk.run(self.desk.project(), content, priority)
        self.broker.messages.send(run, priority)
        return run


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("celery")
    for url in database_urls(tmp, "sqlite"):
        make_app(url, tmp)
        yield url, tmp


@pytest.fixture(scope="module")
def desk(database) -> Iterator[Desk]:
    with desk_of(database[0]) as desk:
        yield desk


@pytest.fixture(scope="module", params=WAYS, ids="-".join)
def house(request, database, desk) -> Iterator[House]:
    kind, pool = request.param
    with broker(kind) as where, celery_worker(*database, where, "--pool", pool, "--concurrency=2") as worker:
        yield House(desk, where, worker)


@pytest.fixture
def redis() -> Iterator[Broker]:
    with broker("redis") as where:
        yield where


@pytest.fixture
def target():
    with counting() as server:
        yield server


def test_a_run_is_carried_out_once_however_often_its_message_comes(house, target):
    run = house.queued(plan(target, [call("POST", "/a"), call("GET", "/b")]))
    for _ in range(3):
        house.broker.messages.send(run, Priority.CI)
    row = house.desk.ended(run)
    assert (row.state, row.passed, row.claims, row.fence) == (RunState.PASSED, 2, 1, 1)
    late = house.queued(plan(target, []))
    house.broker.messages.send(run, Priority.CI)
    house.desk.ended(late)
    assert target.unsafe() == {"/a": 1}
    assert house.desk.row(run).fence == 1


def test_a_message_lets_a_worker_take_what_is_as_urgent_or_more(house, target):
    project = house.desk.project()
    slow, urgent = (house.desk.run(project, plan(target, []), one) for one in (Priority.SCHEDULE, Priority.INTERACTIVE))
    house.broker.messages.send(slow, Priority.CI)
    house.desk.ended(urgent)
    wait_until(lambda: house.broker.messages.depth(Priority.CI) == 0)
    done = house.queued(plan(target, []), Priority.CI)
    house.desk.ended(done)
    assert house.desk.row(slow).state is RunState.QUEUED
    house.broker.messages.send(slow, Priority.SCHEDULE)
    house.desk.ended(slow)


def test_a_cancel_reaches_a_worker(house, target):
    target.delay_s = 0.2
    run = house.queued(plan(target, [call("GET", f"/{number}") for number in range(100)]))
    target.wait_for(1)
    house.desk.cancel(run)
    assert house.desk.ended(run).state is RunState.CANCELED


@pytest.mark.parametrize(("kind", "pool"), [WAYS[0], WAYS[3]])
def test_a_worker_that_is_told_to_end_gives_its_run_back_between_two_steps(kind, pool, database, desk, target):
    target.delay_s = 0.1
    with broker(kind) as where:
        with celery_worker(*database, where, "--pool", pool, "--concurrency=1") as worker:
            run = desk.run(desk.project(), plan(target, [call("POST", f"/{number}") for number in range(20)]))
            where.messages.send(run, Priority.CI)
            target.wait_for(2)
            assert worker.end() == 0
        row = desk.row(run)
        assert (row.state, row.claims) == (RunState.QUEUED, 0)
        assert 0 < row.stored < 20
        with celery_worker(*database, where, "--pool", pool, "--concurrency=1"):
            assert desk.ended(run).passed == 20, "the message was given back too"
    assert set(target.unsafe().values()) == {1}


def test_a_child_that_is_killed_leaves_its_run_to_the_next_worker(database, desk, redis, target):
    target.delay_s = 0.1
    dispatch = RunDispatch(desk.supply(lease_s=2), redis.messages)
    with celery_worker(*database, redis, "--pool=prefork", "--concurrency=1") as worker:
        run = desk.run(desk.project(), plan(target, [call("POST", f"/{number}") for number in range(10)]))
        dispatch.soon(run, Priority.CI)
        target.wait_for(3)
        [child] = worker.children()
        os.kill(child, signal.SIGKILL)
        wait_until(dispatch.again, 20)
        row = desk.ended(run)
    assert (row.fence, row.stored) == (2, 10)
    assert set(target.unsafe().values()) == {1}
    assert row.error <= 1, "of a step that may have been sent before nobody says that it passed"


def test_beat_sends_what_was_lost_and_writes_its_log_where_it_was_told(database, desk, redis, target):
    log = database[1] / "beat.log"
    more = ("--logfile", str(log), "--pidfile", str(log.with_suffix(".pid")))
    with celery(*database, redis, "beat", *more) as beat, celery_worker(*database, redis, "--pool=threads"):
        run = desk.run(desk.project(), plan(target, [call("GET", "/")]))
        assert desk.ended(run).state is RunState.PASSED
        assert beat.end() == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {line.get("duty") for line in lines} >= {"runs.send"}


def test_a_broker_that_is_away_costs_nobody_anything_but_time(database, desk, redis, target):
    there = urlsplit(redis.url)
    with proxy_to(there.hostname, there.port or 6379) as proxy:
        away = Broker(f"redis://127.0.0.1:{proxy.port}/0", redis.word)
        dispatch = RunDispatch(desk.supply(), away.messages)
        with proxy.down():
            began = time.thread_time()
            run = desk.run(desk.project(), plan(target, [call("GET", "/")]))
            dispatch.soon(run, Priority.CI)
            assert time.thread_time() - began < 0.05
            with pytest.raises(BrokerGone):
                away.messages.send(run, Priority.CI)
            assert dispatch.again() == 0
        with celery_worker(*database, redis, "--pool=threads"):
            wait_until(lambda: dispatch.again() or desk.row(run).state.final, 20)
            assert desk.ended(run).state is RunState.PASSED


@pytest.mark.parametrize("kind", ["redis", "amqp"])
def test_a_broker_that_is_silent_is_given_up_in_time(kind):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        messages = CeleryMessages(f"{kind}://127.0.0.1:{silent.getsockname()[1]}/0", "w")
        with promptly(15):
            with pytest.raises(BrokerGone):
                messages.send(1, Priority.CI)


def test_a_command_without_a_broker_says_what_to_do(database):
    with celery(*database, Broker("", "runs"), "worker") as worker:
        assert worker.process.wait(60) != 0
    assert "RUN_BROKER_URL is empty" in worker.log.read_text()
