"""Scenarios: listing, making, changing, the trash; their steps are in `steps`."""

import json
from collections.abc import Mapping
from typing import Any, Final

from wxcloudrun.core import catalogue
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.catalogue import Entry, term
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import EditConflict, FieldFault, InvalidInput, refuse
from wxcloudrun.core.pagination import Slice
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.cases.models import CaseStatus
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.projects.errors import ProjectNotFound
from wxcloudrun.features.scenarios.access import ScenarioAccess, ScenarioGrip
from wxcloudrun.features.scenarios.checking import ScenarioChecking, faults_of_scenario
from wxcloudrun.features.scenarios.content import (
    SCENARIO_PARTS,
    SCENARIO_SECRETS,
    STEP_SECRETS,
    Kept,
    changed,
    kept_scenario,
    read,
    scenario_faults,
    sealed_inputs,
    secret_names,
    told_of,
)
from wxcloudrun.features.scenarios.dao import StepDao
from wxcloudrun.features.scenarios.errors import ScenarioInUse
from wxcloudrun.features.scenarios.schemas import (
    ScenarioChange,
    ScenarioLine,
    ScenarioMade,
    ScenarioSaved,
    ScenariosQuery,
    ScenarioView,
    Trashed,
)
from wxcloudrun.features.scenarios.views import scenario_line, scenario_view

_PLAIN: Final = ("name", "folder", "description", "owner_id", "position")
_NEW: Final = Kept({"variables": [], "inputs": [], "outputs": [], "stop_on_failure": True})


