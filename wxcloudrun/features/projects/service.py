"""Projects themselves: making, listing, changing, archiving, and what was changed in them."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import AdministratorRequired, EditConflict, VerificationRequired
from wxcloudrun.core.pagination import Page, Slice, cursor, position
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.projects.access import Membership, ProjectAccess, Right
from wxcloudrun.features.projects.dao import MemberDao, ProjectDao, ProjectFilter
from wxcloudrun.features.projects.models import MemberRole, ProjectState
from wxcloudrun.features.projects.schemas import (
    ActivityQuery,
    ActivityView,
    ProjectChange,
    ProjectMade,
    ProjectsQuery,
    ProjectView,
)


class ProjectService:
    """What people do with projects as a whole."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        audit: AuditService,
        access: ProjectAccess,
        projects: ProjectDao | None = None,
        members: MemberDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._audit = audit
        self._access = access
        self._projects = projects or ProjectDao(session)
        self._members = members or MemberDao(session)

    @unit_of_work
    def add(self, actor: Actor, made: ProjectMade) -> ProjectView:
        """A new project, owned by who makes it. Raises VerificationRequired."""
        if not actor.verified or actor.user_id is None:
            raise VerificationRequired
        now = self._clock.now()
        values = {"name": made.name, "description": made.description}
        stamp = {"state": ProjectState.ACTIVE, "version": 1, "created_at": now, "updated_at": now}
        number = self._projects.add({**values, **stamp})
        self._members.add(number, actor.user_id, MemberRole.OWNER, now)
        self._audit.record(actor, "project.created", ("project", number), None, values, project_id=number)
        return self.view(actor, number)

    def page(self, actor: Actor, query: ProjectsQuery) -> Page[ProjectView]:
        """One's own projects; with `everyone` all of them. Raises AdministratorRequired for that."""
        if query.everyone and not actor.administrator:
            raise AdministratorRequired
        wanted = ProjectFilter(
            member_id=None if query.everyone else actor.user_id or 0,
            text=query.q,
            state=None if query.state is None else ProjectState[query.state.upper()],
            role=None if query.role is None else MemberRole[query.role.upper()],
        )
        offset = (query.page - 1) * query.size
        rows, total = self._projects.page(wanted, actor.user_id or 0, query.sort, offset, query.size)
        items = [ProjectView.of(row, row.role) for row in rows]
        return Page(items=items, page=query.page, size=query.size, total=total)

    def view(self, actor: Actor, project_id: int) -> ProjectView:
        """A project. Raises ProjectNotFound."""
        return shown(self._access.require(actor, project_id, Right.VIEW))

    @unit_of_work
    def change(self, actor: Actor, project_id: int, change: ProjectChange) -> ProjectView:
        """Change the fields that were sent.

        Raises ProjectNotFound, RightRequired, ProjectArchived, EditConflict with the present state.
        """
        membership = self._access.require(actor, project_id, Right.OWN, locked=True)
        project = membership.project
        if change.version not in {None, project.version}:
            raise EditConflict(present=shown(membership))
        values = change.model_dump(exclude_none=True, exclude={"version"})
        values = {name: value for name, value in values.items() if value != getattr(project, name)}
        if not values:
            return shown(membership)
        self._projects.edit(project_id, values, self._clock.now())
        before = {name: getattr(project, name) for name in values}
        self._audit.record(actor, "project.changed", ("project", project_id), before, values, project_id=project_id)
        return self.view(actor, project_id)

    @unit_of_work
    def archive(self, actor: Actor, project_id: int) -> ProjectView:
        """Let nothing in the project be changed or run any more. Raises ProjectNotFound, RightRequired."""
        return self._enter(actor, project_id, ProjectState.ARCHIVED, "project.archived")

    @unit_of_work
    def restore(self, actor: Actor, project_id: int) -> ProjectView:
        """Take an archived project up again. Raises ProjectNotFound, RightRequired."""
        return self._enter(actor, project_id, ProjectState.ACTIVE, "project.restored")

    def activity(self, actor: Actor, project_id: int, query: ActivityQuery) -> Slice[ActivityView]:
        """What was changed in a project, newest first. Raises ProjectNotFound."""
        before = position(query.cursor, (int,))
        self._access.require(actor, project_id, Right.VIEW)
        rows = self._projects.activity(project_id, before[0] if before else None, query.size + 1)
        items = [ActivityView.of(row) for row in rows[: query.size]]
        return Slice(items=items, next=cursor(items[-1].id) if len(rows) > query.size else None)

    def _enter(self, actor: Actor, project_id: int, state: ProjectState, action: str) -> ProjectView:
        membership = self._access.require(actor, project_id, Right.OWN, archived=True, locked=True)
        if membership.project.state is state:
            return shown(membership)
        self._projects.edit(project_id, {"state": state}, self._clock.now())
        states = ({"state": one.name.lower()} for one in (membership.project.state, state))
        self._audit.record(actor, action, ("project", project_id), *states, project_id=project_id)
        return self.view(actor, project_id)


def shown(membership: Membership) -> ProjectView:
    """The project of a membership, as that member sees it."""
    return ProjectView.of(membership.project, membership.member)
