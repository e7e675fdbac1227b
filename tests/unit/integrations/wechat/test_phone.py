"""Phone number and session of a user."""

import pytest

from wxcloudrun.integrations.wechat.errors import (
    CodeInvalid,
    InvalidAnswer,
    InvalidArgument,
    MockCode,
    RateLimited,
    SessionExpired,
    WatermarkRejected,
)

PHONE = "/wxa/business/getuserphonenumber"
KEY = "tiihtNczf5v6AKRyjwEUhQ=="


@pytest.fixture
def info(clock, config) -> dict[str, object]:
    return {
        "phoneNumber": "13800138000",
        "purePhoneNumber": "13800138000",
        "countryCode": "86",
        "watermark": {"timestamp": int(clock.now().timestamp()), "appid": config.appid},
    }


@pytest.mark.parametrize("country", ["86", 86])
def test_a_code_gives_a_number(wechat, client, info, country):
    wechat.on(PHONE, {"errcode": 0, "errmsg": "ok", "phone_info": {**info, "countryCode": country}})
    number = client.phone_number("code-1")
    assert (number.pure_number, number.country_code, number.e164) == ("13800138000", "86", "+8613800138000")
    assert wechat.calls(PHONE)[0].json == {"code": "code-1"}
    assert "13800138000" not in repr(number)


@pytest.mark.parametrize("code", [40029, 40013])
def test_a_code_that_is_old_or_of_another_app_asks_to_tap_again(wechat, client, code):
    wechat.on(PHONE, {"errcode": code, "errmsg": "invalid code"})
    with pytest.raises(CodeInvalid):
        client.phone_number("code-1")


def test_a_limit_says_when_to_come_back(wechat, client):
    wechat.on(PHONE, {"errcode": 45011})
    with pytest.raises(RateLimited) as caught:
        client.phone_number("code-1")
    assert caught.value.retry_after == 60


@pytest.mark.parametrize(
    "mark", [{"appid": "wx0000000000000000"}, {"timestamp": 1}, {"timestamp": None}, {"appid": None}]
)
def test_a_number_for_another_app_or_time_is_refused(wechat, client, info, mark):
    wechat.on(PHONE, {"errcode": 0, "phone_info": {**info, "watermark": {**info["watermark"], **mark}}})
    with pytest.raises(WatermarkRejected):
        client.phone_number("code-1")


@pytest.mark.parametrize("change", [{"purePhoneNumber": "<b>"}, {"purePhoneNumber": ""}, {"countryCode": "x"}])
def test_what_is_no_number_is_refused(wechat, client, info, change):
    wechat.on(PHONE, {"errcode": 0, "phone_info": {**info, **change}})
    with pytest.raises(InvalidAnswer):
        client.phone_number("code-1")


def test_the_form_of_the_code_is_looked_at_first(wechat, client):
    with pytest.raises(InvalidArgument):
        client.phone_number("a b")
    with pytest.raises(MockCode):
        client.phone_number("the code is a mock one")
    assert wechat.seen == []


def test_a_number_in_encrypted_data_is_checked_for_this_moment(client):
    with pytest.raises(WatermarkRejected):
        client.user.phone_number_from_encrypted(
            KEY,
            "r7BXXKkLb8qrSNn05n0qiA==",
            "xT8p8W6jIVdEWQ+ccHuD2e4wlKOvkPACqSwR7g001A10cjwdM46gdn01GiQUKaqPzPDRMqCU65RqoH1SV87iasZARr/+0tJRzfFq"
            "QAAyBnqrunz9Sbe6xQGlPr95Uo9y/A9Sup64tUE4UVYwGsaRyE+JSNYeG2IMx4gaUgt0+dkOba1xRqBfBE5USsSp+vuoyQqqzgtB"
            "8swLoIZhMwIutw==",
        )


def test_a_session_check_signs_an_empty_message_with_the_key_as_text(wechat, client):
    wechat.on("/wxa/checksession", {"errcode": 0, "errmsg": "ok"})
    client.user.check_session("openid-1", KEY)
    seen = wechat.calls("/wxa/checksession")[0]
    assert seen.method == "GET"
    assert seen.query == {
        "access_token": "canary-token-1",
        "openid": "openid-1",
        "sig_method": "hmac_sha256",
        "signature": "7154f9f8b4b76b92f541cbf0e37d48840fa06e5e42da92a6f80168a1516a4735",
    }


def test_an_old_session_key_asks_for_a_new_login(wechat, client):
    wechat.on("/wxa/checksession", {"errcode": 87009, "errmsg": "invalid signature"})
    with pytest.raises(SessionExpired):
        client.user.check_session("openid-1", KEY)


def test_a_reset_gives_the_new_key(wechat, client):
    path = "/wxa/resetusersessionkey"
    wechat.on(path, {"errcode": 0, "openid": "openid-1", "session_key": "new"}, {"errcode": 0, "openid": "other"})
    assert client.user.reset_session_key("openid-1", KEY) == "new"
    with pytest.raises(InvalidAnswer):
        client.user.reset_session_key("openid-1", KEY)
