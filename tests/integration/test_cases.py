"""Cases through the API, on every database: made, shown, changed, in the trash, and what a run is given of them."""

import json
from itertools import product

import pytest
from sqlalchemy import select

from tests.integration.cases_bench import REQUEST, SET, WHOLE, Library
from tests.integration.projects_bench import error_of, faults_of
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.db import db
from wxcloudrun.engine.plan.case import Case as EngineCase
from wxcloudrun.engine.plan.steps import CaseStep
from wxcloudrun.features.cases.models import CaseVersion, Visibility
from wxcloudrun.features.cases.planning import CasePlanning, PlannedCase
from wxcloudrun.features.environments.errors import SecretsUnreadable

FIELDS = [*WHOLE, "name"]


def planned(library: Library, case_id: int) -> PlannedCase:
    """What a run is given of a case."""
    with library.team.app.app_context():
        return library.team.app.extensions[EXTENSION].get(CasePlanning).cases([case_id])[case_id]


def versions(library: Library, case_id: int) -> list[tuple[int, str]]:
    """Number and action of what is kept of a case."""
    query = select(CaseVersion.version, CaseVersion.action).where(CaseVersion.case_id == case_id)
    with library.team.app.app_context():
        return [tuple(row) for row in db.session.execute(query.order_by(CaseVersion.version))]


def test_what_goes_in_comes_out_but_for_credentials(each_library: Library):
    made = each_library.made("Make an order", **WHOLE)
    seen = each_library.team.viewer.ok("GET", each_library.place(made["id"]))
    assert "CANARY" not in json.dumps(seen)
    plain = [name for name in WHOLE if name not in {"request", "before"}]
    assert {name: seen[name] for name in plain} == {name: WHOLE[name] for name in plain}
    request = seen["request"]
    assert [one["value"] for one in request["query"]] == ["{{dry}}", SET]
    assert [one["value"] for one in request["headers"]] == ["application/json", SET, "Bearer {{token}}"]
    assert request["cookies"] == {"sid": SET}
    assert request["auth"] == {"kind": "basic", "username": "tester", "password": SET}
    same = set(REQUEST) - {"query", "headers", "cookies", "auth"}
    assert {name: request[name] for name in same} == {name: REQUEST[name] for name in same}
    assert (seen["before"][0]["value"], seen["before"][1]["key"]) == (SET, SET)
    assert (seen["method"], seen["url"], seen["version"], seen["deleted_at"]) == ("POST", "/orders/{shop}", 1, None)
    editor = each_library.team.editor.id
    assert (seen["creator_id"], seen["owner_id"], seen["visibility"]) == (editor, editor, "project")
    assert made == seen | {"may_edit": True, "may_run": True, "warnings": []}


def test_a_case_needs_no_more_than_a_name_and_a_url(each_library: Library):
    seen = each_library.made("ping", request={"url": "{{base_url}}/ping"})
    assert (seen["method"], seen["request"]) == ("GET", {"url": "{{base_url}}/ping"})
    assert (seen["folder"], seen["status"], seen["dataset"]) == ("", "draft", {"mode": "default"})
    assert seen["warnings"] == []


def test_a_run_is_given_the_credentials(each_library: Library):
    number = each_library.case("Make an order", **WHOLE)
    plan = planned(each_library, number)
    case = EngineCase.model_validate_json(json.dumps(plan.case))
    CaseStep.model_validate({"case": case, **plan.step})
    assert plan.case["request"] == REQUEST
    assert plan.case["before"] == WHOLE["before"]
    assert (plan.case["id"], plan.case["name"], plan.case["version"]) == (number, "Make an order", 1)
    assert plan.step == {name: WHOLE[name] for name in ("condition", "retry", "dataset")}
    assert (plan.visibility, plan.creator_only, plan.deleted) == (Visibility.PROJECT, False, False)
    assert "CANARY" not in repr(plan)


