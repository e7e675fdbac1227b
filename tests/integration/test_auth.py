"""Sessions: they end when they should, at the next request, and nobody reaches those of somebody else."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import URL, select, update

from tests.conftest import FakeWeChat, Person, log_in, make_app, stand_in
from tests.integration.live import at_once
from wxcloudrun.core.actor import Role, Status
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.auth.models import UserSession
from wxcloudrun.features.users.models import User


def _sessions(person: Person) -> list[dict]:
    data = person.ok("GET", "/api/user/sessions")
    return data["items"] if isinstance(data, dict) else data


def _refresh(person: Person, token: str | None = None):
    return person.client.post("/api/refresh_token", json={"refresh_token": token or person.refresh_token})


def _error(response) -> tuple[int, str]:
    return response.status_code, response.json["data"]["error"]


def test_logging_out_ends_this_session_and_no_other(each_app: Flask, each_wechat: FakeWeChat):
    first, second = (log_in(each_app, each_wechat, "somebody-with-two-phones") for _ in range(2))
    first.ok("POST", "/api/logout")
    assert _error(first.call("GET", "/api/user/profile")) == (401, "session_ended")
    assert _error(_refresh(first)) == (401, "refresh_token_invalid")
    assert second.call("GET", "/api/user/profile").status_code == 200


def test_logging_out_everywhere_ends_every_session_at_once(each_app: Flask, each_wechat: FakeWeChat):
    people = [log_in(each_app, each_wechat, "somebody-with-three-phones") for _ in range(3)]
    assert people[0].ok("DELETE", "/api/user/sessions")["ended"] == 3
    for person in people:
        assert _error(person.call("GET", "/api/user/profile")) == (401, "session_ended")
        assert _error(_refresh(person)) == (401, "refresh_token_invalid")
    again = log_in(each_app, each_wechat, "somebody-with-three-phones")
    assert again.call("GET", "/api/user/profile").status_code == 200


def test_the_list_shows_ones_own_living_sessions_and_which_is_this(app: Flask, wechat: FakeWeChat, other: Person):
    first, second = (log_in(app, wechat, "somebody-with-two-phones") for _ in range(2))
    shown = _sessions(first)
    assert [row["current"] for row in shown] == [False, True], "newest first"
    assert first.ok("DELETE", f"/api/user/sessions/{shown[0]['id']}")["ended"] == 1
    assert len(_sessions(first)) == 1
    assert second.call("GET", "/api/user/profile").status_code == 401
    assert len(_sessions(other)) == 1
    assert "hash" not in str(shown)


def test_a_session_of_somebody_else_is_not_there(app: Flask, person: Person, other: Person):
    theirs = _sessions(other)[0]["id"]
    assert _error(person.call("DELETE", f"/api/user/sessions/{theirs}")) == (404, "session_not_found")
    assert other.call("GET", "/api/user/profile").status_code == 200


def test_a_session_is_ended_once(app: Flask, wechat: FakeWeChat):
    first, second = (log_in(app, wechat, "somebody-with-two-phones") for _ in range(2))
    number = _sessions(first)[0]["id"]
    assert first.call("DELETE", f"/api/user/sessions/{number}").status_code == 200
    assert _error(first.call("DELETE", f"/api/user/sessions/{number}")) == (404, "session_not_found")


def _set(app: Flask, person: Person, **values: object) -> None:
    with app.app_context():
        db.session.execute(update(User).where(User.id == person.id).values(**values))
        db.session.commit()


def test_a_disabled_person_is_out_at_the_next_request_and_cannot_come_back_in(
    app: Flask, wechat: FakeWeChat, person: Person
):
    _set(app, person, status=Status.DISABLED)
    assert _error(person.call("GET", "/api/user/profile")) == (403, "account_disabled")
    assert _refresh(person).status_code in {401, 403}
    code = wechat.code_for(person.openid)
    assert _error(person.client.post("/api/login", json={"code": code})) == (403, "account_disabled")


def test_a_change_of_role_counts_at_the_next_request(app: Flask, person: Person):
    assert person.call("GET", "/api/audit").status_code == 403
    _set(app, person, role=Role.ADMINISTRATOR)
    assert person.call("GET", "/api/audit").status_code == 200
    _set(app, person, role=Role.USER)
    assert person.call("GET", "/api/audit").status_code == 403


def test_a_session_whose_row_is_gone_is_over(app: Flask, person: Person):
    with app.app_context():
        db.session.execute(UserSession.__table__.delete())
        db.session.commit()
    assert _error(person.call("GET", "/api/user/profile")) == (401, "session_ended")
    assert _error(_refresh(person)) == (401, "refresh_token_invalid")


def test_a_token_of_one_person_is_no_key_to_the_session_of_another(app: Flask, person: Person, other: Person):
    """The session's number is in the token; its owner is looked up with it."""
    with app.app_context():
        db.session.execute(update(UserSession).where(UserSession.user_id == person.id).values(user_id=other.id))
        db.session.commit()
    assert _error(person.call("GET", "/api/user/profile")) == (401, "session_ended")


