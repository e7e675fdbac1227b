"""Checks of texts and media."""

import re

import pytest

from wxcloudrun.simulator import DEFAULT_APPID

TEXT, MEDIA, RANK = "/wxa/msg_sec_check", "/wxa/media_check_async", "/wxa/getuserriskrank"


@pytest.fixture
def openid(caller):
    return caller.login()["openid"]


def check(caller, openid, /, content="hello", **more):
    return caller.post(TEXT, {"content": content, "version": 2, "scene": 2, "openid": openid} | more)


def check_media(caller, openid, /, url="https://example.com/a.png", **more):
    body = {"media_url": url, "media_type": 2, "version": 2, "scene": 1, "openid": openid}
    return caller.post(MEDIA, body | more)


@pytest.mark.parametrize(
    ("content", "suggest", "label"),
    [("hello", "pass", 100), ("a risky-word", "risky", 20006), ("a review-word", "review", 21000)],
)
def test_a_text_is_judged_by_its_marker_word(caller, openid, content, suggest, label):
    answer = check(caller, openid, content)
    assert answer["result"] == {"suggest": suggest, "label": label}
    assert answer["detail"][0]["suggest"] == suggest
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}", answer["trace_id"])


def test_a_nickname_is_judged_too(caller, openid):
    assert check(caller, openid, nickname="risky-word")["result"]["suggest"] == "risky"


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"scene": 5}, 40129),
        ({"scene": None}, 40129),
        ({"openid": "nobody"}, 40003),
        ({"openid": None}, 40003),
        ({"content": ""}, 44002),
        ({"content": "a" * 2501}, 45002),
    ],
)
def test_a_wrong_text_check_is_refused(caller, openid, change, errcode):
    assert check(caller, openid, **change)["errcode"] == errcode


def test_a_text_check_wants_json(caller):
    assert caller.post(TEXT, b"content=hello")["errcode"] == 47001


@pytest.mark.parametrize("ask", [check, check_media])
def test_a_user_of_another_app_does_not_match(caller, ask):
    caller.control("apps", appid="wxsimulator0000002")
    foreign = caller.control("users", name="demo", appid="wxsimulator0000002")["openid"]
    assert ask(caller, foreign)["errcode"] == 43104


@pytest.mark.parametrize("ask", [check, check_media])
def test_a_user_must_have_been_here_in_the_last_two_hours(caller, openid, ask):
    caller.control("clock", advance=7200)
    caller.control("tokens", how="kill")
    caller.state.tokens.clear()
    assert ask(caller, openid)["errcode"] == 0
    caller.control("clock", advance=1)
    assert ask(caller, openid)["errcode"] == 61010


def test_a_user_who_never_opened_the_app_cannot_be_checked(caller):
    openid = caller.control("users", name="unseen", last_seen=None)["openid"]
    assert check(caller, openid)["errcode"] == 61010


def test_the_first_version_answers_with_an_errcode_only(caller, openid):
    assert check(caller, openid, version=1) == {"errcode": 0, "errmsg": "ok"}
    assert check(caller, openid, "risky-word", version=1)["errcode"] == 87014


@pytest.mark.parametrize(("seconds", "errcode"), [(60, 44991), (86400, 45009)])
def test_checks_are_limited(caller, openid, seconds, errcode):
    for path in (TEXT, MEDIA):
        caller.control("limits", path=path, seconds=seconds, most=0, errcode=errcode)
    assert check(caller, openid)["errcode"] == errcode
    assert check_media(caller, openid)["errcode"] == errcode


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a.png", {"errcode": 0, "result": {"suggest": "pass", "label": 100}}),
        ("https://example.com/risky.png", {"errcode": 0, "result": {"suggest": "risky", "label": 20002}}),
        ("https://example.com/review.png", {"errcode": 0, "result": {"suggest": "review", "label": 21000}}),
        ("https://example.com/404.png", {"errcode": -1008}),
    ],
)
def test_a_media_check_queues_its_verdict_for_later(caller, openid, url, expected):
    trace_id = check_media(caller, openid, url)["trace_id"]
    assert caller.state.take_due_events() == []
    caller.control("clock", advance=1)
    (event,) = caller.state.take_due_events()
    payload = event.payload
    assert (payload["Event"], payload["trace_id"], payload["appid"]) == ("wxa_media_check", trace_id, DEFAULT_APPID)
    assert {name: payload.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"media_type": 3}, 40004),
        ({"openid": "nobody"}, 40003),
        ({"scene": 0}, 40129),
        ({"version": 1}, 40097),
        ({"media_url": "file:///etc/passwd"}, 40097),
    ],
)
def test_a_wrong_media_check_is_refused(caller, openid, change, errcode):
    assert check_media(caller, openid, **change)["errcode"] == errcode


def test_the_same_media_is_not_checked_twice_at_once(caller, openid):
    check_media(caller, openid)
    assert check_media(caller, openid)["errcode"] == 87020
    caller.control("clock", advance=1)
    caller.state.take_due_events()
    assert check_media(caller, openid)["errcode"] == 0


def test_a_user_has_a_risk_rank(caller, openid):
    caller.control("users", openid=openid, risk_rank=3)
    body = {"appid": DEFAULT_APPID, "openid": openid, "scene": 0, "client_ip": "203.0.113.7"}
    assert caller.post(RANK, body)["risk_rank"] == 3
    assert caller.post(RANK, body | {"scene": 9})["errcode"] == 40129
    assert caller.post(RANK, body | {"appid": "wx0000000000000000"})["errcode"] == 40013
    assert caller.post(RANK, body | {"openid": "nobody"})["errcode"] == 40003
