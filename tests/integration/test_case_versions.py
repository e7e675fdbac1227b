"""What a case was: listed, shown, compared and restored, on every database."""

import json

import pytest
from sqlalchemy import select

from tests.integration.cases_bench import REQUEST, SET, WHOLE, Library
from tests.integration.projects_bench import Team, error_of, faults_of, join
from tests.integration.test_queries import asked
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.db import db
from wxcloudrun.features.cases.models import CaseVersion
from wxcloudrun.features.cases.planning import CasePlanning

__all__ = ["asked"]


def planned(team: Team, case_id: int) -> dict:
    with team.app.app_context():
        return team.app.extensions[EXTENSION].get(CasePlanning).cases([case_id])[case_id].case


def changed(library: Library, case_id: int, **fields: object) -> dict:
    return library.team.editor.ok("PUT", library.place(case_id), fields)


def differences(library: Library, case_id: int, version: int, to: int | None = None) -> list[tuple]:
    place = f"{library.place(case_id)}/versions/{version}/difference{'' if to is None else f'?to={to}'}"
    told = library.team.viewer.ok("GET", place)
    assert told["cut"] is False
    return [(one["path"], one["kind"], one["before"], one["after"]) for one in told["items"]]


def test_every_change_is_a_version_that_tells_who_and_when(each_library: Library):
    team = each_library.team
    number = each_library.case("first")
    changed(each_library, number, name="second")
    team.owner.ok("PUT", each_library.place(number), {"description": "third"})
    listed = team.viewer.ok("GET", f"{each_library.place(number)}/versions")
    told = [(one["version"], one["action"], one["author_id"]) for one in listed["items"]]
    assert told == [(3, "changed", team.owner.id), (2, "changed", team.editor.id), (1, "created", team.editor.id)]
    profile = team.owner.ok("GET", "/api/user/profile")
    assert listed["items"][0]["author"] == profile["nickname"]
    assert listed["items"][0]["at"] == team.viewer.ok("GET", each_library.place(number))["updated_at"]
    assert listed["next"] is None


def test_versions_come_in_stretches(each_library: Library):
    number = each_library.case()
    for turn in range(6):
        changed(each_library, number, description=f"turn {turn}")
    found, cursor = [], ""
    while cursor is not None:
        query = f"?size=3{f'&cursor={cursor}' if cursor else ''}"
        stretch = each_library.team.viewer.ok("GET", f"{each_library.place(number)}/versions{query}")
        assert len(stretch["items"]) <= 3
        found += [one["version"] for one in stretch["items"]]
        cursor = stretch["next"]
    assert found == [7, 6, 5, 4, 3, 2, 1]
    refused = each_library.team.viewer.call("GET", f"{each_library.place(number)}/versions?cursor=x")
    assert faults_of(refused) == {"cursor": "invalid"}


def test_a_version_shows_the_case_as_it_was(each_library: Library):
    number = each_library.case("whole", **WHOLE)
    then = each_library.team.viewer.ok("GET", each_library.place(number))
    request = {"method": "GET", "url": "/other", "headers": []}
    changed(each_library, number, name="other", folder="", tags=[], status="done", request=request, assertions=[])
    seen = each_library.team.viewer.ok("GET", f"{each_library.place(number)}/versions/1")
    assert seen == then
    now = each_library.team.viewer.ok("GET", each_library.place(number))
    assert each_library.team.viewer.ok("GET", f"{each_library.place(number)}/versions/2") == now


def test_an_assertion_put_at_the_top_is_one_difference(each_library: Library):
    number = each_library.case(**WHOLE)
    new = {"name": "new", "source": "status", "comparator": "ne", "expected": 500}
    changed(each_library, number, assertions=[new, *WHOLE["assertions"]], tags=["smoke"])
    found = {path: (kind, before, after) for path, kind, before, after in differences(each_library, number, 1)}
    assert found == {"assertions.0": ("added", None, new), "tags.1": ("removed", "订单", None)}
    assert [one[1] for one in differences(each_library, number, 2, 1)] == ["added", "removed"], "and the other way"
    assert differences(each_library, number, 2, 2) == differences(each_library, number, 2) == []


