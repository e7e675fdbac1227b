"""Environments and variables through the API, on every database."""

import json

import pytest
from sqlalchemy import select

from tests.integration.projects_bench import Team, error_of, faults_of
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.db import db
from wxcloudrun.engine.plan.plan import Environment, Project
from wxcloudrun.features.environments.errors import DefaultEnvironmentMissing, EnvironmentNotFound
from wxcloudrun.features.environments.planning import EnvironmentPlanning

CANARY = "CANARY-{{not-a-name}}-\\{{秘密"
WHOLE = {
    "base_url": "https://staging.example/api",
    "headers": {"X-Team": "pay", "Authorization": "Bearer {{token}}", "X-Api-Key": "CANARY-key-in-a-header"},
    "cookies": {"lang": "{{lang}}", "sid": "CANARY-cookie"},
    "auth": {"kind": "basic", "username": "tester", "password": "CANARY-password"},
    "tls": {"verify": False, "client_key_pem": "CANARY-pem"},
    "proxy": "http://user:CANARY-proxy@proxy.example:3128",
    "timeouts": {"read_ms": 5000},
    "rate_per_second": 2.5,
    "variables": [
        {"name": "token", "type": "secret", "value": CANARY, "description": "of the test account"},
        {"name": "lang", "type": "string", "value": "zh"},
        {"name": "retries", "type": "number", "value": 3},
        {"name": "really", "type": "boolean", "value": True},
        {"name": "filter", "type": "json", "value": {"a": ["{{lang}}", 1]}},
        {"name": "用户", "value": "{{lang}}-user"},
    ],
}
SET = {"is_set": True}


def planning(team: Team) -> EnvironmentPlanning:
    return team.app.extensions[EXTENSION].get(EnvironmentPlanning)


def plan_of(team: Team, environment: int | None = None) -> tuple[dict, dict]:
    with team.app.app_context():
        project, part = planning(team).plan_environment(team.project, environment, "Payments")
    Project.model_validate_json(json.dumps(project))
    Environment.model_validate_json(json.dumps(part))
    return project, part


def test_what_goes_in_comes_out_but_for_secrets(each_team: Team):
    number = each_team.environment(**WHOLE)
    seen = each_team.viewer.ok("GET", f"{each_team.path}/environments/{number}")
    assert "CANARY" not in json.dumps(seen)
    assert seen["headers"] == {"X-Team": "pay", "Authorization": "Bearer {{token}}", "X-Api-Key": SET}
    assert seen["cookies"] == {"lang": "{{lang}}", "sid": SET}
    assert seen["auth"] == {"kind": "basic", "username": "tester", "password": SET}
    assert seen["tls"] == {"verify": False, "client_key_pem": SET}
    assert seen["proxy"] == SET
    assert (seen["timeouts"], seen["rate_per_second"]) == ({"read_ms": 5000}, 2.5)
    assert [one["name"] for one in seen["variables"]] == [one["name"] for one in WHOLE["variables"]]
    assert [one["value"] for one in seen["variables"]] == [SET, *(one["value"] for one in WHOLE["variables"][1:])]
    assert seen["is_default"] is True, "the first one of a project is its default"


def test_a_run_is_given_the_secrets(each_team: Team):
    number = each_team.environment(**WHOLE)
    _, part = plan_of(each_team, number)
    assert part["auth"]["password"] == "CANARY-password"
    assert part["headers"]["X-Api-Key"] == "CANARY-key-in-a-header"
    assert part["proxy"] == WHOLE["proxy"]
    assert part["tls"]["client_key_pem"] == "CANARY-pem"
    assert part["variables"][1] == {"name": "lang", "value": "zh", "type": "string"}
    assert part == plan_of(each_team)[1], "it is the default one"


@pytest.mark.parametrize("secret", [CANARY, "{{{{", "\\\\{{x}}", "plain", "{{a}} {{b}}", "\\", "\\{{{", ""])
def test_a_secret_holds_no_references_whatever_it_looks_like(a_team: Team, secret):
    from wxcloudrun.engine.render.template import compile_text  # noqa: PLC0415 - only here

    a_team.environment(variables=[{"name": "s", "type": "secret", "value": secret}])
    kept = plan_of(a_team)[1]["variables"][0]
    assert kept["secret"] is True
    assert compile_text(kept["value"], "x") == secret


