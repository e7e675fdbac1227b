"""Phone codes against phone numbers."""

from wxcloudrun.simulator import DEFAULT_APPID

PATH = "/wxa/business/getuserphonenumber"


def ask(caller, **more):
    return caller.post(PATH, {"code": caller.control("phone-code", **more)["code"]})


def test_a_phone_code_gives_number_and_watermark(caller):
    info = ask(caller)["phone_info"]
    assert info == {
        "phoneNumber": "13800138000",
        "purePhoneNumber": "13800138000",
        "countryCode": "86",
        "watermark": {"timestamp": int(caller.state.now()), "appid": DEFAULT_APPID},
    }


def test_the_country_code_alternates_between_text_and_number(caller):
    assert [ask(caller)["phone_info"]["countryCode"] for _ in range(3)] == ["86", 86, "86"]


def test_the_country_code_can_be_settled(caller):
    caller.control("options", country_code="number")
    assert [ask(caller)["phone_info"]["countryCode"] for _ in range(2)] == [86, 86]
    caller.control("options", country_code="text")
    assert [ask(caller)["phone_info"]["countryCode"] for _ in range(2)] == ["86", "86"]


def test_a_number_from_abroad_has_its_country_code_in_front(caller):
    caller.control("users", name="demo", phone="91234567", country_code="852")
    info = ask(caller)["phone_info"]
    assert (info["phoneNumber"], info["purePhoneNumber"]) == ("85291234567", "91234567")


def test_the_watermark_can_be_made_to_lie(caller):
    mark = ask(caller, watermark_appid="wx0000000000000000", watermark_age=3600)["phone_info"]["watermark"]
    assert mark == {"timestamp": int(caller.state.now()) - 3600, "appid": "wx0000000000000000"}


def test_a_phone_code_works_once(caller):
    code = caller.control("phone-code")["code"]
    assert caller.post(PATH, {"code": code})["errcode"] == 0
    assert caller.post(PATH, {"code": code})["errcode"] == 40029


def test_unknown_and_expired_phone_codes_are_invalid(caller):
    code = caller.control("phone-code")["code"]
    caller.control("clock", advance=301)
    assert caller.post(PATH, {"code": code})["errcode"] == 40029
    assert caller.post(PATH, {"code": "unknown"})["errcode"] == 40029
    assert caller.post(PATH, {})["errcode"] == 40029


def test_a_login_code_is_no_phone_code(caller):
    assert caller.post(PATH, {"code": caller.control("login-code")["code"]})["errcode"] == 40029


def test_a_phone_code_of_another_app_does_not_match(caller):
    caller.control("apps", appid="wxsimulator0000002")
    assert ask(caller, appid="wxsimulator0000002")["errcode"] == 40013


def test_phone_numbers_are_limited_by_the_minute(caller):
    caller.control("limits", path=PATH, most=0, errcode=45011)
    assert ask(caller)["errcode"] == 45011
