"""Invitations: codes that make whoever shows them a member."""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock, iso
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.ids import digest
from wxcloudrun.core.pagination import Page
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.projects import errors
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.projects.dao import InvitationDao, MemberDao, ProjectDao
from wxcloudrun.features.projects.models import MemberRole, ProjectState
from wxcloudrun.features.projects.schemas import (
    InvitationMade,
    InvitationQrcode,
    InvitationShown,
    InvitationsQuery,
    InvitationView,
    NewInvitation,
    ProjectView,
)
from wxcloudrun.features.users.schemas import Choice
from wxcloudrun.features.wechat.schemas import Qrcode, QrcodeBody
from wxcloudrun.features.wechat.service import WechatService

_KEPT = timedelta(days=30)  # after its end, so that somebody who comes late is told why
_BATCH = 500


class InvitationService:
    """Makes, shows, accepts and ends invitations. `page` is the mini-program's page that reads the code."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        audit: AuditService,
        access: ProjectAccess,
        wechat: WechatService,
        page: str,
        daos: tuple[ProjectDao, MemberDao, InvitationDao] | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._audit = audit
        self._access = access
        self._wechat = wechat
        self._page = page
        self._projects, self._members, self._invitations = daos or (
            ProjectDao(session),
            MemberDao(session),
            InvitationDao(session),
        )

    @unit_of_work
    def add(self, actor: Actor, project_id: int, made: InvitationMade) -> NewInvitation:
        """A new invitation with its code. Raises ProjectNotFound, RightRequired, ProjectArchived."""
        self._access.require(actor, project_id, Right.OWN)
        now, code = self._clock.now(), secrets.token_urlsafe(16)  # 22 letters, so that it fits into a scene
        values = {
            "role": MemberRole[made.role.upper()],
            "uses": made.uses,
            "expires_at": now + timedelta(hours=made.expires_in_hours),
        }
        row = {"project_id": project_id, "inviter_id": actor.user_id, "code_hash": digest(code), "revoked_at": None}
        number = self._invitations.add({**row, **values, "uses_left": made.uses, "created_at": now})
        after = made.model_dump()
        self._audit.record(actor, "invitation.created", ("invitation", number), None, after, project_id=project_id)
        found = self._found(code)
        path = f"{self._page}?scene={_scene(code).replace('=', '%3D')}"
        return NewInvitation.of(found, found.nickname, code=code, path=path)

    def page(self, actor: Actor, project_id: int, query: InvitationsQuery) -> Page[InvitationView]:
        """Invitations, the newest first. Raises ProjectNotFound, RightRequired."""
        self._access.require(actor, project_id, Right.OWN, archived=True)
        usable = self._clock.now() if query.usable else None
        rows, total = self._invitations.page(project_id, usable, (query.page - 1) * query.size, query.size)
        items = [InvitationView.of(row, row.nickname) for row in rows]
        return Page(items=items, page=query.page, size=query.size, total=total)

    @unit_of_work
    def revoke(self, actor: Actor, project_id: int, invitation_id: int) -> None:
        """End an invitation; one that ended before stays so.

        Raises ProjectNotFound, RightRequired, InvitationNotFound.
        """
        self._access.require(actor, project_id, Right.OWN, archived=True)
        self._of_project(project_id, invitation_id)
        if self._invitations.revoke(invitation_id, self._clock.now()):
            target = ("invitation", invitation_id)
            self._audit.record(actor, "invitation.revoked", target, project_id=project_id)

    def preview(self, code: str) -> InvitationShown:
        """What the code leads to. Raises InvitationNotFound, -Revoked, -UsedUp, -Expired, ProjectArchived."""
        found = self._found(code)
        self._works(found)
        return InvitationShown(
            project=found.name,
            description=found.description,
            role=Choice.of(found.role),
            inviter=found.nickname,
            expires_at=iso(found.expires_at),
        )

    @unit_of_work
    def accept(self, actor: Actor, code: str) -> ProjectView:
        """Become a member; who is one already stays what they are, and uses nothing up.

        Raises InvitationNotFound, -Revoked, -UsedUp, -Expired, ProjectArchived.
        """
        found, now, user_id = self._found(code), self._clock.now(), actor.user_id or 0
        present = self._projects.membership(found.project_id, user_id, locked=True)
        if present is None:
            raise errors.InvitationNotFound
        if present.role is None:
            found = self._found(code)  # as it is now that nobody else changes who is in the project
            self._works(found)
            if not self._invitations.use(found.id, now):
                raise errors.InvitationUsedUp
            self._members.add(found.project_id, user_id, found.role, now)
            after = {"role": found.role.name.lower(), "invitation": found.id}
            self._audit.record(actor, "member.joined", ("member", user_id), None, after, project_id=found.project_id)
        return ProjectView.of(present, present.role or found.role)

    def qrcode(self, actor: Actor, project_id: int, invitation_id: int, wanted: InvitationQrcode) -> Qrcode:
        """A mini-program code that opens the invitation.

        Raises ProjectNotFound, RightRequired, ProjectArchived, InvitationNotFound, InvitationCodeWrong, the refusals of
        an invitation that does not work any more, and those of WeChat.
        """
        self._access.require(actor, project_id, Right.OWN)
        invitation = self._of_project(project_id, invitation_id)
        if invitation.code_hash != digest(wanted.code):
            raise errors.InvitationCodeWrong
        self._works(self._found(wanted.code))
        look = {"env_version": wanted.env_version, "width": wanted.width}
        return self._wechat.qrcode(QrcodeBody(scene=_scene(wanted.code), page=self._page, **look))

    @unit_of_work
    def clear(self) -> int:
        """Remove invitations that ended long ago; how many. Called in the background."""
        return self._invitations.clear(self._clock.now() - _KEPT, _BATCH)

    def _found(self, code: str) -> Row[Any]:
        row = self._invitations.by_hash(digest(code))
        if row is None:
            raise errors.InvitationNotFound
        return row

    def _of_project(self, project_id: int, invitation_id: int) -> Row[Any]:
        row = self._invitations.get(project_id, invitation_id)
        if row is None:
            raise errors.InvitationNotFound
        return row

    def _works(self, invitation: Row[Any]) -> None:
        if invitation.revoked_at is not None:
            raise errors.InvitationRevoked
        if invitation.expires_at <= self._clock.now():
            raise errors.InvitationExpired
        if invitation.uses_left < 1:
            raise errors.InvitationUsedUp
        if invitation.state is ProjectState.ARCHIVED:
            raise errors.ProjectArchived


def _scene(code: str) -> str:
    """What the page is given; WeChat allows 32 characters."""
    return f"i={code}"
