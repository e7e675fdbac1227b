"""Subscribe messages: one right to send for each acceptance, and one message in flight for each user."""

import time

from wxcloudrun.simulator import constants
from wxcloudrun.simulator.endpoints.subscribe_values import fits
from wxcloudrun.simulator.gate import Context, known_openid
from wxcloudrun.simulator.push import events
from wxcloudrun.simulator.records import SentMessage, Template
from wxcloudrun.simulator.wire import Json, RefusedError

_STATES = ("developer", "trial", "formal")
_LANGUAGES = ("zh_CN", "en_US", "zh_HK", "zh_TW")


def send(context: Context) -> Json:
    """`POST /cgi-bin/message/subscribe/send`: spends one acceptance, keeps the message and queues its sent event.

    It takes the state's lock twice, so that two sends to one user can meet in between (43108).
    """
    state = context.state
    with state.lock:
        template = _check(context)
        flight = (context.app.appid, context.body["touser"])
        if flight in state.in_flight:
            raise RefusedError(43108, "concurrent send to the same user")
        state.in_flight.add(flight)
    try:
        time.sleep(state.options.send_duration_ms / 1000)
    finally:
        with state.lock:
            state.in_flight.discard(flight)
    with state.lock:
        return _deliver(context, template)


def _check(context: Context) -> Template:
    state, body = context.state, context.body
    known_openid(context, body.get("touser"))
    template = state.templates.get((context.app.appid, str(body.get("template_id", ""))))
    if template is None:
        raise RefusedError(40037, "invalid template_id")
    _check_target(context)
    _check_data(template, body.get("data"))
    if template.banned:
        raise RefusedError(43107, "template is banned")
    return template


def _check_target(context: Context) -> None:
    body = context.body
    target = body.get("miniprogram_state", "formal")
    for name, value, known in (
        ("miniprogram_state", target, _STATES),
        ("lang", body.get("lang", "zh_CN"), _LANGUAGES),
    ):
        if value not in known:
            raise RefusedError(47003, f"argument invalid! {name}")
    page = body.get("page") or ""
    if not isinstance(page, str) or (target == "formal" and not context.app.has_page(page)):
        raise RefusedError(41030, "invalid page")


def _check_data(template: Template, data: object) -> None:
    if not isinstance(data, dict):
        raise RefusedError(47003, "argument invalid! data")
    for key in [*template.keys, *data]:
        cell = data.get(key)
        value = cell.get("value") if isinstance(cell, dict) else None
        known = key in template.keys and isinstance(value, str)
        if not known or not fits(key, str(value), template.enums.get(key, ())):
            raise RefusedError(47003, f"argument invalid! data.{key}.value invalid")
        if constants.SENSITIVE_WORD in str(value):
            raise RefusedError(45168, "hit sensitive word")


def _deliver(context: Context, template: Template) -> Json:
    state, openid, appid = context.state, context.body["touser"], context.app.appid
    right = (openid, template.template_id)
    if state.quota.get(right, 0) < 1:
        raise RefusedError(43101, "user refuse to accept the msg")
    state.spend("/cgi-bin/message/subscribe/send", appid)
    if not template.long_term:
        state.quota[right] -= 1
    msgid = state.next_msgid()
    state.sent_messages.append(SentMessage(msgid, appid, context.body))
    state.queue_event(appid, events.sent(context.app, openid, state.now(), template.template_id, msgid))
    return {"errcode": 0, "errmsg": "ok", "msgid": msgid}
