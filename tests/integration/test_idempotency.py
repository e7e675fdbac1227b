"""A POST that is sent again with its Idempotency-Key happens once, whatever goes wrong in between."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from tests.conftest import FakeWeChat, Person, database_urls, empty, log_in, make_app, stand_in
from tests.integration.live import at_once, serving
from tests.integration.probe import ACTION, with_probe
from tests.pace import promptly
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.core.idempotency import Answer, Idempotency, IdempotencyRecord
from wxcloudrun.features.audit.models import AuditEntry


@pytest.fixture(scope="module", params=["sqlite", "mariadb", "postgresql"])
def probed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    tmp: Path = tmp_path_factory.mktemp("probe")
    for url in database_urls(tmp, request.param):
        app = with_probe(make_app(url, tmp), tmp)
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def person(probed: Flask) -> Iterator[Person]:
    for fake in stand_in(probed):
        yield log_in(probed, fake, "somebody-who-repeats")
    empty(probed)


@pytest.fixture
def key() -> str:
    return secrets.token_hex(8)


def _post(person: Person, key: str, text: str = "note", path: str = "/api/probe"):
    return person.call("POST", path, {"text": text}, headers={"Idempotency-Key": key})


def _effects(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).where(AuditEntry.action == ACTION)) or 0


def _error(response) -> tuple[int, str]:
    return response.status_code, response.json["data"]["error"]


def test_the_same_request_again_gets_the_same_answer_and_happens_once(probed, person, key):
    first, again = _post(person, key), _post(person, key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert _effects(probed) == 1


def test_another_request_with_the_same_key_is_refused(probed, person, key):
    _post(person, key)
    assert _error(_post(person, key, "another")) == (422, "idempotency_key_reused")
    assert _effects(probed) == 1


def test_the_same_body_on_another_thing_is_another_request(probed, person, key):
    assert _post(person, key, path="/api/probe/1").status_code == 201
    assert _error(_post(person, key, path="/api/probe/2")) == (422, "idempotency_key_reused")


def test_another_key_and_no_key_are_new_requests(probed, person, key):
    _post(person, key)
    _post(person, key + "x")
    person.ok("POST", "/api/probe", {"text": "note"})
    person.ok("POST", "/api/probe", {"text": "note"})
    assert _effects(probed) == 4


def test_the_same_key_of_somebody_else_is_theirs(probed, person, key):
    for fake in stand_in(probed):
        other = log_in(probed, fake, "somebody-else-who-repeats")
    _post(person, key)
    assert _post(other, key, "another").status_code == 201
    assert _effects(probed) == 2


def test_a_refusal_is_not_kept_and_leaves_nothing(probed, person, key):
    assert _error(_post(person, key, "refuse")) == (404, "not_found")
    assert _effects(probed) == 0
    assert _post(person, key, "now fine").status_code == 201


@pytest.mark.parametrize("bad", ["", "x" * 256, "a b", "\xe9", "tab\tinside"])
def test_a_key_that_is_none_is_refused_by_name(probed, person, bad):
    response = _post(person, bad)
    assert _error(response) == (422, "invalid_input")
    [fault] = response.json["data"]["fields"]
    assert (fault["field"], fault["reason"]) == ("Idempotency-Key", "invalid")
    assert "255" in fault["detail"], "it says what a key looks like"
    assert _effects(probed) == 0


def test_fifty_at_once_happen_once(probed, person, key):
    body, headers = {"text": "slow"}, {"Authorization": f"Bearer {person.token}", "Idempotency-Key": key}
    answers = at_once(50, lambda _: probed.test_client().post("/api/probe", json=body, headers=headers))
    done = [answer for answer in answers if answer.status_code == 201]
    waiting = [answer for answer in answers if answer.status_code != 201]
    assert {_error(answer) for answer in waiting} <= {(409, "request_in_progress")}
    assert all(answer.headers["Retry-After"] for answer in waiting)
    assert len({answer.data for answer in done}) == 1
    assert _effects(probed) == 1
    assert _post(person, key, "slow").data == done[0].data


def test_a_key_is_good_for_a_day_whether_or_not_anybody_cleared_up(probed, person, key):
    first = _post(person, key)
    now = SystemClock().now()
    with time_machine.travel(now + timedelta(minutes=29), tick=True):
        assert _post(person, key).data == first.data
    with probed.app_context():
        db.session.execute(update(IdempotencyRecord).values(created_at=now - timedelta(hours=24, seconds=1)))
        db.session.commit()
    assert _post(person, key, "another").status_code == 201
    assert _post(person, key, "another").headers["Idempotency-Replayed"] == "true"


def test_a_stored_answer_cannot_be_read_in_the_table(probed, person, key):
    said = _post(person, key).get_data()
    with probed.app_context():
        stored = db.session.scalars(select(IdempotencyRecord.answer)).one()
    assert stored
    assert said not in stored
    assert b"success" not in stored


def test_old_keys_are_cleared_and_young_ones_stay(probed, person, key):
    _post(person, key)
    with probed.app_context():
        idempotency = probed.extensions[EXTENSION].get(Idempotency)
        assert idempotency.clear() == 0
        db.session.execute(update(IdempotencyRecord).values(created_at=SystemClock().now() - timedelta(hours=25)))
        db.session.commit()
        assert idempotency.clear() == 1


def test_who_was_taken_for_dead_cannot_finish_beside_who_took_over(probed, person, key):
    """A request that stands still for longer than its lease finds its record in other hands, and keeps nothing."""
    with probed.app_context():
        idempotency = probed.extensions[EXTENSION].get(Idempotency)
        claim = idempotency._begin(person.id, "k" * 64, "r" * 64)
        db.session.execute(update(IdempotencyRecord).values(created_at=claim.since + timedelta(seconds=61)))
        db.session.commit()
        with pytest.raises(Exception, match="request_in_progress"):
            idempotency._finish(claim, lambda: Answer(201, b"{}"))
        assert db.session.scalar(select(func.count()).select_from(IdempotencyRecord)) == 1, "it is not theirs to remove"


@pytest.mark.parametrize("kind", ["sqlite", "mariadb", "postgresql"])
def test_kill_9_between_commit_and_answer_and_the_retry_gets_the_answer(kind: str, tmp_path: Path, wechat: FakeWeChat):
    for url in database_urls(tmp_path, kind):
        app = make_app(url, tmp_path)
        for fake in stand_in(app):
            person = log_in(app, fake, "somebody-unlucky")
        with serving(url, tmp_path, workers=1, target="tests.integration.probe:app()") as server:
            (tmp_path / "fuse").touch()
            sent = {"body": {"text": "die"}, "token": person.token, "headers": {"Idempotency-Key": "one-key"}}
            with pytest.raises((OSError, HTTPException)):
                server.call("POST", "/api/probe", **sent)
            assert not (tmp_path / "fuse").exists(), "the process died where it was meant to"
            server.wait_until_up()
            with promptly(5):
                again = server.call("POST", "/api/probe", **sent)
                assert again.status == 201, again.body
                assert again.headers["idempotency-replayed"] == "true"
        assert _effects(app) == 1
        with app.app_context():
            db.engine.dispose()