def test_credentials_that_no_key_opens_are_told_and_can_be_entered_again(a_library: Library):
    from wxcloudrun.core.crypto import KeyRing  # noqa: PLC0415 - only here

    number = a_library.case(request=REQUEST)
    container = a_library.team.app.extensions[EXTENSION]
    other = KeyRing((("k1", b"x" * 32),), b"y" * 32)
    with a_library.team.app.app_context(), pytest.raises(SecretsUnreadable):
        CasePlanning(db.session, other).cases([number])
    assert container.get(CasePlanning) is not None


BODIES = [
    {"kind": "none"},
    {"kind": "json", "value": {"a": [1, None, "{{x}}"]}},
    {"kind": "json", "value": "{{whole}}"},
    {"kind": "urlencoded", "fields": [{"name": "a", "value": "1"}, {"name": "a", "value": 2, "enabled": False}]},
    {"kind": "urlencoded", "fields": {"a": "1"}},
    {
        "kind": "multipart",
        "parts": [{"name": "a", "value": "b"}, {"name": "f", "file": {"name": "a.png", "blob": "{{picture}}"}}],
    },
    {"kind": "multipart", "parts": [{"name": "f", "file": {"name": "a", "content": "aGk="}}]},
    {"kind": "raw", "text": "<a>{{x}}</a>", "content_type": "application/xml"},
    {"kind": "binary", "blob": "{{picture}}", "content_type": "image/png"},
    {"kind": "graphql", "query": "query A { a }", "variables": {"x": "{{x}}"}, "operation_name": "A"},
]
AUTH = [
    {"kind": "none"},
    {"kind": "inherit"},
    {"kind": "basic", "username": "u", "password": "CANARY"},
    {"kind": "bearer", "token": "CANARY"},
    {"kind": "bearer", "token": "{{token}}"},
    {"kind": "api_key", "name": "X-Key", "value": "CANARY", "place": "query"},
    {"kind": "digest", "username": "u", "password": "CANARY"},
    {
        "kind": "oauth2_client_credentials",
        "token_url": "https://id.example/token",
        "client_id": "c",
        "client_secret": "CANARY",
        "extra": {"resource": "CANARY"},
    },
    {
        "kind": "aws_v4",
        "access_key": "AKIA",
        "secret_key": "CANARY",
        "session_token": "CANARY",
        "region": "r",
        "service": "s",
    },
    {"kind": "hmac", "key": "CANARY", "message": ["method", "path", "text:x", "header:Date"]},
]


@pytest.mark.parametrize("part", [{"body": one} for one in BODIES] + [{"auth": one} for one in AUTH], ids=str)
def test_every_kind_of_body_and_credential_is_kept_for_the_run(a_library: Library, part):
    a_library.file(7)
    made = a_library.made(request={"method": "POST", "url": "/x", **part})
    assert "CANARY" not in json.dumps(made)
    assert planned(a_library, made["id"]).case["request"] == {"method": "POST", "url": "/x", **part}


def test_what_is_not_sent_stays_and_marks_keep_what_they_stand_for(each_library: Library):
    number = each_library.case("case", **WHOLE)
    place = each_library.place(number)
    seen = each_library.team.editor.ok("GET", place)
    back = each_library.team.editor.ok("PUT", place, {name: seen[name] for name in FIELDS} | {"version": 1})
    assert (back["version"], versions(each_library, number)) == (1, [(1, "created")]), "nothing changed"
    changed = each_library.team.editor.ok("PUT", place, {"status": "done", "retry": None, "name": None})
    assert (changed["status"], changed["retry"], changed["name"]) == ("done", None, "case")
    request = seen["request"] | {"url": "/other", "headers": seen["request"]["headers"][1:]}
    again = each_library.team.editor.ok("PUT", place, {"request": request, "version": 2})
    assert (again["version"], again["url"], again["request"]["headers"]) == (3, "/other", request["headers"])
    assert planned(each_library, number).case["request"] == REQUEST | {
        "url": "/other",
        "headers": REQUEST["headers"][1:],
    }
    kept = [(1, "created"), (2, "changed"), (3, "changed")]
    assert versions(each_library, number) == kept


