"""The only check of what somebody may do in a project."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.dao import Question
from wxcloudrun.core.db import AnySession
from wxcloudrun.core.errors import AdministratorRequired
from wxcloudrun.features.projects.dao import ProjectDao
from wxcloudrun.features.projects.errors import ProjectArchived, ProjectNotFound, RightRequired
from wxcloudrun.features.projects.models import MemberRole, ProjectState


class Right(IntEnum):
    """What is to be done; each needs the role with the same number, or a higher one."""

    VIEW = MemberRole.VIEWER
    RUN = MemberRole.RUNNER
    EDIT = MemberRole.EDITOR
    OWN = MemberRole.OWNER


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A project as it was when access was checked."""

    id: int
    name: str
    description: str
    state: ProjectState
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Membership:
    """Somebody's place in a project. `member` is None for an administrator of the service who is no member."""

    project: ProjectRow
    role: MemberRole
    member: MemberRole | None

    def may(self, right: Right) -> bool:
        """True when the role is enough for that."""
        return self.role >= right


class ProjectAccess:
    """Lets members of a project do what their role allows. Administrators of the service count as owners.

    Behind an API token somebody may what both their role and the token allow.
    """

    def __init__(self, session: AnySession, projects: ProjectDao | None = None) -> None:
        self._projects = projects or ProjectDao(session)

    def require(
        self, actor: Actor, project_id: int, right: Right, *, archived: bool = False, locked: bool = False
    ) -> Membership:
        """The actor's membership, if it gives that right; one question, and one more for the lock.

        With `archived` an archived project is no obstacle, as it never is to viewing. With `locked`, in a transaction,
        nobody else passes a locked check of this project before the transaction ends.

        Raises ProjectNotFound for a project that is not there or not the actor's, RightRequired, ProjectArchived.
        """
        _require_grant(actor, project_id)
        row = self._projects.membership(project_id, actor.user_id or 0, locked=locked)
        return _membership(actor, row, right, archived=archived)

    def require_beside(
        self, actor: Actor, project_id: int, right: Right, question: Question | None
    ) -> tuple[Membership, Sequence[Row[Any]]]:
        """The same, and the rows that answer a question about that project, in no order: asked together.

        Raises as `require` does.
        """
        if question is None:
            return self.require(actor, project_id, right), ()
        _require_grant(actor, project_id)
        row, rows = self._projects.membership_beside(project_id, actor.user_id or 0, question)
        return _membership(actor, row, right), rows

    def require_member(self, actor: Actor, project_id: int, right: Right, *, locked: bool = False) -> Membership:
        """The same for what goes on with the actor's rights: an administrator who is no member has none to lend.

        Raises as `require` does.
        """
        membership = self.require(actor, project_id, right, locked=locked)
        if membership.member is None:
            raise RightRequired(values={"role": MemberRole(right).name.lower()})
        return membership

    def require_administrator(self, actor: Actor, project_id: int, *, locked: bool = False) -> Membership:
        """The same for what administrators of the service do with a project, archived or not, and nobody else.

        No program does it for them. Raises ProjectNotFound, AdministratorRequired.
        """
        membership = self.require(actor, project_id, Right.VIEW, archived=True, locked=locked)
        if not actor.administrator or actor.grant is not None:
            raise AdministratorRequired
        return membership

    def has_member(self, project_id: int, user_id: int) -> bool:
        """True when that person is a member. It says nothing of what the actor may; one question."""
        row = self._projects.membership(project_id, user_id)
        return row is not None and row.role is not None


def _require_grant(actor: Actor, project_id: int) -> None:
    if actor.grant is not None and actor.grant.project_id != project_id:
        raise ProjectNotFound


def _membership(actor: Actor, row: Any, right: Right, *, archived: bool = False) -> Membership:
    """What is in the row of somebody's membership, if it gives that right."""
    if row is None or not (row.role or actor.administrator):
        raise ProjectNotFound
    role = MemberRole.OWNER if actor.administrator else row.role
    if actor.grant is not None:
        role = MemberRole(min(role, actor.grant.role))
    if role < right:
        raise RightRequired(values={"role": MemberRole(right).name.lower()})
    if row.state is ProjectState.ARCHIVED and right > Right.VIEW and not archived:
        raise ProjectArchived
    return Membership(_project(row), role, row.role)


def _project(row: Any) -> ProjectRow:
    return ProjectRow(row.id, row.name, row.description, row.state, row.version, row.created_at, row.updated_at)
