"""Logging in over the API, on every database at hand."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.conftest import FakeWeChat, log_in
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.auth.models import LoginExchange
from wxcloudrun.integrations.wechat.errors import CodeInvalid


def test_a_new_person_gets_a_session_and_a_profile(each_app, each_wechat: FakeWeChat):
    reply = each_app.test_client().post("/api/login", json={"code": each_wechat.code_for("somebody-new-openid")})
    assert reply.status_code == 200
    data = reply.json["data"]
    assert data["is_new_user"] is True
    assert data["user"]["role"] == {"value": 1, "name": "user"}
    assert "session_key" not in reply.text
    assert "openid" not in reply.text


def test_the_same_code_again_gets_the_same_answer_without_asking_wechat_again(each_app, each_wechat: FakeWeChat):
    code = each_wechat.code_for("somebody-who-taps-twice")
    client = each_app.test_client()
    first = client.post("/api/login", json={"code": code})
    second = client.post("/api/login", json={"code": code})
    assert first.json == second.json
    assert each_wechat.asked == [code]


@pytest.mark.parametrize("over", ["its life", "its session"])
def test_whether_a_code_that_is_over_works_once_more_is_wechats_to_say(each_app, each_wechat: FakeWeChat, over: str):
    person = log_in(each_app, each_wechat, "somebody-with-one-code")
    code = each_wechat.asked[-1]
    if over == "its session":
        person.ok("POST", "/api/logout", {})
    else:
        with each_app.app_context():
            db.session.execute(update(LoginExchange).values(created_at=SystemClock().now() - timedelta(minutes=6)))
            db.session.commit()
    client = each_app.test_client()
    again = client.post("/api/login", json={"code": code}).json["data"]
    assert again["user"]["id"] == person.id
    assert again["refresh_token"] != person.refresh_token
    each_wechat.failures[code] = CodeInvalid("invalid code", errcode=40029)
    assert client.post("/api/login", json={"code": code}).json["data"] == again, "it is new again for five minutes"
    assert client.post("/api/logout", headers={"Authorization": f"Bearer {again['token']}"}).status_code == 200
    for _ in range(2):
        assert client.post("/api/login", json={"code": code}).json["data"]["error"] == "login_code_invalid"
    assert each_wechat.asked == [code] * 3


def test_a_profile_is_read_and_changed(each_app, each_wechat: FakeWeChat):
    person = log_in(each_app, each_wechat, "somebody-with-a-name-1")
    changed = person.ok("PUT", "/api/user/profile", {"nickname": "小明😀", "version": 1})
    assert changed["nickname"] == "小明😀"
    assert person.ok("GET", "/api/user/profile")["nickname"] == "小明😀"
    stale = person.call("PUT", "/api/user/profile", {"nickname": "late", "version": 1})
    assert stale.status_code == 409
    assert stale.json["data"]["present"]["version"] == 2


def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(each_app, each_wechat: FakeWeChat):
    person = log_in(each_app, each_wechat, "somebody-who-refreshes")
    client = each_app.test_client()
    second = client.post("/api/refresh_token", json={"refresh_token": person.refresh_token}).json["data"]
    again = client.post("/api/refresh_token", json={"refresh_token": person.refresh_token}).json["data"]
    assert again["refresh_token"] == second["refresh_token"], "a phone that lost the answer gets the same successor"
    third = client.post("/api/refresh_token", json={"refresh_token": second["refresh_token"]}).json["data"]
    stolen = client.post("/api/refresh_token", json={"refresh_token": person.refresh_token})
    assert stolen.status_code == 401
    assert stolen.json["data"]["error"] == "refresh_token_invalid"
    assert client.post("/api/refresh_token", json={"refresh_token": third["refresh_token"]}).status_code == 401
    assert person.call("GET", "/api/user/profile").status_code == 401
