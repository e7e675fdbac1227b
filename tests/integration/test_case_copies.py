"""Copies of cases inside a project and to another one, and moves, on every database."""

import json

import pytest
from sqlalchemy import select, update

from tests.conftest import Person
from tests.integration.cases_bench import REQUEST, SET, WHOLE, Library
from tests.integration.projects_bench import error_of, faults_of, join
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.credentials import MARK
from wxcloudrun.core.db import db
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.cases.models import Case, CaseVersion
from wxcloudrun.features.cases.planning import CasePlanning
from wxcloudrun.features.datasets.models import Dataset
from wxcloudrun.features.datasets.planning import DatasetPlanning

FORM = {
    "kind": "multipart",
    "parts": [
        {"name": "note", "value": "x"},
        {"name": "picture", "file": {"name": "a.png", "blob": "7"}},
        {"name": "text", "file": {"name": "a.txt", "content": "AAAA"}},
    ],
}


def planned(library: Library, case_id: int) -> dict:
    with library.team.app.app_context():
        return library.team.app.extensions[EXTENSION].get(CasePlanning).cases([case_id])[case_id].case


def datasets_of(library: Library, case_id: int) -> list[dict]:
    with library.team.app.app_context():
        return library.team.app.extensions[EXTENSION].get(DatasetPlanning).rows([case_id]).get(case_id, [])


def another(library: Library, **roles: Person) -> int:
    """A second project of the owner's, in which these people have these roles."""
    project = int(library.team.owner.ok("POST", "/api/projects", {"name": "Second"})["id"])
    for role, person in roles.items():
        join(library.team.app, project, person.id, role)
    return project


def with_datasets(library: Library, case_id: int) -> None:
    for key, headers in (("one", {"X-Token": "CANARY-of-a-dataset"}), ("two", {"X": "plain"})):
        library.team.editor.ok("POST", f"{library.place(case_id)}/datasets", {"key": key, "headers": headers})


def without_canaries(library: Library, project: int, number: int) -> None:
    """No credential is anywhere in what a project was given, not even encrypted."""
    with library.team.app.app_context():
        rows = [db.session.execute(select(Case.__table__).where(Case.id == number)).one()]
        rows += db.session.execute(select(CaseVersion.__table__).where(CaseVersion.case_id == number)).all()
        rows += db.session.execute(select(Dataset.__table__).where(Dataset.case_id == number)).all()
    assert [row.secrets for row in rows] == [None] * len(rows)
    assert rows[0].project_id == project
    plan = json.dumps([planned(library, number), datasets_of(library, number)])
    assert "CANARY" not in plan
    assert "is_set" not in plan


def test_a_copy_has_everything_and_is_the_copiers_own(each_library: Library):
    team = each_library.team
    number = each_library.case("made", **WHOLE, visibility="public", creator_only=False)
    with_datasets(each_library, number)
    team.editor.ok("PUT", each_library.place(number), {"description": "second"})
    copy = team.owner.ok("POST", f"{each_library.place(number)}/copy", {})
    seen = team.owner.ok("GET", each_library.place(number))
    own = {"id", "name", "status", "visibility", "creator_id", "creator", "owner_id", "owner", "version", "origin"}
    same = set(seen) - own - {"created_at", "updated_at"}
    assert {name: copy[name] for name in same} == {name: seen[name] for name in same}
    assert copy["origin"] == {"id": number, "version": 2}
    assert (copy["name"], copy["status"], copy["visibility"]) == ("made 副本", "draft", "project")
    assert (copy["creator_id"], copy["owner_id"], copy["run_count"], copy["version"]) == (team.owner.id,) * 2 + (0, 1)
    assert copy["warnings"] == []
    first, second = planned(each_library, number), planned(each_library, copy["id"])
    nothing = {"id": 0, "name": "", "version": 0}
    assert {**first, **nothing} == {**second, **nothing}
    rows = [[{**row, "id": 0} for row in datasets_of(each_library, case)] for case in (number, copy["id"])]
    assert rows[0] == rows[1]
    assert rows[1][0]["headers"] == {"X-Token": "CANARY-of-a-dataset"}
    listed = team.viewer.ok("GET", f"{each_library.place(copy['id'])}/versions")["items"]
    assert [(one["version"], one["action"]) for one in listed] == [(1, "copied")]
    assert set(each_library.names("?tag=smoke&folder=orders")) == {"made", "made 副本"}


