"""Login: codes against openids, and the two calls that check and replace a session key."""

import base64
import re

from wxcloudrun.simulator import constants
from wxcloudrun.simulator.crypto import same, text_key_hmac
from wxcloudrun.simulator.gate import Context, known_openid
from wxcloudrun.simulator.records import AppConfig, LoginCode, User
from wxcloudrun.simulator.state import SimulatorState, openid_of
from wxcloudrun.simulator.wire import Json, RefusedError

_DEV_CODE = re.compile(r"(busy-)?dev-(?P<name>[A-Za-z0-9_]{1,40})(?P<nonce>-[A-Za-z0-9_-]{1,64})?")


def code_to_session(context: Context) -> Json:
    """`GET /sns/jscode2session`: uses the code up, gives the user a new session key and answers with both."""
    state, query = context.state, context.call.query
    if query.get("grant_type") != "authorization_code":
        raise RefusedError(40002, "invalid grant_type")
    if not query.get("js_code"):
        raise RefusedError(41008, "missing code")
    code = _usable_code(state, context.app, query["js_code"])
    user = state.user(context.app.appid, code.openid)
    if user.risk_blocked:
        raise RefusedError(40226, "code blocked")
    state.spend("/sns/jscode2session", f"{context.app.appid}/{code.openid}")
    if code.busy:
        code.busy = False
        raise RefusedError(-1, "system error")
    code.used = not code.reusable
    _rotate(state, user)
    user.last_seen = state.now()
    answer: Json = {"session_key": user.session_key, "openid": user.openid}
    return answer | ({"unionid": user.unionid} if user.unionid else {})


def check_session(context: Context) -> Json:
    """`GET /wxa/checksession`: 0 if the HMAC of the empty text under the session key fits, else 87009."""
    _signed_user(context)
    return {"errcode": 0, "errmsg": "ok"}


def reset_session_key(context: Context) -> Json:
    """`GET /wxa/resetusersessionkey`: a new session key for a user whose old one the caller knows."""
    user = _signed_user(context)
    context.state.spend("/wxa/resetusersessionkey")
    _rotate(context.state, user)
    return {"errcode": 0, "errmsg": "ok", "openid": user.openid, "session_key": user.session_key}


def new_login_code(state: SimulatorState, user: User, prefix: str = "") -> str:
    """A login code as wx.login gives it: 32 characters. The prefix `busy-` makes the first exchange answer -1."""
    code = prefix + "0" + state.text(31)
    state.login_codes[code] = LoginCode(user.appid, user.openid, state.now(), busy=prefix.startswith("busy-"))
    return code


def _usable_code(state: SimulatorState, app: AppConfig, text: str) -> LoginCode:
    code = state.login_codes.get(text) or _dev_code(state, app, text)
    if code is None or code.appid != app.appid or text == constants.MOCK_CODE:
        raise RefusedError(40029, "invalid code")
    if not code.reusable and state.now() - code.issued_at > constants.CODE_SECONDS:
        raise RefusedError(40029, "invalid code")
    if code.used:
        raise RefusedError(40163, "code been used")
    return code


def _dev_code(state: SimulatorState, app: AppConfig, text: str) -> LoginCode | None:
    """`dev-<name>` works again and again, `dev-<name>-<nonce>` once; either makes the user if there is none."""
    found = _DEV_CODE.fullmatch(text)
    if not state.options.dev_codes or found is None:
        return None
    key = f"{app.appid}/{text}"  # each app has its own, and no real code has a slash
    if key in state.login_codes:
        return state.login_codes[key]
    openid = state.user(app.appid, openid_of(app.appid, found["name"]), found["name"]).openid
    code = LoginCode(app.appid, openid, state.now(), reusable=not found["nonce"], busy=text.startswith("busy-"))
    state.login_codes[key] = code
    return code


def _rotate(state: SimulatorState, user: User) -> None:
    user.session_key = base64.b64encode(state.random_bytes(16)).decode()


def _signed_user(context: Context) -> User:
    query = context.call.query
    user = context.state.users[context.app.appid, known_openid(context, query.get("openid"))]
    expected = text_key_hmac(user.session_key, "")
    valid = query.get("sig_method") == "hmac_sha256" and same(query.get("signature", ""), expected)
    if not user.session_key or not valid:
        raise RefusedError(87009, "invalid signature")
    return user
