"""What tests of projects share: people with roles in a project, and environments to look at."""

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from tests.conftest import FakeWeChat, Person, log_in
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db, transaction
from wxcloudrun.features.projects.dao import MemberDao
from wxcloudrun.features.projects.models import MemberRole

ROLES = ("viewer", "runner", "editor", "owner")


@dataclass
class Team:
    """A project with one person in each role, a stranger, and an administrator of the service."""

    app: Flask
    project: int
    viewer: Person
    runner: Person
    editor: Person
    owner: Person
    stranger: Person

    @property
    def path(self) -> str:
        return f"/api/projects/{self.project}"

    def environment(self, name: str = "staging", **content: Any) -> int:
        """A new environment; its number."""
        return int(self.owner.ok("POST", f"{self.path}/environments", {"name": name, **content})["id"])

    def invitation(self, **wanted: Any) -> dict[str, Any]:
        """A new invitation with its code."""
        made: dict[str, Any] = self.owner.ok("POST", f"{self.path}/invitations", wanted)
        return made


def team(app: Flask, wechat: FakeWeChat) -> Team:
    """A new project with its people."""
    owner = log_in(app, wechat, "openid-of-the-owner", verified=True)
    project = owner.ok("POST", "/api/projects", {"name": "Payments"})["id"]
    people = {role: log_in(app, wechat, f"openid-of-the-{role}") for role in ROLES[:-1]}
    for role, person in people.items():
        join(app, project, person.id, role)
    return Team(app, project, **people, owner=owner, stranger=log_in(app, wechat, "openid-of-a-stranger"))


def join(app: Flask, project: int, user_id: int, role: str) -> None:
    """Make somebody a member, without an invitation."""
    with app.app_context(), transaction(db.session) as session:
        MemberDao(session).add(project, user_id, MemberRole[role.upper()], SystemClock().now())


def error_of(response: Any) -> tuple[int, str]:
    """Status and name of a refusal."""
    return response.status_code, response.json["data"]["error"]


def faults_of(response: Any) -> dict[str, str]:
    """Reasons by field of a rejected input."""
    assert response.status_code in {400, 422}, response.text
    return {fault["field"]: fault["reason"] for fault in response.json["data"]["fields"]}


@pytest.fixture
def each_team(each_app: Flask, each_wechat: FakeWeChat) -> Team:
    """A team in the application on every database."""
    return team(each_app, each_wechat)


@pytest.fixture
def a_team(app: Flask, wechat: FakeWeChat) -> Team:
    """A team in the application on SQLite."""
    return team(app, wechat)
