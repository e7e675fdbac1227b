"""Projects, members and invitations, with everything around the services made up."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.unit.features.projects.stand_ins import FakeAudit, FakeInvitationDao, FakeMemberDao, FakeTokenDao
from tests.unit.features.users.stand_ins import FakeClock, FakeSession
from wxcloudrun.core.actor import Actor, Role, Verification
from wxcloudrun.core.errors import AdministratorRequired, EditConflict, VerificationRequired
from wxcloudrun.features.projects import errors
from wxcloudrun.features.projects.access import ProjectAccess
from wxcloudrun.features.projects.invitations import InvitationService
from wxcloudrun.features.projects.members import MemberService
from wxcloudrun.features.projects.models import MemberRole
from wxcloudrun.features.projects.schemas import (
    InvitationMade,
    InvitationQrcode,
    MembersQuery,
    ProjectChange,
    ProjectMade,
    ProjectsQuery,
    Transfer,
)
from wxcloudrun.features.projects.service import ProjectService

OWNER = Actor(1, verification=Verification.VERIFIED)
FRIEND, STRANGER = Actor(2), Actor(3)


class House:
    def __init__(self) -> None:
        self.session, self.clock, self.audit = FakeSession(), FakeClock(), FakeAudit()
        self.members = FakeMemberDao({1: "owner", 2: "friend", 3: "stranger"})
        self.rows = self.members.projects
        self.codes = FakeInvitationDao(self.rows, self.members)
        self.asked: list[object] = []
        access = ProjectAccess(None, self.rows)
        made = (self.session, self.clock, self.audit, access)
        wechat = SimpleNamespace(qrcode=self.asked.append)
        self.projects = ProjectService(*made, self.rows, self.members)
        self.tokens = FakeTokenDao()
        self.people = MemberService(*made, self.rows, self.members, self.codes, self.tokens)
        self.invitations = InvitationService(*made, wechat, "pages/join", (self.rows, self.members, self.codes))
        self.project = self.projects.add(OWNER, ProjectMade(name="p")).id

    def befriend(self, role: MemberRole = MemberRole.VIEWER) -> None:
        self.members.add(self.project, FRIEND.user_id, role, self.clock.now())


@pytest.fixture
def house() -> House:
    return House()


def test_every_change_is_recorded_in_its_project(house):
    house.befriend()
    house.projects.change(OWNER, house.project, ProjectChange(name="q"))
    house.people.change(OWNER, house.project, 2, MemberRole.RUNNER)
    code = house.invitations.add(OWNER, house.project, InvitationMade()).code
    house.invitations.accept(STRANGER, code)
    house.invitations.revoke(OWNER, house.project, 1)
    house.people.transfer(OWNER, house.project, Transfer(user_id=2))
    house.people.remove(FRIEND, house.project, 3)
    house.people.remove(OWNER, house.project, 1)
    house.projects.archive(FRIEND, house.project)
    house.projects.restore(FRIEND, house.project)
    assert house.audit.actions == [
        "project.created",
        "project.changed",
        "member.role_changed",
        "invitation.created",
        "member.joined",
        "invitation.revoked",
        "project.transferred",
        "member.removed",
        "member.left",
        "project.archived",
        "project.restored",
    ]
    assert {entry[4] for entry in house.audit.entries} == {house.project}
    assert code not in str(house.audit.entries)


def test_nothing_is_recorded_where_nothing_changed(house):
    house.befriend()
    before = len(house.audit.entries)
    house.projects.change(OWNER, house.project, ProjectChange(name="p"))
    house.projects.restore(OWNER, house.project)
    house.people.change(OWNER, house.project, 2, MemberRole.VIEWER)
    house.people.transfer(OWNER, house.project, Transfer(user_id=1))
    assert len(house.audit.entries) == before


def test_only_who_is_verified_makes_projects(house):
    with pytest.raises(VerificationRequired):
        house.projects.add(FRIEND, ProjectMade(name="p"))
    assert house.projects.add(Actor(2, Role.ADMINISTRATOR), ProjectMade(name="p")).role.name == "owner"


def test_only_administrators_list_everybodys_projects(house):
    assert house.projects.page(FRIEND, ProjectsQuery()).total == 0
    with pytest.raises(AdministratorRequired):
        house.projects.page(FRIEND, ProjectsQuery(everyone=True))
    found = house.projects.page(Actor(2, Role.ADMINISTRATOR), ProjectsQuery(everyone=True))
    assert [(one.id, one.role) for one in found.items] == [(house.project, None)]


def test_an_older_version_brings_the_present_state(house):
    house.projects.change(OWNER, house.project, ProjectChange(name="q"))
    with pytest.raises(EditConflict) as caught:
        house.projects.change(OWNER, house.project, ProjectChange(name="r", version=1))
    assert caught.value.present.name == "q"


def test_the_last_owner_stays_however_they_try(house):
    house.befriend(MemberRole.EDITOR)
    for attempt in (
        lambda: house.people.remove(OWNER, house.project, 1),
        lambda: house.people.change(OWNER, house.project, 1, MemberRole.VIEWER),
        lambda: house.people.remove(Actor(3, Role.ADMINISTRATOR), house.project, 1),
    ):
        with pytest.raises(errors.LastOwnerProtected):
            attempt()
    assert house.members.owners(house.project) == [1]


def test_an_administrator_gives_a_project_an_owner_and_stays_outside(house):
    house.befriend()
    house.people.transfer(Actor(3, Role.ADMINISTRATOR), house.project, Transfer(user_id=2))
    assert sorted(house.members.owners(house.project)) == [1, 2]
    assert house.members.get(house.project, 3) is None


def test_who_owns_no_more_has_offered_nothing(house):
    house.befriend(MemberRole.OWNER)
    code = house.invitations.add(OWNER, house.project, InvitationMade()).code
    house.people.change(FRIEND, house.project, 1, MemberRole.EDITOR)
    with pytest.raises(errors.InvitationRevoked):
        house.invitations.accept(STRANGER, code)


def test_a_project_without_owner_is_archived_when_the_owner_is_forgotten(house):
    house.befriend()
    house.people.forget(1)
    assert house.rows.rows[house.project]["state"].name == "ARCHIVED"
    assert house.audit.actions[-2:] == ["member.left", "project.archived"]
    assert house.people.of_person(1) == []
    assert [one["role"] for one in house.people.of_person(2)] == ["viewer"]


def test_a_project_with_another_owner_goes_on(house):
    house.befriend(MemberRole.OWNER)
    house.people.forget(1)
    assert house.rows.rows[house.project]["state"].name == "ACTIVE"
    assert house.people.page(FRIEND, house.project, MembersQuery()).total == 1


def test_an_invitation_works_until_its_end(house):
    code = house.invitations.add(OWNER, house.project, InvitationMade(expires_in_hours=1, uses=5)).code
    house.clock.move(timedelta(minutes=59))
    assert house.invitations.preview(code).role.name == "runner"
    house.clock.move(timedelta(minutes=1))
    for attempt in (house.invitations.preview, lambda code: house.invitations.accept(FRIEND, code)):
        with pytest.raises(errors.InvitationExpired):
            attempt(code)


def test_a_member_with_more_rights_keeps_them(house):
    house.befriend(MemberRole.EDITOR)
    code = house.invitations.add(OWNER, house.project, InvitationMade(role="viewer")).code
    assert house.invitations.accept(FRIEND, code).role.name == "editor"
    assert house.codes.rows[1]["uses_left"] == 1


def test_codes_cannot_be_guessed_and_fit_into_a_scene(house):
    made = [house.invitations.add(OWNER, house.project, InvitationMade()) for _ in range(50)]
    assert len({one.code for one in made}) == 50
    assert {len(one.code) for one in made} == {22}
    house.invitations.qrcode(OWNER, house.project, made[7].id, InvitationQrcode(code=made[7].code))
    assert (house.asked[0].scene, house.asked[0].page) == (f"i={made[7].code}", "pages/join")
    with pytest.raises(errors.InvitationCodeWrong):
        house.invitations.qrcode(OWNER, house.project, made[6].id, InvitationQrcode(code=made[7].code))
    assert len(house.asked) == 1


def test_nobody_but_owners_invites(house):
    house.befriend(MemberRole.EDITOR)
    with pytest.raises(errors.RightRequired):
        house.invitations.add(FRIEND, house.project, InvitationMade())
    with pytest.raises(errors.ProjectNotFound):
        house.invitations.add(STRANGER, house.project, InvitationMade())
