"""Virtual payment: orders and balances behind pay_sig, and behind the user's signature where WeChat asks for it."""

from wxcloudrun.simulator.crypto import pay_signature, same, text_key_hmac
from wxcloudrun.simulator.gate import Context, known_openid
from wxcloudrun.simulator.wire import Json, RefusedError

_BAD_ARGUMENT, _BAD_SIGNATURE = 268490002, 268490003
_PRODUCTION, _SANDBOX = 0, 1


def query_order(context: Context) -> Json:
    """`POST /xpay/query_order`: an order that the control API made."""
    _check_pay_signature(context)
    return {"errcode": 0, "errmsg": "ok", "order": _order(context)}


def notify_provided(context: Context) -> Json:
    """`POST /xpay/notify_provide_goods`: marks an order as delivered."""
    _check_pay_signature(context)
    _order(context)["status"] = 4
    return {"errcode": 0, "errmsg": "ok"}


def query_balance(context: Context) -> Json:
    """`POST /xpay/query_user_balance`: also wants `signature`, the HMAC of the body under the session key."""
    _check_pay_signature(context)
    user = context.state.users[context.app.appid, known_openid(context, context.body.get("openid"))]
    expected = text_key_hmac(user.session_key, context.call.body)
    if not user.session_key or not same(context.call.query.get("signature", ""), expected):
        raise RefusedError(_BAD_SIGNATURE, "invalid signature")
    return {"errcode": 0, "errmsg": "ok", "balance": user.balance, "present_balance": 0}


def _check_pay_signature(context: Context) -> None:
    env = context.body.get("env", _PRODUCTION)
    if env not in (_PRODUCTION, _SANDBOX):
        raise RefusedError(_BAD_ARGUMENT, "invalid env")
    key = context.app.sandbox_app_key if env == _SANDBOX else context.app.app_key
    expected = pay_signature(key, context.call.path, context.call.body)
    if not same(context.call.query.get("pay_sig", ""), expected):
        raise RefusedError(_BAD_SIGNATURE, "invalid pay_sig")


def _order(context: Context) -> Json:
    known_openid(context, context.body.get("openid"))
    order = context.state.orders.get((context.app.appid, str(context.body.get("order_id", ""))))
    if order is None or order["openid"] != context.body["openid"]:
        raise RefusedError(_BAD_ARGUMENT, "order not found")
    return order
