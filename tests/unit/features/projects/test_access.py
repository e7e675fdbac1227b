"""The only check of rights in a project: every role against every right."""

import itertools
from datetime import UTC, datetime

import pytest

from tests.unit.features.projects.stand_ins import FakeMemberDao
from wxcloudrun.core.actor import SYSTEM, Actor, Grant, Role
from wxcloudrun.core.errors import AdministratorRequired
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.projects.errors import ProjectArchived, ProjectNotFound, RightRequired
from wxcloudrun.features.projects.models import MemberRole, ProjectState

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MEMBER, STRANGER = 1, 2
VALUES = {"name": "p", "description": "", "version": 1, "created_at": NOW, "updated_at": NOW}


def house(role: MemberRole, state: ProjectState = ProjectState.ACTIVE) -> tuple[ProjectAccess, int]:
    members = FakeMemberDao({MEMBER: "member"})
    project = members.projects.add({**VALUES, "state": state})
    members.add(project, MEMBER, role, NOW)
    return ProjectAccess(None, members.projects), project


@pytest.mark.parametrize(("role", "right"), list(itertools.product(MemberRole, Right)))
def test_a_role_gives_its_rights_and_those_below(role, right):
    access, project = house(role)
    if role >= right:
        assert access.require(Actor(MEMBER), project, right).role is role
        return
    with pytest.raises(RightRequired) as caught:
        access.require(Actor(MEMBER), project, right)
    assert MemberRole(right).name.lower() in caught.value.message("zh")
    assert MemberRole(right).name.lower() in caught.value.message("en")


@pytest.mark.parametrize("right", Right)
def test_to_a_stranger_a_project_is_not_there(right):
    access, project = house(MemberRole.OWNER)
    for actor, number in [(Actor(STRANGER), project), (Actor(MEMBER), project + 1), (SYSTEM, project + 1)]:
        with pytest.raises(ProjectNotFound):
            access.require(actor, number, right)


@pytest.mark.parametrize("actor", [SYSTEM, Actor(STRANGER, Role.ADMINISTRATOR), Actor(MEMBER, Role.ADMINISTRATOR)])
def test_administrators_of_the_service_count_as_owners(actor):
    access, project = house(MemberRole.VIEWER)
    found = access.require(actor, project, Right.OWN)
    assert found.role is MemberRole.OWNER
    assert found.member is (MemberRole.VIEWER if actor.user_id == MEMBER else None)
    assert found.may(Right.OWN)


@pytest.mark.parametrize("right", [Right.RUN, Right.EDIT, Right.OWN])
def test_an_archived_project_can_be_looked_at_only(right):
    access, project = house(MemberRole.OWNER, ProjectState.ARCHIVED)
    assert access.require(Actor(MEMBER), project, Right.VIEW).project.state is ProjectState.ARCHIVED
    assert access.require(Actor(MEMBER), project, right, archived=True)
    with pytest.raises(ProjectArchived):
        access.require(Actor(MEMBER), project, right)


def test_that_a_project_is_archived_is_not_told_to_whom_it_is_closed_anyway():
    access, project = house(MemberRole.VIEWER, ProjectState.ARCHIVED)
    with pytest.raises(RightRequired):
        access.require(Actor(MEMBER), project, Right.EDIT)


@pytest.mark.parametrize("state", ProjectState)
def test_what_only_administrators_do_says_to_strangers_that_nothing_is_there(state):
    access, project = house(MemberRole.OWNER, state)
    with pytest.raises(ProjectNotFound):
        access.require_administrator(Actor(STRANGER), project)
    with pytest.raises(AdministratorRequired):
        access.require_administrator(Actor(MEMBER), project)
    assert access.require_administrator(Actor(STRANGER, Role.ADMINISTRATOR), project).member is None
    program = Actor(MEMBER, Role.ADMINISTRATOR, grant=Grant(1, project, MemberRole.OWNER))
    with pytest.raises(AdministratorRequired):
        access.require_administrator(program, project)