def test_a_projects_own_variables_stand_above(each_team: Team):
    place = f"{each_team.path}/variables"
    assert each_team.viewer.ok("GET", place) == {"variables": [], "version": 1}
    body = {"variables": [{"name": "pin", "type": "secret", "value": "CANARY-pin"}, {"name": "a", "value": "b"}]}
    put = each_team.editor.ok("PUT", place, {**body, "version": 1})
    assert (put["version"], put["variables"][0]["value"]) == (2, SET)
    late = each_team.editor.call("PUT", place, {**body, "version": 1})
    assert error_of(late) == (409, "edit_conflict")
    assert late.json["data"]["present"] == put
    kept = [{"name": "pin", "type": "secret"}, {"name": "a", "value": "c"}]
    each_team.editor.ok("PUT", place, {"variables": kept})
    each_team.environment()
    project, _ = plan_of(each_team)
    assert [one["value"] for one in project["variables"]] == ["CANARY-pin", "c"]


def test_a_secret_without_a_value_stays_and_one_that_is_not_named_goes(each_team: Team):
    number = each_team.environment(**WHOLE)
    place = f"{each_team.path}/environments/{number}"
    seen = each_team.editor.ok("GET", place)
    names = ("headers", "cookies", "auth", "tls", "proxy", "timeouts", "rate_per_second", "variables")
    back = each_team.editor.ok("PUT", place, {name: seen[name] for name in names} | {"version": 1})
    assert back == seen | {"version": 2, "updated_at": back["updated_at"]}
    assert plan_of(each_team)[1]["proxy"] == WHOLE["proxy"]
    each_team.editor.ok("PUT", place, {"auth": None, "cookies": {}, "variables": [{"name": "token", "type": "secret"}]})
    _, part = plan_of(each_team)
    assert "auth" not in part
    assert part["cookies"] == {}
    assert part["headers"]["X-Api-Key"] == "CANARY-key-in-a-header", "not sent, so it stays"
    refused = each_team.editor.call("PUT", place, {"auth": {"kind": "basic", "username": "x", "password": SET}})
    assert faults_of(refused)["auth.password"] == "not_set"


def test_a_secret_that_becomes_plain_needs_its_value(each_team: Team):
    place = f"{each_team.path}/environments/{each_team.environment(**WHOLE)}"
    for value in (None, SET):
        body = {"variables": [{"name": "token", "type": "string", "value": value}]}
        assert list(faults_of(each_team.editor.call("PUT", place, body))) == ["variables.0.value"]


def test_secrets_are_in_no_reply_list_record_or_table(each_team: Team):
    number = each_team.environment(**WHOLE)
    place = f"{each_team.path}/environments/{number}"
    each_team.editor.ok("PUT", place, {"variables": [{"name": "token", "type": "secret", "value": "CANARY-2"}]})
    each_team.editor.ok("POST", f"{place}/copy", {"name": "copied"}, headers={"Idempotency-Key": "copy-once"})
    each_team.editor.ok("PUT", f"{each_team.path}/variables", {"variables": WHOLE["variables"]})
    each_team.editor.call("PUT", place, {"auth": {"kind": "basic", "password": "CANARY-refused"}})
    places = ("environments", f"environments/{number}", "variables", "activity?size=100")
    texts = [each_team.owner.call("GET", f"{each_team.path}/{one}").text for one in places]
    each_team.owner.ok("DELETE", place)
    with each_team.app.app_context():
        texts += [str(row) for table in db.metadata.sorted_tables for row in db.session.execute(select(table))]
    assert [text for text in texts if "CANARY" in text] == []
    changed = next(
        one
        for one in each_team.owner.ok("GET", f"{each_team.path}/activity")["items"]
        if one["action"] == "environment.changed"
    )
    assert changed["after"]["rewritten"] == ["token"]
    assert changed["after"]["variables"] == {"token": "***"}


@pytest.mark.parametrize("token", ["abc", 12345, "Bearer abc", "prefix-{{token}}"], ids=str)
def test_whatever_is_more_than_a_reference_is_not_shown(a_team: Team, token):
    content = {"auth": {"kind": "bearer", "token": token}, "headers": {"X-Token": str(token)}}
    seen = a_team.viewer.ok("GET", f"{a_team.path}/environments/{a_team.environment(**content)}")
    assert (seen["auth"]["token"], seen["headers"]["X-Token"]) == (SET, SET)
    assert plan_of(a_team)[1]["auth"]["token"] == str(token)


