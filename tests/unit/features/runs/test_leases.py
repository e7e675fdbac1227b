"""A lease: kept by heartbeats, over for good when they stay away, and the flag that stops the engine."""

import threading

import pytest

from tests.pace import promptly
from wxcloudrun.features.runs.leases import Lease, LostLease


class Time:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Time()


@pytest.fixture
def lease(clock):
    return Lease(7, 3, 15.0, clock)


def test_a_lease_without_a_heartbeat_is_over(lease, clock):
    clock.now += 14.9
    lease.check()
    clock.now += 0.2
    with pytest.raises(LostLease, match="run 7"):
        lease.check()
    assert lease.is_set()


def test_heartbeats_keep_it(lease, clock):
    for _ in range(10):
        clock.now += 10
        lease.beaten(clock.now)
    assert not lease.over


def test_a_lease_that_was_over_stays_over(lease, clock):
    clock.now += 16
    assert lease.over
    lease.beaten(clock.now)
    assert lease.over
    assert lease.is_set()


def test_a_heartbeat_counts_from_the_moment_it_began(lease, clock):
    began = clock.now
    clock.now += 14
    lease.beaten(began)
    clock.now += 1.5
    assert lease.over


def test_a_cancel_stops_the_engine_and_leaves_the_run_ours(lease, clock):
    assert not lease.is_set()
    lease.cancel()
    assert lease.is_set()
    assert not lease.over
    assert lease.canceled_at == clock.now


def test_who_waits_hears_a_cancel_at_once():
    lease = Lease(1, 1, 60.0)
    threading.Timer(0.05, lease.cancel).start()
    with promptly(2):
        assert lease.wait(20)


def test_who_waits_hears_the_end_of_the_lease():
    lease = Lease(1, 1, 0.05)
    assert lease.wait(20)
    assert lease.over


def test_a_wait_without_an_event_ends_in_time():
    lease = Lease(1, 1, 60.0)
    with promptly(2):
        assert not lease.wait(0.05)