def test_an_access_token_runs_out_and_the_refresh_token_brings_a_new_one(app: Flask, person: Person):
    with time_machine.travel(SystemClock().now() + timedelta(seconds=1801), tick=False):
        assert _error(person.call("GET", "/api/user/profile")) == (401, "session_ended")
        person.token = _refresh(person).json["data"]["token"]
        assert person.call("GET", "/api/user/profile").status_code == 200


def test_a_session_lives_no_longer_than_its_longest_life_however_often_it_is_refreshed(app: Flask, person: Person):
    now, token = SystemClock().now(), person.refresh_token
    for day in range(20, 180, 20):
        with time_machine.travel(now + timedelta(days=day), tick=False):
            response = _refresh(person, token)
            assert response.status_code == 200, day
            token = response.json["data"]["refresh_token"]
    with time_machine.travel(now + timedelta(days=180, seconds=1), tick=False):
        assert _error(_refresh(person, token)) == (401, "refresh_token_invalid")


def test_an_unused_refresh_token_runs_out(app: Flask, person: Person):
    with time_machine.travel(SystemClock().now() + timedelta(days=30, seconds=1), tick=False):
        assert _error(_refresh(person)) == (401, "refresh_token_invalid")


def test_the_same_refresh_token_again_within_a_minute_gets_the_same_successor(each_app: Flask, each_wechat: FakeWeChat):
    person = log_in(each_app, each_wechat, "somebody-in-a-tunnel")
    successors = {_refresh(person).json["data"]["refresh_token"] for _ in range(3)}
    assert len(successors) == 1


def test_after_a_minute_the_same_refresh_token_ends_the_family(app: Flask, person: Person):
    successor = _refresh(person).json["data"]["refresh_token"]
    with time_machine.travel(SystemClock().now() + timedelta(seconds=61), tick=False):
        assert _error(_refresh(person)) == (401, "refresh_token_invalid")
        assert _error(_refresh(person, successor)) == (401, "refresh_token_invalid")
    assert person.call("GET", "/api/user/profile").status_code == 401
    with app.app_context():
        assert "session.reuse" in db.session.scalars(select(AuditEntry.action)).all()


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1] + "A", lambda t: "x" + t, lambda t: t.split(".")[0], lambda t: "a.b.c"]
)
def test_a_made_up_refresh_token_is_refused_and_ends_nothing(app: Flask, person: Person, change):
    forged = change(person.refresh_token)
    if forged != person.refresh_token:
        assert _error(_refresh(person, forged)) == (401, "refresh_token_invalid")
    assert _refresh(person).status_code == 200


def test_twenty_refreshes_at_once_get_one_successor(each_app: Flask, each_wechat: FakeWeChat):
    person = log_in(each_app, each_wechat, "somebody-with-many-tabs")
    answers = at_once(
        20, lambda _: each_app.test_client().post("/api/refresh_token", json={"refresh_token": person.refresh_token})
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json["data"]["refresh_token"] for answer in answers}) == 1
    assert person.call("GET", "/api/user/profile").status_code == 200


def test_twenty_first_logins_of_one_person_at_once_make_one_person(each_app: Flask, each_wechat: FakeWeChat):
    codes = [each_wechat.code_for("somebody-quite-new") for _ in range(20)]
    answers = at_once(20, lambda number: each_app.test_client().post("/api/login", json={"code": codes[number]}))
    assert {answer.status_code for answer in answers} == {200}, [a.text for a in answers if a.status_code != 200]
    assert len({answer.json["data"]["user"]["id"] for answer in answers}) == 1
    assert sum(answer.json["data"]["is_new_user"] for answer in answers) == 1


def test_behind_cloud_run_its_word_is_enough_and_its_person_is_the_one_who_logs_in(tmp_path):
    url = URL.create("sqlite", database=str(tmp_path / "cloud.sqlite3"))
    app = make_app(url, tmp_path, trust_wxcloud_headers=True, cbr_env_id="env-1")
    vouched = {"X-WX-OPENID": "somebody-of-the-cloud", "X-WX-APPID": "wx-test-appid", "X-WX-ENV": "env-1"}
    vouched["X-WX-SOURCE"] = "wx_client"
    client = app.test_client()
    first = client.get("/api/user/profile", headers=vouched)
    assert first.status_code == 200
    assert client.get("/api/user/profile", headers=vouched).json["data"]["id"] == first.json["data"]["id"]
    for fake in stand_in(app):
        assert log_in(app, fake, "somebody-of-the-cloud").id == first.json["data"]["id"]
    for name, value in (("X-WX-ENV", "env-2"), ("X-WX-APPID", "wx-other"), ("X-WX-SOURCE", "")):
        assert client.get("/api/user/profile", headers=vouched | {name: value}).status_code == 401