def test_a_copy_has_everything_and_is_not_the_default(each_team: Team):
    number = each_team.environment(**WHOLE)
    copied = each_team.editor.ok("POST", f"{each_team.path}/environments/{number}/copy", {"name": "copy"})
    seen = each_team.viewer.ok("GET", f"{each_team.path}/environments/{number}")
    same = set(seen) - {"id", "name", "created_at", "updated_at", "is_default"}
    assert {name: copied[name] for name in same} == {name: seen[name] for name in same}
    assert (copied["name"], copied["is_default"]) == ("copy", False)
    _, first = plan_of(each_team, number)
    _, second = plan_of(each_team, copied["id"])
    assert {**first, "id": 0, "name": ""} == {**second, "id": 0, "name": ""}


def test_one_environment_is_the_default(each_team: Team):
    first, second = each_team.environment("one"), each_team.environment("two")
    each_team.editor.ok("POST", f"{each_team.path}/environments/{second}/default")
    assert each_team.editor.ok("POST", f"{each_team.path}/environments/{second}/default")["is_default"] is True
    listed = each_team.viewer.ok("GET", f"{each_team.path}/environments")["items"]
    assert [(one["id"], one["is_default"]) for one in listed] == [(first, False), (second, True)]
    each_team.editor.ok("DELETE", f"{each_team.path}/environments/{second}")
    with each_team.app.app_context(), pytest.raises(DefaultEnvironmentMissing):
        planning(each_team).plan_environment(each_team.project)
    with each_team.app.app_context(), pytest.raises(EnvironmentNotFound):
        planning(each_team).plan_environment(each_team.project, second)


def test_a_name_is_taken_once_letter_by_letter(each_team: Team):
    each_team.environment("staging")
    taken = each_team.editor.call("POST", f"{each_team.path}/environments", {"name": "staging"})
    assert error_of(taken) == (409, "environment_name_taken")
    other = each_team.environment("Staging")
    place = f"{each_team.path}/environments/{other}"
    assert error_of(each_team.editor.call("PUT", place, {"name": "staging"})) == (409, "environment_name_taken")
    copy = each_team.editor.call("POST", f"{place}/copy", {"name": "Staging"})
    assert error_of(copy) == (409, "environment_name_taken")
    found = each_team.viewer.ok("GET", f"{each_team.path}/environments?q=STAG&sort=-name")
    assert found["total"] == 2


def test_an_older_version_is_told(each_team: Team):
    place = f"{each_team.path}/environments/{each_team.environment()}"
    each_team.editor.ok("PUT", place, {"base_url": "http://one.example", "version": 1})
    late = each_team.editor.call("PUT", place, {"base_url": "http://two.example", "version": 1})
    assert error_of(late) == (409, "edit_conflict")
    assert late.json["data"]["present"]["base_url"] == "http://one.example"


