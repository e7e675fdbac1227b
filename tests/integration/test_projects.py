"""Projects through the API, on every database."""

import pytest

from tests.conftest import log_in
from tests.integration.projects_bench import Team, error_of, faults_of, join
from wxcloudrun.core.actor import Role


def test_who_makes_a_project_owns_it(each_team: Team):
    made = each_team.owner.ok("POST", "/api/projects", {"name": "支付 😀", "description": "a\nb"})
    assert (made["name"], made["description"], made["version"]) == ("支付 😀", "a\nb", 1)
    assert made["state"] == {"value": 1, "name": "active"}
    assert made["role"] == {"value": 4, "name": "owner"}
    assert each_team.owner.ok("GET", f"/api/projects/{made['id']}") == made


def test_who_is_not_verified_makes_none(each_team: Team):
    refused = each_team.stranger.call("POST", "/api/projects", {"name": "x"})
    assert error_of(refused) == (403, "verification_required")


def test_one_sees_only_what_one_is_a_member_of(each_team: Team):
    assert error_of(each_team.stranger.call("GET", each_team.path)) == (404, "project_not_found")
    assert each_team.stranger.ok("GET", "/api/projects")["items"] == []
    assert [one["id"] for one in each_team.viewer.ok("GET", "/api/projects")["items"]] == [each_team.project]


def test_a_refusal_names_the_role_that_is_needed(each_team: Team):
    refused = each_team.viewer.call("PUT", each_team.path, {"name": "x"}, headers={"Accept-Language": "en"})
    assert error_of(refused) == (403, "right_required")
    assert "owner" in refused.json["msg"]


def test_an_administrator_of_the_service_counts_as_an_owner(each_team: Team, each_wechat):
    admin = log_in(each_team.app, each_wechat, "openid-of-an-admin", Role.ADMINISTRATOR)
    assert admin.ok("PUT", each_team.path, {"name": "renamed"})["role"] is None
    assert admin.ok("GET", "/api/projects")["total"] == 0
    assert [one["id"] for one in admin.ok("GET", "/api/projects?everyone=true")["items"]] == [each_team.project]
    refused = each_team.owner.call("GET", "/api/projects?everyone=true")
    assert error_of(refused) == (403, "administrator_required")


def test_fields_that_are_not_sent_stay_and_an_older_version_is_told(each_team: Team):
    changed = each_team.owner.ok("PUT", each_team.path, {"description": "new", "version": 1})
    assert (changed["name"], changed["description"], changed["version"]) == ("Payments", "new", 2)
    late = each_team.owner.call("PUT", each_team.path, {"name": "late", "version": 1})
    assert error_of(late) == (409, "edit_conflict")
    assert late.json["data"]["present"]["description"] == "new"
    assert each_team.owner.ok("PUT", each_team.path, {"name": "Payments"})["version"] == 2, "nothing was changed"


def test_an_archived_project_is_read_only_until_it_is_restored(each_team: Team):
    owner, path = each_team.owner, each_team.path
    environment = each_team.environment()
    assert owner.ok("POST", f"{path}/archive")["state"]["name"] == "archived"
    assert owner.ok("POST", f"{path}/archive")["version"] == 2, "it was archived already"
    for method, place, body in [
        ("PUT", path, {"name": "x"}),
        ("POST", f"{path}/invitations", {}),
        ("PUT", f"{path}/members/{each_team.viewer.id}", {"role": "editor"}),
        ("POST", f"{path}/environments", {"name": "x"}),
        ("PUT", f"{path}/environments/{environment}", {"name": "x"}),
        ("DELETE", f"{path}/environments/{environment}", None),
        ("PUT", f"{path}/variables", {"variables": []}),
    ]:
        assert error_of(owner.call(method, place, body)) == (409, "project_archived"), place
    assert each_team.viewer.ok("GET", f"{path}/environments/{environment}")["name"] == "staging"
    assert each_team.viewer.ok("DELETE", f"{path}/members/{each_team.viewer.id}") == {"user_id": each_team.viewer.id}
    assert [one["id"] for one in owner.ok("GET", "/api/projects?state=archived")["items"]] == [each_team.project]
    assert owner.ok("POST", f"{path}/restore")["state"]["name"] == "active"
    assert owner.ok("PUT", path, {"name": "x"})["name"] == "x"


