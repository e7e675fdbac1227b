"""Who may do what with a case: what a member may in the project, and what the case's visibility leaves of it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.db import AnySession
from wxcloudrun.features.cases.dao import CaseDao
from wxcloudrun.features.cases.errors import CaseNotFound
from wxcloudrun.features.cases.models import Visibility
from wxcloudrun.features.projects.access import Membership, ProjectAccess, Right
from wxcloudrun.features.projects.models import ProjectState


@dataclass(frozen=True, slots=True)
class CaseGrip:
    """A case that somebody was let to, and their place in its project.

    `row` has the columns of the table `cases`; where it was not locked also `owner` and `creator`, their nicknames.
    """

    membership: Membership
    row: Row[Any]


class CaseAccess:
    """Lets members to cases. A private case is there for its creator and the project's owners only."""

    def __init__(self, session: AnySession, access: ProjectAccess, cases: CaseDao | None = None) -> None:
        self._access = access
        self._cases = cases or CaseDao(session)

    def require(
        self,
        actor: Actor,
        project_id: int,
        case_id: int,
        right: Right,
        *,
        locked: bool = False,
        trashed: bool = False,
    ) -> CaseGrip:
        """The case, if the actor sees it and has that right in its project; two questions.

        With `locked`, in a transaction, nobody else changes the case before the transaction ends. With `trashed` it
        may lie in the trash; else such a case is not there.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound.
        """
        membership = self._access.require(actor, project_id, right)
        find = self._cases.locked if locked else self._cases.get
        row = find(project_id, case_id)
        if row is None or not sees(actor, row, membership) or (row.deleted_at is not None and not trashed):
            raise CaseNotFound
        return CaseGrip(membership, row)

    def may_edit(self, actor: Actor, row: Any, membership: Membership) -> bool:
        """True when the actor may change this case as it is now. Asks nothing."""
        return self._may(Right.EDIT, actor, row, membership)

    def may_run(self, actor: Actor, row: Any, membership: Membership) -> bool:
        """True when the actor may run this case as it is now; of a `creator_only` one only its creator may."""
        own = not row.creator_only or row.creator_id == actor.user_id
        return own and self._may(Right.RUN, actor, row, membership)

    def _may(self, right: Right, actor: Actor, row: Any, membership: Membership) -> bool:
        open_ = membership.project.state is ProjectState.ACTIVE and row.deleted_at is None
        return open_ and membership.may(right) and sees(actor, row, membership)


def is_the_creators(actor: Actor, row: Any, membership: Membership) -> bool:
    """True for who made the case, and for owners of its project, who may decide what is the creator's alone."""
    return row.creator_id == actor.user_id or membership.may(Right.OWN)


def sends_it(actor: Actor, row: Any, membership: Membership) -> bool:
    """True for who may say where the case is sent with the credentials in it."""
    return not row.creator_only or is_the_creators(actor, row, membership)


def sees(actor: Actor, row: Any, membership: Membership) -> bool:
    """True when a member of the case's project sees it."""
    return row.visibility is not Visibility.PRIVATE or is_the_creators(actor, row, membership)
