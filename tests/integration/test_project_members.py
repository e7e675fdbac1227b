"""Members and invitations through the API, on every database."""

import base64
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from sqlalchemy import select

from tests.conftest import log_in
from tests.integration.projects_bench import Team, error_of, faults_of, join
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.projects.invitations import InvitationService
from wxcloudrun.features.projects.models import ProjectInvitation
from wxcloudrun.integrations.wechat import errors as wechat_errors

ACCEPT = "/api/invitations/accept"


def roles(team: Team) -> dict[int, str]:
    return {one["user_id"]: one["role"]["name"] for one in team.viewer.ok("GET", f"{team.path}/members")["items"]}


def accept(person, code: str):
    return person.call("POST", ACCEPT, {"code": code})


def test_members_are_listed_with_role_and_name(each_team: Team):
    each_team.editor.ok("PUT", "/api/user/profile", {"nickname": "100% Li"})
    found = each_team.viewer.ok("GET", f"{each_team.path}/members?sort=-role")
    assert [one["role"]["name"] for one in found["items"]] == ["owner", "editor", "runner", "viewer"]
    assert found["total"] == 4
    searched = each_team.viewer.ok("GET", f"{each_team.path}/members?q=0%25")["items"]
    assert [one["user_id"] for one in searched] == [each_team.editor.id]
    filtered = each_team.viewer.ok("GET", f"{each_team.path}/members?role=runner")["items"]
    assert [one["user_id"] for one in filtered] == [each_team.runner.id]


def test_a_role_counts_from_the_next_request_on(each_team: Team):
    changed = each_team.owner.ok("PUT", f"{each_team.path}/members/{each_team.viewer.id}", {"role": "editor"})
    assert changed["role"] == {"value": 3, "name": "editor"}
    each_team.viewer.ok("POST", f"{each_team.path}/environments", {"name": "by the new editor"})
    each_team.owner.ok("PUT", f"{each_team.path}/members/{each_team.viewer.id}", {"role": "viewer"})
    refused = each_team.viewer.call("POST", f"{each_team.path}/environments", {"name": "again"})
    assert error_of(refused) == (403, "right_required")


def test_who_was_removed_is_a_stranger(each_team: Team):
    each_team.owner.ok("DELETE", f"{each_team.path}/members/{each_team.editor.id}")
    assert error_of(each_team.editor.call("GET", each_team.path)) == (404, "project_not_found")
    refused = each_team.owner.call("DELETE", f"{each_team.path}/members/{each_team.editor.id}")
    assert error_of(refused) == (404, "member_not_found")


def test_one_may_leave_and_remove_nobody_else(each_team: Team):
    refused = each_team.viewer.call("DELETE", f"{each_team.path}/members/{each_team.runner.id}")
    assert error_of(refused) == (403, "right_required")
    each_team.viewer.ok("DELETE", f"{each_team.path}/members/{each_team.viewer.id}")
    assert error_of(each_team.viewer.call("GET", each_team.path)) == (404, "project_not_found")


def test_the_last_owner_stays(each_team: Team):
    me = f"{each_team.path}/members/{each_team.owner.id}"
    assert error_of(each_team.owner.call("DELETE", me)) == (409, "last_owner_protected")
    assert error_of(each_team.owner.call("PUT", me, {"role": "editor"})) == (409, "last_owner_protected")
    each_team.owner.ok("PUT", f"{each_team.path}/members/{each_team.editor.id}", {"role": "owner"})
    each_team.owner.ok("DELETE", me)


def test_ownership_is_handed_over(each_team: Team):
    view = each_team.owner.ok("POST", f"{each_team.path}/transfer", {"user_id": each_team.runner.id})
    assert view["role"]["name"] == "editor"
    assert roles(each_team)[each_team.runner.id] == "owner"
    again = each_team.owner.call("POST", f"{each_team.path}/transfer", {"user_id": each_team.viewer.id})
    assert error_of(again) == (403, "right_required")
    to_nobody = each_team.runner.call("POST", f"{each_team.path}/transfer", {"user_id": each_team.stranger.id})
    assert error_of(to_nobody) == (404, "member_not_found")
    each_team.runner.ok("POST", f"{each_team.path}/transfer", {"user_id": each_team.runner.id})
    assert roles(each_team)[each_team.runner.id] == "owner"


def test_an_invitation_lets_somebody_in_as_it_says(each_team: Team):
    made = each_team.invitation(role="editor", uses=2, expires_in_hours=1)
    assert made["path"] == f"pages/index/index?scene=i%3D{made['code']}"
    shown = each_team.stranger.ok("GET", f"/api/invitations?code={made['code']}")
    assert (shown["project"], shown["role"]["name"]) == ("Payments", "editor")
    assert accept(each_team.stranger, made["code"]).json["data"]["role"]["name"] == "editor"
    assert each_team.stranger.ok("GET", each_team.path)["role"]["name"] == "editor"
    listed = each_team.owner.ok("GET", f"{each_team.path}/invitations")["items"]
    assert [(one["id"], one["uses"], one["uses_left"]) for one in listed] == [(made["id"], 2, 1)]
    assert "code" not in listed[0]


def test_who_is_a_member_already_uses_nothing_up(each_team: Team):
    code = each_team.invitation(role="viewer")["code"]
    for _ in range(2):
        assert accept(each_team.editor, code).json["data"]["role"]["name"] == "editor"
        assert accept(each_team.stranger, code).json["data"]["role"]["name"] == "viewer"
    assert each_team.owner.ok("GET", f"{each_team.path}/invitations?usable=true")["items"] == []