def test_a_changed_credential_is_told_and_not_shown(each_library: Library):
    number = each_library.case(**WHOLE)
    auth = {"kind": "basic", "username": "tester", "password": "CANARY-another"}
    changed(each_library, number, request={**REQUEST, "auth": auth})
    assert differences(each_library, number, 1) == [("request.auth.password", "changed", SET, SET)]
    changed(each_library, number, request={**REQUEST, "auth": {**auth, "password": "{{password}}"}})
    assert differences(each_library, number, 2) == [("request.auth.password", "changed", SET, "{{password}}")]
    changed(each_library, number, before=[{"do": "set", "name": "pin", "value": "CANARY-pin", "secret": True}])
    ((path, kind, _, _),) = differences(each_library, number, 3)
    assert (path, kind) == ("before.1", "removed")
    texts = [
        each_library.team.owner.call("GET", f"{each_library.place(number)}/versions{place}").text
        for place in ("", "/1", "/2", "/3", "/1/difference", "/2/difference", "/3/difference")
    ]
    with each_library.team.app.app_context():
        texts += [str(row) for row in db.session.execute(select(CaseVersion.__table__))]
    assert [text for text in texts if "CANARY" in text] == []


def test_a_restored_version_is_a_new_one_with_the_credentials_of_then(each_library: Library):
    number = each_library.case("first", **WHOLE)
    first = each_library.team.viewer.ok("GET", each_library.place(number))
    auth = {"kind": "bearer", "token": "CANARY-another"}
    changed(
        each_library, number, name="second", folder="", request={"url": "/x", "auth": auth}, before=[], assertions=[]
    )
    back = each_library.team.editor.ok("POST", f"{each_library.place(number)}/versions/1/restore")
    assert (back["version"], back["warnings"]) == (3, [])
    same = set(first) - {"version", "updated_at", "may_edit", "may_run"}
    assert {name: back[name] for name in same} == {name: first[name] for name in same}
    case = planned(each_library.team, number)
    assert case["request"]["auth"]["password"] == "CANARY-password"
    assert case["before"][1]["key"] == "CANARY-key"
    assert differences(each_library, number, 1) == []
    listed = each_library.team.viewer.ok("GET", f"{each_library.place(number)}/versions")["items"]
    assert [(one["version"], one["action"]) for one in listed][0] == (3, "version_restored")
    activity = each_library.team.viewer.ok("GET", f"{each_library.path}/activity")["items"]
    assert (activity[0]["action"], activity[0]["after"]["restored_version"]) == ("case.version_restored", 1)
    assert each_library.names("?folder=orders/new&tag=smoke") == ["first"], "it is found as it was"


def test_who_sees_and_runs_a_case_is_not_restored(each_library: Library):
    number = each_library.case(visibility="public")
    changed(each_library, number, visibility="private", creator_only=True, description="later")
    back = each_library.team.editor.ok("POST", f"{each_library.place(number)}/versions/1/restore")
    assert (back["visibility"], back["creator_only"], back["description"]) == ("private", True, "")
    assert error_of(each_library.team.viewer.call("GET", f"{each_library.place(number)}/versions")) == (
        404,
        "case_not_found",
    )


def test_a_name_that_is_taken_meanwhile_is_not_restored(each_library: Library):
    number = each_library.case("wanted")
    changed(each_library, number, name="other")
    each_library.case("wanted")
    refused = each_library.team.editor.call("POST", f"{each_library.place(number)}/versions/1/restore")
    assert error_of(refused) == (409, "case_name_taken")
    assert each_library.team.viewer.ok("GET", each_library.place(number))["version"] == 2


def test_an_owner_who_left_gets_nothing_back(each_library: Library):
    team = each_library.team
    number = each_library.case(owner_id=team.runner.id)
    changed(each_library, number, owner_id=team.editor.id, description="later")
    team.owner.ok("DELETE", f"{team.path}/members/{team.runner.id}")
    back = team.editor.ok("POST", f"{each_library.place(number)}/versions/1/restore")
    assert (back["owner_id"], back["description"]) == (team.editor.id, "")


