"""Limits by address and by user over HTTP, and across applications that share a store."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from flask import Flask
from sqlalchemy import URL

from tests.conftest import Person, log_in, make_app, stand_in
from tests.integration.probe import with_probe
from tests.pace import promptly

REDIS = "redis://127.0.0.1:6379/14"


def _app(tmp: Path, **settings: object) -> Flask:
    return with_probe(
        make_app(URL.create("sqlite", database=str(tmp / "t.sqlite3")), tmp, rate_limits=True, **settings), tmp
    )


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Flask]:
    return _app(tmp_path)


def _person(app: Flask, name: str) -> Person:
    for fake in stand_in(app):
        return log_in(app, fake, name)
    raise AssertionError


def _call(person: Person, address: str = "192.0.2.1"):
    return person.call("POST", "/api/limited", {"text": "x"}, environ_base={"REMOTE_ADDR": address})


def test_a_user_is_limited_whatever_the_address(limited: Flask):
    person, other = _person(limited, "somebody-busy"), _person(limited, "somebody-calm")
    statuses = [_call(person, f"192.0.2.{number}").status_code for number in range(6)]
    assert statuses == [200] * 5 + [429]
    assert _call(other).status_code == 200


def test_an_address_is_limited_whoever_calls(limited: Flask):
    people = [_person(limited, f"somebody-of-a-crowd-{number}") for number in range(9)]
    statuses = [_call(person).status_code for person in people]
    assert statuses == [200] * 8 + [429]


def test_a_refusal_says_how_long_to_wait(limited: Flask):
    person = _person(limited, "somebody-busy")
    response = [_call(person) for _ in range(6)][-1]
    wait = response.json["data"]["retry_after"]
    assert response.json["data"]["error"] == "too_many_requests"
    assert 1 <= wait <= 60
    assert response.headers["Retry-After"] == str(wait)


def test_logging_in_is_limited_by_address_before_anything_else_happens(limited: Flask):
    for fake in stand_in(limited):
        client = limited.test_client()
        for _ in range(120):
            client.post("/api/login", json={"code": "x", "y": 1})
        refused = client.post("/api/login", json={"code": fake.code_for("somebody-late-123")})
        assert refused.status_code == 429
        assert fake.asked == []


def test_a_forged_forwarded_address_does_not_escape_the_limit(limited: Flask):
    person = _person(limited, "somebody-sly")
    answers = [
        person.call("POST", "/api/limited", {"text": "x"}, headers={"X-Forwarded-For": f"198.51.100.{number}"})
        for number in range(6)
    ]
    assert answers[-1].status_code == 429


def test_behind_proxies_the_address_is_the_one_that_they_vouch_for(tmp_path: Path):
    app = _app(tmp_path, trusted_proxies=1)
    people = [_person(app, f"somebody-of-a-crowd-{number}") for number in range(9)]
    for number, person in enumerate(people):
        forwarded = {"X-Forwarded-For": f"203.0.113.99, 198.51.100.{number}"}
        assert person.call("POST", "/api/limited", {"text": "x"}, headers=forwarded).status_code == 200


def test_without_its_store_the_service_goes_on_limits_and_is_not_slow(tmp_path: Path):
    app = _app(tmp_path, rate_limit_storage="redis://127.0.0.1:1/")
    person = _person(app, "somebody-busy")
    with promptly(1):
        statuses = [_call(person).status_code for _ in range(6)]
        assert statuses == [200] * 5 + [429]


def test_two_applications_count_together_in_redis(tmp_path: Path):
    try:
        redis.Redis.from_url(REDIS).flushdb()
    except redis.ConnectionError:
        pytest.skip("no Redis server at hand")
    first, second = (_app(tmp_path, rate_limit_storage=REDIS) for _ in range(2))
    person = _person(first, f"somebody-{secrets.token_hex(4)}")
    clients = [first.test_client(), second.test_client()]
    statuses = []
    for number in range(6):
        person.client = clients[number % 2]
        statuses.append(_call(person).status_code)
    assert statuses == [200] * 5 + [429]
    redis.Redis.from_url(REDIS).flushdb()