def test_an_invitation_that_ended_says_why(each_team: Team, each_wechat):
    used, revoked, expired, archived = (each_team.invitation() for _ in range(4))
    newcomer = log_in(each_team.app, each_wechat, "openid-of-a-newcomer")
    assert accept(newcomer, used["code"]).status_code == 200
    each_team.owner.ok("DELETE", f"{each_team.path}/invitations/{revoked['id']}")
    each_team.owner.ok("DELETE", f"{each_team.path}/invitations/{revoked['id']}")
    assert error_of(accept(each_team.stranger, used["code"])) == (409, "invitation_used_up")
    assert error_of(accept(each_team.stranger, revoked["code"])) == (409, "invitation_revoked")
    assert error_of(accept(each_team.stranger, "x" * 22)) == (404, "invitation_not_found")
    assert faults_of(accept(each_team.stranger, "short")) == {"code": "string_pattern_mismatch"}
    each_team.owner.ok("POST", f"{each_team.path}/archive")
    assert error_of(accept(each_team.stranger, archived["code"])) == (409, "project_archived")
    with each_team.app.app_context():
        row = db.session.get(ProjectInvitation, expired["id"])
        row.expires_at = SystemClock().now()
        db.session.commit()
    assert error_of(accept(each_team.stranger, expired["code"])) == (409, "invitation_expired")
    assert error_of(each_team.stranger.call("GET", f"/api/invitations?code={expired['code']}")) == (
        409,
        "invitation_expired",
    )


def test_an_invitation_of_another_project_is_not_there(each_team: Team):
    made = each_team.invitation()
    other = each_team.owner.ok("POST", "/api/projects", {"name": "other"})["id"]
    refused = each_team.owner.call("DELETE", f"/api/projects/{other}/invitations/{made['id']}")
    assert error_of(refused) == (404, "invitation_not_found")


def test_what_a_former_owner_offered_ends(each_team: Team):
    join(each_team.app, each_team.project, each_team.stranger.id, "owner")
    code = each_team.stranger.ok("POST", f"{each_team.path}/invitations", {})["code"]
    each_team.owner.ok("DELETE", f"{each_team.path}/members/{each_team.stranger.id}")
    assert error_of(accept(each_team.stranger, code)) == (409, "invitation_revoked")


def test_a_code_is_kept_nowhere(each_team: Team):
    headers = {"Idempotency-Key": "invite-once"}
    body = {"role": "viewer"}
    code = each_team.owner.ok("POST", f"{each_team.path}/invitations", body, headers=headers)["code"]
    assert each_team.owner.ok("POST", f"{each_team.path}/invitations", body, headers=headers)["code"] == code
    with each_team.app.app_context():
        for table in db.metadata.sorted_tables:
            for row in db.session.execute(select(table)):
                assert code not in str(row), table.name


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "owner"}, "role"),
        ({"role": 3}, "role"),
        ({"uses": 0}, "uses"),
        ({"uses": 1001}, "uses"),
        ({"expires_in_hours": 721}, "expires_in_hours"),
        ({"expires_in_hours": 0}, "expires_in_hours"),
        ({"code": "mine"}, "code"),
    ],
    ids=str,
)
def test_what_cannot_be_an_invitation_is_refused_by_its_field(each_team: Team, body, field):
    assert list(faults_of(each_team.owner.call("POST", f"{each_team.path}/invitations", body))) == [field]


def test_an_invitation_becomes_a_picture(each_team: Team, each_wechat):
    asked = []

    def qrcode(scene, page, version, check, style):
        asked.append((scene, page, version.value, check, style.width))
        return SimpleNamespace(mime="image/jpeg", content=b"\xff\xd8\xff")

    each_wechat.codes = SimpleNamespace(qrcode=qrcode)
    made = each_team.invitation()
    place = f"{each_team.path}/invitations/{made['id']}/qrcode"
    picture = each_team.owner.ok("POST", place, {"code": made["code"]})
    assert base64.b64decode(picture["image_base64"]) == b"\xff\xd8\xff"
    assert asked == [(f"i={made['code']}", "pages/index/index", "release", True, 430)]
    assert len(asked[0][0]) <= 32
    wrong = each_team.owner.call("POST", place, {"code": each_team.invitation()["code"]})
    assert error_of(wrong) == (409, "invitation_code_wrong")
    each_team.owner.ok("DELETE", f"{each_team.path}/invitations/{made['id']}")
    assert error_of(each_team.owner.call("POST", place, {"code": made["code"]})) == (409, "invitation_revoked")


def test_wechats_refusal_of_a_picture_is_told(each_team: Team, each_wechat):
    def qrcode(*arguments):
        raise wechat_errors.PageUnpublished("qrcode", errcode=41030)

    each_wechat.codes = SimpleNamespace(qrcode=qrcode)
    made = each_team.invitation()
    place = f"{each_team.path}/invitations/{made['id']}/qrcode"
    assert error_of(each_team.owner.call("POST", place, {"code": made["code"]})) == (409, "page_unpublished")


def test_invitations_are_forgotten_a_month_after_their_end(each_team: Team):
    each_team.invitation(expires_in_hours=1)
    kept = each_team.invitation(expires_in_hours=48)
    service = each_team.app.extensions[EXTENSION].get(InvitationService)
    with each_team.app.app_context():
        assert service.clear() == 0
        with time_machine.travel(SystemClock().now() + timedelta(days=30, hours=2)):
            assert service.clear() == 1
    assert [one["id"] for one in each_team.owner.ok("GET", f"{each_team.path}/invitations")["items"]] == [kept["id"]]
