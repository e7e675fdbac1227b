"""The control API where no other test has used it: data of a phone, mistakes, and what it shows."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from wxcloudrun.simulator import DEFAULT_APPID, DEFAULT_TEMPLATE_ID
from wxcloudrun.simulator.crypto import raw_data_signature


def opened(session_key, given):
    key, iv, data = (base64.b64decode(text) for text in (session_key, given["iv"], given["encryptedData"]))
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    padded = decryptor.update(data) + decryptor.finalize()
    return json.loads(padded[: -padded[-1]])


def test_encrypted_data_opens_with_the_session_key_and_has_a_watermark(caller):
    session = caller.login("alice")
    given = caller.control("encrypted-data", name="alice")
    assert opened(session["session_key"], given) == {
        "watermark": {"timestamp": int(caller.state.now()), "appid": DEFAULT_APPID},
        "openId": session["openid"],
        "nickName": "alice",
    }
    assert given["signature"] == raw_data_signature(given["rawData"], session["session_key"])


def test_encrypted_data_carries_any_payload_and_watermark(caller):
    session = caller.login("alice")
    payload = {"purePhoneNumber": "1", "watermark": {"appid": "wx0000000000000000"}}
    assert opened(session["session_key"], caller.control("encrypted-data", name="alice", payload=payload)) == payload


def test_encrypted_data_needs_a_session_and_an_object(caller):
    assert "login code" in caller.control("encrypted-data", expect=400, name="new")["error"]
    caller.login("alice")
    caller.control("encrypted-data", expect=400, name="alice", payload=[1])


def test_a_user_is_made_by_name_or_by_openid_and_changed(caller):
    caller.control("users", openid="o-very-own", phone="1", country_code="852")
    assert caller.control("users", openid="o-very-own", risk_rank=2)["phone"] == "1"
    (user,) = caller.client.get("/_sim/state").get_json()["users"]
    assert (user["openid"], user["risk_rank"]) == ("o-very-own", 2)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("users", {"shoe_size": 43}),
        ("users", {"risk_blocked": "yes"}),
        ("users", {"risk_rank": True}),
        ("users", {"name": 5}),
        ("options", {"media_delay": "soon"}),
        ("apps", {"push_mode": "shouting"}),
        ("apps", {"published_pages": "pages/index/index"}),
        ("clock", {}),
        ("clock", {"advance": True}),
        ("limits", {"path": "/x", "seconds": 0}),
        ("limits", {"path": "/x", "most": "many"}),
        ("tokens", {"how": "gently"}),
        ("tokens", {"kind": "subway"}),
        ("templates", {"template_id": "T", "keys": ["mystery1"]}),
        ("subscribe", {"template_id": DEFAULT_TEMPLATE_ID, "result": "maybe"}),
        ("subscribe", {"entries": "all"}),
        ("login-code", {"prefix": 1}),
    ],
)
def test_a_control_request_that_makes_no_sense_says_so(caller, path, body):
    assert caller.control(path, expect=400, **body)["error"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("nothing", {}),
        ("login-code", {"appid": "wx0000000000000000"}),
        ("subscribe", {"template_id": "unknown"}),
    ],
)
def test_what_is_not_there_is_not_found(caller, path, body):
    caller.control(path, expect=404, **body)


@pytest.mark.parametrize("data", [b"{", b"[]"])
def test_a_control_body_is_a_json_object(caller, data):
    assert caller.client.post("/_sim/users", data=data).status_code == 400


def test_a_control_request_without_a_body_takes_the_demo_user(caller):
    code = caller.client.post("/_sim/login-code").get_json()
    assert caller.exchange(code["code"])["openid"] == code["openid"]
    assert caller.control("login-code")["openid"] == code["openid"]


def test_an_app_can_be_added_beside_the_first(caller):
    added = caller.control("apps", appid="wxsimulator0000002", secret="s2", push_format="xml")
    assert added["push_format"] == "xml"
    session = caller.exchange("dev-alice", appid="wxsimulator0000002", secret="s2")
    assert session["openid"] != caller.exchange("dev-alice")["openid"]


def test_several_answers_in_one_popup_are_one_event(caller):
    caller.control("templates", template_id="U", keys=["thing1"])
    entries = [{"template_id": DEFAULT_TEMPLATE_ID, "result": "accept"}, {"template_id": "U", "result": "reject"}]
    assert caller.control("subscribe", entries=entries)["quota"] == {DEFAULT_TEMPLATE_ID: 1, "U": 0}
    (event,) = caller.state.take_due_events()
    assert len(event.payload["List"]) == 2


def test_the_state_shows_what_was_sent_and_is_left(caller):
    openid = caller.login()["openid"]
    caller.control("templates", template_id="U", keys=["thing1"])
    caller.control("subscribe", openid=openid, template_id="U")
    body = {"touser": openid, "template_id": "U", "data": {"thing1": {"value": "x"}}}
    caller.post("/cgi-bin/message/subscribe/send", body)
    shown = caller.client.get("/_sim/state").get_json()
    assert shown["sent_messages"][0]["body"] == body
    assert shown["quota"] == [{"openid": openid, "template_id": "U", "left": 0}]
