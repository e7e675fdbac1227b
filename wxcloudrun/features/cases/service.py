"""Cases: making, listing, changing, the trash, and looking a draft over."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from wxcloudrun.core import catalogue
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.credentials import Held, put_back, set_apart
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import EditConflict, FieldFault, InvalidInput
from wxcloudrun.core.pagination import Slice
from wxcloudrun.features.cases.access import CaseAccess, CaseGrip, is_the_creators, sends_it
from wxcloudrun.features.cases.dao import CaseDao
from wxcloudrun.features.cases.definition import PARTS, engine_case, engine_step, examined, goes_elsewhere
from wxcloudrun.features.cases.errors import CaseCreatorRequired, CaseInUse, CaseNotFound
from wxcloudrun.features.cases.exchange import CasesQuery
from wxcloudrun.features.cases.models import Visibility
from wxcloudrun.features.cases.planning import PlannedCase
from wxcloudrun.features.cases.records import FIELDS, CaseRecords, fields_of
from wxcloudrun.features.cases.schemas import (
    CaseChange,
    CaseChecked,
    CaseDraft,
    CaseLine,
    CaseMade,
    CaseParts,
    CaseSaved,
    CaseView,
)
from wxcloudrun.features.environments.planning import EnvironmentPlanning
from wxcloudrun.features.projects.access import Membership, ProjectAccess, Right

_MAY_BE_NULL: Final = frozenset({"idempotency_header", "condition", "retry", "poll"})
_CREATORS_OWN: Final = ("visibility", "creator_only")
_MOST_NAMED: Final = 5  # scenarios in a refusal

type Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Above:
    """What the features above tell of a case by its number."""

    in_use: Callable[[int], Sequence[str]]  # names of scenarios whose steps use it
    given: Callable[[int], Iterable[str]]  # names of variables that its datasets give


@dataclass(frozen=True, slots=True)
class Draft:
    """What a case is to become: its fields with marks, the credentials, and what may not work."""

    fields: Fields
    held: Held = field(repr=False)
    warnings: tuple[str, ...]


class CaseService:
    """What members of a project do with its cases."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        access: ProjectAccess,
        records: CaseRecords,
        environments: EnvironmentPlanning,
        above: Above,
        cases: CaseDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._projects = access
        self._records = records
        self._environments = environments
        self._above = above
        self._cases = cases or CaseDao(session)
        self._access = CaseAccess(session, access, self._cases)

    def page(self, actor: Actor, project_id: int, query: CasesQuery) -> Slice[CaseLine]:
        """Cases that the actor sees. Raises ProjectNotFound, and InvalidInput for a sort with `q`."""
        user = actor.user_id or 0
        ahead = self._cases.ahead(query.wanted(catalogue.possible(project_id, user)))
        membership, rows = self._projects.require_beside(actor, project_id, Right.VIEW, ahead)
        scopes = catalogue.visible(project_id, user, owner=membership.may(Right.OWN))
        found = self._cases.page(query.wanted(scopes), (ahead, rows))
        items = [CaseLine.of(row, **self._rights(actor, row, membership)) for row in found.rows]
        return Slice(items=items, next=found.next)

    def view(self, actor: Actor, project_id: int, case_id: int) -> CaseView:
        """A case, also from the trash. Raises ProjectNotFound, CaseNotFound."""
        return self._view(actor, self._access.require(actor, project_id, case_id, Right.VIEW, trashed=True))

    def add(self, actor: Actor, project_id: int, made: CaseMade) -> CaseSaved:
        """A new case.

        Raises ProjectNotFound, RightRequired, ProjectArchived, InvalidInput, CaseNameTaken.
        """
        membership = self._projects.require(actor, project_id, Right.EDIT)
        fields = _whole(made) | _sent(made)
        fields["owner_id"] = self._owner(actor, project_id, made.owner_id)
        return self._add(actor, membership, self._checked(project_id, fields, {}))

    def change(self, actor: Actor, project_id: int, case_id: int, change: CaseChange) -> CaseSaved:
        """Change the fields that were sent; marks keep what they stand for.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, CaseCreatorRequired, InvalidInput,
        CaseNameTaken, EditConflict with the present state.
        """
        grip = self._access.require(actor, project_id, case_id, Right.EDIT)
        return self._change(actor, grip, change, self._changed(actor, grip, change))

    @unit_of_work
    def trash(self, actor: Actor, project_id: int, case_id: int) -> CaseView:
        """Put a case into the trash, where its name is free.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, CaseInUse.
        """
        grip = self._access.require(actor, project_id, case_id, Right.EDIT, locked=True)
        scenarios = self._above.in_use(case_id)
        if scenarios:
            raise CaseInUse(values={"scenarios": ", ".join(scenarios[:_MOST_NAMED])})
        self._put(actor, grip, "case.trashed", deleted_at=self._clock.now())
        return self._present(actor, grip.membership, case_id)

    @unit_of_work
    def restore(self, actor: Actor, project_id: int, case_id: int) -> CaseView:
        """Take a case out of the trash.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, CaseNameTaken.
        """
        grip = self._access.require(actor, project_id, case_id, Right.EDIT, locked=True, trashed=True)
        if grip.row.deleted_at is not None:
            self._put(actor, grip, "case.restored", deleted_at=None)
        return self._present(actor, grip.membership, case_id)

    def check(self, actor: Actor, project_id: int, draft: CaseDraft) -> CaseChecked:
        """Look a draft over without keeping it.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, InvalidInput.
        """
        fields, known, _ = self._drafted(actor, project_id, draft)
        return CaseChecked(warnings=list(self._checked(project_id, fields, known, draft.case_id).warnings))

    def planned(self, actor: Actor, project_id: int, draft: CaseDraft) -> PlannedCase:
        """A draft as a run's plan has it, its credentials in clear; nothing is kept.

        Of a draft without `case_id` the number is 0. Raises as `check` does.
        """
        fields, known, row = self._drafted(actor, project_id, draft)
        checked = self._checked(project_id, fields, known, draft.case_id)
        content = put_back({part: checked.fields[part] for part in PARTS}, checked.held)
        name = fields.get("name") or ""
        return PlannedCase(
            id=0 if row is None else row.id,
            project_id=project_id,
            name=name,
            version=0,
            visibility=Visibility.PROJECT if row is None else row.visibility,
            creator_id=(actor.user_id or 0) if row is None else row.creator_id,
            creator_only=row is not None and row.creator_only,
            deleted=False,
            case=engine_case(content, id=draft.case_id, name=name),
            step=engine_step(content),
        )

    def _drafted(self, actor: Actor, project_id: int, draft: CaseDraft) -> tuple[Fields, Held, Any]:
        """The fields of a draft, the credentials that marks in it stand for, and the case that it is a draft of."""
        fields, known, row = _whole(draft), {}, None
        if draft.case_id is None:
            self._projects.require(actor, project_id, Right.EDIT)
        else:
            row = self._access.require(actor, project_id, draft.case_id, Right.EDIT, trashed=True).row
            fields, known = fields_of(row), self._records.held(row)
        fields |= _sent(draft)
        if fields["request"] is None:
            raise InvalidInput(fields=(FieldFault("request", "missing"),))
        return fields, known, row

    @unit_of_work
    def _add(self, actor: Actor, membership: Membership, checked: Draft) -> CaseSaved:
        number = self._records.add(actor, membership.project.id, checked.fields, checked.held)
        return self._saved(actor, membership, number, checked)

    @unit_of_work
    def _change(self, actor: Actor, seen: CaseGrip, change: CaseChange, checked: Draft) -> CaseSaved:
        """Write what was made of the case that was seen; of the case as it is, where somebody was faster."""
        grip = self._access.require(actor, seen.row.project_id, seen.row.id, Right.EDIT, locked=True)
        if grip.row.version != seen.row.version:
            checked = self._changed(actor, grip, change)
        if (checked.fields, checked.held) != (fields_of(grip.row), self._records.held(grip.row)):
            self._records.change(actor, grip.row, checked.fields, checked.held)
        return self._saved(actor, grip.membership, grip.row.id, checked)

    def _changed(self, actor: Actor, grip: CaseGrip, change: CaseChange) -> Draft:
        """What the case would become. It takes a while, so nobody waits for its lock meanwhile."""
        row = grip.row
        if change.version not in {None, row.version}:
            raise EditConflict(present=self._present(actor, grip.membership, row.id))
        old = fields_of(row)
        new = old | _sent(change)
        touched = any(old[name] != new[name] for name in _CREATORS_OWN)
        if touched and not is_the_creators(actor, row, grip.membership):
            raise CaseCreatorRequired
        if new["owner_id"] != row.owner_id:
            self._owner(actor, row.project_id, new["owner_id"])
        lured = not sends_it(actor, row, grip.membership) and goes_elsewhere(old["request"], new["request"])
        return self._checked(row.project_id, new, {} if lured else self._records.held(row), row.id)

    def _put(self, actor: Actor, grip: CaseGrip, action: str, **place: Any) -> None:
        self._records.change(actor, grip.row, fields_of(grip.row), self._records.held(grip.row), action, **place)

    def _checked(self, project_id: int, fields: Fields, known: Held, case_id: int | None = None) -> Draft:
        """The fields with marks, the credentials, and warnings. Raises InvalidInput."""
        content, held = set_apart({part: fields[part] for part in PARTS}, known)
        told = examined(content, held)
        if told.warnings:  # most often there are none, and nobody needs to be asked
            told = examined(content, held, self._names(project_id, case_id))
        twice = [FieldFault("tags", "given_twice")] if len(set(fields["tags"])) < len(fields["tags"]) else []
        if told.faults or twice:
            raise InvalidInput(fields=(*twice, *told.faults))
        return Draft({**fields, **content}, held, (*told.warnings, *_led_astray(fields, held)))

    def _names(self, project_id: int, case_id: int | None) -> set[str]:
        """Names of variables that the project, its default environment and the case's datasets give."""
        project, environment = self._environments.outline(project_id)
        listed = [*project.get("variables", ()), *environment.get("variables", ())]
        names = {one["name"] for one in listed} | ({"base_url"} if environment.get("base_url") else set())
        return names.union(() if case_id is None else self._above.given(case_id))

    def _owner(self, actor: Actor, project_id: int, owner_id: int | None) -> int:
        """Who is to own a case: a member. Raises InvalidInput."""
        wanted = actor.user_id if owner_id is None else owner_id
        if wanted != actor.user_id and not self._projects.has_member(project_id, wanted or 0):
            raise InvalidInput(fields=(FieldFault("owner_id", "not_a_member"),))
        return wanted or 0

    def _present(self, actor: Actor, membership: Membership, case_id: int) -> CaseView:
        row = self._cases.get(membership.project.id, case_id)
        if row is None:
            raise CaseNotFound
        return self._view(actor, CaseGrip(membership, row))

    def _saved(self, actor: Actor, membership: Membership, case_id: int, checked: Draft) -> CaseSaved:
        view = self._present(actor, membership, case_id)
        return CaseSaved.model_construct(**dict(view), warnings=list(checked.warnings))

    def _view(self, actor: Actor, grip: CaseGrip) -> CaseView:
        row = grip.row
        more = {"description": row.description, "creator": row.creator, **json.loads(row.content)}
        return CaseView.of(row, **more, **self._rights(actor, row, grip.membership))

    def _rights(self, actor: Actor, row: Any, membership: Membership) -> dict[str, bool]:
        return {
            "may_edit": self._access.may_edit(actor, row, membership),
            "may_run": self._access.may_run(actor, row, membership),
        }


def _led_astray(fields: Fields, held: Held) -> tuple[str, ...]:
    """A warning where a case that is its creator's own is sent to wherever an editor lets the environment point."""
    url = str(fields["request"]["url"])
    if not (fields["creator_only"] and held) or url.lower().startswith(("http://", "https://")):
        return ()
    return ("request.url: its credentials go where editors let the environment's base URL point; write a whole URL",)


def _whole(parts: CaseParts) -> Fields:
    return {name: value for name, value in parts.model_dump().items() if name in FIELDS}


def _sent(parts: CaseParts) -> Fields:
    """The fields that came with a request; of its request what was written, without the rest."""
    dumped: Mapping[str, Any] = parts.model_dump(exclude_unset=True)
    return {
        name: value for name, value in dumped.items() if name in FIELDS and (value is not None or name in _MAY_BE_NULL)
    }
