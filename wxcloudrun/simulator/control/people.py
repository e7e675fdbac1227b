"""Control: users, the codes they bring, what they accept, and the data that a phone would send."""

import base64
import json
from collections.abc import Iterable

from wxcloudrun.simulator.control.fields import changed, optional_text, text, whole
from wxcloudrun.simulator.crypto import encrypt_user_data, raw_data_signature
from wxcloudrun.simulator.endpoints.login import new_login_code
from wxcloudrun.simulator.endpoints.phone import new_phone_code
from wxcloudrun.simulator.push import events
from wxcloudrun.simulator.records import User
from wxcloudrun.simulator.state import SimulatorState
from wxcloudrun.simulator.wire import ControlError, Json

DEMO_NAME = "demo"
_ANSWERS = ("accept", "reject", "change")


def put_user(state: SimulatorState, body: Json) -> Json:
    """Make or change a user; `openid` or `name` says which, any other field of a user may be set."""
    user = whose(state, body)
    rest = {name: value for name, value in body.items() if name not in ("appid", "openid", "name")}
    state.users[user.appid, user.openid] = changed(user, rest)
    return shown(state.users[user.appid, user.openid])


def login_code(state: SimulatorState, body: Json) -> Json:
    """A login code for a user; `prefix` may be `busy-`."""
    user = whose(state, body)
    return {"code": new_login_code(state, user, text(body, "prefix", "")), "openid": user.openid}


def phone_code(state: SimulatorState, body: Json) -> Json:
    """A phone code for a user; `watermark_appid` and `watermark_age` (seconds) make the watermark lie."""
    user = whose(state, body)
    code = new_phone_code(state, user, optional_text(body, "watermark_appid"), whole(body, "watermark_age", 0))
    return {"code": code, "openid": user.openid}


def encrypted_data(state: SimulatorState, body: Json) -> Json:
    """What wx.getUserInfo gives the phone: rawData with signature, and encryptedData with iv under the session key.

    `payload` replaces the fields of the profile; a watermark is added unless the payload has one.
    """
    user = whose(state, body)
    if not user.session_key:
        raise ControlError("the user has no session yet: exchange a login code first")
    payload = body.get("payload", {"openId": user.openid, "nickName": user.name})
    if not isinstance(payload, dict):
        raise ControlError("payload: an object is wanted")
    watermark = {"timestamp": int(state.now()), "appid": user.appid}
    raw = json.dumps({"nickName": user.name, "language": "zh_CN"}, ensure_ascii=False, separators=(",", ":"))
    plain = json.dumps({"watermark": watermark, **payload}, ensure_ascii=False, separators=(",", ":"))
    iv = state.random_bytes(16)
    return {
        "rawData": raw,
        "signature": raw_data_signature(raw, user.session_key),
        "encryptedData": encrypt_user_data(user.session_key, iv, plain.encode()),
        "iv": base64.b64encode(iv).decode(),
    }


def subscribe(state: SimulatorState, body: Json) -> Json:
    """A user's answer to the popup (`accept`, `reject`), or a later `change` in the settings; queues the event.

    One answer in `template_id` and `result`, or several in `entries`.
    """
    user, app = whose(state, body), state.app(optional_text(body, "appid"))
    entries = body.get("entries", [{"template_id": body.get("template_id"), "result": body.get("result", "accept")}])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ControlError("entries: a list of objects is wanted")
    answers = [(text(entry, "template_id"), text(entry, "result", "accept")) for entry in entries]
    _check_answers(state, app.appid, answers)
    for template_id, result in answers:
        right = (user.openid, template_id)
        state.quota[right] = state.quota.get(right, 0) + 1 if result == "accept" else state.quota.get(right, 0)
        if result == "change":
            state.quota[right] = 0
            state.queue_event(app.appid, events.changed(app, user.openid, state.now(), template_id))
    in_popup = [answer for answer in answers if answer[1] != "change"]
    if in_popup:
        state.queue_event(app.appid, events.popup(app, user.openid, state.now(), in_popup))
    return {"openid": user.openid, "quota": {tid: state.quota[user.openid, tid] for tid, _ in answers}}


def whose(state: SimulatorState, body: Json) -> User:
    """The user that a control request means: by openid, by name, or the demo user."""
    app = state.app(optional_text(body, "appid"))
    openid = optional_text(body, "openid")
    if openid:
        return state.user(app.appid, openid, text(body, "name", ""))
    return state.user_named(app.appid, text(body, "name", DEMO_NAME))


def shown(user: User) -> Json:
    """A user for the control API, session key included: this is a test bench."""
    return dict(vars(user))


def _check_answers(state: SimulatorState, appid: str, answers: Iterable[tuple[str, str]]) -> None:
    for template_id, result in answers:
        if (appid, template_id) not in state.templates:
            raise ControlError(f"no template {template_id}", 404)
        if result not in _ANSWERS:
            raise ControlError(f"result: one of {', '.join(_ANSWERS)} is wanted")
