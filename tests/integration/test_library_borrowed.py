"""Credentials of the library are used and shown only where their owner put them, on each database."""

import json
from typing import Any

import pytest

from tests.integration.canaries import AUTHS, CASE, MARK, canaries
from tests.integration.projects_bench import error_of, faults_of
from tests.integration.scenarios_bench import Stage
from wxcloudrun.app import EXTENSION
from wxcloudrun.features.cases.planning import CasePlanning
from wxcloudrun.features.scenarios.errors import CaseMovedAway
from wxcloudrun.features.scenarios.planning import ScenarioPlanning

OWN: dict[str, Any] = {
    "creator_only": True,
    "request": {
        "url": "https://shop.example/orders",
        "headers": {"X-Token": "CANARY-own"},
        "auth": {
            "kind": "oauth2_client_credentials",
            "token_url": "https://id.example/t",
            "client_id": "c",
            "client_secret": "CANARY-client",
        },
    },
}


@pytest.mark.parametrize(
    "way",
    [
        {"url": "https://evil.example/orders"},
        {"proxy": "http://evil.example:3128"},
        {"tls": {"verify": False}},
        {"token_url": "https://evil.example/t"},
    ],
)
def test_nobody_else_sends_the_credentials_of_a_creators_own_case_elsewhere(each_stage: Stage, way: dict[str, Any]):
    library = each_stage.shelf
    made = library.made("mine", library.team.owner, **OWN)
    place, request = library.place(made["id"]), made["request"]
    lured = {**request, **way} if "token_url" not in way else {**request, "auth": {**request["auth"], **way}}
    assert faults_of(each_stage.editor.call("PUT", place, {"request": lured})) == {
        "request.headers.X-Token": "not_set",
        "request.auth.client_secret": "not_set",
    }
    each_stage.editor.ok("PUT", place, {"description": "a word", "request": {**request, "method": "POST"}})
    assert _secrets_of(each_stage, made["id"]) == {"CANARY-own", "CANARY-client"}, "anything else may change"
    library.team.owner.ok("PUT", place, {"request": lured})
    assert _secrets_of(each_stage, made["id"]) == {"CANARY-own", "CANARY-client"}, "who made it may"


def test_an_older_address_comes_back_without_the_credentials_of_a_creators_own_case(each_stage: Stage):
    library = each_stage.shelf
    made = library.made("mine", library.team.owner, **{**OWN, "creator_only": False})
    place, request = library.place(made["id"]), made["request"]
    each_stage.editor.ok("PUT", place, {"request": {**request, "url": "https://evil.example/"}})
    library.team.owner.ok("PUT", place, {"request": request, "creator_only": True})
    back = each_stage.editor.ok("POST", f"{place}/versions/2/restore")
    assert back["request"]["url"] == "https://evil.example/"
    assert back["request"]["headers"]["X-Token"] == "{{request_headers_X_Token}}"
    assert [one for one in back["warnings"] if "未随之复制的凭证" in one]
    assert _secrets_of(each_stage, made["id"]) == set()
    library.team.owner.ok("POST", f"{place}/versions/3/restore")
    assert _secrets_of(each_stage, made["id"]) == {"CANARY-own", "CANARY-client"}
    each_stage.editor.ok("POST", f"{place}/versions/3/restore")
    assert _secrets_of(each_stage, made["id"]) == {"CANARY-own", "CANARY-client"}, "it goes where it went"


def test_a_step_sends_nobody_elses_own_case_elsewhere(each_stage: Stage):
    library = each_stage.shelf
    mine = library.case("mine", library.team.owner, **OWN)
    scenario = each_stage.scenario()
    away = {"url": "https://evil.example/"}
    refused = each_stage.refused(scenario, "case", case_id=mine, overrides=away)
    assert faults_of(refused) == {"overrides.url": "creator_only"}
    assert "请复制该用例" in refused.json["data"]["fields"][0]["detail"]
    step = each_stage.step(scenario, "case", case_id=mine, overrides={"method": "POST"})
    place = f"{each_stage.place(scenario)}/steps/{step}"
    assert faults_of(each_stage.editor.call("PUT", place, {"overrides": away})) == {"overrides.url": "creator_only"}
    library.team.owner.ok("PUT", place, {"overrides": away})
    each_stage.editor.ok("PUT", place, {"name": "renamed"})  # what its creator chose stays
    other = each_stage.step(scenario, "case", case_id=library.case("anybodys"), overrides=away)
    changed = each_stage.editor.call("PUT", f"{each_stage.place(scenario)}/steps/{other}", {"case_id": mine})
    assert faults_of(changed) == {"overrides.url": "creator_only"}


