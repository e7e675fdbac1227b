"""Messages about runs that wait, with a broker and a queue that are made up."""

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from wxcloudrun.features.runs.dispatch import BrokerGone, RunDispatch
from wxcloudrun.features.runs.models import Priority, RunState

NOW = datetime(2030, 1, 1, tzinfo=UTC)
CI, SCHEDULE = Priority.CI, Priority.SCHEDULE


@dataclass(frozen=True)
class Waiting:
    id: int
    priority: Priority = CI
    created_at: datetime = NOW - timedelta(seconds=2)
    state: RunState = RunState.QUEUED
    now: datetime = NOW


class FakeMessages:
    """A broker that can be away, and in which messages stay."""

    def __init__(self):
        self.sent = []
        self.away = False
        self.asked = 0
        self.came = threading.Event()

    def send(self, run_id, priority):
        self._ask()
        self.sent.append((run_id, priority))

    def depth(self, priority):
        self._ask()
        return sum(one is priority for _, one in self.sent)

    def ping(self):
        self._ask()

    def _ask(self):
        self.asked += 1
        self.came.set()
        if self.away:
            raise BrokerGone from OSError("refused")


class House:
    """A dispatch whose time a test moves."""

    def __init__(self, *waiting):
        self.waiting, self.messages, self.time = list(waiting), FakeMessages(), 100.0
        self.dispatch = RunDispatch(self, self.messages, monotonic=lambda: self.time)

    def ready(self):
        return self.waiting

    def soon(self, *runs):
        """Send, and wait until the thread that sends has ended."""
        for run in runs:
            self.dispatch.soon(run, CI)
        for thread in threading.enumerate():
            if thread.name == "runs-messages":
                thread.join(10)


def test_a_message_leaves_from_another_thread():
    house = House()
    house.soon(1, 2, 3)
    assert house.messages.sent == [(1, CI), (2, CI), (3, CI)]


def test_who_waits_for_a_slow_broker_is_not_the_caller():
    house = House()
    wall = threading.Event()
    house.messages.depth = None
    house.messages.send = lambda *_: wall.wait(10)
    for run in range(2000):
        house.dispatch.soon(run, CI)
    assert len(house.dispatch._unsent) <= 1000, "the rest is sent by the duty"
    wall.set()
    house.soon()


def test_without_a_broker_nothing_is_sent():
    dispatch = RunDispatch(House(Waiting(1)), None)
    dispatch.soon(1, CI)
    assert dispatch.again() == 0


def test_whether_the_broker_answers_is_told():
    house = House()
    assert house.dispatch.answers()
    house.messages.away = True
    assert not house.dispatch.answers()
    assert RunDispatch(house, None).answers()


def test_a_run_that_nobody_took_is_sent_again_once_its_queue_is_empty():
    house = House(Waiting(1), Waiting(2), Waiting(3, SCHEDULE))
    assert house.dispatch.again() == 3
    assert house.messages.sent == [(1, CI), (2, CI), (3, SCHEDULE)]
    assert house.dispatch.again() == 0, "they lie there: more messages would change nothing"
    house.messages.sent.clear()
    assert house.dispatch.again() == 3


@pytest.mark.parametrize(("seconds", "sent"), [(0, 0), (1.9, 0), (2, 1), (3600, 1), (-1, 0), (-3600, 1)])
def test_a_new_run_has_two_seconds_also_where_a_clock_went_back(seconds, sent):
    assert House(Waiting(1, created_at=NOW - timedelta(seconds=seconds))).dispatch.again() == sent


def test_a_lost_run_is_sent_at_once():
    assert House(Waiting(1, created_at=NOW, state=RunState.RUNNING)).dispatch.again() == 1


def test_very_many_are_not_sent_in_one_go():
    assert House(*(Waiting(number) for number in range(100))).dispatch.again() == 20


def test_a_broker_that_is_away_is_left_alone_for_longer_and_longer(caplog):
    house = House(Waiting(1))
    house.messages.away = True
    with caplog.at_level(logging.INFO, "wxcloudrun.runs"):
        for _ in range(300):
            assert house.dispatch.again() == 0
            house.time += 1
        assert house.messages.asked == 14, "after 1, 2, 4, 8, 16, and then every 30 seconds"
        house.messages.away = False
        house.time += 30
        assert house.dispatch.again() == 1
    assert [record.getMessage() for record in caplog.records] == ["broker unavailable", "broker is back"]


def test_while_it_rests_messages_are_left_out_and_sent_again_later():
    house = House(Waiting(2))
    house.messages.away = True
    house.soon(1)
    house.messages.away = False
    house.soon(2)
    assert house.messages.sent == []
    house.time += 1
    assert house.dispatch.again() == 1
    assert house.messages.sent == [(2, CI)]
