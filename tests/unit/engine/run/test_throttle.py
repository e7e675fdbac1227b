"""Bounds on requests, and the cache that logs in once."""

import threading
import time

from tests.pace import promptly
from wxcloudrun.engine.bounds import Bounds
from wxcloudrun.engine.clock import SystemClock
from wxcloudrun.engine.run.once import LocalCache
from wxcloudrun.engine.run.throttle import Gates, LocalThrottle


def bounds(seconds=5.0, cancel=None):
    return Bounds(cancel or threading.Event(), SystemClock(), time.monotonic() + seconds)


def test_a_throttle_spaces_requests_and_keeps_keys_apart():
    throttle = LocalThrottle()
    waits = [throttle.reserve("a", 10) for _ in range(4)]
    assert waits[0] == 0
    assert 0.25 < waits[3] <= 0.3
    assert throttle.reserve("b", 10) == 0


def test_gates_hold_back_more_than_their_bound():
    gates = Gates(2, 1)
    with gates.through("a", bounds()) as first, gates.through("b", bounds()) as second:
        assert first
        assert second
        with gates.through("a", bounds(0.05)) as third:
            assert not third
        with gates.through("c", bounds(0.05)) as fourth:
            assert not fourth
    with gates.through("a", bounds()) as again:
        assert again


def test_waiting_at_a_gate_ends_with_a_cancel():
    gates, cancel = Gates(1, 1), threading.Event()
    with gates.through("a", bounds()):
        threading.Timer(0.1, cancel.set).start()
        with promptly(1):
            with gates.through("a", bounds(60, cancel)) as open_:
                assert not open_


def test_a_cache_makes_once_and_again_after_its_lifetime():
    now = [0.0]
    cache = LocalCache(lambda: now[0])
    made = []

    def make():
        made.append(1)
        return {"n": len(made)}

    assert cache.get_or_make("k", 1000, make) == {"n": 1}
    assert cache.get_or_make("k", 1000, make) == {"n": 1}
    now[0] = 1.5
    assert cache.get_or_make("k", 1000, make) == {"n": 2}


def test_what_could_not_be_made_is_not_kept():
    cache = LocalCache()
    assert cache.get_or_make("k", 1000, lambda: None) is None
    assert cache.get_or_make("k", 1000, lambda: {"n": 1}) == {"n": 1}


def test_only_one_makes_while_the_others_wait():
    cache, made = LocalCache(), []

    def make():
        time.sleep(0.05)
        made.append(1)
        return {"n": 1}

    threads = [threading.Thread(target=lambda: cache.get_or_make("k", 1000, make)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]