def test_an_environment_of_another_project_is_not_there(each_team: Team):
    number = each_team.environment()
    other = each_team.owner.ok("POST", "/api/projects", {"name": "other"})["id"]
    for method, place in [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/copy"), ("POST", "/default")]:
        body = {"name": "x"} if method == "PUT" or place == "/copy" else None
        refused = each_team.owner.call(method, f"/api/projects/{other}/environments/{number}{place}", body)
        assert error_of(refused) == (404, "environment_not_found")


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"base_url": "staging.example"}, "base_url"),
        ({"base_url": "ftp://staging.example"}, "base_url"),
        ({"base_url": "https://user:CANARY@host"}, "base_url"),
        ({"base_url": "https://host/?token=CANARY"}, "base_url"),
        ({"base_url": "https://{{host"}, "base_url"),
        ({"base_url": "https://host/" + "x" * 2048}, "base_url"),
        ({"headers": {"a b": "x"}}, "headers.a b"),
        ({"headers": {"X": "a\nb"}}, "headers.X"),
        ({"headers": {"X": "{{ 1 }}"}}, "headers.X"),
        ({"headers": {"X": {"is_set": True}}}, "headers.X"),
        ({"headers": {f"X-{number}": "x" for number in range(101)}}, "headers"),
        ({"cookies": {"a;b": "x"}}, "cookies.a;b"),
        ({"auth": {"kind": "magic"}}, "auth.kind"),
        ({"auth": {"kind": "basic"}}, "auth.username"),
        ({"auth": {"kind": "basic", "username": "x", "extra": 1}}, "auth.extra"),
        ({"auth": {"kind": "basic", "username": "x", "password": "{{ 5"}}, "auth.password"),
        ({"auth": {"kind": "bearer", "token": "x" * 40_000}}, "auth"),
        ({"tls": {"verify": "perhaps"}}, "tls.verify"),
        ({"proxy": "not a proxy"}, "proxy"),
        ({"timeouts": {"read_ms": 0}}, "timeouts.read_ms"),
        ({"timeouts": {"never": 1}}, "timeouts.never"),
        ({"rate_per_second": 0}, "rate_per_second"),
        ({"variables": [{"name": "1x", "value": ""}]}, "variables.0.name"),
        ({"variables": [{"name": "x" * 129, "value": ""}]}, "variables.0.name"),
        ({"variables": [{"name": "a", "value": ""}, {"name": "a", "value": ""}]}, "variables.1.name"),
        ({"variables": [{"name": "a", "type": "date", "value": ""}]}, "variables.0.type"),
        ({"variables": [{"name": "a", "type": "number", "value": "5"}]}, "variables.0.value"),
        ({"variables": [{"name": "a", "type": "number", "value": True}]}, "variables.0.value"),
        ({"variables": [{"name": "a", "type": "boolean", "value": "yes"}]}, "variables.0.value"),
        ({"variables": [{"name": "a", "type": "string", "value": 5}]}, "variables.0.value"),
        ({"variables": [{"name": "a", "type": "json", "value": "{"}]}, "variables.0.value"),
        ({"variables": [{"name": "a", "type": "json", "value": {"b": ["{{"]}}]}, "variables.0.value.b.0"),
        ({"variables": [{"name": "a", "type": "secret"}]}, "variables.0.value"),
        ({"variables": [{"name": "a", "type": "secret", "value": 5}]}, "variables.0.value"),
        ({"variables": [{"name": "a", "value": "x {{a}}"}]}, "variables.0.value"),
        ({"variables": [{"name": "a", "value": "x" * 65_537}]}, "variables.0.value"),
        ({"variables": [{"name": f"n{number}", "value": ""} for number in range(10_000)]}, "variables"),
        ({"variables": [{"name": f"n{number}", "value": "x" * 60_000} for number in range(5)]}, "variables"),
        ({"unknown": 1}, "unknown"),
    ],
    ids=lambda value: str(value)[:70],
)
def test_what_the_engine_could_not_work_with_is_refused_by_its_field(a_team: Team, content, field):
    refused = a_team.editor.call("POST", f"{a_team.path}/environments", {"name": "x", **content})
    assert next(iter(faults_of(refused))) == field
    assert "CANARY" not in refused.text


def test_the_place_of_a_fault_is_told(a_team: Team):
    body = {"name": "x", "variables": [{"name": "a", "value": "12345 {{ 7 }}"}]}
    refused = a_team.editor.call("POST", f"{a_team.path}/environments", body)
    fault = refused.json["data"]["fields"][0]
    assert (fault["field"], fault["reason"], fault["position"]) == ("variables.0.value", "not_usable", 9)


def test_a_circle_is_named(a_team: Team):
    listed = [{"name": "a", "value": "{{b}}"}, {"name": "b", "value": "{{c}}"}, {"name": "c", "value": "{{a}}"}]
    listed.append({"name": "d", "value": "{{a}}"})
    refused = a_team.editor.call("PUT", f"{a_team.path}/variables", {"variables": listed})
    found = {fault["field"]: fault["detail"] for fault in refused.json["data"]["fields"]}
    assert found["variables.0.value"] == "a -> b -> c -> a"
    assert "variables.3.value" not in found, "it leads into the circle, and is none of its links"


def test_text_may_refer_to_variables_everywhere(a_team: Team):
    content = {
        "base_url": "{{scheme}}://{{host}}/",
        "auth": {"kind": "oauth2_client_credentials", "token_url": "{{t}}", "client_id": "x", "client_secret": "{{s}}"},
        "timeouts": {"read_ms": "{{patience}}"},
        "proxy": "{{proxy}}",
        "variables": [{"name": "n", "type": "number", "value": "{{other}}"}],
    }
    number = a_team.environment(**content)
    seen = a_team.viewer.ok("GET", f"{a_team.path}/environments/{number}")
    assert {name: seen[name] for name in ("base_url", "auth", "timeouts", "proxy")} == {
        name: content[name] for name in ("base_url", "auth", "timeouts", "proxy")
    }
    plan_of(a_team)