def test_copies_are_numbered_in_the_language_of_who_copies(each_library: Library):
    place = each_library.place(each_library.case("made"))
    editor = each_library.team.editor
    names = [editor.ok("POST", f"{place}/copy", {})["name"] for _ in range(3)]
    assert names == ["made 副本", "made 副本 2", "made 副本 3"]
    english = {"Accept-Language": "en"}
    names = [editor.ok("POST", f"{place}/copy", {}, headers=english)["name"] for _ in range(2)]
    assert names == ["made (copy)", "made (copy 2)"]
    copied = editor.ok("POST", f"{place}/copy", {"folder": "elsewhere"})
    assert (copied["name"], copied["folder"]) == ("made 副本", "elsewhere")
    again = editor.ok("POST", f"{each_library.place(copied['id'])}/copy", {})
    assert again["name"] == "made 副本 2"


def test_the_name_of_a_copy_is_short_enough(each_library: Library):
    place = each_library.place(each_library.case("长" * 128))
    names = [each_library.team.editor.ok("POST", f"{place}/copy", {})["name"] for _ in range(2)]
    assert names == ["长" * 125 + " 副本", "长" * 123 + " 副本 2"]


def test_a_name_that_is_asked_for_is_given_or_refused(each_library: Library):
    place = each_library.place(each_library.case("made"))
    editor = each_library.team.editor
    assert editor.ok("POST", f"{place}/copy", {"name": "wanted"})["name"] == "wanted"
    assert error_of(editor.call("POST", f"{place}/copy", {"name": "wanted"})) == (409, "case_name_taken")
    assert error_of(editor.call("POST", f"{place}/copy", {"name": "made"})) == (409, "case_name_taken")


def test_a_private_case_stays_private_when_it_is_copied(each_library: Library):
    team = each_library.team
    number = each_library.case("private", visibility="private")
    copy = team.owner.ok("POST", f"{each_library.place(number)}/copy", {"name": "private"})
    assert (copy["visibility"], copy["creator_id"]) == ("private", team.owner.id)
    assert error_of(team.editor.call("GET", each_library.place(copy["id"]))) == (404, "case_not_found")
    names = [team.editor.ok("POST", f"{each_library.place(number)}/copy", {})["name"] for _ in range(2)]
    assert names == ["private 副本", "private 副本 2"]
    team.owner.ok("PUT", f"{team.path}/members/{team.runner.id}", {"role": "editor"})
    refused = team.runner.call("POST", f"{each_library.place(number)}/copy", {})
    assert error_of(refused) == (404, "case_not_found")
    with team.app.app_context():
        told = db.session.execute(select(AuditEntry.project_id).where(AuditEntry.action == "case.copied")).scalars()
        assert list(told) == [None] * 3, "members are told nothing of it"


def test_who_may_not_run_a_case_gets_a_copy_without_its_credentials(each_library: Library):
    team = each_library.team
    number = each_library.case("mine", request=REQUEST, creator_only=True)
    with_datasets(each_library, number)
    copy = team.owner.ok("POST", f"{each_library.place(number)}/copy", {})
    assert copy["request"]["auth"]["password"] == "{{request_auth_password}}"
    without_canaries(each_library, team.project, copy["id"])
    assert copy["creator_only"] is True
    own = team.editor.ok("POST", f"{each_library.place(number)}/copy", {})
    assert own["request"]["auth"]["password"] == SET
    assert planned(each_library, own["id"])["request"]["auth"]["password"] == "CANARY-password"


