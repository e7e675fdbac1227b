"""Copies: of a whole scenario, and of a step with everything inside it."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.projects.access import Right
from wxcloudrun.features.scenarios.access import ScenarioAccess, ScenarioGrip
from wxcloudrun.features.scenarios.calls import CallRules
from wxcloudrun.features.scenarios.checking import ScenarioChecking
from wxcloudrun.features.scenarios.dao import StepDao
from wxcloudrun.features.scenarios.errors import CaseMovedAway, StepCaseHidden
from wxcloudrun.features.scenarios.schemas import ScenarioCopied, ScenarioSaved, StepSaved
from wxcloudrun.features.scenarios.service import entry
from wxcloudrun.features.scenarios.steps import new_key
from wxcloudrun.features.scenarios.tree import Tree
from wxcloudrun.features.scenarios.views import scenario_view, step_view

_SAME = ("folder", "description", "tags", "status", "position", "content", "secrets", "project_id")
_SAME_STEP = ("phase", "kind", "case_id", "called_id", "name", "enabled", "content", "secrets")


class ScenarioCopies:
    """Copies what somebody sees. Secrets are copied as they are kept, and nobody sees them."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        audit: AuditService,
        access: ScenarioAccess,
        checking: ScenarioChecking,
        steps: StepDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._audit = audit
        self._access = access
        self._checking = checking
        self._scenarios = access.scenarios
        self._steps = steps or StepDao(session)
        self._rules = CallRules(self._scenarios, self._steps)

    def scenario(self, actor: Actor, project_id: int, scenario_id: int, copied: ScenarioCopied) -> ScenarioSaved:
        """A copy with all its steps, which keep their keys; it belongs to who made it.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ScenarioNotFound, ScenarioInTrash, ScenarioNameTaken,
        StepCaseHidden, CaseMovedAway.
        """
        number = self._scenario(actor, project_id, scenario_id, copied)
        grip = self._access.require(actor, project_id, number)
        return ScenarioSaved(**scenario_view(grip.row).model_dump(), warnings=self._checking.warnings(grip))

    def step(self, actor: Actor, project_id: int, scenario_id: int, step_id: int) -> StepSaved:
        """A copy of a step with everything inside it, directly after it; the copies get keys of their own.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ScenarioNotFound, ScenarioInTrash, StepNotFound,
        StepCaseHidden, CaseMovedAway, TooManySteps, ScenarioTooLarge.
        """
        number = self._step(actor, project_id, scenario_id, step_id)
        grip = self._access.require(actor, project_id, scenario_id)
        view = step_view(self._steps.get(scenario_id, number), grip)
        warnings = self._checking.warnings(grip, [number])
        return StepSaved(**view.model_dump(), scenario_version=grip.row.version, warnings=warnings)

    @unit_of_work
    def _scenario(self, actor: Actor, project_id: int, scenario_id: int, copied: ScenarioCopied) -> int:
        grip = self._access.require(actor, project_id, scenario_id, Right.EDIT)
        rows = self._visible(grip, self._steps.of([scenario_id]))
        folder = grip.row.folder if copied.folder is None else copied.folder
        name = copied.name or _free(grip.row.name, self._scenarios.names(project_id, folder))
        now = self._clock.now()
        values = {column: getattr(grip.row, column) for column in _SAME}
        values |= {"name": name, "folder": folder, "lane": 0, "creator_id": actor.user_id, "owner_id": actor.user_id}
        values |= {"run_count": 0, "origin_id": scenario_id, "version": 1, "deleted_at": None}
        values |= {"created_at": now, "updated_at": now}
        number = self._scenarios.add(values, entry(values))
        self._write(rows, number, lambda row: str(row.key), 0)
        after = {"name": name, "folder": folder, "origin": scenario_id, "steps": len(rows)}
        self._audit.record(actor, "scenario.copied", ("scenario", number), None, after, project_id=project_id)
        return number

    @unit_of_work
    def _step(self, actor: Actor, project_id: int, scenario_id: int, step_id: int) -> int:
        grip = self._access.require(actor, project_id, scenario_id, Right.EDIT, calls=True)
        tree = Tree(self._steps.nodes(scenario_id))
        inside = tree.inside(step_id)
        tree.room(len(inside))
        every = self._steps.of([scenario_id])
        rows = self._visible(grip, every[inside.start : inside.stop])
        below = self._rules.below(row.called_id for row in rows if row.called_id is not None)
        more = sum(1 + (below.size(row.called_id) if row.called_id is not None else 0) for row in rows)
        self._rules.refuse_growth(scenario_id, more)
        taken = {row.key for row in every}

        def key(row: Row[Any]) -> str:
            made = new_key(row.kind, taken)
            taken.add(made)
            return made

        self._steps.make_room(scenario_id, inside.stop, len(inside))
        numbers = self._write(rows, scenario_id, key, inside.stop)
        self._scenarios.touch(scenario_id, grip.row.version + 1, self._clock.now())
        after = {"scenario": scenario_id, "origin": step_id, "steps": len(rows)}
        self._audit.record(actor, "step.copied", ("step", numbers), None, after, project_id=project_id)
        return numbers

    def _visible(self, grip: ScenarioGrip, rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
        """The same rows. Raises StepCaseHidden, CaseMovedAway where one has a case that they do not see."""
        lost = next((row for row in rows if grip.lost_case_of(row)), None)
        if lost is not None:
            raise CaseMovedAway(values={"step": lost.name or lost.key})
        if not all(grip.sees_case_of(row) for row in rows):
            raise StepCaseHidden
        return rows

    def _write(self, rows: Sequence[Row[Any]], scenario_id: int, key: Callable[[Row[Any]], str], start: int) -> int:
        """Write copies of these steps from a position on, level by level; the number of the first one.

        Two statements a level, and one of them for the last: numbers are known when the level below needs them.
        """
        now = self._clock.now()
        new: dict[int, int] = {}
        first = 0
        places = {row.id: start + index for index, row in enumerate(rows)}
        for depth in sorted({row.depth for row in rows}):
            level = [row for row in rows if row.depth == depth]
            self._steps.add_all(
                [
                    {
                        **{column: getattr(row, column) for column in _SAME_STEP},
                        "scenario_id": scenario_id,
                        "key": key(row),
                        "depth": depth,
                        "position": places[row.id],
                        "parent_id": new.get(row.parent_id, row.parent_id if row.id == rows[0].id else None),
                        "version": 1,
                        "created_at": now,
                        "updated_at": now,
                    }
                    for row in level
                ]
            )
            made = self._steps.at(scenario_id, depth)
            new |= {row.id: made[places[row.id]] for row in level}
            first = first or made[places[level[0].id]]
        return first


def _free(name: str, taken: set[str]) -> str:
    """`name (2)`, or with the next number that is free."""
    number = 2
    while f"{name[:120]} ({number})" in taken:
        number += 1
    return f"{name[:120]} ({number})"
