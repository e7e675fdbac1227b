"""The exchange of a login code."""

import threading
from dataclasses import replace

import pytest

from wxcloudrun.integrations.wechat.client import WeChatClient
from wxcloudrun.integrations.wechat.config import TokenMode
from wxcloudrun.integrations.wechat.errors import (
    Busy,
    CodeInvalid,
    InvalidAnswer,
    InvalidArgument,
    LoginBlocked,
    Misconfigured,
    MockCode,
    RateLimited,
    Unavailable,
)

LOGIN = "/sns/jscode2session"
USER = {"openid": "oGZUI0egBJY1zhBYw2KhdUfwVJJE", "session_key": "tiihtNczf5v6AKRyjwEUhQ=="}
BUSY = {"errcode": -1, "errmsg": "system error"}


def test_a_code_gives_the_user_and_needs_no_access_token(wechat, client, config):
    wechat.on(LOGIN, {**USER, "unionid": "union-1", "expires_in": 7200})
    session = client.code_to_session("0a1B_-x")
    assert (session.openid, session.session_key, session.unionid) == (USER["openid"], USER["session_key"], "union-1")
    assert [one.path for one in wechat.seen] == [LOGIN]
    assert wechat.seen[0].query == {
        "appid": config.appid,
        "secret": config.secret,
        "js_code": "0a1B_-x",
        "grant_type": "authorization_code",
    }


def test_login_works_while_the_token_interface_is_down(wechat, client):
    wechat.on("/cgi-bin/stable_token", wechat.fault("reset"))
    wechat.on(LOGIN, USER)
    assert client.code_to_session("code-1").unionid is None


def test_a_session_shows_nothing_of_the_user_when_printed(wechat, client):
    wechat.on(LOGIN, {**USER, "unionid": "union-1"})
    shown = repr(client.code_to_session("code-1"))
    assert not any(part in shown for part in (*USER.values(), "union-1"))


@pytest.mark.parametrize("code", ["", " ", "a b", 'a"b', "a'b", "a&secret=x", "a" * 129, "代码", "a\n"])
def test_a_text_that_is_no_code_is_refused_before_it_is_sent(wechat, client, code):
    with pytest.raises(InvalidArgument) as caught:
        client.code_to_session(code)
    assert caught.value.field == "code"
    assert wechat.seen == []


def test_the_mock_code_of_devtools_has_an_error_of_its_own(wechat, client):
    with pytest.raises(MockCode):
        client.code_to_session("the code is a mock one")
    assert wechat.seen == []


@pytest.mark.parametrize(
    ("errcode", "kind"),
    [
        (40029, CodeInvalid),
        (40163, CodeInvalid),
        (40226, LoginBlocked),
        (45011, RateLimited),
        (40013, Misconfigured),
        (40125, Misconfigured),
        (40001, Misconfigured),
        (41002, Misconfigured),
        ("40029", CodeInvalid),
    ],
)
def test_a_refusal_has_its_meaning_and_is_not_tried_again(wechat, client, errcode, kind):
    wechat.on(LOGIN, {"errcode": errcode, "errmsg": "no rid: 65f2a1b3-12ab34cd-0badcafe"})
    with pytest.raises(kind) as caught:
        client.code_to_session("code-1")
    assert (caught.value.errcode, caught.value.rid) == (int(errcode), "65f2a1b3-12ab34cd-0badcafe")
    assert len(wechat.seen) == 1


def test_a_used_code_is_told_from_an_unknown_one(wechat, client):
    wechat.on(LOGIN, {"errcode": 40163, "errmsg": "code been used, hints: [ req_id: aB3dEf ]"}, {"errcode": 40029})
    with pytest.raises(CodeInvalid) as used:
        client.code_to_session("code-1")
    with pytest.raises(CodeInvalid) as unknown:
        client.code_to_session("code-1")
    assert (used.value.used, unknown.value.used) == (True, False)
    assert used.value.rid == "aB3dEf"


