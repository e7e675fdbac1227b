"""Login codes and session keys."""

import base64

import pytest

from wxcloudrun.simulator import AppConfig, Options, SimulatorState
from wxcloudrun.simulator.crypto import text_key_hmac

OTHER = "wxsimulator0000002"


def test_a_fresh_code_gives_openid_and_a_session_key_of_sixteen_bytes(caller):
    code = caller.control("login-code")
    session = caller.exchange(code["code"])
    assert session["openid"] == code["openid"]
    assert len(base64.b64decode(session["session_key"])) == 16
    assert set(session) == {"openid", "session_key"}


def test_a_login_answer_is_text_plain_unless_json_is_asked_for(caller):
    def content_type():
        return caller.client.get("/sns/jscode2session").content_type

    assert content_type() == "text/plain"
    caller.control("options", content_type="json")
    assert content_type().startswith("application/json")


def test_each_login_replaces_the_session_key(caller):
    assert caller.login()["session_key"] != caller.login()["session_key"]


def test_a_bound_user_has_a_unionid(caller):
    caller.control("users", name="demo", unionid="union-1")
    assert caller.login()["unionid"] == "union-1"


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"appid": None}, 41002),
        ({"secret": None}, 41004),
        ({"appid": "wx0000000000000000"}, 40013),
        ({"secret": "0" * 32}, 40125),
        ({"grant_type": "client_credential"}, 40002),
        ({"js_code": None}, 41008),
        ({"js_code": "nobody-gave-this-one"}, 40029),
        ({"js_code": "the code is a mock one"}, 40029),
    ],
)
def test_a_wrong_login_request_is_refused(caller, change, errcode):
    refused = caller.exchange(caller.control("login-code")["code"], **change)
    assert refused["errcode"] == errcode
    assert "rid: " in refused["errmsg"]


def test_a_used_code_is_used(caller):
    code = caller.control("login-code")["code"]
    caller.exchange(code)
    assert caller.exchange(code)["errcode"] == 40163


def test_a_code_is_good_for_five_minutes_and_no_longer(caller):
    young, old = caller.control("login-code")["code"], caller.control("login-code")["code"]
    caller.control("clock", advance=300)
    assert "openid" in caller.exchange(young)
    caller.control("clock", advance=1)
    assert caller.exchange(old)["errcode"] == 40029


def test_a_code_of_another_app_is_invalid(caller):
    caller.control("apps", appid=OTHER)
    foreign = caller.control("login-code", appid=OTHER)["code"]
    assert caller.exchange(foreign)["errcode"] == 40029
    assert "openid" in caller.exchange(foreign, appid=OTHER)


def test_a_blocked_user_cannot_log_in(caller):
    caller.control("users", name="demo", risk_blocked=True)
    assert caller.login()["errcode"] == 40226


def test_logins_of_one_user_are_limited_by_the_minute(caller):
    caller.control("limits", path="/sns/jscode2session", seconds=60, most=2, errcode=45011)
    assert [caller.login().get("errcode") for _ in range(3)] == [None, None, 45011]
    assert "openid" in caller.login("somebody-else")
    caller.control("clock", advance=60)
    assert "openid" in caller.login()


def test_a_busy_code_is_refused_once_and_then_works(caller):
    code = caller.control("login-code", prefix="busy-")["code"]
    assert caller.exchange(code)["errcode"] == -1
    assert "openid" in caller.exchange(code)


def test_a_dev_code_logs_its_user_in_again_and_again(caller):
    first, second = caller.exchange("dev-alice"), caller.exchange("dev-alice")
    assert first["openid"] == second["openid"] != caller.exchange("dev-bob")["openid"]


def test_a_dev_code_with_a_nonce_works_once(caller):
    assert caller.exchange("dev-alice-1")["openid"] == caller.exchange("dev-alice")["openid"]
    assert caller.exchange("dev-alice-1")["errcode"] == 40163


def test_a_busy_dev_code_is_busy_first(caller):
    assert caller.exchange("busy-dev-alice-1")["errcode"] == -1
    assert caller.exchange("busy-dev-alice-1")["openid"] == caller.exchange("dev-alice")["openid"]


def test_dev_codes_can_be_switched_off(caller):
    caller.control("options", dev_codes=False)
    assert caller.exchange("dev-alice")["errcode"] == 40029


def test_the_same_name_has_another_openid_in_another_app():
    state = SimulatorState([AppConfig(), AppConfig(appid=OTHER)], Options())
    here, there = state.user_named(AppConfig().appid, "alice"), state.user_named(OTHER, "alice")
    assert here.openid != there.openid
    assert len(here.openid) == 28


def test_a_post_to_the_login_path_is_refused(caller):
    assert caller.post("/sns/jscode2session", {}, access_token=None)["errcode"] == 43001


def signed(caller, session, **more):
    query = {
        "access_token": caller.token(),
        "openid": session["openid"],
        "signature": text_key_hmac(session["session_key"], ""),
        "sig_method": "hmac_sha256",
    }
    return query | more


def test_the_current_session_key_checks_and_an_old_one_does_not(caller):
    old = caller.login()
    new = caller.login()
    assert caller.get("/wxa/checksession", **signed(caller, new)) == {"errcode": 0, "errmsg": "ok"}
    assert caller.get("/wxa/checksession", **signed(caller, old))["errcode"] == 87009


@pytest.mark.parametrize("path", ["/wxa/checksession", "/wxa/resetusersessionkey"])
@pytest.mark.parametrize(
    ("change", "errcode"),
    [({"openid": "nobody"}, 40003), ({"signature": "0" * 64}, 87009), ({"sig_method": "md5"}, 87009)],
)
def test_a_wrong_session_signature_is_refused(caller, path, change, errcode):
    assert caller.get(path, **signed(caller, caller.login(), **change))["errcode"] == errcode


def test_a_user_who_never_logged_in_has_no_session_to_check(caller):
    openid = caller.control("users", name="new")["openid"]
    query = signed(caller, {"openid": openid, "session_key": ""})
    assert caller.get("/wxa/checksession", **query)["errcode"] == 87009


def test_a_reset_session_key_replaces_the_old_one(caller):
    old = caller.login()
    new = caller.get("/wxa/resetusersessionkey", **signed(caller, old))
    assert caller.get("/wxa/checksession", **signed(caller, old))["errcode"] == 87009
    assert caller.get("/wxa/checksession", **signed(caller, new))["errcode"] == 0


def test_session_resets_are_limited(caller):
    caller.control("limits", path="/wxa/resetusersessionkey", most=0, errcode=45011)
    assert caller.get("/wxa/resetusersessionkey", **signed(caller, caller.login()))["errcode"] == 45011