def test_what_is_kept_as_a_secret_is_not_shown_by_calling_it_something_else(each_stage: Stage):
    library, editor = each_stage.shelf, each_stage.editor
    request = CASE["request"] | {"auth": {"kind": "bearer", **AUTHS["bearer"]}}
    case = library.made(**{**CASE, "request": request})
    place = library.place(case["id"])
    opened = [{**case["before"][0], "secret": False}, *case["before"][1:]]
    assert faults_of(editor.call("PUT", place, {"before": opened})) == {"before.0.value": "not_set"}
    renamed = {**case["request"], "headers": [{"name": "X-Note", "value": {"is_set": True}}]}
    assert faults_of(editor.call("PUT", place, {"request": renamed})) == {"request.headers.0.value": "not_set"}
    moved = {**case["request"], "body": {"kind": "json", "value": {"is_set": True}}}
    editor.ok("PUT", place, {"request": moved})
    assert _secrets_of(each_stage, case["id"]) >= {"CANARY-bearer"}
    scenario = each_stage.made(variables=[{"name": "v", "type": "secret", "value": "CANARY-v"}])
    open_ = {"variables": [{"name": "v", "type": "string", "value": {"is_set": True}}]}
    assert editor.call("PUT", each_stage.place(scenario["id"]), open_).status_code == 422
    asked = each_stage.made("asks", inputs=[{"name": "i", "secret": True, "default": "CANARY-i"}])
    open_ = {"inputs": [{"name": "i", "secret": False, "default": {"is_set": True}}]}
    assert faults_of(editor.call("PUT", each_stage.place(asked["id"]), open_)) == {"inputs.0.default": "not_set"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"before": [{"do": "set", "name": "a", "value": {"x": "CANARY"}, "secret": True}]}, "before.0.value"),
        ({"after": [{"do": "set", "name": "a", "value": ["CANARY"], "secret": True}]}, "after.0.value"),
        (
            {"extractions": [{"name": "a", "source": "status", "secret": True, "default": "CANARY"}]},
            "extractions.0.default",
        ),
        ({"request": {"url": "/x?api_key=CANARY"}}, "request.url"),
        ({"request": {"url": "/x?page=1&X-Amz-Signature=CANARY#top"}}, "request.url"),
        ({"request": {"url": "/x?token={{a | default 'CANARY'}}"}}, "request.url"),
    ],
)
def test_a_credential_that_would_be_shown_is_refused(a_stage: Stage, fields: dict[str, Any], field: str):
    body = {"name": "x", "request": {"url": "/"}, **fields}
    refused = a_stage.editor.call("POST", a_stage.shelf.cases, body)
    assert faults_of(refused) == {field: "holds_a_credential"}
    assert MARK not in refused.text


@pytest.mark.parametrize(
    "url", ["//u:p@evil.example/", "https:\\\\u:p@h/", "https://h/?sig_key=CANARY", "/x?api_key=CANARY"]
)
def test_a_steps_address_holds_no_credential(a_stage: Stage, url: str):
    case = a_stage.shelf.case()
    refused = a_stage.refused(a_stage.scenario(), "case", case_id=case, overrides={"url": url})
    assert faults_of(refused)["overrides.url"] == "holds_a_credential"


def test_a_private_case_is_nothing_to_others(each_stage: Stage):
    library, team = each_stage.shelf, each_stage.shelf.team
    private = library.case("whispered", team.owner, **{**OWN, "visibility": "private", "creator_only": False})
    scenario = each_stage.scenario()
    step = each_stage.step(scenario, "case", who=team.owner, case_id=private, name="step")
    place = f"{each_stage.place(scenario)}/steps/{step}"
    for body in ({"overrides": {"url": "https://evil.example/"}}, {"enabled": False}, {"dataset": {"mode": "none"}}):
        assert error_of(each_stage.editor.call("PUT", place, body)) == (403, "step_case_hidden")
    for method, path in [
        ("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/versions"), ("GET", "/versions/1"),
        ("GET", "/versions/1/difference"), ("POST", "/versions/1/restore"), ("POST", "/copy"), ("GET", "/datasets"),
    ]:  # fmt: skip
        body = {} if method in {"PUT", "POST"} else None
        assert error_of(each_stage.editor.call(method, library.place(private) + path, body)) == (404, "case_not_found")
    draft = {"case_id": private, "request": {"url": "https://evil.example/"}}
    assert error_of(each_stage.editor.call("POST", f"{library.cases}/check", draft)) == (404, "case_not_found")
    shown = [each_stage.editor.call("GET", path).text for path in (place, f"{each_stage.place(scenario)}/check")]
    assert [text for text in shown if "whispered" in text or "shop.example" in text] == []


