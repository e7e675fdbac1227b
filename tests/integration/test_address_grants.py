"""Address ranges of projects: who grants which, what runs may reach with them, and what ends with them."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from tests.conftest import Person, log_in
from tests.integration.projects_bench import Team, error_of, faults_of
from tests.integration.runs_api_bench import RunStage
from wxcloudrun.core.actor import Role
from wxcloudrun.core.clock import SystemClock


@pytest.fixture
def admin(a_team: Team, wechat) -> Person:
    """An administrator of the service, who is no member."""
    return log_in(a_team.app, wechat, "openid-of-an-admin", Role.ADMINISTRATOR)


def granted(group: Team, who: Person, text: str, **more: object) -> dict[str, object]:
    made: dict[str, object] = who.ok(
        "POST", f"{group.path}/address_grants", {"range": text, "reason": "the staging cluster", **more}
    )
    return made


def test_a_grant_is_seen_by_members_with_its_reason_and_leaves_an_entry(a_team: Team, admin: Person):
    made = granted(a_team, admin, "10.1.2.3/32:8080", expires_in_days=30)
    assert (made["range"], made["reason"], made["granter_id"]) == (
        "10.1.2.3/32:8080-8080",
        "the staging cluster",
        admin.id,
    )
    assert a_team.viewer.ok("GET", f"{a_team.path}/address_grants")["items"] == [made]
    assert a_team.viewer.ok("GET", f"{a_team.path}/activity")["items"][0]["action"] == "address.granted"
    assert admin.ok("DELETE", f"{a_team.path}/address_grants/{made['id']}") == {"id": made["id"]}
    assert a_team.viewer.ok("GET", f"{a_team.path}/address_grants?usable=true")["items"] == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("127.0.0.1", "not_grantable"),
        ("127.0.0.0/8", "not_grantable"),
        ("::1", "not_grantable"),
        ("::ffff:127.0.0.1", "not_grantable"),
        ("169.254.169.254", "not_grantable"),
        ("100.100.100.200/32:80", "not_grantable"),
        ("fe80::/10", "not_grantable"),
        ("0.0.0.0/0", "not_grantable"),
        ("224.0.0.0/4", "not_grantable"),
        ("8.0.0.0/7", "too_wide"),
        ("fc00::/7", "too_wide"),
        ("10.0.0.5/8", "not_a_range"),
        ("example.com", "not_a_range"),
        ("10.0.0.0/8:0", "not_a_range"),
    ],
)
def test_what_is_not_for_projects_is_refused_with_the_reason(a_team: Team, admin: Person, text: str, reason: str):
    refused = admin.call("POST", f"{a_team.path}/address_grants", {"range": text, "reason": "x"})
    assert faults_of(refused) == {"range": reason}


def test_a_run_may_reach_what_is_granted_today(a_runs: RunStage, wechat):
    group = a_runs.team
    who = log_in(group.app, wechat, "openid-of-an-admin", Role.ADMINISTRATOR)
    operators = [f"127.0.0.1/32:{a_runs.target.port}"]
    run = a_runs.started(case_id=a_runs.case())["id"]
    assert a_runs.plan(run)["network"]["allowed"] == operators
    made = granted(group, who, "10.1.0.0/16")
    assert a_runs.plan(a_runs.started(case_id=a_runs.case("b"))["id"])["network"]["allowed"] == [
        *operators,
        "10.1.0.0/16",
    ]
    again = group.runner.ok("POST", f"{a_runs.place(run)}/rerun", {"what": "plan"})
    assert a_runs.plan(again["id"])["network"]["allowed"] == [*operators, "10.1.0.0/16"]
    who.ok("DELETE", f"{group.path}/address_grants/{made['id']}")
    assert a_runs.plan(a_runs.started(case_id=a_runs.case("c"))["id"])["network"]["allowed"] == operators


def test_a_grant_that_ended_after_the_plan_was_frozen_ends_for_its_run_too(a_runs: RunStage, wechat, monkeypatch):
    seen: list[tuple[str, ...]] = []

    def noted(_self: object, _claim: object, plan: Any, *_rest: object) -> None:
        seen.append(tuple(plan.network.allowed))
        raise RuntimeError("that is all")

    monkeypatch.setattr("wxcloudrun.features.runs.execution.RunExecution._worked", noted)
    who = log_in(a_runs.team.app, wechat, "openid-of-an-admin", Role.ADMINISTRATOR)
    granted(a_runs.team, who, "10.1.0.0/16", expires_in_days=1)
    granted(a_runs.team, who, "10.2.0.0/16")
    a_runs.started(case_id=a_runs.case())
    with time_machine.travel(SystemClock().now() + timedelta(days=1, minutes=1), tick=True):
        a_runs.work()
    assert [one for one in seen[0] if one.startswith("10.")] == ["10.2.0.0/16"]


def test_what_the_guard_refuses_says_whom_to_ask(a_runs: RunStage):
    run = a_runs.done(case_id=a_runs.case(url="http://10.1.2.3/"))
    told = a_runs.results(run["id"])[0]
    assert told["error_class"] == "guard"
    assert "10.0.0.0/8 is private" in told["message"]
    assert "administrator" in told["message"]


def test_another_project_has_nothing_of_it(a_team: Team, admin: Person):
    granted(a_team, admin, "10.1.0.0/16")
    other = a_team.owner.ok("POST", "/api/projects", {"name": "another"})["id"]
    assert a_team.owner.ok("GET", f"/api/projects/{other}/address_grants")["items"] == []
    refused = admin.call("DELETE", f"/api/projects/{other}/address_grants/1")
    assert error_of(refused) == (404, "address_grant_not_found")
