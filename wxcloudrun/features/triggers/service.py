"""Triggers: listing, making, changing, removing; what a signed request begins is in `deliveries`."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import EditConflict
from wxcloudrun.core.pagination import Page
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.triggers.dao import TriggerDao
from wxcloudrun.features.triggers.errors import TooManyTriggers, TriggerNotFound
from wxcloudrun.features.triggers.schemas import (
    TARGETS,
    TriggerChange,
    TriggerContent,
    TriggerMade,
    TriggerShown,
    TriggersQuery,
    TriggerView,
)

SECRET: Final = "run_triggers.secret"  # noqa: S105 - the column's name
MOST: Final = 50


class TriggerService:
    """What editors of a project do with its triggers."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        access: ProjectAccess,
        triggers: TriggerDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._access = access
        self._triggers = triggers or TriggerDao(session)

    def page(self, actor: Actor, project_id: int, query: TriggersQuery) -> Page[TriggerView]:
        """A project's triggers. Raises ProjectNotFound, RightRequired."""
        self._access.require(actor, project_id, Right.EDIT, archived=True)
        rows, total = self._triggers.page(project_id, (query.page - 1) * query.size, query.size)
        return Page(items=[TriggerView.of(row) for row in rows], page=query.page, size=query.size, total=total)

    def view(self, actor: Actor, project_id: int, trigger_id: int) -> TriggerView:
        """A trigger. Raises ProjectNotFound, RightRequired, TriggerNotFound."""
        self._access.require(actor, project_id, Right.EDIT, archived=True)
        return TriggerView.of(_there(self._triggers.get(project_id, trigger_id)))

    @unit_of_work
    def add(self, actor: Actor, project_id: int, made: TriggerMade) -> TriggerShown:
        """A new trigger with its secret, whose runs have the maker's rights.

        Raises ProjectNotFound, RightRequired (for an administrator who is no member, too), ProjectArchived,
        TooManyTriggers.
        """
        self._access.require_member(actor, project_id, Right.EDIT, locked=True)
        if self._triggers.page(project_id, 0, 1)[1] >= MOST:
            raise TooManyTriggers(values={"limit": MOST})
        now, secret = self._clock.now(), secrets.token_urlsafe(32)
        number = self._triggers.add(
            {
                "project_id": project_id,
                "maker_id": actor.user_id,
                "key": secrets.token_urlsafe(16),
                "name": made.name,
                "wanted": _kept(made.model_dump(include=set(TriggerContent.model_fields))),
                "secret": self._keys.encrypt(secret, SECRET),
                "enabled": made.enabled,
                "version": 1,
                "created_at": now,
                "updated_at": now,
                "used_at": None,
                "run_id": None,
                "refusal": None,
            }
        )
        row = _there(self._triggers.get(project_id, number))
        self._audit.record(actor, "trigger.created", ("trigger", number), None, _told(row), project_id=project_id)
        return TriggerShown.of(row, secret=secret)

    @unit_of_work
    def change(self, actor: Actor, project_id: int, trigger_id: int, change: TriggerChange) -> TriggerShown:
        """Change the fields that were sent; from now on its runs have the rights of who changed it.

        Raises ProjectNotFound, RightRequired, ProjectArchived, TriggerNotFound, EditConflict with the present state.
        """
        self._access.require_member(actor, project_id, Right.EDIT, locked=True)
        row = _there(self._triggers.locked(project_id, trigger_id))
        if change.version not in {None, row.version}:
            raise EditConflict(present=TriggerView.of(row))
        sent = change.model_dump(include=set(TriggerContent.model_fields) & change.model_fields_set)
        values: dict[str, Any] = {"wanted": _kept(_merged(json.loads(row.wanted), sent)), "maker_id": actor.user_id}
        values |= {name: value for name in ("name", "enabled") if (value := getattr(change, name)) is not None}
        secret = secrets.token_urlsafe(32) if change.new_secret else None
        if secret is not None:
            values["secret"] = self._keys.encrypt(secret, SECRET)
        self._triggers.change(row.id, values | {"version": row.version + 1, "updated_at": self._clock.now()})
        after = _there(self._triggers.get(project_id, trigger_id))
        fresh = {"new_secret": True} if secret is not None else {}
        target = ("trigger", row.id)
        self._audit.record(actor, "trigger.changed", target, _told(row), _told(after) | fresh, project_id=project_id)
        return TriggerShown.of(after, secret=secret)

    @unit_of_work
    def remove(self, actor: Actor, project_id: int, trigger_id: int) -> Removed:
        """Remove a trigger; its address is none any more. Raises ProjectNotFound, RightRequired, TriggerNotFound."""
        self._access.require(actor, project_id, Right.EDIT, archived=True)
        row = _there(self._triggers.locked(project_id, trigger_id))
        self._triggers.remove(row.id)
        self._audit.record(actor, "trigger.removed", ("trigger", row.id), _told(row), project_id=project_id)
        return Removed(id=row.id)


def _there(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise TriggerNotFound
    return row


def _merged(before: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """What is wanted from now on; a target that is sent takes the place of another kind of target."""
    named = [name for name in TARGETS if sent.get(name) is not None]
    cleared = dict.fromkeys(TARGETS) if named else {}
    kept = {name: value for name, value in sent.items() if name not in TARGETS or value is not None}
    return {**before, **cleared, **kept}


def _kept(wanted: Mapping[str, Any]) -> str:
    return json.dumps(wanted, ensure_ascii=False)


def _told(row: Row[Any]) -> dict[str, Any]:
    """A trigger as the audit record keeps it: without what its inputs hold."""
    wanted = json.loads(row.wanted)
    return {"name": row.name, "enabled": row.enabled, **wanted, "inputs": sorted(wanted["inputs"])}
