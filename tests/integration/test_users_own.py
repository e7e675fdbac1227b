"""What people do with their own data, over the API."""

import base64
import json
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from flask import Flask
from sqlalchemy import event, select

from tests.conftest import FakeWeChat, Person, database_urls, log_in, make_app, stand_in
from tests.unit.features.users import samples
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.auth.models import UserSession
from wxcloudrun.features.users.models import User
from wxcloudrun.features.users.pictures import PictureFiles
from wxcloudrun.integrations.wechat import errors as faults
from wxcloudrun.integrations.wechat.config import WeChatConfig
from wxcloudrun.integrations.wechat.content import Suggestion, Verdict
from wxcloudrun.integrations.wechat.phone import PhoneNumber, UserApi

SESSION_KEY = b"session-key-1234"  # what the stand-in for WeChat gives everybody


def upload(person: Person, path: str, content: bytes, name: str = "file") -> Any:
    return person.call("POST", path, data={name: (BytesIO(content), "whatever.exe")})


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


def stored(app: Flask, user_id: int) -> Any:
    with app.app_context():
        return db.session.execute(select(User.__table__).where(User.id == user_id)).one()


def uploads(app: Flask) -> list[str]:
    """Names of the files in the object store."""
    store = app.extensions["wxcloudrun"].get(PictureFiles)._store
    return sorted(path.name for path in store._folder.rglob("*") if path.is_file())


@pytest.fixture
def strict_app(tmp_path: Path) -> Iterator[Flask]:
    """An application that checks texts with WeChat and limits how often routes are called."""
    for url in database_urls(tmp_path, "sqlite"):
        app = make_app(url, tmp_path, rate_limits=True, wechat_content_check=True)
        yield app
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def strict_wechat(strict_app: Flask) -> Iterator[FakeWeChat]:
    yield from stand_in(strict_app)


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


def test_no_connection_is_held_while_a_picture_is_stored(app, person, monkeypatch):
    held = []
    store = app.extensions["wxcloudrun"].get(PictureFiles)._store
    put = store.put

    def slow(*arguments: Any) -> None:
        held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]  # as above
        put(*arguments)

    monkeypatch.setattr(store, "put", slow)
    assert upload(person, "/api/user/avatar", samples.picture()).status_code == 200
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


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_an_avatar_is_stored_anew_and_served(app, person, kind):
    profile = upload(person, "/api/user/avatar", samples.picture(kind, (900, 600))).json["data"]
    reply = app.test_client().get(profile["avatar_url"])
    assert (reply.status_code, reply.mimetype) == (200, "image/webp")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in reply.headers["Cache-Control"]
    assert samples.opened(reply.data).size == (512, 341)


def test_an_old_avatar_is_gone_when_a_new_one_is_there(app, person):
    first = upload(person, "/api/user/avatar", samples.picture()).json["data"]["avatar_url"]
    second = upload(person, "/api/user/avatar", samples.picture()).json["data"]["avatar_url"]
    assert app.test_client().get(first).status_code == 404
    assert app.test_client().get(second).status_code == 200
    assert person.ok("DELETE", "/api/user/avatar")["avatar_url"] is None
    assert app.test_client().get(second).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "error"),
    [
        (b"#!/bin/sh\necho not an image", 422, "image_refused"),
        (samples.SVG, 422, "image_refused"),
        (samples.picture("JPEG", (400, 400))[:-900], 422, "image_refused"),
        (b"", 422, "image_refused"),
        (samples.bomb(), 422, "image_too_large"),
        (samples.picture() + b"\0" * 3_145_728, 413, "body_too_large"),
    ],
    ids=["script", "svg", "truncated", "empty", "bomb", "three megabytes"],
)
def test_a_hostile_upload_is_refused_and_leaves_nothing(app, person, content, status, error):
    before = uploads(app)
    reply = upload(person, "/api/user/avatar", content)
    assert (reply.status_code, reply.json["data"]["error"]) == (status, error)
    assert person.ok("GET", "/api/user/profile")["avatar_url"] is None
    assert uploads(app) == before


def test_a_polyglot_is_only_a_picture_afterwards(app, person):
    url = upload(person, "/api/user/avatar", samples.polyglot()).json["data"]["avatar_url"]
    assert b"script" not in app.test_client().get(url).data


def test_an_upload_has_one_file_in_the_part_of_that_name(person):
    assert upload(person, "/api/user/avatar", samples.picture(), "image").status_code == 422
    assert person.call("POST", "/api/user/avatar", {"file": "x"}).status_code == 415


