"""Steps of scenarios: listing, putting in, changing, moving, removing."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import EditConflict, FieldFault, InvalidInput, refuse
from wxcloudrun.core.pagination import Page
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.cases.access import CaseAccess, sends_it
from wxcloudrun.features.projects.access import Right
from wxcloudrun.features.scenarios.access import ScenarioAccess, ScenarioGrip
from wxcloudrun.features.scenarios.calls import CallRules
from wxcloudrun.features.scenarios.checking import ScenarioChecking, faults_of_step
from wxcloudrun.features.scenarios.content import (
    STEP_PARTS,
    STEP_SECRETS,
    Kept,
    changed,
    kept_step,
    read,
    secret_names,
    step_faults,
    told_of,
    unfit,
)
from wxcloudrun.features.scenarios.dao import StepDao
from wxcloudrun.features.scenarios.errors import ScenarioInTrash, ScenarioNotFound, StepCaseHidden, StepNotFound
from wxcloudrun.features.scenarios.schemas import (
    Placed,
    StepChange,
    StepLine,
    StepMade,
    StepRemoved,
    StepSaved,
    StepsQuery,
    StepView,
)
from wxcloudrun.features.scenarios.tree import Place, Tree, place_of
from wxcloudrun.features.scenarios.views import step_line, step_view

_EMPTY: Mapping[str, Any] = {"variables": [], "inputs": {}}


class StepService:
    """What members of a project do with the steps of a scenario.

    Every write locks the scenario first, so that of two people one waits and both are done; its version rises.
    """

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        access: ScenarioAccess,
        cases: CaseAccess,
        checking: ScenarioChecking,
        steps: StepDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._access = access
        self._cases = cases
        self._checking = checking
        self._scenarios = access.scenarios
        self._steps = steps or StepDao(session)
        self._rules = CallRules(self._scenarios, self._steps)

    def page(self, actor: Actor, project_id: int, scenario_id: int, query: StepsQuery) -> Page[StepLine]:
        """Steps in order, groups opened. Raises ProjectNotFound, ScenarioNotFound."""
        grip = self._access.require(actor, project_id, scenario_id)
        rows, total = self._steps.page(scenario_id, (query.page - 1) * query.size, query.size)
        return Page(items=[step_line(row, grip) for row in rows], page=query.page, size=query.size, total=total)

    def view(self, actor: Actor, project_id: int, scenario_id: int, step_id: int) -> StepView:
        """A step. Raises ProjectNotFound, ScenarioNotFound, StepNotFound."""
        grip = self._access.require(actor, project_id, scenario_id)
        return step_view(self._row(scenario_id, step_id), grip)

    def add(self, actor: Actor, project_id: int, scenario_id: int, made: StepMade) -> StepSaved:
        """Put in a new step.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ScenarioNotFound (also the called one), ScenarioInTrash,
        InvalidInput, CaseNotFound, StepNotFound, StepHoldsNone, NestingTooDeep, TooManySteps, StepKeyTaken,
        ScenarioCircle, CallsTooDeep, ScenarioTooLarge.
        """
        return self._told(actor, project_id, scenario_id, self._add(actor, project_id, scenario_id, made))

    def change(self, actor: Actor, project_id: int, scenario_id: int, step_id: int, change: StepChange) -> StepSaved:
        """Change the fields that were sent; marks and secrets without value keep what they stand for.

        Raises as `add` does, StepCaseHidden, and EditConflict with the present state.
        """
        self._change(actor, project_id, scenario_id, step_id, change)
        return self._told(actor, project_id, scenario_id, step_id)

    def move(self, actor: Actor, project_id: int, scenario_id: int, step_id: int, placed: Placed) -> StepSaved:
        """Give a step, with everything inside it, another place. Without `parent_id` and `phase` it stays in its group.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ScenarioNotFound, ScenarioInTrash, StepNotFound,
        StepHoldsNone, StepInItself, NestingTooDeep, InvalidInput.
        """
        self._move(actor, project_id, scenario_id, step_id, placed)
        return self._told(actor, project_id, scenario_id, step_id)

    def remove(self, actor: Actor, project_id: int, scenario_id: int, step_id: int) -> StepRemoved:
        """Remove a step with everything inside it.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ScenarioNotFound, ScenarioInTrash, StepNotFound.
        """
        count = self._remove(actor, project_id, scenario_id, step_id)
        grip = self._access.require(actor, project_id, scenario_id)
        warnings = self._checking.warnings(grip)
        return StepRemoved(id=step_id, removed=count, scenario_version=grip.row.version, warnings=warnings)

    @unit_of_work
    def _add(self, actor: Actor, project_id: int, scenario_id: int, made: StepMade) -> int:
        grip = self._access.require(actor, project_id, scenario_id, Right.EDIT, calls=made.kind == "scenario")
        sent = made.model_dump()
        _refuse_unfit(made.kind, sent)
        tree = Tree(self._steps.nodes(scenario_id))
        tree.room()
        slot = tree.slot(place_of(made))
        values, kept = self._definition(grip, made.kind, sent, None)
        now = self._clock.now()
        self._steps.make_room(scenario_id, slot.position, 1)
        values |= {"name": made.name, "enabled": made.enabled, "kind": made.kind, "scenario_id": scenario_id}
        values["key"] = made.key or new_key(made.kind, self._steps.keys(scenario_id))
        values |= {"parent_id": slot.parent_id, "phase": slot.phase, "position": slot.position, "depth": slot.depth}
        values |= {"version": 1, "created_at": now, "updated_at": now}
        number = self._steps.add(values)
        self._touch(grip)
        after = {name: values[name] for name in ("name", "kind", "case_id", "position")}
        after |= {"called": values["called_id"], **kept.content}
        self._record(grip, "step.added", number, None, told_of(after))
        return number

    @unit_of_work
    def _change(self, actor: Actor, project_id: int, scenario_id: int, step_id: int, change: StepChange) -> None:
        calls = change.scenario_id is not None
        grip = self._access.require(actor, project_id, scenario_id, Right.EDIT, calls=calls)
        row = self._row(scenario_id, step_id)
        if change.version not in {None, row.version}:
            raise EditConflict(present=step_view(row, grip))
        if not grip.sees_case_of(row) and not grip.lost_case_of(row):
            raise StepCaseHidden
        sent = change.model_dump(include=change.model_fields_set - {"version"})
        _refuse_unfit(row.kind, sent)
        sent = {name: value for name, value in sent.items() if value is not None or name in STEP_PARTS}
        known = read(self._keys, row, STEP_SECRETS)
        values, kept = self._definition(grip, row.kind, sent, (row, known))
        values |= {name: sent[name] for name in ("name", "enabled", "key") if name in sent}
        self._steps.change(step_id, values | {"version": row.version + 1, "updated_at": self._clock.now()})
        self._touch(grip)
        fields = {name: values[name] for name in ("name", "enabled", "key", "case_id", "called_id") if name in values}
        before, after = changed(row._asdict() | known.content, fields | kept.content)
        fresh = kept.rewritten_since(known)
        self._record(grip, "step.changed", step_id, before, after | ({"rewritten": fresh} if fresh else {}))

    @unit_of_work
    def _move(self, actor: Actor, project_id: int, scenario_id: int, step_id: int, placed: Placed) -> None:
        grip = self._access.require(actor, project_id, scenario_id, Right.EDIT)
        tree = Tree(self._steps.nodes(scenario_id))
        node, place = tree.home(step_id), place_of(placed)
        if place.anchor_id is None and not placed.model_fields_set & {"parent_id", "phase"}:
            place = Place(place.where, None, node.parent_id, node.phase)
        elif place.anchor_id is None and place.parent_id is None and place.phase is None:
            place = Place(place.where, None, None, node.phase)
        move = tree.move(step_id, place)
        self._steps.move(scenario_id, step_id, move)
        self._touch(grip)
        before = {"position": move.start, "group": node.parent_id, "phase": node.phase.name.lower()}
        after = {"position": move.start + move.by, "group": move.slot.parent_id, "phase": move.slot.phase.name.lower()}
        self._record(grip, "step.moved", step_id, before, after)

    @unit_of_work
    def _remove(self, actor: Actor, project_id: int, scenario_id: int, step_id: int) -> int:
        grip = self._access.require(actor, project_id, scenario_id, Right.EDIT)
        positions = Tree(self._steps.nodes(scenario_id)).inside(step_id)
        row = self._row(scenario_id, step_id)
        self._steps.remove(scenario_id, positions)
        self._touch(grip)
        told = {"name": row.name, "kind": row.kind, "case_id": row.case_id, "called": row.called_id}
        content = json.loads(row.content)
        self._record(grip, "step.removed", step_id, told_of({**told, "removed": len(positions), **content}), None)
        return len(positions)

    def _definition(
        self, grip: ScenarioGrip, kind: str, sent: Mapping[str, Any], old: tuple[Row[Any], Kept] | None
    ) -> tuple[dict[str, Any], Kept]:
        """The columns for what a step does, and what is kept for it. Raises InvalidInput and as `add` does."""
        row, known = old or (None, Kept(dict(_EMPTY)))
        case_id = sent.get("case_id") or getattr(row, "case_id", None)
        called_id = sent.get("scenario_id") or getattr(row, "called_id", None)
        project = grip.membership.project.id
        for name, number, needed in (("case_id", case_id, "case"), ("scenario_id", called_id, "scenario")):
            if kind == needed and number is None:
                detail = f"a step of kind `{kind}` needs `{name}`"
                raise InvalidInput(fields=(FieldFault(name, "missing", detail=detail),))
        case = None
        fresh = case_id != getattr(row, "case_id", None)
        if case_id is not None and (fresh or row is None or not grip.lost_case_of(row)):
            right = Right.EDIT if fresh else Right.VIEW
            case = self._cases.require(grip.actor, project, case_id, right, locked=fresh, trashed=not fresh).row
        inputs: list[dict[str, Any]] = []
        if called_id is not None:
            inputs = self._called(grip, called_id, getattr(row, "called_id", None))
        kept = kept_step(kind, sent, known, secret_names(inputs))
        if case is not None and (fresh or _url(kept) != _url(known)):
            _refuse_lured(grip, case, kept)
        refuse(step_faults(kind, kept))
        refuse(faults_of_step(kind, kept, case, inputs))
        values = {"case_id": case_id, "called_id": called_id, **kept.columns(self._keys, STEP_SECRETS)}
        return values, kept

    def _called(self, grip: ScenarioGrip, called_id: int, before: int | None) -> list[dict[str, Any]]:
        """Inputs of the called scenario. Raises ScenarioNotFound, ScenarioInTrash, and as `CallRules.refuse`."""
        called = self._scenarios.several([called_id]).get(called_id)
        if called is None or called.project_id != grip.membership.project.id:
            raise ScenarioNotFound
        if called_id != before:
            if called.deleted_at is not None:
                raise ScenarioInTrash(values={"scenario": called.name})
            self._rules.refuse(grip.row.id, called_id)
        inputs: list[dict[str, Any]] = json.loads(called.content)["inputs"]
        return inputs

    def _told(self, actor: Actor, project_id: int, scenario_id: int, step_id: int) -> StepSaved:
        """The step as it is now, and what may not work; asked outside of the transaction, which holds locks."""
        grip = self._access.require(actor, project_id, scenario_id)
        view = step_view(self._row(scenario_id, step_id), grip)
        warnings = self._checking.warnings(grip, [step_id])
        return StepSaved(**view.model_dump(), scenario_version=grip.row.version, warnings=warnings)

    def _touch(self, grip: ScenarioGrip) -> None:
        self._scenarios.touch(grip.row.id, grip.row.version + 1, self._clock.now())

    def _record(
        self,
        grip: ScenarioGrip,
        action: str,
        step_id: int,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> None:
        place = {"scenario": grip.row.id}
        told = [None if one is None else {**place, **one} for one in (before, after)]
        self._audit.record(grip.actor, action, ("step", step_id), *told, project_id=grip.membership.project.id)

    def _row(self, scenario_id: int, step_id: int) -> Row[Any]:
        row = self._steps.get(scenario_id, step_id)
        if row is None:
            raise StepNotFound
        return row


def new_key(kind: str, taken: set[str]) -> str:
    """A key that no step of the scenario has: `case-3`."""
    number = len(taken) + 1
    while f"{kind}-{number}" in taken:
        number += 1
    return f"{kind}-{number}"


def _url(kept: Kept) -> Any:
    return (kept.content.get("overrides") or {}).get("url")


def _refuse_lured(grip: ScenarioGrip, case: Row[Any], kept: Kept) -> None:
    """Raises InvalidInput where a case that is its creator's own would be sent elsewhere, credentials and all."""
    if _url(kept) is not None and not sends_it(grip.actor, case, grip.membership):
        detail = "only its creator and the project's owners choose where a `creator_only` case is sent; copy the case"
        raise InvalidInput(fields=(FieldFault("overrides.url", "creator_only", detail=detail),))


def _refuse_unfit(kind: str, sent: Mapping[str, Any]) -> None:
    refuse(unfit(kind, sent))
