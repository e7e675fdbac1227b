"""Who is in a project: roles, removal, leaving, and handing the project over."""

from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import SYSTEM, Actor, Status
from wxcloudrun.core.clock import Clock, iso
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.pagination import Page
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.projects.dao import ApiTokenDao, InvitationDao, MemberDao, ProjectDao
from wxcloudrun.features.projects.errors import LastOwnerProtected, MemberNotFound
from wxcloudrun.features.projects.models import MemberRole, ProjectState
from wxcloudrun.features.projects.schemas import MemberRemoved, MembersQuery, MemberView, ProjectView, Transfer


class MemberService:
    """Changes who is in a project. All changes of one project wait in line, so that its last owner stays."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        audit: AuditService,
        access: ProjectAccess,
        projects: ProjectDao | None = None,
        members: MemberDao | None = None,
        invitations: InvitationDao | None = None,
        tokens: ApiTokenDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._audit = audit
        self._access = access
        self._projects = projects or ProjectDao(session)
        self._members = members or MemberDao(session)
        self._invitations = invitations or InvitationDao(session)
        self._tokens = tokens or ApiTokenDao(session)

    def page(self, actor: Actor, project_id: int, query: MembersQuery) -> Page[MemberView]:
        """Members. Raises ProjectNotFound."""
        self._access.require(actor, project_id, Right.VIEW)
        role = None if query.role is None else MemberRole[query.role.upper()]
        offset = (query.page - 1) * query.size
        rows, total = self._members.page(project_id, role, query.q, query.sort, offset, query.size)
        items = [MemberView.of(row) for row in rows]
        return Page(items=items, page=query.page, size=query.size, total=total)

    @unit_of_work
    def change(self, actor: Actor, project_id: int, user_id: int, role: MemberRole) -> MemberView:
        """Give a member another role.

        Raises ProjectNotFound, RightRequired, ProjectArchived, MemberNotFound, LastOwnerProtected.
        """
        self._access.require(actor, project_id, Right.OWN, locked=True)
        member = self._member(project_id, user_id)
        if member.role is not role:
            self._ends_ownership(project_id, member)
            self._members.change(project_id, user_id, role)
            self._record(actor, "member.role_changed", project_id, user_id, member.role, role)
        return MemberView.of(self._member(project_id, user_id))

    @unit_of_work
    def remove(self, actor: Actor, project_id: int, user_id: int) -> MemberRemoved:
        """Remove a member, or leave; an archived project can be left too.

        Raises ProjectNotFound, RightRequired, MemberNotFound, LastOwnerProtected.
        """
        own = actor.user_id == user_id and actor.grant is None  # a program takes nobody out of a project
        self._access.require(actor, project_id, Right.VIEW if own else Right.OWN, archived=True, locked=True)
        member = self._member(project_id, user_id)
        self._ends_ownership(project_id, member)
        self._take_out(project_id, user_id)
        self._record(actor, "member.left" if own else "member.removed", project_id, user_id, member.role, None)
        return MemberRemoved(user_id=user_id)

    @unit_of_work
    def transfer(self, actor: Actor, project_id: int, transfer: Transfer) -> ProjectView:
        """Make a member the owner in one's own place; one stays as editor.

        Raises ProjectNotFound, RightRequired, ProjectArchived, MemberNotFound.
        """
        membership = self._access.require(actor, project_id, Right.OWN, locked=True)
        heir = self._member(project_id, transfer.user_id)
        if heir.status is not Status.ACTIVE:
            raise MemberNotFound
        if heir.user_id != actor.user_id:
            self._hand_over(actor, project_id, heir, owned=membership.member is MemberRole.OWNER)
        after = self._access.require(actor, project_id, Right.VIEW)
        return ProjectView.of(after.project, after.member)

    @unit_of_work
    def forget(self, user_id: int) -> None:
        """Somebody's account is deleted: end every membership. A project that loses its only owner is archived.

        An administrator of the service may restore such a project and give it a new owner.
        """
        for row in self._members.of_person(user_id):
            self._access.require(SYSTEM, row.project_id, Right.OWN, archived=True, locked=True)
            last = self._members.owners(row.project_id) == [user_id]
            self._invitations.revoke_of(row.project_id, user_id, self._clock.now())
            self._take_out(row.project_id, user_id)
            self._record(SYSTEM, "member.left", row.project_id, user_id, row.role, None)
            if last and row.state is ProjectState.ACTIVE:
                self._archive(row.project_id)

    def of_person(self, user_id: int) -> list[dict[str, Any]]:
        """What somebody is a member of, for the export of what is kept about a person."""
        rows = self._members.of_person(user_id)
        return [
            {"id": row.project_id, "name": row.name, "role": row.role.name.lower(), "joined_at": iso(row.joined_at)}
            for row in rows
        ]

    def _member(self, project_id: int, user_id: int) -> Row[Any]:
        row = self._members.get(project_id, user_id)
        if row is None:
            raise MemberNotFound
        return row

    def _take_out(self, project_id: int, user_id: int) -> None:
        """A member goes, and with them the tokens that stood for them: they do not come back when the person does."""
        self._tokens.revoke_of(project_id, user_id, self._clock.now())
        self._members.remove(project_id, user_id)

    def _ends_ownership(self, project_id: int, member: Row[Any]) -> None:
        """What an owner who will be none has offered others, ends too. Raises LastOwnerProtected."""
        if member.role is not MemberRole.OWNER:
            return
        if self._members.owners(project_id) == [member.user_id]:
            raise LastOwnerProtected
        self._invitations.revoke_of(project_id, member.user_id, self._clock.now())

    def _hand_over(self, actor: Actor, project_id: int, heir: Row[Any], *, owned: bool) -> None:
        self._members.change(project_id, heir.user_id, MemberRole.OWNER)
        if owned and actor.user_id is not None:
            self._members.change(project_id, actor.user_id, MemberRole.EDITOR)
            self._invitations.revoke_of(project_id, actor.user_id, self._clock.now())
        owners = ({"owner": actor.user_id if owned else None}, {"owner": heir.user_id})
        self._audit.record(actor, "project.transferred", ("project", project_id), *owners, project_id=project_id)

    def _archive(self, project_id: int) -> None:
        self._projects.edit(project_id, {"state": ProjectState.ARCHIVED}, self._clock.now())
        states = ({"state": "active"}, {"state": "archived"})
        self._audit.record(SYSTEM, "project.archived", ("project", project_id), *states, project_id=project_id)

    def _record(
        self, actor: Actor, action: str, project_id: int, user_id: int, before: MemberRole, after: MemberRole | None
    ) -> None:
        states = ({"role": before.name.lower()}, None if after is None else {"role": after.name.lower()})
        self._audit.record(actor, action, ("member", user_id), *states, project_id=project_id)
