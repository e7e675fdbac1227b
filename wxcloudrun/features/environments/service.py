"""Environments: listing, making, changing, copying, removing, and which one is the default."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.credentials import Path
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import EditConflict, refuse
from wxcloudrun.core.pagination import Page
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.environments.dao import EnvironmentDao
from wxcloudrun.features.environments.errors import EnvironmentNotFound
from wxcloudrun.features.environments.schemas import (
    Content,
    EnvironmentChange,
    EnvironmentCopied,
    EnvironmentLine,
    EnvironmentMade,
    EnvironmentsQuery,
    EnvironmentView,
)
from wxcloudrun.features.environments.settings import PARTS, faults, set_apart
from wxcloudrun.features.environments.variables import (
    cut,
    opened,
    rewritten,
    sealed,
    size_faults,
    split,
    told,
    variable_faults,
    views,
)
from wxcloudrun.features.projects.access import ProjectAccess, Right

SECRETS = "environments.secrets"


class EnvironmentService:
    """What members of a project do with its environments."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        access: ProjectAccess,
        environments: EnvironmentDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._access = access
        self._environments = environments or EnvironmentDao(session)

    def page(self, actor: Actor, project_id: int, query: EnvironmentsQuery) -> Page[EnvironmentLine]:
        """A project's environments. Raises ProjectNotFound."""
        self._access.require(actor, project_id, Right.VIEW)
        offset = (query.page - 1) * query.size
        rows, total = self._environments.page(project_id, query.q, query.sort, offset, query.size)
        return Page(items=[EnvironmentLine.of(row) for row in rows], page=query.page, size=query.size, total=total)

    def view(self, actor: Actor, project_id: int, environment_id: int) -> EnvironmentView:
        """An environment. Raises ProjectNotFound, EnvironmentNotFound."""
        self._access.require(actor, project_id, Right.VIEW)
        return _view(self._row(project_id, environment_id))

    @unit_of_work
    def add(self, actor: Actor, project_id: int, made: EnvironmentMade) -> EnvironmentView:
        """A new environment; the first one of a project becomes its default.

        Raises ProjectNotFound, RightRequired, ProjectArchived, InvalidInput, EnvironmentNameTaken.
        """
        self._access.require(actor, project_id, Right.EDIT, locked=True)
        kept = self._kept(made.base_url, _sent(made), {})
        values = {"project_id": project_id, "name": made.name, "base_url": made.base_url, **kept}
        return self._added(actor, project_id, values, "environment.created")

    @unit_of_work
    def copy(self, actor: Actor, project_id: int, environment_id: int, copied: EnvironmentCopied) -> EnvironmentView:
        """A copy with everything in it; secrets are copied as they are kept, and nobody sees them.

        Raises ProjectNotFound, RightRequired, ProjectArchived, EnvironmentNotFound, EnvironmentNameTaken.
        """
        self._access.require(actor, project_id, Right.EDIT, locked=True)
        row = self._row(project_id, environment_id)
        same = {name: getattr(row, name) for name in ("project_id", "base_url", "content", "secrets")}
        return self._added(actor, project_id, {**same, "name": copied.name}, "environment.copied", row.id)

    @unit_of_work
    def change(self, actor: Actor, project_id: int, environment_id: int, change: EnvironmentChange) -> EnvironmentView:
        """Change the fields that were sent; marks and secrets without value keep what they stand for.

        Raises ProjectNotFound, RightRequired, ProjectArchived, EnvironmentNotFound, InvalidInput,
        EnvironmentNameTaken, EditConflict with the present state.
        """
        self._access.require(actor, project_id, Right.EDIT)
        row = self._environments.locked(project_id, environment_id)
        if row is None:
            raise EnvironmentNotFound
        if change.version not in {None, row.version}:
            raise EditConflict(present=_view(row))
        name = row.name if change.name is None else change.name
        base_url = row.base_url if change.base_url is None else change.base_url
        known = opened(self._keys, row.secrets, SECRETS)
        kept = self._kept(base_url, json.loads(row.content) | _sent(change), known)
        values = {"name": name, "base_url": base_url, **kept}
        self._environments.change(row.id, values | {"version": row.version + 1, "updated_at": self._clock.now()})
        self._record_change(actor, row, values)
        return _view(self._row(project_id, environment_id))

    @unit_of_work
    def remove(self, actor: Actor, project_id: int, environment_id: int) -> Removed:
        """Remove an environment. The project has no default one then, if it was that.

        Raises ProjectNotFound, RightRequired, ProjectArchived, EnvironmentNotFound.
        """
        self._access.require(actor, project_id, Right.EDIT, locked=True)
        row = self._row(project_id, environment_id)
        self._environments.remove(row.id)
        before = _told(row._asdict())
        self._audit.record(actor, "environment.removed", ("environment", row.id), before, project_id=project_id)
        return Removed(id=row.id)

    @unit_of_work
    def make_default(self, actor: Actor, project_id: int, environment_id: int) -> EnvironmentView:
        """Make it the one that is used where none is named.

        Raises ProjectNotFound, RightRequired, ProjectArchived, EnvironmentNotFound.
        """
        self._access.require(actor, project_id, Right.EDIT, locked=True)
        row = self._row(project_id, environment_id)
        if row.marked is None:
            before = self._environments.default(project_id)
            self._environments.mark(project_id, row.id)
            named = {"default": None if before is None else before.name}
            target = ("environment", row.id)
            self._audit.record(
                actor, "environment.made_default", target, named, {"default": row.name}, project_id=project_id
            )
        return _view(self._row(project_id, environment_id))

    def _row(self, project_id: int, environment_id: int) -> Row[Any]:
        row = self._environments.get(project_id, environment_id)
        if row is None:
            raise EnvironmentNotFound
        return row

    def _added(
        self, actor: Actor, project_id: int, values: Mapping[str, Any], action: str, origin: int | None = None
    ) -> EnvironmentView:
        now = self._clock.now()
        number = self._environments.add({**values, "version": 1, "created_at": now, "updated_at": now})
        if self._environments.default(project_id) is None:
            self._environments.mark(project_id, number)
        after = _told(values) | ({} if origin is None else {"origin": origin})
        self._audit.record(actor, action, ("environment", number), None, after, project_id=project_id)
        return _view(self._row(project_id, number))

    def _kept(self, base_url: str, content: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        """The columns for this content. Raises InvalidInput."""
        settings, held = set_apart(content, _paths(known))
        listed, secrets = split(content.get("variables") or [], known.get("variables", {}))
        all_secrets = {"variables": secrets, "settings": [[list(path), value] for path, value in held.items()]}
        kept = {**settings, "variables": listed}
        found = [*faults(base_url, settings, held), *variable_faults(listed, secrets)]
        refuse([*found, *size_faults(kept, all_secrets)])
        return {
            "content": json.dumps(kept, ensure_ascii=False),
            "secrets": sealed(self._keys, all_secrets, SECRETS) if secrets or held else None,
        }

    def _record_change(self, actor: Actor, row: Row[Any], values: Mapping[str, Any]) -> None:
        before, after = _told(row._asdict()), _told(values)
        names = [name for name in after if before[name] != after[name]]
        old, new = opened(self._keys, row.secrets, SECRETS), opened(self._keys, values["secrets"], SECRETS)
        fresh = rewritten(old.get("variables", {}), new.get("variables", {})) + rewritten(_paths(old), _paths(new))
        self._audit.record(
            actor,
            "environment.changed",
            ("environment", row.id),
            {name: before[name] for name in names},
            {name: after[name] for name in names} | ({"rewritten": fresh} if fresh else {}),
            project_id=row.project_id,
        )


def _sent(content: Content) -> dict[str, Any]:
    """The parts of the content that came with a request."""
    sent = content.model_dump()
    return {name: sent[name] for name in (*PARTS, "variables") if name in content.model_fields_set}


def _paths(known: Mapping[str, Any]) -> dict[Path, str]:
    return {tuple(path): value for path, value in known.get("settings", [])}


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """An environment as the audit record keeps it."""
    content = json.loads(values["content"])
    parts = {name: cut(content[name]) for name in PARTS}
    told_of = {"name": values["name"], "base_url": values["base_url"], **parts}
    return {**told_of, "variables": told(content["variables"])}


def _view(row: Row[Any]) -> EnvironmentView:
    content = json.loads(row.content)
    parts = {name: content[name] for name in PARTS}
    parts |= {name: parts[name] or {} for name in ("headers", "cookies")}
    return EnvironmentView.of(row, **parts, variables=views(content["variables"]))
