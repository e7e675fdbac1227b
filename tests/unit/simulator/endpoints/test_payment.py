"""Virtual payment behind its signatures."""

import json

import pytest

from wxcloudrun.simulator.constants import DEFAULT_APP_KEY, DEFAULT_SANDBOX_APP_KEY
from wxcloudrun.simulator.crypto import pay_signature, text_key_hmac

ORDER, BALANCE, PROVIDED = "/xpay/query_order", "/xpay/query_user_balance", "/xpay/notify_provide_goods"


@pytest.fixture
def session(caller):
    return caller.login()


def pay(caller, path, body, key=DEFAULT_APP_KEY, **query):
    raw = json.dumps(body).encode()
    return caller.post(path, raw, **({"pay_sig": pay_signature(key, path, raw)} | query))


def test_a_signed_query_gives_the_order(caller, session):
    caller.control("orders", openid=session["openid"], order_id="A1", fee=600)
    body = {"openid": session["openid"], "env": 0, "order_id": "A1"}
    assert pay(caller, ORDER, body)["order"]["paid_fee"] == 600
    assert pay(caller, PROVIDED, body)["errcode"] == 0
    assert pay(caller, ORDER, body)["order"]["status"] == 4


def test_an_order_queues_the_delivery_event(caller, session):
    caller.control("orders", openid=session["openid"], order_id="A1")
    (event,) = caller.state.take_due_events()
    assert event.payload["Event"] == "xpay_goods_deliver_notify"
    assert event.payload["OutTradeNo"] == "A1"


def test_the_signature_must_be_lowercase_and_of_the_right_key(caller, session):
    caller.control("orders", openid=session["openid"], order_id="A1")
    body = {"openid": session["openid"], "env": 0, "order_id": "A1"}
    upper = pay_signature(DEFAULT_APP_KEY, ORDER, json.dumps(body).encode()).upper()
    assert pay(caller, ORDER, body, pay_sig=upper)["errcode"] == 268490003
    assert pay(caller, ORDER, body, key=DEFAULT_SANDBOX_APP_KEY)["errcode"] == 268490003
    assert pay(caller, ORDER, body | {"env": 1}, key=DEFAULT_SANDBOX_APP_KEY)["errcode"] == 0


def test_unknown_orders_and_environments_are_bad_arguments(caller, session):
    body = {"openid": session["openid"], "env": 0, "order_id": "none"}
    assert pay(caller, ORDER, body)["errcode"] == 268490002
    assert pay(caller, ORDER, body | {"env": 7})["errcode"] == 268490002
    assert pay(caller, ORDER, body | {"openid": "nobody"})["errcode"] == 40003


def test_a_balance_also_wants_the_users_signature(caller, session):
    caller.control("users", openid=session["openid"], balance=42)
    body = {"openid": session["openid"], "user_ip": "127.0.0.1", "env": 0}
    signature = text_key_hmac(session["session_key"], json.dumps(body))
    assert pay(caller, BALANCE, body, signature=signature)["balance"] == 42
    assert pay(caller, BALANCE, body)["errcode"] == 268490003
    caller.login()
    assert pay(caller, BALANCE, body, signature=signature)["errcode"] == 268490003