@pytest.mark.parametrize("place", ["", "/1", "/1/difference", "/1/restore"])
def test_versions_of_what_one_does_not_see_are_not_there(each_library: Library, place: str):
    team = each_library.team
    method = "POST" if place.endswith("restore") else "GET"
    private = each_library.case("private", visibility="private")
    trashed = each_library.case("trashed")
    team.editor.ok("DELETE", each_library.place(trashed))
    other = team.owner.ok("POST", "/api/projects", {"name": "other"})["id"]
    join(team.app, other, team.runner.id, "editor")
    elsewhere = f"/api/projects/{other}/cases"
    team.owner.ok("PUT", f"{team.path}/members/{team.runner.id}", {"role": "editor"})
    for who, path in [
        (team.runner, each_library.place(private)),
        (team.editor, each_library.place(trashed)),
        (team.editor, each_library.place(999_999)),
        (team.owner, f"{elsewhere}/{private}"),
    ]:
        assert error_of(who.call(method, f"{path}/versions{place}")) == (404, "case_not_found")
    refused = team.stranger.call(method, f"{each_library.place(private)}/versions{place}")
    assert error_of(refused) == (404, "project_not_found")
    assert team.owner.call(method, f"{each_library.place(private)}/versions{place}").status_code == 200


@pytest.mark.parametrize("place", ["/7", "/7/difference", "/1/difference?to=7", "/7/restore"])
def test_a_version_that_never_was_is_not_there(each_library: Library, place: str):
    number = each_library.case()
    method = "POST" if place.endswith("restore") else "GET"
    refused = each_library.team.editor.call(method, f"{each_library.place(number)}/versions{place}")
    assert error_of(refused) == (404, "case_version_not_found")


def test_a_file_that_is_gone_is_left_out(each_library: Library):
    body = {"kind": "multipart", "parts": [{"name": "picture", "file": {"name": "a.png", "content": "AAAA"}}]}
    number = each_library.case(request={"method": "POST", "url": "/", "body": body})
    stale = {**body, "parts": [{"name": "picture", "file": {"name": "a.png", "blob": "999"}}]}
    with each_library.team.app.app_context():
        row = db.session.execute(select(CaseVersion).where(CaseVersion.case_id == number)).scalar_one()
        content = json.loads(row.content)
        content["request"]["body"] = stale
        row.content = json.dumps(content)
        db.session.commit()
    back = each_library.team.editor.ok("POST", f"{each_library.place(number)}/versions/1/restore")
    assert back["request"]["body"]["parts"] == [{"name": "picture", "enabled": False}]
    assert [one.partition(":")[0] for one in back["warnings"]] == ["request.body.parts.0.file"]


def test_versions_cost_three_questions_however_many_there_are(a_library: Library, asked: list[str]):
    """Who asks, what they may, and the case with its versions."""
    number = a_library.case(**WHOLE)
    reader = a_library.team.owner
    costs = []
    for turns in (1, 30):
        for turn in range(turns):
            changed(a_library, number, description=f"turn {turns} {turn}")
        for place in ("", "?size=5", "/1", "/1/difference", "/1/difference?to=2"):
            asked.clear()
            reader.ok("GET", f"{a_library.place(number)}/versions{place}")
            costs.append(len(asked))
    assert costs == [3] * 10


def test_the_library_costs_three_questions_however_long_it_is(a_library: Library, asked: list[str]):
    """Who asks, which cases, and what they are called; a case costs two."""
    owner, costs = a_library.team.owner, []
    for more in (1, 15):
        for extra in range(more):
            number = a_library.case(f"case {more} {extra}", visibility="public")
        for place in ("?size=10", "?tag=none", "?q=case", f"/{number}"):
            asked.clear()
            owner.ok("GET", f"/api/library/cases{place}")
            costs.append(len(asked))
    assert costs[:4] == costs[4:]
    assert max(costs) <= 3
    assert costs[3] == 2