@pytest.mark.parametrize(
    "path",
    [
        "/media/avatars/" + "0" * 32 + ".webp",
        "/media/avatars/..%2f..%2ftest.sqlite3",
        "/media/avatars/%2e%2e",
        "/media/avatars/x.webp",
        "/media/avatars/",
        "/media/",
    ],
)
def test_other_names_lead_nowhere_and_say_so_in_the_envelope(app, path):
    reply = app.test_client().get(path)
    assert reply.status_code == 404
    assert reply.json["code"] == 0


def test_a_disk_that_fails_is_said_plainly(strict_app, strict_wechat, tmp_path):
    person = log_in(strict_app, strict_wechat, "somebody-with-a-picture")
    (tmp_path / "uploads").write_bytes(b"a file where the folder should be")
    reply = upload(person, "/api/user/avatar", samples.picture())
    assert (reply.status_code, reply.json["data"]["error"]) == (503, "storage_unavailable")
    (tmp_path / "uploads").unlink()
    assert upload(person, "/api/user/avatar", samples.picture()).status_code == 200


def test_an_account_is_deleted_with_everything_personal(each_app, each_wechat):
    person = log_in(each_app, each_wechat, "somebody-who-leaves")
    each_wechat.phone_number = lambda code: PhoneNumber("13900139000", "86")
    person.ok("POST", "/api/user/phone", {"code": "a-code"})
    person.ok("PUT", "/api/user/profile", {"nickname": "Lieschen Müller", "signature": "hello"})
    before = uploads(each_app)
    avatar = upload(person, "/api/user/avatar", samples.picture()).json["data"]["avatar_url"]
    material = upload(person, "/api/user/verification/materials", samples.picture()).json["data"]["id"]
    body = {"real_name": "Elisabeth", "number": "A-1234", "material_ids": [material]}
    person.ok("POST", "/api/user/verification", body)

    assert person.ok("DELETE", "/api/user") == {"id": person.id}

    assert person.call("GET", "/api/user/profile").status_code == 401
    refreshed = person.client.post("/api/refresh_token", json={"refresh_token": person.refresh_token})
    assert refreshed.status_code == 401
    assert each_app.test_client().get(avatar).status_code == 404
    assert uploads(each_app) == before
    row = stored(each_app, person.id)
    assert (row.openid, row.nickname, row.phone, row.phone_hash, row.avatar) == (None, "", None, None, None)
    with each_app.app_context():
        assert db.session.query(UserSession).count() == 0
        entries = [f"{entry.before}{entry.after}" for entry in db.session.scalars(select(AuditEntry))]
    for word in ("Lieschen", "hello", "13900139000", "Elisabeth", "A-1234", "somebody-who-leaves"):
        assert not any(word in entry for entry in entries), word

    back = log_in(each_app, each_wechat, "somebody-who-leaves")
    assert back.id != person.id
    assert back.ok("GET", "/api/user/profile")["nickname"] == ""


def test_an_administrator_does_not_leave_alone(admin):
    reply = admin.call("DELETE", "/api/user")
    assert (reply.status_code, reply.json["data"]["error"]) == (409, "own_account_protected")
    admin.ok("GET", "/api/user/profile")


def test_an_export_holds_what_is_kept(person, other, wechat):
    wechat.phone_number = lambda code: PhoneNumber("13800138000", "86")
    person.ok("POST", "/api/user/phone", {"code": "a-code"})
    other.ok("PUT", "/api/user/profile", {"nickname": "somebody else"})
    material = upload(person, "/api/user/verification/materials", samples.picture()).json["data"]["id"]
    body = {"real_name": "王小明", "number": "A1234", "material_ids": [material]}
    person.ok("POST", "/api/user/verification", body)
    reply = person.call("GET", "/api/user/export")
    export = reply.json["data"]
    assert export["profile"]["phone"] == "+8613800138000"
    assert export["wechat"]["openid"] == person.openid
    assert export["applications"][0]["real_name"] == "王小明"
    assert len(export["sessions"]) == 1
    assert {"user.created", "user.phone_bound", "user.exported"} <= {entry["action"] for entry in export["audit"]}
    assert "somebody else" not in reply.text
    assert person.refresh_token not in reply.text


def test_exports_are_limited(strict_app, strict_wechat):
    person = log_in(strict_app, strict_wechat, "somebody-curious")
    assert [person.call("GET", "/api/user/export").status_code for _ in range(11)] == [200] * 10 + [429]


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
