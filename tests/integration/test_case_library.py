"""The shared library: public cases for verified users, without what belongs to their project; on every database."""

import json

import pytest

from tests.conftest import FakeWeChat, Person, log_in
from tests.integration.cases_bench import REQUEST, SET, WHOLE, Library
from tests.integration.projects_bench import error_of, faults_of, join
from tests.integration.test_case_copies import planned, with_datasets, without_canaries

LIBRARY = "/api/library/cases"
INSIDE = {"project_id", "owner_id", "owner", "creator_id", "origin", "visibility", "may_edit", "may_run", "run_count"}


@pytest.fixture
def reader(each_library: Library, each_wechat: FakeWeChat) -> Person:
    """A verified user who is in no project."""
    return log_in(each_library.team.app, each_wechat, "openid-of-a-reader", verified=True)


def listed(reader: Person, query: str = "") -> list[str]:
    return [one["name"] for one in reader.ok("GET", f"{LIBRARY}{query}")["items"]]


def test_a_public_case_is_shown_to_every_verified_user(each_library: Library, reader: Person):
    number = each_library.case("shared", **WHOLE, visibility="public")
    for visibility in ("private", "project"):
        each_library.case(visibility, visibility=visibility)
    line = reader.ok("GET", LIBRARY)["items"]
    assert [(one["id"], one["name"], one["project"]) for one in line] == [(number, "shared", "Payments")]
    seen = reader.ok("GET", f"{LIBRARY}/{number}")
    case = each_library.team.viewer.ok("GET", each_library.place(number))
    assert seen["request"] == case["request"]
    assert seen["request"]["auth"]["password"] == SET
    assert (seen["project"], seen["creator"]) == ("Payments", case["creator"])
    assert INSIDE & (set(seen) | set(line[0])) == set()
    assert {name for name in case if name not in seen} - INSIDE == {"creator_only", "deleted_at", "position"}
    assert "CANARY" not in json.dumps([line, seen])


def test_who_is_not_verified_is_not_let_in(each_library: Library):
    number = each_library.case("shared", visibility="public")
    for method, place in (("GET", ""), ("GET", f"/{number}"), ("POST", f"/{number}/copy")):
        body = {"project_id": each_library.team.project} if method == "POST" else None
        refused = each_library.team.editor.call(method, f"{LIBRARY}{place}", body)
        assert error_of(refused) == (403, "verification_required")


def test_what_is_not_public_any_more_is_not_there(each_library: Library, reader: Person):
    team = each_library.team
    closed, trashed = each_library.case("closed", visibility="public"), each_library.case("gone", visibility="public")
    private = each_library.case("private", visibility="private")
    assert sorted(listed(reader)) == ["closed", "gone"]
    team.editor.ok("PUT", each_library.place(closed), {"visibility": "project"})
    team.editor.ok("DELETE", each_library.place(trashed))
    assert listed(reader) == []
    project = reader.ok("POST", "/api/projects", {"name": "mine"})["id"]
    for number in (closed, trashed, private, 999_999):
        assert error_of(reader.call("GET", f"{LIBRARY}/{number}")) == (404, "case_not_found")
        refused = reader.call("POST", f"{LIBRARY}/{number}/copy", {"project_id": project})
        assert error_of(refused) == (404, "case_not_found")
    team.editor.ok("POST", f"{each_library.place(trashed)}/restore")
    assert listed(reader) == ["gone"]


def test_the_library_is_filtered_searched_and_ordered(each_library: Library, reader: Person):
    post = {"method": "POST", "url": "/orders"}
    each_library.case("beta", visibility="public", tags=["smoke"], folder="a/b", status="done")
    each_library.case("Alpha", visibility="public", tags=["smoke", "pay"], folder="a", request=post)
    each_library.case("gamma", visibility="public", request={"url": "/refunds"})
    each_library.case("delta", visibility="project", tags=["smoke"], folder="a")
    assert listed(reader) == ["gamma", "Alpha", "beta"]
    assert listed(reader, "?sort=name") == ["Alpha", "beta", "gamma"]
    assert listed(reader, "?tag=smoke") == ["Alpha", "beta"]
    assert listed(reader, "?tag=smoke&tag=pay") == ["Alpha"]
    assert listed(reader, "?folder=a") == ["Alpha", "beta"]
    assert listed(reader, "?folder=a/b&status=done") == ["beta"]
    assert listed(reader, "?method=post") == ["Alpha"]
    assert listed(reader, "?q=ALPH") == ["Alpha"]
    assert listed(reader, "?q=refunds") == ["gamma"]
    assert faults_of(reader.call("GET", f"{LIBRARY}?q=a&sort=name")) == {"sort": "not_with_q"}
    for unknown in ("owner_id=1", "visibility=public", "trashed=true"):
        assert list(faults_of(reader.call("GET", f"{LIBRARY}?{unknown}"))) == [unknown.partition("=")[0]]
    found, cursor = [], ""
    while cursor is not None:
        stretch = reader.ok("GET", f"{LIBRARY}?size=1&sort=name{f'&cursor={cursor}' if cursor else ''}")
        found += [one["name"] for one in stretch["items"]]
        cursor = stretch["next"]
    assert found == ["Alpha", "beta", "gamma"]


def test_a_public_case_is_copied_without_its_credentials(each_library: Library, reader: Person):
    team = each_library.team
    number = each_library.case("shared", **WHOLE, visibility="public")
    with_datasets(each_library, number)
    project = reader.ok("POST", "/api/projects", {"name": "mine"})["id"]
    place = f"{LIBRARY}/{number}/copy"
    copy = reader.ok("POST", place, {"project_id": project})
    assert (copy["name"], copy["folder"], copy["visibility"], copy["status"]) == (
        "shared",
        "orders/new",
        "project",
        "draft",
    )
    assert (copy["creator_id"], copy["owner_id"], copy["may_edit"]) == (reader.id, reader.id, True)
    assert copy["origin"] == {"id": number, "version": 1}
    without_canaries(each_library, project, copy["id"])
    assert any("`request_auth_password`" in one for one in copy["warnings"])
    named = reader.ok("POST", place, {"project_id": project, "name": "mine", "folder": ""})
    assert (named["name"], named["folder"]) == ("mine", "")
    assert reader.ok("POST", place, {"project_id": project})["name"] == "shared 副本"
    assert error_of(reader.call("POST", place, {"project_id": team.project})) == (404, "project_not_found")
    join(team.app, team.project, reader.id, "viewer")
    assert error_of(reader.call("POST", place, {"project_id": team.project})) == (403, "right_required")


def test_who_edits_the_project_copies_its_public_case_whole(each_library: Library):
    team = each_library.team
    number = each_library.case("shared", request=REQUEST, visibility="public")
    copy = team.owner.ok("POST", f"{LIBRARY}/{number}/copy", {"project_id": team.project})
    assert copy["name"] == "shared 副本"
    assert planned(each_library, copy["id"])["request"]["auth"]["password"] == "CANARY-password"


def test_public_cases_of_an_archived_project_stay_in_the_library(each_library: Library, reader: Person):
    number = each_library.case("shared", visibility="public")
    project = reader.ok("POST", "/api/projects", {"name": "mine"})["id"]
    each_library.team.owner.ok("POST", f"{each_library.team.path}/archive")
    assert listed(reader) == ["shared"]
    assert reader.ok("GET", f"{LIBRARY}/{number}")["name"] == "shared"
    assert reader.ok("POST", f"{LIBRARY}/{number}/copy", {"project_id": project})["project_id"] == project
