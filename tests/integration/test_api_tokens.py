"""API tokens: what a program may with one, on every route, and when it ends."""

import re
from datetime import timedelta

import time_machine
from sqlalchemy import select

from tests.conftest import Person, log_in
from tests.integration.projects_bench import Team, error_of, join
from tests.integration.role_table import PROJECT_TABLE, TABLE
from wxcloudrun.core.actor import Role
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.projects.models import ApiToken


def program(group: Team, maker: Person | None = None, **wanted: object) -> Person:
    """A program that shows a new token of the editor's, or of somebody else's."""
    maker = maker or group.editor
    made = maker.ok("POST", f"{group.path}/tokens", {"name": "CI", **wanted})
    return Person(group.app.test_client(), maker.id, made["token"], "", maker.openid)


def test_a_token_is_shown_once_and_kept_as_a_hash(each_team: Team):
    made = each_team.editor.ok("POST", f"{each_team.path}/tokens", {"name": "nightly", "scope": "read"})
    assert re.fullmatch(r"wxt_[A-Za-z0-9_-]{43}", made["token"])
    (listed,) = each_team.owner.ok("GET", f"{each_team.path}/tokens")["items"]
    assert (listed["name"], listed["scope"], listed["maker_id"]) == ("nightly", "read", each_team.editor.id)
    assert made["token"] not in str(listed)
    with each_team.app.app_context():
        rows = (
            db.session.execute(select(ApiToken.__table__)).all()
            + db.session.execute(select(AuditEntry.__table__)).all()
        )
    assert made["token"] not in str(rows)


def test_a_program_reads_and_runs_and_changes_nothing(a_team: Team):
    runner, reader = program(a_team), program(a_team, scope="read")
    assert reader.ok("GET", a_team.path)["id"] == a_team.project
    assert error_of(reader.call("POST", f"{a_team.path}/runs", {"tag": "x"})) == (403, "right_required")
    assert error_of(runner.call("POST", f"{a_team.path}/runs", {"tag": "x"}))[0] == 409, "let in; nothing has that tag"
    refused = runner.call("POST", f"{a_team.path}/cases", {"name": "x", "request": {"url": "/"}})
    assert error_of(refused) == (403, "right_required")
    assert error_of(runner.call("POST", f"{a_team.path}/tokens", {"name": "more"})) == (403, "right_required")


def test_outside_of_projects_a_token_opens_no_more_than_nothing_does(a_team: Team):
    shown = program(a_team)
    for route in (one for one in TABLE if one.split()[1].startswith("/api/")):
        method, path = route.split()
        response = shown.call(method, re.sub(r"\{\w+\}", "1", path))
        if TABLE[route][0] == "ok":
            assert response.status_code not in {401, 403}, route
        elif "/api/hooks/" in route:  # whose caller is known by a signature, with or without a token
            assert error_of(response) == (404, "trigger_not_found"), route
        else:
            assert error_of(response) == (403, "api_token_refused"), route


def test_no_other_project_is_there_for_a_token(a_team: Team):
    other = a_team.owner.ok("POST", "/api/projects", {"name": "another"})["id"]
    shown = program(a_team, a_team.owner)
    for route in PROJECT_TABLE:
        method, path = route.split()
        place = re.sub(r"\{sha256\}", "0" * 64, path.replace("{project_id}", str(other)))
        response = shown.call(method, re.sub(r"\{\w+\}", "1", place), {} if method in {"POST", "PUT"} else None)
        assert response.status_code in {404, 415, 422}, (route, response.text)
        if response.status_code == 404:
            assert error_of(response)[1] == "project_not_found", route


def test_a_token_does_no_more_than_its_maker_may(a_team: Team):
    shown = program(a_team)
    a_team.owner.ok("PUT", f"{a_team.path}/members/{a_team.editor.id}", {"role": "viewer"})
    assert shown.ok("GET", a_team.path)["id"] == a_team.project
    assert error_of(shown.call("POST", f"{a_team.path}/runs", {"tag": "x"})) == (403, "right_required")


def test_an_administrator_lends_a_program_no_powers(a_team: Team, wechat):
    admin = log_in(a_team.app, wechat, "openid-of-an-admin", Role.ADMINISTRATOR)
    assert error_of(admin.call("POST", f"{a_team.path}/tokens", {"name": "x"})) == (403, "right_required")
    join(a_team.app, a_team.project, admin.id, "editor")
    shown = program(a_team, admin)
    assert error_of(shown.call("PUT", a_team.path, {"name": "x"})) == (403, "right_required")
    assert error_of(shown.call("GET", "/api/users")) == (403, "api_token_refused")


def test_a_withdrawn_token_works_no_more(each_team: Team):
    shown = program(each_team)
    number = each_team.owner.ok("GET", f"{each_team.path}/tokens")["items"][0]["id"]
    assert each_team.owner.ok("DELETE", f"{each_team.path}/tokens/{number}") == {"id": number}
    assert error_of(shown.call("GET", each_team.path)) == (401, "api_token_invalid")
    assert each_team.owner.ok("GET", f"{each_team.path}/tokens?usable=true")["items"] == []
    assert each_team.owner.ok("DELETE", f"{each_team.path}/tokens/{number}") == {"id": number}, "it ended before"
    actions = [one["action"] for one in each_team.owner.ok("GET", f"{each_team.path}/activity")["items"]]
    assert actions[:2] == ["api_token.revoked", "api_token.created"]


def test_a_token_ends_by_itself(a_team: Team):
    shown = program(a_team, expires_in_days=1)
    with time_machine.travel(SystemClock().now() + timedelta(days=1, seconds=1), tick=True):
        assert error_of(shown.call("GET", a_team.path)) == (401, "api_token_invalid")


def test_who_leaves_takes_their_tokens_along_for_good(a_team: Team):
    shown = program(a_team)
    a_team.editor.ok("DELETE", f"{a_team.path}/members/{a_team.editor.id}")
    join(a_team.app, a_team.project, a_team.editor.id, "editor")
    assert error_of(shown.call("GET", a_team.path)) == (401, "api_token_invalid")


def test_a_program_takes_nobody_out_of_the_project(a_team: Team):
    shown = program(a_team)
    refused = shown.call("DELETE", f"{a_team.path}/members/{a_team.editor.id}")
    assert error_of(refused) == (403, "right_required")


def test_the_last_use_is_shown_and_written_once_in_ten_minutes(a_team: Team, monkeypatch):
    shown = program(a_team)
    place = f"{a_team.path}/tokens"
    assert a_team.owner.ok("GET", place)["items"][0]["used_at"] is None
    shown.ok("GET", a_team.path)
    first = a_team.owner.ok("GET", place)["items"][0]["used_at"]
    assert first is not None
    shown.ok("GET", a_team.path)
    assert a_team.owner.ok("GET", place)["items"][0]["used_at"] == first
    with time_machine.travel(SystemClock().now() + timedelta(minutes=11), tick=True):
        shown.ok("GET", a_team.path)
    assert a_team.owner.ok("GET", place)["items"][0]["used_at"] > first


def test_what_is_no_token_is_told_so(a_team: Team):
    nobody = Person(a_team.app.test_client(), 0, "wxt_" + "x" * 43, "", "")
    assert error_of(nobody.call("GET", a_team.path)) == (401, "api_token_invalid")


def test_there_is_an_end_to_tokens(a_team: Team, monkeypatch):
    monkeypatch.setattr("wxcloudrun.features.projects.tokens.MOST", 1)
    program(a_team)
    assert error_of(a_team.editor.call("POST", f"{a_team.path}/tokens", {"name": "x"})) == (409, "too_many_api_tokens")
