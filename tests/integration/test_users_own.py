"""What people do with their own data, over the API."""

import base64
import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from sqlalchemy import event

from tests.conftest import FakeWeChat, log_in
from tests.integration.users_bench import stored
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.integrations.wechat import errors as faults
from wxcloudrun.integrations.wechat.config import WeChatConfig
from wxcloudrun.integrations.wechat.content import Suggestion, Verdict
from wxcloudrun.integrations.wechat.phone import PhoneNumber, UserApi

SESSION_KEY = b"session-key-1234"  # what the stand-in for WeChat gives everybody


def sealed_phone(number: str = "13800138000", appid: str = "wx-test-appid") -> dict[str, str]:
    """What an old client sends: AES-CBC with the session key, as WeChat does it."""
    mark = {"appid": appid, "timestamp": int(time.time())}
    text = json.dumps({"purePhoneNumber": number, "countryCode": "86", "watermark": mark}).encode()
    text += bytes([16 - len(text) % 16]) * (16 - len(text) % 16)
    encryptor = Cipher(algorithms.AES(SESSION_KEY), modes.CBC(b"i" * 16)).encryptor()
    data = encryptor.update(text) + encryptor.finalize()
    return {"encrypted_data": base64.b64encode(data).decode(), "iv": base64.b64encode(b"i" * 16).decode()}


def decrypting(fake: FakeWeChat) -> None:
    config = WeChatConfig(appid="wx-test-appid", secret="secret", api_base="https://127.0.0.1")
    fake.user = UserApi(config, None, SystemClock())  # type: ignore[arg-type]  # nothing is sent


def test_a_profile_costs_two_statements(app, person):
    statements = []

    def count(connection, cursor, statement, *more):
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", count)
        person.ok("GET", "/api/user/profile")
        event.remove(db.engine, "before_cursor_execute", count)
    assert len(statements) <= 2, statements


@pytest.mark.parametrize(
    "nickname", ["😀👨‍👩‍👧‍👦🇨🇳", "ẞ𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "\u202eright to left", "' OR 1=1 --", "漢字" * 16, "e\u0301 é"]
)
def test_any_name_survives_on_every_database(each_app, each_wechat, nickname):
    person = log_in(each_app, each_wechat, "somebody-with-a-name-2")
    person.ok("PUT", "/api/user/profile", {"nickname": nickname, "signature": nickname})
    profile = person.ok("GET", "/api/user/profile")
    assert (profile["nickname"], profile["signature"]) == (nickname, nickname)


@pytest.mark.parametrize(
    "body",
    [
        {"nickname": "x" * 33},
        {"nickname": "two\nlines"},
        {"nickname": "nul\x7f"},
        {"nickname": 5},
        {"gender": 3},
        {"gender": "1"},
        {"gender": True},
        {"language": "fr"},
        {"signature": "x" * 201},
        {"version": 0},
        {"role": "administrator"},
        {"phone": "+8613800138000"},
        [],
    ],
)
def test_a_profile_takes_nothing_else(person, body):
    assert person.call("PUT", "/api/user/profile", body).status_code == 422
    assert person.ok("GET", "/api/user/profile")["version"] == 1


def test_texts_pass_only_with_wechats_word(strict_app, strict_wechat):
    person = log_in(strict_app, strict_wechat, "somebody-who-writes")
    answers: list[Any] = [
        Verdict(Suggestion.PASS, 100, "t"),
        Verdict(Suggestion.RISKY, 20002, "t"),
        faults.Unavailable("check_text", maybe_sent=True, reason="timeout"),
    ]
    asked = []

    def text(openid: str, content: str, scene: int) -> Verdict:
        asked.append((openid, content, int(scene)))
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    strict_wechat.content = SimpleNamespace(text=text)
    person.ok("PUT", "/api/user/profile", {"nickname": "fine"})
    refused = person.call("PUT", "/api/user/profile", {"nickname": "bad"})
    silent = person.call("PUT", "/api/user/profile", {"signature": "who knows"})
    assert (refused.status_code, refused.json["data"]["error"]) == (422, "content_refused")
    assert (silent.status_code, silent.json["data"]["error"]) == (503, "content_check_unavailable")
    assert asked[0] == ("somebody-who-writes", "fine", 1)
    assert person.ok("PUT", "/api/user/profile", {"gender": 2})["nickname"] == "fine"


def test_a_phone_is_bound_shown_in_part_and_removed(each_app, each_wechat):
    person = log_in(each_app, each_wechat, "somebody-with-a-phone")
    each_wechat.phone_number = lambda code: PhoneNumber("13800138000", "86")
    assert person.ok("POST", "/api/user/phone", {"code": "a-code"})["phone"] == "+86138****8000"
    assert "13800138000" not in str(stored(each_app, person.id))
    second = log_in(each_app, each_wechat, "somebody-with-the-same-phone")
    taken = second.call("POST", "/api/user/phone", {"code": "another"})
    assert (taken.status_code, taken.json["data"]["error"]) == (409, "phone_taken")
    assert person.ok("DELETE", "/api/user/phone")["phone"] is None
    assert second.ok("POST", "/api/user/phone", {"code": "once-more"})["phone"] == "+86138****8000"


def test_no_connection_is_held_while_wechat_thinks(app, person, wechat):
    held = []

    def slow(code: str) -> PhoneNumber:
        held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]  # a pool of connections counts them
        return PhoneNumber("13800138000", "86")

    wechat.phone_number = slow
    person.ok("POST", "/api/user/phone", {"code": "a-code"})
    assert held == [0]