def test_a_version_holds_the_whole_case_with_its_credentials_sealed(each_library: Library):
    number = each_library.case("case", **WHOLE)
    with each_library.team.app.app_context():
        kept = db.session.scalars(select(CaseVersion).where(CaseVersion.case_id == number)).one()
    content = json.loads(kept.content)
    assert set(content) == {*FIELDS, "visibility", "creator_only", "owner_id", "poll"}
    assert "CANARY" not in kept.content
    assert kept.secrets is not None
    assert kept.author_id == each_library.team.editor.id


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"auth": {"kind": "basic", "username": "x", "password": SET}}, "request.auth.password"),
        ({"headers": [{"name": "A", "value": "b"}, {"name": "X-Token", "value": SET}]}, "request.headers.1.value"),
        ({"headers": {"X-Plain": SET}}, "request.headers.X-Plain"),
        ({"proxy": SET}, "request.proxy"),
        ({"path_params": {"a": SET}}, "request.path_params.a"),
    ],
    ids=str,
)
def test_a_mark_that_nothing_stands_behind_is_refused_at_its_place(a_library: Library, request_, field):
    body = {"name": "x", "request": {"url": "/", **request_}}
    refused = a_library.team.editor.call("POST", a_library.cases, body)
    assert faults_of(refused) == {field: "not_set"}


def test_what_is_expected_of_a_response_may_look_like_a_mark(a_library: Library):
    """The library tests this very API, whose replies are full of them."""
    made = a_library.made(
        request={"method": "PUT", "url": "/", "body": {"kind": "json", "value": {"auth": SET}}},
        assertions=[{"source": "jsonpath", "argument": "$.data.auth.password", "comparator": "eq", "expected": SET}],
        expected={"auth": SET},
    )
    assert (made["assertions"][0]["expected"], made["expected"]) == (SET, {"auth": SET})
    assert planned(a_library, made["id"]).case["expected"] == {"auth": SET}


def test_an_older_version_is_a_conflict_that_shows_the_whole_case(each_library: Library):
    number = each_library.case("case", **WHOLE)
    place = each_library.place(number)
    each_library.team.editor.ok("PUT", place, {"description": "changed", "version": 1})
    late = each_library.team.owner.call("PUT", place, {"description": "late", "version": 1})
    assert error_of(late) == (409, "edit_conflict")
    present = each_library.team.owner.ok("GET", place)
    assert late.json["data"]["present"] == present
    assert present["description"] == "changed"
    assert present["request"]["auth"]["password"] == SET


def test_a_name_is_unique_in_its_folder_and_letter_by_letter(each_library: Library):
    library, editor = each_library, each_library.team.editor
    number = library.case("pay", folder="a")
    taken = {"name": "pay", "folder": "a", "request": {"url": "/"}}
    assert error_of(editor.call("POST", library.cases, taken)) == (409, "case_name_taken")
    for name, folder in [("Pay", "a"), ("pay", ""), ("pay", "a/b"), ("pay", "A"), ("páy", "a")]:
        library.case(name, folder=folder)
    other = library.case("refund", folder="a")
    assert error_of(editor.call("PUT", library.place(other), {"name": "pay"})) == (409, "case_name_taken")
    assert editor.ok("GET", library.place(other))["version"] == 1, "nothing of it was kept"
    editor.ok("PUT", library.place(other), {"name": "pay", "folder": "b"})
    editor.ok("PUT", library.place(number), {"name": "pay", "folder": "a"})