def test_a_busy_wechat_is_asked_again_with_the_same_code(wechat, client, pauses):
    wechat.on(LOGIN, BUSY, BUSY, USER)
    assert client.code_to_session("code-1").openid == USER["openid"]
    assert {one.query["js_code"] for one in wechat.calls(LOGIN)} == {"code-1"}
    assert pauses == [0.2, 0.5]


def test_a_wechat_that_stays_busy_is_asked_three_times(wechat, client):
    wechat.on(LOGIN, BUSY)
    with pytest.raises(Busy):
        client.code_to_session("code-1")
    assert len(wechat.seen) == 3


def test_a_code_used_up_by_a_busy_answer_asks_for_a_new_one(wechat, client):
    wechat.on(LOGIN, BUSY, {"errcode": 40163, "errmsg": "code been used"})
    with pytest.raises(CodeInvalid):
        client.code_to_session("code-1")


@pytest.mark.parametrize("fault", ["hang", "reset", "close"])
def test_a_code_that_may_be_used_up_is_never_sent_again(wechat, client, fault):
    wechat.on(LOGIN, wechat.fault(fault), USER)
    with pytest.raises(Unavailable) as caught:
        client.code_to_session("code-1")
    assert caught.value.maybe_sent
    assert len(wechat.seen) == 1


def test_no_connection_is_tried_three_times(make_client, free_port, pauses):
    client = make_client(api_base=f"http://127.0.0.1:{free_port}")
    with pytest.raises(Unavailable) as caught:
        client.code_to_session("code-1")
    assert not caught.value.maybe_sent
    assert pauses == [0.2, 0.5]


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"<html>", b'{"openid": ""}', b'{"openid": "o"}', b'{"errcode": {}}']
)
def test_an_answer_without_a_user_is_no_login(wechat, client, body):
    wechat.on(LOGIN, body)
    with pytest.raises(InvalidAnswer):
        client.code_to_session("code-1")
    assert len(wechat.seen) == 1


def test_a_missing_secret_is_found_before_anything_is_sent(wechat, make_client):
    with pytest.raises(Misconfigured):
        make_client(secret="").code_to_session("code-1")
    assert wechat.seen == []


def test_the_secret_does_not_travel_over_plain_http_to_wechat(config, make_client):
    with pytest.raises(ValueError, match="plain http"):
        replace(config, api_base="http://api.weixin.qq.com")
    client = make_client(api_base="http://api.weixin.qq.com", token_mode=TokenMode.NONE)
    with pytest.raises(Misconfigured):
        client.code_to_session("code-1")


def _login_in_parallel(client: WeChatClient, times: int) -> list[object]:
    results: list[object] = []
    barrier = threading.Barrier(times)

    def login() -> None:
        barrier.wait()
        try:
            results.append(client.code_to_session("code-1").openid)
        except Unavailable as fault:
            results.append(fault)

    threads = [threading.Thread(target=login) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_twenty_logins_with_one_code_are_one_exchange(wechat, client):
    wechat.on(LOGIN, USER, {"errcode": 40163, "errmsg": "code been used"})
    assert _login_in_parallel(client, 20) == [USER["openid"]] * 20
    assert len(wechat.seen) == 1


def test_those_who_wait_for_an_exchange_share_its_failure(wechat, make_client):
    client = make_client(login_reuse_seconds=0)
    released = threading.Event()
    threading.Timer(0.15, released.set).start()
    wechat.on(LOGIN, lambda _: wechat.fault("close") if released.wait(5) else USER)
    outcomes = _login_in_parallel(client, 5)
    assert all(isinstance(one, Unavailable) for one in outcomes)
    assert len({id(one) for one in outcomes}) == 5
    assert len(wechat.seen) == 1


def test_a_code_sent_twice_within_five_minutes_is_exchanged_once(wechat, client, clock):
    wechat.on(LOGIN, USER, {"errcode": 40163, "errmsg": "code been used"})
    client.code_to_session("code-1")
    clock.advance(299)
    assert client.code_to_session("code-1").openid == USER["openid"]
    clock.advance(2)
    with pytest.raises(CodeInvalid):
        client.code_to_session("code-1")
