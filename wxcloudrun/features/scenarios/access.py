"""Who may do what with a scenario: what a member may in its project."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.db import AnySession
from wxcloudrun.features.cases.access import sees
from wxcloudrun.features.projects.access import Membership, ProjectAccess, Right
from wxcloudrun.features.scenarios.dao import ScenarioDao
from wxcloudrun.features.scenarios.errors import ScenarioInTrash, ScenarioNotFound


@dataclass(frozen=True, slots=True)
class ScenarioGrip:
    """A scenario that somebody was let to, and their place in its project."""

    actor: Actor
    membership: Membership
    row: Row[Any]

    def sees_case_of(self, step: Row[Any]) -> bool:
        """True when they see the case of this step here, or it has none."""
        if step.case_id is None:
            return True
        return not self.lost_case_of(step) and sees(self.actor, _CaseOf(step), self.membership)

    def lost_case_of(self, step: Row[Any]) -> bool:
        """True when the case of this step belongs to another project now: it was moved while the scenario was trash."""
        return step.case_id is not None and step.case_project_id != self.membership.project.id


class _CaseOf:
    """What decides who sees the case of a step."""

    __slots__ = ("creator_id", "visibility")

    def __init__(self, step: Row[Any]) -> None:
        self.visibility = step.case_visibility
        self.creator_id = step.case_creator_id


class ScenarioAccess:
    """Lets members to scenarios. `scenarios` are the questions it asks."""

    def __init__(self, session: AnySession, access: ProjectAccess, scenarios: ScenarioDao | None = None) -> None:
        self._access = access
        self.scenarios = scenarios or ScenarioDao(session)

    def require(
        self, actor: Actor, project_id: int, scenario_id: int, right: Right = Right.VIEW, *, calls: bool = False
    ) -> ScenarioGrip:
        """The scenario, if the actor has that right in its project; two questions, and one more with `calls`.

        For more than viewing it is locked, in a transaction: nobody else changes it or its steps before the end. With
        `calls` the project is locked too: nobody else changes who calls whom.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ScenarioNotFound, ScenarioInTrash for a change of one
        that lies there.
        """
        grip = self.require_any(actor, project_id, scenario_id, right, calls=calls)
        if right > Right.VIEW and grip.row.deleted_at is not None:
            raise ScenarioInTrash(values={"scenario": grip.row.name})
        return grip

    def require_any(
        self, actor: Actor, project_id: int, scenario_id: int, right: Right, *, calls: bool = False
    ) -> ScenarioGrip:
        """The same, and the trash is no obstacle. Raises as `require` does, without ScenarioInTrash."""
        membership = self._access.require(actor, project_id, right, locked=calls)
        find = self.scenarios.get if right is Right.VIEW else self.scenarios.locked
        row = find(project_id, scenario_id)
        if row is None:
            raise ScenarioNotFound
        return ScenarioGrip(actor, membership, row)