def test_private_names_are_ones_own(each_library: Library):
    library, team = each_library, each_library.team
    library.case("pay")
    mine = library.case("pay", visibility="private")
    library.case("pay", who=team.owner, visibility="private")
    again = {"name": "pay", "visibility": "private", "request": {"url": "/"}}
    assert error_of(team.editor.call("POST", library.cases, again)) == (409, "case_name_taken")
    shared = team.editor.call("PUT", library.place(mine), {"visibility": "project"})
    assert error_of(shared) == (409, "case_name_taken")
    assert team.editor.ok("GET", library.place(mine))["visibility"] == "private"


def test_the_trash_frees_the_name_and_gives_the_case_back(each_library: Library):
    library, editor = each_library, each_library.team.editor
    number = library.case("case", **WHOLE)
    place = library.place(number)
    gone = editor.ok("DELETE", place)
    assert gone["deleted_at"] is not None
    assert (gone["may_edit"], gone["may_run"]) == (False, False)
    assert editor.ok("GET", place) == gone
    assert (library.names(), library.names("?trashed=true")) == ([], ["case"])
    assert error_of(editor.call("PUT", place, {"status": "done"})) == (404, "case_not_found")
    assert error_of(editor.call("DELETE", place)) == (404, "case_not_found")
    other = library.case("case", folder="orders/new")
    assert error_of(editor.call("POST", f"{place}/restore")) == (409, "case_name_taken")
    editor.ok("PUT", library.place(other), {"name": "other"})
    back = editor.ok("POST", f"{place}/restore")
    assert (back["deleted_at"], back["version"], back["may_edit"]) == (None, 3, True)
    assert editor.ok("POST", f"{place}/restore") == back, "it is no refusal to ask twice"
    assert planned(library, number).case["request"] == REQUEST
    assert versions(library, number) == [(1, "created"), (2, "trashed"), (3, "restored")]
    assert (sorted(library.names()), library.names("?trashed=true")) == (["case", "other"], [])


def test_credentials_are_in_no_reply_list_record_or_table(each_library: Library):
    library, team = each_library, each_library.team
    made = team.editor.call("POST", library.cases, {"name": "case", **WHOLE}, headers={"Idempotency-Key": "make-once"})
    number = made.json["data"]["id"]
    place = library.place(number)
    auth = {"kind": "digest", "username": "u", "password": "CANARY-2"}
    team.editor.ok("PUT", place, {"request": {"url": "/x", "auth": auth, "headers": {"X-Token": "CANARY-3"}}})
    refused = {"kind": "basic", "username": 1, "password": "CANARY-refused {{", "token": "CANARY"}
    texts = [team.editor.call("PUT", place, {"request": {"url": "/x", "auth": refused}}).text]
    texts += [team.editor.call("PUT", place, {"request": {"url": "https://u:CANARY@h/x"}, "version": 2}).text]
    texts += [team.editor.call("PUT", place, {"status": "done", "version": 1}).text, made.text]
    team.editor.ok("DELETE", place)
    places = [library.cases, f"{library.cases}?trashed=true", place, f"{team.path}/activity?size=100"]
    texts += [team.owner.call("GET", one).text for one in places]
    with team.app.app_context():
        texts += [str(row) for table in db.metadata.sorted_tables for row in db.session.execute(select(table))]
    assert [text for text in texts if "CANARY" in text] == []


def test_the_record_says_what_changed_and_which_credentials_are_new(each_library: Library):
    library, team = each_library, each_library.team
    place = library.place(library.case("case", **WHOLE))
    request = team.editor.ok("GET", place)["request"]
    request["auth"]["password"] = "CANARY-new"
    team.editor.ok("PUT", place, {"request": request | {"url": "/y"}, "tags": ["a"]})
    entry = next(
        one for one in team.viewer.ok("GET", f"{team.path}/activity")["items"] if one["action"] == "case.changed"
    )
    assert entry["before"] == {"request": {"url": "/orders/{shop}"}, "tags": ["smoke", "订单"]}
    assert entry["after"] == {"request": {"url": "/y"}, "tags": ["a"], "rewritten": ["request.auth.password"]}