def test_a_list_is_searched_letter_by_letter_filtered_sorted_and_paged(each_team: Team):
    owner = each_team.owner
    for name in ("100%", "1000", "a_b", "AXB", "back\\slash", "😀"):
        owner.ok("POST", "/api/projects", {"name": name})

    def names(query: str) -> list[str]:
        return [one["name"] for one in owner.ok("GET", f"/api/projects?{query}")["items"]]

    assert names("q=0%25") == ["100%"]
    assert names("q=a_b") == ["a_b"]
    assert names("q=axb") == ["AXB"]
    assert names("q=%5C") == ["back\\slash"]
    assert names("q=%F0%9F%98%80") == ["😀"]
    assert names("q=nothing") == []
    assert names("sort=id&size=2") == ["Payments", "100%"]
    assert names("sort=-id&size=2&page=2") == ["AXB", "a_b"]
    assert names("role=viewer") == []
    assert owner.ok("GET", "/api/projects?size=2&page=99") == {"items": [], "page": 99, "size": 2, "total": 7}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": " x"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 900_000}, "name"),
        ({"name": 5}, "name"),
        ({"name": "a\u0000b"}, "name"),
        ({"name": "x", "description": "x" * 501}, "description"),
        ({"name": "x", "description": None}, "description"),
        ({"name": "x", "state": 2}, "state"),
        ({"name": "x", "id": 1}, "id"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_a_project_is_refused_by_its_field(a_team: Team, body, field):
    assert list(faults_of(a_team.owner.call("POST", "/api/projects", body))) == [field]


def test_five_million_letters_are_too_many(a_team: Team):
    refused = a_team.owner.call("POST", "/api/projects", {"name": "x" * 5_000_000})
    assert error_of(refused) == (413, "body_too_large")


def test_what_was_changed_is_told_with_who_and_before_and_after(each_team: Team):
    each_team.owner.ok("PUT", "/api/user/profile", {"nickname": "小明"})
    each_team.owner.ok("PUT", each_team.path, {"name": "Billing"})
    each_team.owner.ok("DELETE", f"{each_team.path}/members/{each_team.runner.id}")
    entries = each_team.viewer.ok("GET", f"{each_team.path}/activity")["items"]
    assert [one["action"] for one in entries] == ["member.removed", "project.changed", "project.created"]
    changed = entries[1]
    assert (changed["actor_id"], changed["nickname"]) == (each_team.owner.id, "小明")
    assert (changed["before"], changed["after"]) == ({"name": "Payments"}, {"name": "Billing"})
    assert entries[0]["before"] == {"role": "runner"}


def test_activity_is_of_one_project_and_goes_on_where_it_stopped(each_team: Team):
    other = each_team.owner.ok("POST", "/api/projects", {"name": "other"})["id"]
    for number in range(5):
        each_team.owner.ok("PUT", each_team.path, {"name": f"name {number}"})
    seen, mark = [], ""
    while mark is not None:
        part = each_team.viewer.ok("GET", f"{each_team.path}/activity?size=2{mark}")
        seen += [one["after"]["name"] for one in part["items"]]
        mark = None if part["next"] is None else f"&cursor={part['next']}"
    assert seen == ["name 4", "name 3", "name 2", "name 1", "name 0", "Payments"]
    assert [one["target_id"] for one in each_team.owner.ok("GET", f"/api/projects/{other}/activity")["items"]] == [
        other
    ]
    assert error_of(each_team.viewer.call("GET", f"/api/projects/{other}/activity")) == (404, "project_not_found")


def test_the_same_request_twice_makes_one_project(each_team: Team):
    headers = {"Idempotency-Key": "make-it-once"}
    first = each_team.owner.ok("POST", "/api/projects", {"name": "once"}, headers=headers)
    assert each_team.owner.ok("POST", "/api/projects", {"name": "once"}, headers=headers) == first
    assert each_team.owner.ok("GET", "/api/projects?q=once")["total"] == 1


def test_who_owned_a_project_alone_leaves_it_archived_when_the_account_goes(each_team: Team, each_wechat):
    shared = each_team.owner.ok("POST", "/api/projects", {"name": "shared"})["id"]
    join(each_team.app, shared, each_team.editor.id, "owner")
    code = each_team.invitation()["code"]
    exported = each_team.owner.ok("GET", "/api/user/export")["projects"]
    assert [(one["name"], one["role"]) for one in exported] == [("Payments", "owner"), ("shared", "owner")]
    each_team.owner.ok("DELETE", "/api/user")
    assert each_team.viewer.ok("GET", each_team.path)["state"]["name"] == "archived"
    assert each_team.editor.ok("GET", f"/api/projects/{shared}")["state"]["name"] == "active"
    assert each_team.viewer.ok("GET", f"{each_team.path}/members")["total"] == 3
    refused = each_team.stranger.call("POST", "/api/invitations/accept", {"code": code})
    assert error_of(refused) == (409, "invitation_revoked")
    admin = log_in(each_team.app, each_wechat, "openid-of-an-admin", Role.ADMINISTRATOR)
    admin.ok("POST", f"{each_team.path}/restore")
    admin.ok("POST", f"{each_team.path}/transfer", {"user_id": each_team.editor.id})
    assert each_team.editor.ok("GET", each_team.path)["role"]["name"] == "owner"
