"""Rate limits count, say how long to wait, and outlive their store."""

import secrets
import socket
from types import SimpleNamespace

import pytest
import redis

from tests.pace import promptly
from wxcloudrun.core.errors import TooManyRequests
from wxcloudrun.core.rate_limit import RateLimiter

ROUTE = SimpleNamespace(method="POST", path="/api/login")
REDIS = "redis://127.0.0.1:6379/15"


def _calls_until_refused(limiter: RateLimiter, who: str = "somebody", most: int = 20) -> int:
    for number in range(most):
        try:
            limiter.check(ROUTE, "address", who, "5/minute")
        except TooManyRequests:
            return number
    return most


def test_the_call_over_the_limit_is_refused_with_the_seconds_to_wait():
    limiter = RateLimiter("memory://")
    for _ in range(5):
        limiter.check(ROUTE, "address", "somebody", "5/minute")
    with pytest.raises(TooManyRequests) as caught:
        limiter.check(ROUTE, "address", "somebody", "5/minute")
    assert 1 <= caught.value.retry_after <= 60


def test_others_and_other_routes_and_scopes_have_a_count_of_their_own():
    limiter = RateLimiter("memory://")
    assert _calls_until_refused(limiter) == 5
    assert _calls_until_refused(limiter, "another") == 5
    limiter.check(SimpleNamespace(method="GET", path="/api/login"), "address", "somebody", "5/minute")
    limiter.check(ROUTE, "user", "somebody", "5/minute")


def test_limits_can_be_switched_off():
    assert _calls_until_refused(RateLimiter("memory://", enabled=False)) == 20


def test_an_unreachable_store_neither_lifts_the_limits_nor_slows_requests():
    limiter = RateLimiter("redis://127.0.0.1:1/")
    limiter.check(ROUTE, "address", "first", "5/minute")
    with promptly(0.2):
        assert _calls_until_refused(limiter) == 5


def test_a_store_that_accepts_and_never_answers_costs_one_request_a_second_and_the_next_nothing():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        limiter = RateLimiter(f"redis://127.0.0.1:{silent.getsockname()[1]}/")
        with promptly(2):
            limiter.check(ROUTE, "address", "first", "5/minute")
        with promptly(0.2):
            assert _calls_until_refused(limiter) == 5


def test_a_store_that_cannot_even_be_named_does_not_fail_a_request():
    assert _calls_until_refused(RateLimiter("nonsense://127.0.0.1/")) == 5


def test_a_store_that_breaks_between_count_and_wait_does_not_fail_a_request(monkeypatch):
    limiter = RateLimiter("memory://")
    monkeypatch.setattr(limiter, "_storage", "redis://127.0.0.1:1/")
    broken = SimpleNamespace(hit=lambda *_: False, get_window_stats=_refuse)
    monkeypatch.setattr(limiter, "_shared", broken)
    limiter.check(ROUTE, "address", "somebody", "5/minute")


def _refuse(*_: object) -> None:
    raise redis.ConnectionError


def test_two_processes_share_one_count_in_redis():
    try:
        redis.Redis.from_url(REDIS).ping()
    except redis.ConnectionError:
        pytest.skip("no Redis server at hand")
    who = secrets.token_hex(8)
    first, second = RateLimiter(REDIS), RateLimiter(REDIS)
    for limiter in (first, second, first, second, first):
        limiter.check(ROUTE, "address", who, "5/minute")
    for limiter in (first, second):
        with pytest.raises(TooManyRequests):
            limiter.check(ROUTE, "address", who, "5/minute")
