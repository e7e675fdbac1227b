"""What the DAOs of projects and environments promise: kept on every database, and by those of the tests."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import insert

from tests.unit.features.environments.stand_ins import FakeEnvironmentDao, FakeVariableDao
from tests.unit.features.projects.stand_ins import FakeInvitationDao, FakeMemberDao
from tests.unit.features.users.stand_ins import START
from wxcloudrun.core.db import db, transaction
from wxcloudrun.features.environments.dao import EnvironmentDao, VariableDao
from wxcloudrun.features.environments.errors import EnvironmentNameTaken
from wxcloudrun.features.projects.dao import InvitationDao, MemberDao, ProjectDao, ProjectFilter
from wxcloudrun.features.projects.models import MemberRole, ProjectState
from wxcloudrun.features.users.models import User

LATER = START + timedelta(seconds=1, microseconds=123_456)
VIEWER, RUNNER, EDITOR, OWNER = MemberRole


def project(dao, name: str = "p", state: ProjectState = ProjectState.ACTIVE) -> int:
    stamp = {"version": 1, "created_at": START, "updated_at": START}
    return dao.projects.add({"name": name, "description": "d", "state": state, **stamp})


def invitation(dao, number: int, **values: object) -> int:
    row = {
        "inviter_id": dao.who[0],
        "code_hash": f"hash {len(values)} {values.get('uses')} {values.get('expires_at') == START}",
        "role": RUNNER,
        "uses": 2,
        "uses_left": 2,
    }
    row |= {"expires_at": LATER, "revoked_at": None, "created_at": START}
    return dao.invitations.add({"project_id": number, **row, **values})


def environment(dao, number: int, name: str) -> int:
    stamp = {"version": 1, "created_at": START, "updated_at": START}
    return dao.environments.add(
        {"project_id": number, "name": name, "base_url": "", "content": "{}", "secrets": None, **stamp}
    )


def names(found) -> list[str]:
    return [row.name for row in found[0]]


def a_membership_is_a_project_with_ones_role(dao):
    number = project(dao, "支付 😀")
    dao.members.add(number, dao.who[0], EDITOR, START)
    row = dao.projects.membership(number, dao.who[0])
    assert (row.id, row.name, row.state, row.version, row.role) == (number, "支付 😀", ProjectState.ACTIVE, 1, EDITOR)
    assert dao.projects.membership(number, dao.who[1]).role is None
    assert dao.projects.membership(number, dao.who[0], locked=True) == row
    assert dao.projects.membership(number + 1, dao.who[0]) is None
    assert dao.projects.membership(number + 1, dao.who[0], locked=True) is None


def an_edit_raises_the_version_and_asks_for_it(dao):
    number = project(dao)
    assert dao.projects.edit(number, {"name": "first"}, LATER, 1) is True
    assert dao.projects.edit(number, {"name": "late"}, LATER, 1) is False
    assert dao.projects.edit(number, {"description": "x"}, LATER) is True
    row = dao.projects.membership(number, 0)
    assert (row.name, row.version, row.updated_at) == ("first", 3, LATER)


def projects_are_found_by_member_text_state_and_role(dao):
    who, other = dao.who[:2]
    for name, role in (("100%", OWNER), ("1000", VIEWER), ("a_b", OWNER), ("AXB", OWNER), ("😀", OWNER), ("🎉", OWNER)):
        dao.members.add(project(dao, name), who, role, START)
    archived = project(dao, "old", ProjectState.ARCHIVED)
    dao.members.add(archived, who, OWNER, START)
    dao.members.add(project(dao, "theirs"), other, OWNER, START)

    def found(**wanted) -> list[str]:
        return names(dao.projects.page(ProjectFilter(member_id=who, **wanted), who, "id", 0, 20))

    assert found() == ["100%", "1000", "a_b", "AXB", "😀", "🎉", "old"]
    assert found(text="0%") == ["100%"]
    assert found(text="a_b") == ["a_b"]
    assert found(text="axB") == ["AXB"]
    assert found(text="😀") == ["😀"]
    assert found(state=ProjectState.ARCHIVED) == ["old"]
    assert found(role=VIEWER) == ["1000"]
    rows, total = dao.projects.page(ProjectFilter(), who, "-id", 0, 2)
    assert ([(row.name, row.role) for row in rows], total) == ([("theirs", None), ("old", OWNER)], 8)


def pages_follow_one_another_and_know_their_total(dao):
    for number in range(5):
        dao.members.add(project(dao, f"n{number % 2}"), dao.who[0], OWNER, START)
    wanted = ProjectFilter(member_id=dao.who[0])
    rows, total = dao.projects.page(wanted, dao.who[0], "name", 0, 3)
    assert ([row.name for row in rows], total) == (["n0", "n0", "n0"], 5)
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    rows, total = dao.projects.page(wanted, dao.who[0], "-name", 3, 3)
    assert ([row.name for row in rows], total) == (["n0", "n0"], 5)
    assert rows[0].id > rows[1].id
    assert dao.projects.page(wanted, dao.who[0], "name", 30, 3) == ([], 5)


def members_are_people_in_one_project(dao):
    number, other = project(dao), project(dao)
    for who, role in zip(dao.who, (OWNER, VIEWER, OWNER), strict=True):
        dao.members.add(number, who, role, LATER)
    dao.members.add(other, dao.who[1], OWNER, START)
    row = dao.members.get(number, dao.who[1])
    assert (row.user_id, row.role, row.nickname, row.joined_at) == (dao.who[1], VIEWER, "two%", LATER)
    assert dao.members.owners(number) == [dao.who[0], dao.who[2]]
    rows, total = dao.members.page(number, None, None, "-role", 0, 9)
    assert ([row.user_id for row in rows], total) == ([dao.who[2], dao.who[0], dao.who[1]], 3)
    assert [row.user_id for row in dao.members.page(number, OWNER, None, "id", 1, 9)[0]] == [dao.who[2]]
    assert [row.user_id for row in dao.members.page(number, None, "O%", "nickname", 0, 9)[0]] == [dao.who[1]]
    assert [(row.project_id, row.name) for row in dao.members.of_person(dao.who[1])] == [(number, "p"), (other, "p")]
    dao.members.change(number, dao.who[1], EDITOR)
    dao.members.remove(number, dao.who[0])
    assert dao.members.get(number, dao.who[0]) is None
    assert dao.members.get(number, dao.who[1]).role is EDITOR
    assert dao.members.get(other, dao.who[1]).role is OWNER


def an_invitation_is_used_as_often_as_it_says(dao):
    number = project(dao)
    made = invitation(dao, number, code_hash="h")
    assert dao.invitations.by_hash("h").nickname == "one"
    assert dao.invitations.by_hash("H") is None
    assert [dao.invitations.use(made, START) for _ in range(3)] == [True, True, False]
    assert dao.invitations.get(number, made).uses_left == 0
    assert dao.invitations.get(number + 1, made) is None


def an_invitation_that_ended_is_not_used(dao):
    number = project(dao)
    expired, revoked = invitation(dao, number, expires_at=START), invitation(dao, number, uses=1)
    assert dao.invitations.use(expired, START) is False
    assert dao.invitations.revoke(revoked, START) is True
    assert dao.invitations.revoke(revoked, LATER) is False
    assert dao.invitations.use(revoked, START) is False
    usable = invitation(dao, number, uses=3)
    assert [row.id for row in dao.invitations.page(number, START, 0, 9)[0]] == [usable]
    rows, total = dao.invitations.page(number, None, 0, 2)
    assert ([row.id for row in rows], total) == ([usable, revoked], 3)
    dao.invitations.revoke_of(number, dao.who[1], LATER)
    assert dao.invitations.get(number, usable).revoked_at is None
    dao.invitations.revoke_of(number, dao.who[0], LATER)
    assert dao.invitations.get(number, usable).revoked_at == LATER
    assert dao.invitations.get(number, revoked).revoked_at == START


def old_invitations_are_cleared(dao):
    number = project(dao)
    old, kept = invitation(dao, number, expires_at=START), invitation(dao, number)
    assert dao.invitations.clear(LATER, 9) == 1
    assert dao.invitations.clear(LATER, 9) == 0
    assert dao.invitations.get(number, old) is None
    assert dao.invitations.get(number, kept) is not None


def an_environment_is_read_as_written_and_one_is_marked(dao):
    number = project(dao)
    first, second = environment(dao, number, "预发"), environment(dao, number, "b")
    assert dao.environments.default(number) is None
    dao.environments.mark(number, first)
    dao.environments.mark(number, first)
    dao.environments.mark(number, second)
    assert dao.environments.default(number).id == second
    assert [dao.environments.get(number, one).marked is not None for one in (first, second)] == [False, True]
    row = dao.environments.locked(number, first)
    assert (row.name, row.content, row.secrets, row.version, row.marked) == ("预发", "{}", None, 1, None)
    assert dao.environments.get(number + 1, first) is None
    assert dao.environments.locked(number + 1, first) is None
    dao.environments.change(first, {"content": "x" * 100_000, "version": 2})
    assert len(dao.environments.get(number, first).content) == 100_000
    dao.environments.remove(second)
    assert dao.environments.default(number) is None
    assert dao.environments.get(number, second) is None


def environments_are_listed_by_name(dao):
    number, other = project(dao), project(dao)
    for name in ("a_b", "AXB", "c"):
        environment(dao, number, name)
    environment(dao, other, "c")
    assert names(dao.environments.page(number, None, "-id", 0, 9)) == ["c", "AXB", "a_b"]
    assert names(dao.environments.page(number, "a_", "id", 0, 9)) == ["a_b"]
    assert dao.environments.page(number, "x", "id", 0, 9)[1] == 1


def a_name_of_an_environment_is_taken_once_a_project(dao):
    number, other = project(dao), project(dao)
    environment(dao, number, "same")
    environment(dao, other, "same")
    second = environment(dao, number, "Same")
    with pytest.raises(EnvironmentNameTaken), dao.attempt():
        environment(dao, number, "same")
    with pytest.raises(EnvironmentNameTaken), dao.attempt():
        dao.environments.change(second, {"name": "same"})


def a_projects_variables_are_one_row(dao):
    number = project(dao)
    assert dao.variables.get(number) is None
    for version in (2, 3):
        dao.variables.put(number, {"content": "{}", "secrets": None, "version": version, "updated_at": START})
    assert dao.variables.get(number).version == 3


PROMISES = [
    a_membership_is_a_project_with_ones_role,
    an_edit_raises_the_version_and_asks_for_it,
    projects_are_found_by_member_text_state_and_role,
    pages_follow_one_another_and_know_their_total,
    members_are_people_in_one_project,
    an_invitation_is_used_as_often_as_it_says,
    an_invitation_that_ended_is_not_used,
    old_invitations_are_cleared,
    an_environment_is_read_as_written_and_one_is_marked,
    environments_are_listed_by_name,
    a_name_of_an_environment_is_taken_once_a_project,
    a_projects_variables_are_one_row,
]
each_promise = pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
NICKNAMES = ("one", "two%", "three")


class _NothingToUndo:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None


@each_promise
def test_the_daos_of_the_tests_keep_the_promise(promise):
    who = [11, 12, 13]
    members = FakeMemberDao(dict(zip(who, NICKNAMES, strict=True)))
    daos = {"projects": members.projects, "members": members}
    daos["invitations"] = FakeInvitationDao(members.projects, members)
    daos |= {"environments": FakeEnvironmentDao(), "variables": FakeVariableDao()}
    promise(SimpleNamespace(**daos, who=who, attempt=_NothingToUndo))


@each_promise
def test_the_real_daos_keep_the_promise(promise, each_app):
    with each_app.app_context(), transaction(db.session) as session:
        stamp = {"created_at": START, "updated_at": START}
        who = [
            session.execute(insert(User).values(nickname=name, **stamp)).inserted_primary_key[0] for name in NICKNAMES
        ]
        daos = {"projects": ProjectDao(session), "members": MemberDao(session), "invitations": InvitationDao(session)}
        daos |= {"environments": EnvironmentDao(session), "variables": VariableDao(session)}
        promise(SimpleNamespace(**daos, who=who, attempt=session.begin_nested))
