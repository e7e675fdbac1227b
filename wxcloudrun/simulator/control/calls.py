"""Control: what the simulator itself sends - pushed messages, and calls through the container gateway."""

import json
from dataclasses import replace
from typing import Any

from wxcloudrun.simulator.control.fields import body_of, optional_text, text, whole, word
from wxcloudrun.simulator.control.people import DEMO_NAME
from wxcloudrun.simulator.gateway import ContainerCall, ContainerGateway, GatewayError
from wxcloudrun.simulator.push import events
from wxcloudrun.simulator.push.client import PushClient, PushPlan
from wxcloudrun.simulator.push.disturbance import OVERSIZED_BYTES, Disturbance
from wxcloudrun.simulator.push.record import PushRecord
from wxcloudrun.simulator.records import AppConfig, PushFormat, PushMode
from wxcloudrun.simulator.state import SimulatorState, openid_of
from wxcloudrun.simulator.wire import Call, ControlError, Json


def push(state: SimulatorState, client: PushClient, call: Call) -> Json:
    """Push one `event` (a name with `fields`, or a whole message) or several in `events`, spoilt as `disturb` says."""
    body = body_of(call)
    app = _pushing_app(state, body)
    wanted = tuple(word(Disturbance, item, "disturb") for item in _list(body, "disturb"))
    attempts = whole(body, "attempts", 0) or None
    plan = PushPlan(wanted, attempts, whole(body, "size", OVERSIZED_BYTES))
    several = _list(body, "events") or [body]
    payloads = [_payload(state, app, item, body) for item in several]
    if Disturbance.REORDERED in wanted:
        payloads.reverse()
    return _records([record for payload in payloads for record in client.deliver(app, payload, plan)])


def check_url(state: SimulatorState, client: PushClient, call: Call) -> Json:
    """Check the push URL as the console does when it is saved."""
    return _records([client.check_url(_pushing_app(state, body_of(call)))])


def deliver(state: SimulatorState, client: PushClient, call: Call) -> Json:  # noqa: ARG001 - one shape for all
    """Push the queued events whose time has come."""
    return _records(client.deliver_due())


def pushes(state: SimulatorState, client: PushClient, call: Call) -> Json:  # noqa: ARG001 - one shape for all
    """All pushes so far."""
    return _records(list(state.pushes))


def call_container(state: SimulatorState, client: PushClient, call: Call) -> Json:  # noqa: ARG001 - one shape for all
    """Call the product at `target` as a mini-program does with wx.cloud.callContainer."""
    body = body_of(call)
    asked = ContainerCall(
        path=text(body, "path", "/"),
        method=text(body, "method", "GET"),
        headers=_headers(body),
        body=_data(body),
        openid=_openid(state, body),
        appid=optional_text(body, "appid"),
        from_appid=optional_text(body, "from_appid"),
        source=text(body, "source", "wx_client"),
    )
    try:
        return ContainerGateway(state, text(body, "target")).call(asked).shown()
    except GatewayError as error:
        return {"errMsg": str(error), "failure": error.failure}


def call_public(state: SimulatorState, client: PushClient, call: Call) -> Json:  # noqa: ARG001 - one shape for all
    """Call the product at `target` from outside, with every header as given. A value may be a list: a name repeated."""
    body = body_of(call)
    given = body.get("header", {})
    if not isinstance(given, dict):
        raise ControlError("header: an object is wanted")
    headers = [(n, str(v)) for n, values in given.items() for v in (values if isinstance(values, list) else [values])]
    gateway = ContainerGateway(state, text(body, "target"))
    try:
        result = gateway.call_as_stranger(text(body, "method", "GET"), text(body, "path", "/"), headers, _data(body))
    except GatewayError as error:
        return {"errMsg": str(error), "failure": error.failure}
    return result.shown()


def _pushing_app(state: SimulatorState, body: Json) -> AppConfig:
    with state.lock:
        app = state.app(optional_text(body, "appid"))
    url = text(body, "url", app.push_url)
    mode = word(PushMode, body.get("mode", app.push_mode), "mode")
    language = word(PushFormat, body.get("format", app.push_format), "format")
    return replace(app, push_url=url, push_mode=mode, push_format=language)


def _payload(state: SimulatorState, app: AppConfig, item: Json, outer: Json) -> Json:
    if not isinstance(item, dict):
        raise ControlError("events: a list of objects is wanted")
    with state.lock:
        openid = text(item, "openid", text(outer, "openid", openid_of(app.appid, DEMO_NAME)))
        now, msgid = state.now(), state.next_msgid()
    if "text" in item:
        return events.text_message(app, openid, now, text(item, "text"), msgid)
    if isinstance(item.get("event"), dict):
        return {"ToUserName": app.original_id, "FromUserName": openid, "CreateTime": int(now), **item["event"]}
    fields = item.get("fields", {})
    if not isinstance(fields, dict):
        raise ControlError("fields: an object is wanted")
    return events.event(app, openid, now, text(item, "event", "debug_demo"), fields)


def _openid(state: SimulatorState, body: Json) -> str | None:
    if body.get("openid") or body.get("name") is None:
        return optional_text(body, "openid")
    appid = optional_text(body, "from_appid") or state.app(optional_text(body, "appid")).appid
    return openid_of(appid, text(body, "name"))


def _headers(body: Json) -> dict[str, str]:
    given = body.get("header", {})
    if not isinstance(given, dict):
        raise ControlError("header: an object is wanted")
    return {name: str(value) for name, value in given.items()}


def _data(body: Json) -> bytes:
    data = body.get("data")
    if data is None:
        return b""
    return data.encode() if isinstance(data, str) else json.dumps(data, ensure_ascii=False).encode()


def _list(body: Json, name: str) -> list[Any]:
    value = body.get(name, [])
    if not isinstance(value, list):
        raise ControlError(f"{name}: a list is wanted")
    return value


def _records(records: list[PushRecord]) -> Json:
    return {"count": len(records), "pushes": [record.shown() for record in records]}