class ScenarioService:
    """What members of a project do with its scenarios."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        members: ProjectAccess,
        access: ScenarioAccess,
        checking: ScenarioChecking,
        steps: StepDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._members = members
        self._access = access
        self._scenarios = access.scenarios
        self._steps = steps or StepDao(session)
        self._checking = checking

    def page(self, actor: Actor, project_id: int, query: ScenariosQuery) -> Slice[ScenarioLine]:
        """A project's scenarios. Raises ProjectNotFound, InvalidInput."""
        wanted = query.wanted((catalogue.shared(project_id),))
        ahead = self._scenarios.ahead(wanted)
        _, rows = self._members.require_beside(actor, project_id, Right.VIEW, ahead)
        found = self._scenarios.page(wanted, (ahead, rows))
        return Slice(items=[scenario_line(row) for row in found.rows], next=found.next)

    def view(self, actor: Actor, project_id: int, scenario_id: int) -> ScenarioView:
        """A scenario. Raises ProjectNotFound, ScenarioNotFound."""
        return scenario_view(self._access.require(actor, project_id, scenario_id).row)

    def add(self, actor: Actor, project_id: int, made: ScenarioMade) -> ScenarioSaved:
        """A new scenario without steps.

        Raises ProjectNotFound, RightRequired, ProjectArchived, InvalidInput, ScenarioNameTaken.
        """
        return self._saved(actor, project_id, self._add(actor, project_id, made))

    def change(self, actor: Actor, project_id: int, scenario_id: int, change: ScenarioChange) -> ScenarioSaved:
        """Change the fields that were sent; secrets without value and marks keep what they stand for.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ScenarioNotFound, ScenarioInTrash, InvalidInput,
        ScenarioNameTaken, EditConflict with the present state.
        """
        self._change(actor, project_id, scenario_id, change)
        return self._saved(actor, project_id, scenario_id)

    @unit_of_work
    def remove(self, actor: Actor, project_id: int, scenario_id: int) -> Trashed:
        """Put a scenario into the trash, where its name is free again for others.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ScenarioNotFound, ScenarioInTrash, ScenarioInUse.
        """
        row = self._access.require(actor, project_id, scenario_id, Right.EDIT, calls=True).row
        callers = [one.name for one in self._steps.callers([row.id]) if one.deleted_at is None]
        if callers:
            raise ScenarioInUse(values={"scenarios": ", ".join(callers[:5])})
        now = self._clock.now()
        self._write(row, {"deleted_at": now, "lane": None})
        named = {"name": row.name, "folder": row.folder}
        self._audit.record(actor, "scenario.trashed", ("scenario", row.id), named, project_id=project_id)
        return Trashed(id=row.id)

    def restore(self, actor: Actor, project_id: int, scenario_id: int) -> ScenarioSaved:
        """Take a scenario out of the trash; nothing happens to one that is not in it.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ScenarioNotFound, ScenarioNameTaken.
        """
        self._restore(actor, project_id, scenario_id)
        return self._saved(actor, project_id, scenario_id)

    @unit_of_work
    def _add(self, actor: Actor, project_id: int, made: ScenarioMade) -> int:
        self._members.require(actor, project_id, Right.EDIT)
        sent = made.model_dump()
        if made.owner_id not in {None, actor.user_id}:
            self._refuse_stranger(project_id, made.owner_id)
        kept = _checked(kept_scenario(sent, _NEW))
        values = _columns(sent | {"owner_id": made.owner_id or actor.user_id})
        now = self._clock.now()
        values |= kept.columns(self._keys, SCENARIO_SECRETS)
        values |= {"project_id": project_id, "lane": 0, "creator_id": actor.user_id, "run_count": 0, "version": 1}
        values |= {"created_at": now, "updated_at": now, "deleted_at": None}
        number = self._scenarios.add(values, entry(values))
        after = told_of({**{name: values[name] for name in _PLAIN}, "status": made.status, **kept.content})
        self._audit.record(actor, "scenario.created", ("scenario", number), None, after, project_id=project_id)
        return number

    @unit_of_work
    def _change(self, actor: Actor, project_id: int, scenario_id: int, change: ScenarioChange) -> None:
        secret = secret_names(one.model_dump() for one in change.inputs or ())
        row = self._access.require(actor, project_id, scenario_id, Right.EDIT, calls=bool(secret)).row
        if change.version not in {None, row.version}:
            raise EditConflict(present=scenario_view(self._scenarios.get(project_id, scenario_id)))
        sent = change.model_dump(include=change.model_fields_set - {"version"})
        sent = {name: value for name, value in sent.items() if value is not None}
        if sent.get("owner_id", row.owner_id) != row.owner_id:
            self._refuse_stranger(project_id, sent["owner_id"])
        known = read(self._keys, row, SCENARIO_SECRETS)
        kept = _checked(kept_scenario(sent, known)) if any(part in sent for part in SCENARIO_PARTS) else known
        values = _columns(sent)
        if kept is not known:
            values |= kept.columns(self._keys, SCENARIO_SECRETS)
        self._write(row, values)
        if secret - secret_names(known.content["inputs"]):
            self._seal_given(project_id, row.id, secret)
        fields = {name: sent[name] for name in (*_PLAIN, "tags", "status") if name in sent}
        before, after = changed(_fields(row) | known.content, fields | kept.content)
        fresh = kept.rewritten_since(known)
        after |= {"rewritten": fresh} if fresh else {}
        self._audit.record(actor, "scenario.changed", ("scenario", row.id), before, after, project_id=project_id)

    def _seal_given(self, project_id: int, scenario_id: int, secret: frozenset[str]) -> None:
        """Encrypt what steps give to inputs that are secret from now on, once nobody else is changing those steps.

        The project is locked, so that nobody adds a caller meanwhile.
        """
        for caller in sorted({row.scenario_id for row in self._steps.callers([scenario_id])}):
            self._scenarios.locked(project_id, caller)
        for row in self._steps.calling(scenario_id):
            known = read(self._keys, row, STEP_SECRETS)
            kept = sealed_inputs(known, secret)
            if kept != known:
                self._steps.change(row.id, kept.columns(self._keys, STEP_SECRETS))

    @unit_of_work
    def _restore(self, actor: Actor, project_id: int, scenario_id: int) -> None:
        row = self._access.require_any(actor, project_id, scenario_id, Right.EDIT).row
        if row.deleted_at is None:
            return
        self._write(row, {"deleted_at": None, "lane": 0})
        named = {"name": row.name, "folder": row.folder}
        self._audit.record(actor, "scenario.restored", ("scenario", row.id), None, named, project_id=project_id)

    def _write(self, row: Any, values: Mapping[str, Any]) -> None:
        stamped = {**values, "version": row.version + 1, "updated_at": self._clock.now()}
        self._scenarios.change(row.id, stamped, entry(row._asdict() | stamped))

    def _saved(self, actor: Actor, project_id: int, scenario_id: int) -> ScenarioSaved:
        grip: ScenarioGrip = self._access.require(actor, project_id, scenario_id)
        warnings = self._checking.warnings(grip)
        return ScenarioSaved(**scenario_view(grip.row).model_dump(), warnings=warnings)

    def _refuse_stranger(self, project_id: int, user_id: int | None) -> None:
        """Raises InvalidInput where the new owner is no member."""
        try:
            self._members.require(Actor(user_id), project_id, Right.VIEW)
        except ProjectNotFound:
            raise InvalidInput(fields=(FieldFault("owner_id", "not_a_member"),)) from None


def entry(values: Mapping[str, Any]) -> Entry:
    """How a scenario with these columns is found."""
    scope = catalogue.shared(values["project_id"])
    terms = [term("status", values["status"].name.lower()), term("owner", values["owner_id"])]
    terms += [term("tag", tag) for tag in json.loads(values["tags"])]
    return Entry(
        scopes=(scope if values["deleted_at"] is None else catalogue.trash(scope),),
        terms=[*terms, *catalogue.folder_terms(values["folder"])],
        text=values["name"],
        name=values["name"],
        position=values["position"],
        updated_at=values["updated_at"],
    )


def _columns(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of what was sent, content apart."""
    values = {name: sent[name] for name in _PLAIN if name in sent}
    if "tags" in sent:
        values["tags"] = json.dumps(list(dict.fromkeys(sent["tags"])), ensure_ascii=False)
    if "status" in sent:
        values["status"] = CaseStatus[sent["status"].upper()]
    return values


def _fields(row: Any) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in _PLAIN}
    return {**plain, "tags": json.loads(row.tags), "status": row.status.name.lower()}


def _checked(kept: Kept) -> Kept:
    """Raises InvalidInput for what the engine could not work with."""
    refuse(scenario_faults(kept))
    refuse(faults_of_scenario(kept))
    return kept
