"""Control: the bench itself - apps, options, clock, limits, tokens, templates, orders, faults, journal and reset."""

from dataclasses import asdict

from wxcloudrun.simulator.control.fields import changed, number, optional_text, text, whole, word
from wxcloudrun.simulator.control.people import shown, whose
from wxcloudrun.simulator.endpoints.subscribe_values import type_of
from wxcloudrun.simulator.faults import Fault, FaultKind
from wxcloudrun.simulator.gateway import cloudbase_token
from wxcloudrun.simulator.limits import Limit
from wxcloudrun.simulator.push import events
from wxcloudrun.simulator.records import AppConfig, Template, TokenKind
from wxcloudrun.simulator.state import SimulatorState
from wxcloudrun.simulator.wire import ControlError, Json


def put_app(state: SimulatorState, body: Json) -> Json:
    """Make an app or change one; without `appid` the first app is meant."""
    appid = text(body, "appid", state.default_app().appid)
    known = state.apps.get(appid) or AppConfig(appid=appid)
    state.apps[appid] = changed(known, body)
    return asdict(state.apps[appid])


def put_options(state: SimulatorState, body: Json) -> Json:
    """Change switches of the whole simulator."""
    state.options = changed(state.options, body)
    return asdict(state.options)


def move_clock(state: SimulatorState, body: Json) -> Json:
    """Move the clock by `advance` seconds."""
    state.advance(number(body, "advance"))
    return {"now": state.now()}


def put_limit(state: SimulatorState, body: Json) -> Json:
    """Set how many calls of `path` a window of `seconds` takes, and the errcode of the next one."""
    path = text(body, "path")
    limit = Limit(whole(body, "seconds", 60), whole(body, "most", 0), whole(body, "errcode", 45009))
    if limit.seconds < 1:
        raise ControlError("seconds: at least 1 is wanted")
    state.meter.restrict(path, limit)
    return {"path": path, **asdict(limit)}


def spoil_tokens(state: SimulatorState, body: Json) -> Json:
    """End the access tokens of an app (of one `kind`, or all): `how` is `kill` (40001) or `expire` (42001)."""
    app = state.app(optional_text(body, "appid"))
    how = text(body, "how", "kill")
    kinds = [word(TokenKind, body["kind"], "kind")] if "kind" in body else list(TokenKind)
    if how not in ("kill", "expire"):
        raise ControlError("how: one of kill, expire is wanted")
    ended = [token for token in state.tokens.values() if token.appid == app.appid and token.kind in kinds]
    for token in ended:
        if how == "kill":
            token.dies_at = state.now()
        else:
            token.expires_at = min(token.expires_at, state.now())
    return {"ended": len(ended)}


def give_cloudbase_token(state: SimulatorState, body: Json) -> Json:
    """The cloudbase access token of now, as the platform would write it into the container's file."""
    return {"cloudbase_access_token": cloudbase_token(state, state.app(optional_text(body, "appid")).appid)}


def put_template(state: SimulatorState, body: Json) -> Json:
    """Make or change a subscribe-message template. `enums` maps a key of type enum to its values."""
    app = state.app(optional_text(body, "appid"))
    template_id = text(body, "template_id")
    known = state.templates.get((app.appid, template_id)) or Template(template_id, app.appid, ())
    rest = {name: value for name, value in body.items() if name not in ("appid", "enums")}
    template = changed(known, rest, without=("appid", "enums"))
    unknown = [key for key in template.keys if type_of(key) is None]
    if unknown:
        raise ControlError(f"keys: {', '.join(unknown)} has no known type")
    listed = body.get("enums", {})
    enums = {key: tuple(values) for key, values in listed.items()} if isinstance(listed, dict) else {}
    stored = Template(template_id, app.appid, template.keys, template.long_term, template.banned, enums or known.enums)
    state.templates[app.appid, template_id] = stored
    return asdict(stored)


def put_order(state: SimulatorState, body: Json) -> Json:
    """Make a paid order of virtual goods and queue xpay_goods_deliver_notify."""
    app, user = state.app(optional_text(body, "appid")), whose(state, body)
    order_id, env = text(body, "order_id"), whole(body, "env", 0)
    product = text(body, "product_id", "product1")
    fee = whole(body, "fee", 100)
    order: Json = {"order_id": order_id, "openid": user.openid, "status": 2, "order_fee": fee, "paid_fee": fee}
    state.orders[app.appid, order_id] = order
    goods = {"ProductId": product, "Quantity": 1, "OrigPrice": fee, "ActualPrice": fee, "Attach": ""}
    paid = {"MchOrderNo": f"mch{order_id}", "TransactionId": f"42{state.next_msgid()}"}
    fields: Json = {"OpenId": user.openid, "OutTradeNo": order_id, "Env": env, "WeChatPayInfo": paid}
    fields |= {"GoodsInfo": goods, "RetryTimes": 0}
    notice = events.event(app, user.openid, state.now(), "xpay_goods_deliver_notify", fields)
    state.queue_event(app.appid, notice)
    return order


def add_fault(state: SimulatorState, body: Json) -> Json:
    """Spoil answers of `path`: see FaultKind and Fault for kinds, `nth`, `times` and `value`."""
    fault = Fault(
        text(body, "path"),
        word(FaultKind, body.get("kind"), "kind"),
        whole(body, "nth", 1),
        whole(body, "times", 1),
        number(body, "value") if body.get("value") is not None else None,
    )
    if fault.nth < 1 or fault.times < 0:
        raise ControlError("nth: at least 1 is wanted; times: at least 0")
    state.faults.add(fault)
    return asdict(fault)


def clear_faults(state: SimulatorState, body: Json) -> Json:  # noqa: ARG001 - every control function takes both
    """Take all faults back."""
    state.faults.clear()
    return {}


def show_journal(state: SimulatorState, query: Json) -> Json:
    """The requests so far, of one `path` or all, and how many each path got."""
    entries = state.journal.find(optional_text(query, "path"))
    return {"count": len(entries), "counts": state.journal.counts(), "entries": [entry.shown() for entry in entries]}


def show_state(state: SimulatorState, query: Json) -> Json:  # noqa: ARG001 - every control function takes both
    """Users, rights to send, sent messages, media tasks and the clock."""
    return {
        "now": state.now(),
        "apps": list(state.apps),
        "users": [shown(user) for user in state.users.values()],
        "quota": [{"openid": o, "template_id": t, "left": left} for (o, t), left in state.quota.items()],
        "sent_messages": [asdict(message) for message in state.sent_messages],
        "media_tasks": [asdict(task) for task in state.media_tasks.values()],
        "queued_events": len(state.events),
    }


def reset(state: SimulatorState, body: Json) -> Json:  # noqa: ARG001 - every control function takes both
    """Forget everything that happened."""
    state.reset()
    return {}