def test_an_old_clients_phone_is_decrypted(person, wechat):
    decrypting(wechat)
    assert person.ok("POST", "/api/user/phone", sealed_phone())["phone"] == "+86138****8000"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (sealed_phone(appid="wx-another-app"), "phone_code_invalid"),
        (sealed_phone() | {"encrypted_data": base64.b64encode(b"x" * 64).decode()}, "decrypt_failed"),
        (sealed_phone() | {"encrypted_data": "A" * 21}, "decrypt_failed"),
    ],
)
def test_data_that_was_not_made_for_us_binds_nothing(person, wechat, body, error):
    decrypting(wechat)
    reply = person.call("POST", "/api/user/phone", body)
    assert (reply.status_code, reply.json["data"]["error"]) == (409, error)
    assert person.ok("GET", "/api/user/profile")["phone"] is None


def test_a_fault_of_wechat_is_a_bad_gateway(person, wechat):
    def fail(code: str) -> PhoneNumber:
        raise faults.Unavailable("phone_number", maybe_sent=True, reason="timeout")

    wechat.phone_number = fail
    reply = person.call("POST", "/api/user/phone", {"code": "a-code"})
    assert (reply.status_code, reply.json["data"]["error"]) == (502, "wechat_phone_unavailable")


@pytest.mark.parametrize(
    "body", [{}, {"code": ""}, {"code": "a b"}, {"code": "x", "iv": "y"}, {"phone": "+8613800138000"}, {"iv": "B" * 24}]
)
def test_a_number_cannot_be_claimed_without_wechat(person, body):
    assert person.call("POST", "/api/user/phone", body).status_code == 422


def test_trying_codes_is_limited(strict_app, strict_wechat):
    person = log_in(strict_app, strict_wechat, "somebody-who-tries")

    def refuse(code: str) -> PhoneNumber:
        raise faults.CodeInvalid("phone_number", errcode=40029)

    strict_wechat.phone_number = refuse
    replies = [person.call("POST", "/api/user/phone", {"code": f"code-{number}"}) for number in range(11)]
    assert [reply.status_code for reply in replies] == [409] * 10 + [429]
    assert replies[-1].json["data"]["retry_after"] >= 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/user/phone"),
        ("DELETE", "/api/user/phone"),
        ("POST", "/api/user/avatar"),
        ("DELETE", "/api/user/avatar"),
        ("GET", "/api/user/verification"),
        ("POST", "/api/user/verification"),
        ("POST", "/api/user/verification/materials"),
        ("GET", "/api/user/export"),
        ("DELETE", "/api/user"),
    ],
)
def test_strangers_are_asked_to_log_in(app, method, path):
    assert app.test_client().open(path, method=method).status_code == 401
