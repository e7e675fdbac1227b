"""Leaving, and getting a copy of what is kept, over the API."""

from sqlalchemy import select

from tests.conftest import log_in
from tests.integration.users_bench import stored, upload, uploads
from tests.unit.features.users import samples
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.auth.models import UserSession
from wxcloudrun.features.wechat.models import Subscription
from wxcloudrun.integrations.wechat.phone import PhoneNumber


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

    with each_app.app_context():
        agreed = {"user_id": person.id, "template_id": "t", "state": "accept", "reported_at": SystemClock().now()}
        db.session.add(Subscription(**agreed))
        db.session.commit()

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
        assert db.session.query(Subscription).count() == 0
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


def test_the_export_tells_what_the_person_lets_us_send(person):
    person.ok("POST", "/api/wechat/subscriptions", {"results": {"template-1234567890": "accept"}})
    told = person.ok("GET", "/api/user/export")["subscriptions"]
    assert [(item["template_id"], item["remaining"]) for item in told] == [("template-1234567890", 1)]
