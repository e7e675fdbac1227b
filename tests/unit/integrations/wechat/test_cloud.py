"""Cloud Run's headers."""

import pytest

from wxcloudrun.integrations.wechat.cloud import (
    IDENTITY_HEADERS,
    Path,
    identity_from_headers,
    is_platform_header,
    without_platform_headers,
)

USER = "oGZUI0egBJY1zhBYw2KhdUfwVJJE"
OWN = {"X-WX-OPENID": USER, "X-WX-APPID": "wx-own", "X-WX-ENV": "env-1", "X-WX-SOURCE": "wx_client"}
SHARED = {
    "X-WX-FROM-OPENID": USER,
    "X-WX-FROM-APPID": "wx-other",
    "X-WX-ENV": "env-1",
    "X-WX-SOURCE": "wx_client",
}


def _identity(headers):
    return identity_from_headers(headers, env_id="env-1", appid="wx-own", allowed_from_appids=["wx-other"])


def _without(headers: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key != name}


def test_a_call_from_our_own_mini_program_has_a_user():
    identity = _identity({**OWN, "X-WX-UNIONID": "oUNIONID12345678"})
    assert (identity.openid, identity.appid, identity.path) == (USER, "wx-own", Path.OWN)
    assert (identity.unionid, identity.source) == ("oUNIONID12345678", "wx_client")


def test_names_of_headers_have_no_case_and_other_headers_do_not_matter():
    assert _identity({"Host": "x", **{name.lower(): value for name, value in OWN.items()}}).openid == USER


def test_a_unionid_is_optional_and_an_empty_one_is_none():
    assert _identity({**OWN, "X-WX-UNIONID": ""}).unionid is None


def test_a_call_from_an_allowed_app_has_the_user_of_that_app():
    identity = _identity(SHARED)
    assert (identity.openid, identity.appid, identity.path) == (USER, "wx-other", Path.SHARED)


def test_a_shared_call_uses_its_own_unionid():
    headers = {**SHARED, "X-WX-FROM-UNIONID": "oUNIONID12345678", "X-WX-UNIONID": "oOTHERUNION12345"}
    assert _identity(headers).unionid == "oUNIONID12345678"


@pytest.mark.parametrize("name", list(OWN))
def test_every_header_of_an_own_call_is_needed(name):
    assert _identity(_without(OWN, name)) is None
    assert _identity({**OWN, name: " "}) is None


@pytest.mark.parametrize("name", list(SHARED))
def test_every_header_of_a_shared_call_is_needed(name):
    assert _identity(_without(SHARED, name)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"X-WX-ENV": "env-2"},
        {"X-WX-APPID": "wx-other"},
        {"X-WX-APPID": "wx-own,wx-own"},
        {"X-WX-OPENID": f"{USER},{USER}"},
        {"X-WX-OPENID": "short"},
        {"X-WX-OPENID": "o" * 65},
        {"X-WX-OPENID": f"{USER} or 1=1"},
        {"X-WX-SOURCE": "a,b"},
        {"X-WX-UNIONID": "first,second"},
        {"X-WX-FROM-OPENID": USER},
    ],
)
def test_a_forged_or_doubled_header_makes_a_stranger(change):
    assert _identity({**OWN, **change}) is None


@pytest.mark.parametrize("change", [{"X-WX-FROM-APPID": "wx-third"}, {"X-WX-APPID": "wx-other"}])
def test_a_shared_call_from_an_app_that_is_not_allowed_is_a_stranger(change):
    assert _identity({**SHARED, **change}) is None


def test_no_app_is_allowed_unless_named():
    assert identity_from_headers(SHARED, env_id="env-1", appid="wx-own") is None


def test_a_header_sent_twice_makes_a_stranger_even_with_one_value():
    assert _identity([*OWN.items(), ("x-wx-openid", USER)]) is None
    assert _identity([*OWN.items(), ("Accept", "a"), ("Accept", "b")]).openid == USER


@pytest.mark.parametrize(("env_id", "appid"), [("", "wx-own"), ("env-1", "")])
def test_without_settings_nobody_is_believed(env_id, appid):
    headers = {**OWN, "X-WX-ENV": env_id, "X-WX-APPID": appid}
    assert identity_from_headers(headers, env_id=env_id, appid=appid) is None


def test_a_call_without_credentials_is_a_stranger_and_no_error():
    assert _identity({"X-WX-SOURCE": "wx_client", "X-WX-ENV": "env-1", "X-WX-APPID": "wx-own"}) is None
    assert _identity({}) is None


def test_a_user_is_not_shown_when_printed():
    assert USER not in repr(_identity(OWN))


@pytest.mark.parametrize("name", [*IDENTITY_HEADERS, "x-wx-new-thing", "X_WX_OPENID", "HTTP_X_WX_OPENID"])
def test_every_spelling_of_a_platform_header_is_known(name):
    assert is_platform_header(name)


@pytest.mark.parametrize("name", ["Authorization", "X-WXYZ", "HTTP_HOST", "X-Original-Forwarded-For"])
def test_other_headers_are_left_alone(name):
    assert not is_platform_header(name)


def test_what_is_not_believed_is_removed():
    assert without_platform_headers({**OWN, "X_WX_OPENID": USER, "Host": "x"}) == [("Host", "x")]