def test_members_are_told_nothing_of_private_cases(each_library: Library):
    library, team = each_library, each_library.team
    number = library.case("hidden plans", visibility="private")
    team.editor.ok("PUT", library.place(number), {"description": "hidden plans"})
    team.editor.ok("PUT", library.place(number), {"visibility": "project", "name": "open", "description": ""})
    team.editor.ok("PUT", library.place(number), {"description": "for everybody"})
    told = team.viewer.call("GET", f"{team.path}/activity?size=100").text
    assert "hidden plans" not in told
    assert "for everybody" in told


def test_who_is_named_as_owner_is_a_member(each_library: Library):
    library, team = each_library, each_library.team
    assert library.made("a", owner_id=team.viewer.id)["owner_id"] == team.viewer.id
    number = library.case("b")
    for stranger in (team.stranger.id, 2**40):
        refused = team.editor.call("PUT", library.place(number), {"owner_id": stranger})
        assert faults_of(refused) == {"owner_id": "not_a_member"}
        body = {"name": "c", "request": {"url": "/"}, "owner_id": stranger}
        assert faults_of(team.editor.call("POST", library.cases, body)) == {"owner_id": "not_a_member"}
    assert team.editor.ok("PUT", library.place(number), {"owner_id": team.owner.id})["owner_id"] == team.owner.id


def test_who_may_see_and_run_a_case_is_for_its_creator_and_owners_to_say(each_library: Library):
    library, team = each_library, each_library.team
    number = library.case("owners", who=team.owner)
    for change in ({"visibility": "private"}, {"visibility": "public"}, {"creator_only": True}):
        refused = team.editor.call("PUT", library.place(number), change)
        assert error_of(refused) == (403, "case_creator_required")
    team.editor.ok("PUT", library.place(number), {"visibility": "project", "creator_only": False, "status": "done"})
    team.owner.ok("PUT", library.place(number), {"visibility": "public", "creator_only": True})
    mine = library.case("mine")
    team.editor.ok("PUT", library.place(mine), {"visibility": "private"})
    team.owner.ok("PUT", library.place(mine), {"visibility": "project"})


def test_a_private_case_is_there_for_its_creator_and_owners(each_library: Library):
    library, team = each_library, each_library.team
    owners = library.case("owners", who=team.owner, visibility="private")
    mine = library.case("mine", visibility="private")
    for person, number, status in [
        (team.editor, mine, 200),
        (team.owner, mine, 200),
        (team.viewer, mine, 404),
        (team.runner, mine, 404),
        (team.editor, owners, 404),
        (team.stranger, owners, 404),
    ]:
        assert person.call("GET", library.place(number)).status_code == status
    for method, rest in product(("PUT", "DELETE", "POST"), ("", "/restore")):
        if (method == "POST") == bool(rest):
            refused = team.editor.call(method, library.place(owners) + rest, {"name": "x"})
            assert error_of(refused) == (404, "case_not_found")


def test_a_case_is_found_in_its_own_project_only(each_library: Library):
    library, team = each_library, each_library.team
    number = library.case()
    other = team.owner.ok("POST", "/api/projects", {"name": "other"})["id"]
    assert error_of(team.owner.call("GET", f"/api/projects/{other}/cases/{number}")) == (404, "case_not_found")
    assert error_of(team.owner.call("PUT", f"/api/projects/{other}/cases/{number}", {})) == (404, "case_not_found")
    assert error_of(team.owner.call("GET", library.place(2**40))) == (404, "case_not_found")