def test_credentials_and_files_do_not_go_to_another_project(each_library: Library):
    team = each_library.team
    project = another(each_library, editor=team.viewer)
    each_library.file(7)
    number = each_library.case("made", **{**WHOLE, "request": {**REQUEST, "body": FORM}})
    with_datasets(each_library, number)
    copy = team.viewer.ok("POST", f"{each_library.place(number)}/copy", {"project_id": project})
    assert (copy["project_id"], copy["name"], copy["folder"]) == (project, "made", "orders/new")
    assert (copy["creator_id"], copy["owner_id"], copy["status"]) == (team.viewer.id, team.viewer.id, "draft")
    assert copy["origin"] == {"id": number, "version": 1}
    without_canaries(each_library, project, copy["id"])
    parts = copy["request"]["body"]["parts"]
    assert parts == [FORM["parts"][0], {"name": "picture", "enabled": False}, FORM["parts"][2]]
    assert copy["request"]["auth"]["password"] == "{{request_auth_password}}"
    for name in ("request_auth_password", "request_headers_X_Token", "before_signature_key", "headers_X_Token"):
        assert any(f"`{name}`" in one for one in copy["warnings"]), name
    assert any(one.startswith("request.body.parts.1.file:") for one in copy["warnings"])
    assert [row["key"] for row in datasets_of(each_library, copy["id"])] == ["one", "two"]
    again = team.viewer.ok("POST", f"{each_library.place(number)}/copy", {"project_id": project})
    assert again["name"] == "made 副本"
    assert planned(each_library, number)["request"]["auth"]["password"] == "CANARY-password", "the case itself stays"


def test_copying_needs_the_right_in_both_projects(each_library: Library):
    team = each_library.team
    place = each_library.place(each_library.case("made"))
    project = another(each_library, viewer=team.editor)
    body = {"project_id": project}
    assert error_of(team.editor.call("POST", f"{place}/copy", body)) == (403, "right_required")
    assert error_of(team.runner.call("POST", f"{place}/copy", body)) == (404, "project_not_found")
    assert error_of(team.viewer.call("POST", f"{place}/copy", {})) == (403, "right_required")
    assert error_of(team.stranger.call("POST", f"{place}/copy", body)) == (404, "project_not_found")
    team.owner.ok("POST", f"/api/projects/{project}/archive")
    assert error_of(team.owner.call("POST", f"{place}/copy", body)) == (409, "project_archived")
    team.editor.ok("DELETE", place)
    assert error_of(team.editor.call("POST", f"{place}/copy", {})) == (404, "case_not_found")


def test_a_case_of_an_archived_project_can_be_copied_out_of_it(each_library: Library):
    team = each_library.team
    number = each_library.case("made")
    project = another(each_library, editor=team.viewer)
    team.owner.ok("POST", f"{team.path}/archive")
    copy = team.viewer.ok("POST", f"{each_library.place(number)}/copy", {"project_id": project})
    assert copy["project_id"] == project
    assert error_of(team.owner.call("POST", f"{each_library.place(number)}/copy", {})) == (409, "project_archived")


def test_a_move_takes_versions_and_datasets_along_and_no_credentials(each_library: Library):
    team = each_library.team
    project = another(each_library, editor=team.editor)
    origin = each_library.case("origin")
    number = team.editor.ok("POST", f"{each_library.place(origin)}/copy", {"name": "moved"})["id"]
    team.editor.ok("PUT", each_library.place(number), {**WHOLE, "owner_id": team.runner.id})
    with_datasets(each_library, number)
    moved = team.editor.ok("POST", f"{each_library.place(number)}/move", {"project_id": project, "folder": "new"})
    assert (moved["id"], moved["project_id"], moved["folder"], moved["version"]) == (number, project, "new", 3)
    assert moved["origin"] == {"id": origin, "version": 1}
    assert (moved["owner_id"], moved["creator_id"]) == (team.editor.id, team.editor.id), "its owner is no member there"
    assert any("`request_auth_password`" in one for one in moved["warnings"])
    without_canaries(each_library, project, number)
    assert error_of(team.editor.call("GET", each_library.place(number))) == (404, "case_not_found")
    there = f"/api/projects/{project}/cases"
    assert [one["id"] for one in team.editor.ok("GET", f"{there}?tag=smoke&folder=new")["items"]] == [number]
    assert each_library.names() == ["origin"]
    listed = team.editor.ok("GET", f"{there}/{number}/versions")["items"]
    assert [one["action"] for one in listed] == ["moved", "changed", "copied"]
    for place in (team.path, f"/api/projects/{project}"):
        actions = [one["action"] for one in team.owner.ok("GET", f"{place}/activity")["items"]]
        assert "case.moved" in actions, "both projects are told"