def test_a_case_that_went_to_another_project_is_used_no_more_by_the_one_it_left(each_stage: Stage):
    library, editor = each_stage.shelf, each_stage.editor
    elsewhere = library.team.owner.ok("POST", "/api/projects", {"name": "elsewhere"})["id"]
    case = library.case("wanderer", library.team.owner, request={"url": "/secret-place"})
    scenario = each_stage.scenario("left")
    step = each_stage.step(scenario, "case", case_id=case, name="step")
    editor.ok("DELETE", each_stage.place(scenario))
    library.team.owner.ok("POST", f"{library.place(case)}/move", {"project_id": elsewhere})
    there = f"/api/projects/{elsewhere}/cases/{case}"
    library.team.owner.ok("PUT", there, {"request": {"url": "/new-place", "headers": {"X-Token": "CANARY-theirs"}}})
    restored = editor.ok("POST", f"{each_stage.place(scenario)}/restore")
    assert [(one["kind"], one["step_id"]) for one in restored["warnings"]] == [("case_moved", step)]
    found = editor.ok("GET", f"{each_stage.place(scenario)}/check")
    assert [one["kind"] for one in found["faults"]] == ["case_moved"]
    place = f"{each_stage.place(scenario)}/steps/{step}"
    assert editor.ok("GET", place)["case"] == {"id": case, "visible": False} | dict.fromkeys(
        ("name", "method", "url", "version", "trashed")
    )
    app = library.team.app
    with app.app_context(), pytest.raises(CaseMovedAway, match="case_moved_away"):
        app.extensions[EXTENSION].get(ScenarioPlanning).scenario(library.team.project, scenario)
    for copy in (f"{each_stage.place(scenario)}/copy", f"{place}/copy"):
        refused = editor.call("POST", copy, {} if copy.endswith(f"{scenario}/copy") else None)
        assert error_of(refused) == (409, "case_moved_away"), refused.text
    library.team.owner.ok("DELETE", there)  # nobody there is kept from it, nor told of the scenario
    library.team.owner.ok("POST", f"{there}/restore")
    editor.ok("PUT", place, {"enabled": False})
    with app.app_context():
        app.extensions[EXTENSION].get(ScenarioPlanning).scenario(library.team.project, scenario)
    editor.ok("PUT", place, {"enabled": True, "case_id": library.case("instead")})
    assert editor.ok("GET", f"{each_stage.place(scenario)}/check")["faults"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "binary", "blob": "12"}, "overrides.replace_body.blob"),
        (
            {"kind": "multipart", "parts": [{"name": "a", "file": {"name": "a", "blob": "12"}}]},
            "overrides.replace_body.parts.0.file.blob",
        ),
    ],
)
def test_a_step_names_no_file_by_number(a_stage: Stage, body: dict[str, Any], field: str):
    scenario, case = a_stage.scenario(), a_stage.shelf.case()
    refused = a_stage.refused(scenario, "case", case_id=case, overrides={"replace_body": body})
    assert faults_of(refused) == {field: "not_a_reference"}
    assert "用变量给出编号" in refused.json["data"]["fields"][0]["detail"]
    by_name = json.loads(json.dumps(body).replace('"12"', '"{{file}}"'))
    a_stage.step(scenario, "case", case_id=case, overrides={"replace_body": by_name})


def _secrets_of(stage: Stage, case_id: int) -> set[str]:
    """Credentials that a run of the case would be given."""
    with stage.shelf.team.app.app_context():
        planning = stage.shelf.team.app.extensions[EXTENSION].get(CasePlanning)
        return canaries(planning.cases([case_id])[case_id].case)