def test_rights_are_told_with_every_case(each_library: Library):
    library, team = each_library, each_library.team
    library.case("everybody's")
    library.case("the editor's own run", creator_only=True)

    def rights(person) -> dict[str, tuple[bool, bool]]:
        items = person.ok("GET", library.cases)["items"]
        for item in items:
            seen = person.ok("GET", library.place(item["id"]))
            assert (seen["may_edit"], seen["may_run"]) == (item["may_edit"], item["may_run"])
        return {one["name"]: (one["may_edit"], one["may_run"]) for one in items}

    assert rights(team.viewer) == {"everybody's": (False, False), "the editor's own run": (False, False)}
    assert rights(team.runner) == {"everybody's": (False, True), "the editor's own run": (False, False)}
    assert rights(team.editor) == {"everybody's": (True, True), "the editor's own run": (True, True)}
    assert rights(team.owner) == {"everybody's": (True, True), "the editor's own run": (True, False)}
    team.owner.ok("POST", f"{team.path}/archive")
    assert set(rights(team.owner).values()) == {(False, False)}
    body = {"name": "x", "request": {"url": "/"}}
    assert error_of(team.editor.call("POST", library.cases, body)) == (409, "project_archived")


def test_a_draft_is_looked_over_and_not_kept(each_library: Library):
    library, team = each_library, each_library.team
    place = f"{library.cases}/check"
    assert team.editor.ok("POST", place, {"request": REQUEST, "expected": {"note": 1}}) == {"warnings": []}
    told = {
        language: team.editor.ok(
            "POST", place, {"request": {"url": "/{{tokn}}"}}, headers={"Accept-Language": language}
        )
        for language in ("en", "zh-CN")
    }
    assert told == {
        "en": {"warnings": ["request.url: nothing above this step gives `tokn` a value; did you mean `token`?"]},
        "zh-CN": {"warnings": ["request.url: 此步骤之前没有任何地方给 `tokn` 赋值；是否想写 `token`？"]},
    }
    assert faults_of(team.editor.call("POST", place, {})) == {"request": "missing"}
    number = library.case("kept", request=REQUEST, expected={"note": 1})
    seen = team.editor.ok("GET", library.place(number))
    draft = {"case_id": number, "request": seen["request"] | {"url": "/{{base_url}}"}}
    assert team.editor.ok("POST", place, draft) == {"warnings": []}, "marks stand for what that case keeps"
    assert (
        faults_of(team.editor.call("POST", place, {"request": seen["request"]}))["request.auth.password"] == "not_set"
    )
    assert library.names() == ["kept"]
    assert team.editor.ok("GET", library.place(number)) == seen


def test_names_that_datasets_give_are_known(a_library: Library):
    place = a_library.place(a_library.case("case"))
    row = {"key": "eve", "variables": {"user": "eve"}, "expected": {"name": "Eve"}}
    a_library.team.editor.ok("POST", f"{place}/datasets", row)
    request = {"url": "/{{user}}/{{nobody}}"}
    checks = [{"source": "body", "comparator": "eq", "expected": "{{expected.name}}"}]
    saved = a_library.team.editor.ok("PUT", place, {"request": request, "assertions": checks})
    assert [text.partition(":")[0] for text in saved["warnings"]] == ["request.url"]
    assert "nobody" in saved["warnings"][0]


def test_a_case_of_its_creators_own_that_goes_where_editors_choose_is_warned_of(a_library: Library):
    team = a_library.team
    request = {"url": "/orders", "auth": {"kind": "bearer", "token": "s3cret"}}
    place = f"{team.path}/cases"
    saved = team.editor.ok("POST", place, {"name": "mine", "request": request, "creator_only": True})
    assert [text.partition(":")[0] for text in saved["warnings"]] == ["request.url"]
    assert "请填写完整 URL" in saved["warnings"][0]
    whole = {**request, "url": "https://api.example.test/orders", "auth": saved["request"]["auth"]}
    assert team.editor.ok("PUT", f"{place}/{saved['id']}", {"request": whole})["warnings"] == []
    assert team.editor.ok("POST", place, {"name": "ours", "request": request})["warnings"] == []
