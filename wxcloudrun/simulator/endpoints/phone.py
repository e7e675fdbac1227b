"""Phone numbers: the code of a getPhoneNumber button against the number."""

from wxcloudrun.simulator import constants
from wxcloudrun.simulator.gate import Context
from wxcloudrun.simulator.records import PhoneCode, User
from wxcloudrun.simulator.state import SimulatorState
from wxcloudrun.simulator.wire import Json, RefusedError


def phone_number(context: Context) -> Json:
    """`POST /wxa/business/getuserphonenumber`: uses the code up and answers with number and watermark."""
    state = context.state
    code = state.phone_codes.get(str(context.body.get("code", "")))
    if code is None or code.used or state.now() - code.issued_at > constants.CODE_SECONDS:
        raise RefusedError(40029, "invalid code")
    if code.appid != context.app.appid:
        raise RefusedError(40013, "invalid appid")
    state.spend("/wxa/business/getuserphonenumber", context.app.appid)
    code.used = True
    user = state.users[code.appid, code.openid]
    return {"errcode": 0, "errmsg": "ok", "phone_info": phone_info(state, user, code)}


def phone_info(state: SimulatorState, user: User, code: PhoneCode) -> Json:
    """The phone_info object. Its countryCode alternates between text and number unless an option settles it."""
    abroad = user.country_code != "86"
    return {
        "phoneNumber": user.country_code + user.phone if abroad else user.phone,
        "purePhoneNumber": user.phone,
        "countryCode": _country_code(state, user.country_code),
        "watermark": {
            "timestamp": int(state.now()) - code.watermark_age,
            "appid": code.watermark_appid or code.appid,
        },
    }


def new_phone_code(state: SimulatorState, user: User, watermark_appid: str | None, watermark_age: int) -> str:
    """A phone code as the button's event gives it: 64 characters; it is no login code."""
    code = state.random_bytes(32).hex()
    state.phone_codes[code] = PhoneCode(
        user.appid, user.openid, state.now(), watermark_appid=watermark_appid, watermark_age=watermark_age
    )
    return code


def _country_code(state: SimulatorState, code: str) -> str | int:
    state.phone_answers += 1
    style = state.options.country_code
    as_number = style == "number" or (style == "alternate" and state.phone_answers % 2 == 0)
    return int(code) if as_number else code