def test_a_version_from_before_a_move_has_no_credentials_any_more(each_library: Library):
    team = each_library.team
    project = another(each_library, editor=team.editor)
    number = each_library.case("moved", **WHOLE)
    team.editor.ok("POST", f"{each_library.place(number)}/move", {"project_id": project})
    there = f"/api/projects/{project}/cases/{number}"
    assert team.editor.ok("GET", f"{there}/versions/1")["request"]["auth"]["password"] == SET
    back = team.editor.ok("POST", f"{there}/versions/1/restore")
    assert back["request"]["auth"]["password"] == "{{request_auth_password}}"
    assert any("`request_auth_password`" in one for one in back["warnings"])
    without_canaries(each_library, project, number)


def test_a_case_that_scenarios_use_stays_where_it_is(each_library: Library):
    team = each_library.team
    project = another(each_library, editor=team.editor)
    number = each_library.case("used")
    scenario = team.editor.ok("POST", f"{team.path}/scenarios", {"name": "Buying"})["id"]
    step = {"kind": "case", "case_id": number}
    made = team.editor.call("POST", f"{team.path}/scenarios/{scenario}/steps", step)
    assert made.status_code == 201, made.text
    refused = team.editor.call("POST", f"{each_library.place(number)}/move", {"project_id": project})
    assert error_of(refused) == (409, "case_in_use")
    assert "Buying" in refused.json["msg"]


def test_a_move_is_refused_for_a_reason(each_library: Library):
    team = each_library.team
    project = another(each_library, viewer=team.editor)
    number = each_library.case("made")
    move = f"{each_library.place(number)}/move"
    assert error_of(team.editor.call("POST", move, {"project_id": project})) == (403, "right_required")
    assert error_of(team.runner.call("POST", move, {"project_id": project})) == (403, "right_required")
    assert error_of(team.editor.call("POST", move, {"project_id": 999_999})) == (404, "project_not_found")
    assert faults_of(team.editor.call("POST", move, {"project_id": team.project})) == {"project_id": "same_project"}
    team.owner.ok("POST", f"/api/projects/{project}/cases", {"name": "made", "request": {"url": "/"}})
    assert error_of(team.owner.call("POST", move, {"project_id": project})) == (409, "case_name_taken")
    assert team.viewer.ok("GET", each_library.place(number))["version"] == 1, "nothing was changed"


def test_a_private_case_is_not_moved_out_of_ones_own_sight(each_library: Library):
    team = each_library.team
    project = another(each_library, editor=team.editor)
    team.owner.ok("PUT", f"{team.path}/members/{team.runner.id}", {"role": "owner"})
    join(team.app, project, team.runner.id, "editor")
    number = each_library.case("private", visibility="private")
    move = f"{each_library.place(number)}/move"
    assert error_of(team.runner.call("POST", move, {"project_id": project})) == (403, "case_creator_required")
    assert team.editor.ok("POST", move, {"project_id": project})["visibility"] == "private"
    with team.app.app_context():
        told = db.session.execute(select(AuditEntry.project_id).where(AuditEntry.action == "case.moved")).scalars()
        assert list(told) == [None]


def test_a_copy_is_made_once_for_one_idempotency_key(each_library: Library):
    place = each_library.place(each_library.case("made"))
    once = {"Idempotency-Key": "copy-this-once"}
    made = {each_library.team.editor.ok("POST", f"{place}/copy", {}, headers=once)["id"] for _ in range(2)}
    assert len(made) == 1


@pytest.mark.parametrize("action", ["copy", "move"])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "a\nb", "project_id": 1}, "name"),
        ({"folder": "/a", "project_id": 1}, "folder"),
        ({"project_id": 0}, "project_id"),
        ({"project_id": "1"}, "project_id"),
        ({"case": 1, "project_id": 1}, "case"),
    ],
    ids=str,
)
def test_where_a_copy_cannot_go_is_refused_by_its_field(a_library: Library, action: str, body: dict, field: str):
    place = a_library.place(a_library.case("made"))
    assert next(iter(faults_of(a_library.team.editor.call("POST", f"{place}/{action}", body)))) == field


def test_a_case_whose_key_was_withdrawn_is_copied_with_references(a_library: Library):
    number = a_library.case("made", request=REQUEST)
    with a_library.team.app.app_context():
        db.session.execute(update(Case).where(Case.id == number).values(secrets="k9:unreadable"))
        db.session.commit()
    copy = a_library.team.editor.ok("POST", f"{a_library.place(number)}/copy", {})
    assert MARK not in copy["request"]["auth"].values()
    assert any("`request_auth_password`" in one for one in copy["warnings"])
