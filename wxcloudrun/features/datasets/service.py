"""Datasets of a case: listing, making, changing, copying, removing."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.credentials import Held, referenced
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import EditConflict, refuse
from wxcloudrun.core.pagination import Page
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.cases.access import CaseAccess, CaseGrip
from wxcloudrun.features.cases.models import Visibility
from wxcloudrun.features.datasets.content import (
    MOST_DATASETS,
    PARTS,
    apart,
    columns,
    engine_faults,
    made_key,
    opened,
    own_faults,
    told,
    whole,
)
from wxcloudrun.features.datasets.dao import DatasetDao
from wxcloudrun.features.datasets.errors import DatasetNotFound, DefaultDatasetDisabled, TooManyDatasets
from wxcloudrun.features.datasets.schemas import (
    DatasetChange,
    DatasetContent,
    DatasetCopied,
    DatasetMade,
    DatasetsQuery,
    DatasetView,
)
from wxcloudrun.features.projects.access import Right


class DatasetService:
    """What members of a project do with the datasets of its cases."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        access: CaseAccess,
        datasets: DatasetDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._access = access
        self._datasets = datasets or DatasetDao(session)

    def page(self, actor: Actor, project_id: int, case_id: int, query: DatasetsQuery) -> Page[DatasetView]:
        """A case's datasets in their order. Raises ProjectNotFound, CaseNotFound."""
        self._access.require(actor, project_id, case_id, Right.VIEW)
        rows, total = self._datasets.page(case_id, (query.page - 1) * query.size, query.size)
        return Page(items=[shown(row) for row in rows], page=query.page, size=query.size, total=total)

    def view(self, actor: Actor, project_id: int, case_id: int, dataset_id: int) -> DatasetView:
        """A dataset. Raises ProjectNotFound, CaseNotFound, DatasetNotFound."""
        self._access.require(actor, project_id, case_id, Right.VIEW)
        return shown(found(self._datasets.get(case_id, dataset_id)))

    @unit_of_work
    def add(self, actor: Actor, project_id: int, case_id: int, made: DatasetMade) -> DatasetView:
        """A new dataset at the end. The first one is no default by itself: a run would change what it sends.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, InvalidInput, DatasetKeyTaken,
        TooManyDatasets, DefaultDatasetDisabled.
        """
        grip = self._access.require(actor, project_id, case_id, Right.EDIT, locked=True)
        if made.is_default and not made.enabled:
            raise DefaultDatasetDisabled
        kept = self._kept(grip, {part: getattr(made, part) for part in PARTS}, {})
        values = {"key": made.key, "name": made.name, "enabled": made.enabled, **kept}
        number = self._added(actor, grip, values, "dataset.created")
        if made.is_default:
            self._datasets.mark(case_id, number)
        return shown(found(self._datasets.get(case_id, number)))

    @unit_of_work
    def copy(self, actor: Actor, project_id: int, case_id: int, dataset_id: int, copied: DatasetCopied) -> DatasetView:
        """A copy at the end with everything in it; credentials are copied as they are kept, and nobody sees them.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, DatasetNotFound, DatasetKeyTaken,
        TooManyDatasets.
        """
        grip = self._access.require(actor, project_id, case_id, Right.EDIT, locked=True)
        row = found(self._datasets.get(case_id, dataset_id))
        name = row.name if copied.name is None else copied.name
        base = row.key if copied.key is None and copied.name is None else name
        same = {"name": name, "enabled": row.enabled, "content": row.content, "secrets": row.secrets}
        number = self._added(actor, grip, {"key": copied.key, **same}, "dataset.copied", base, row.id)
        return shown(found(self._datasets.get(case_id, number)))

    @unit_of_work
    def change(
        self, actor: Actor, project_id: int, case_id: int, dataset_id: int, change: DatasetChange
    ) -> DatasetView:
        """Change the fields that were sent; marks keep what they stand for.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, DatasetNotFound, InvalidInput,
        DatasetKeyTaken, DefaultDatasetDisabled, EditConflict with the present state.
        """
        grip = self._access.require(actor, project_id, case_id, Right.EDIT, locked=True)
        row = found(self._datasets.get(case_id, dataset_id))
        if change.version not in {None, row.version}:
            raise EditConflict(present=shown(row))
        if change.enabled is False and row.marked is not None:
            raise DefaultDatasetDisabled
        plain = {name: getattr(change, name) for name in ("key", "name", "enabled")}
        values = {name: getattr(row, name) if value is None else value for name, value in plain.items()}
        parts = sent(change)
        known = opened(self._keys, row.secrets)
        if parts:
            values |= self._kept(grip, json.loads(row.content) | parts, known)
        self._datasets.change(row.id, values | {"version": row.version + 1, "updated_at": self._clock.now()})
        self._record_change(actor, grip, row, row._asdict() | values, known)
        return shown(found(self._datasets.get(case_id, dataset_id)))

    @unit_of_work
    def remove(self, actor: Actor, project_id: int, case_id: int, dataset_id: int) -> Removed:
        """Remove a dataset. The case has no default one then, if it was that.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, DatasetNotFound.
        """
        grip = self._access.require(actor, project_id, case_id, Right.EDIT, locked=True)
        row = found(self._datasets.get(case_id, dataset_id))
        self._datasets.remove(case_id, [row.id])
        self._datasets.shift(case_id, row.position + 1, None, -1)
        before = told(row._asdict()) | {"case_id": case_id}
        self._audit.record(actor, "dataset.removed", ("dataset", row.id), before, project_id=seen_in(grip))
        return Removed(id=row.id)

    def _added(
        self,
        actor: Actor,
        grip: CaseGrip,
        values: Mapping[str, Any],
        action: str,
        base: str | None = None,
        origin: int | None = None,
    ) -> int:
        """The number of a new dataset; its key is made from `base`, else from its name, where none is given."""
        places = self._datasets.places(grip.row.id)
        if len(places) >= MOST_DATASETS:
            raise TooManyDatasets(values={"limit": MOST_DATASETS})
        position = places[-1].position + 1 if places else 1
        key = values["key"] or made_key(base or values["name"], position, {place.key for place in places})
        now = self._clock.now()
        stamp = {"position": position, "version": 1, "created_at": now, "updated_at": now}
        number = self._datasets.add({**values, "case_id": grip.row.id, "key": key, **stamp})
        after = told({**values, "key": key}) | {"case_id": grip.row.id} | ({} if origin is None else {"origin": origin})
        self._audit.record(actor, action, ("dataset", number), None, after, project_id=seen_in(grip))
        return number

    def _kept(self, grip: CaseGrip, parts: Mapping[str, Any], known: Held) -> dict[str, str | None]:
        """The columns for these parts. Raises InvalidInput."""
        content, held = apart(parts, known)
        refuse(own_faults(content, held))
        refuse(fault for _, fault in engine_faults(request_of(grip), [whole(content, held)], [held]))
        return columns(self._keys, content, held)

    def _record_change(
        self, actor: Actor, grip: CaseGrip, row: Row[Any], values: Mapping[str, Any], known: Held
    ) -> None:
        before, after = told(row._asdict()), told(values)
        names = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
        fresh = opened(self._keys, values["secrets"]) if values["secrets"] != row.secrets else known
        rewritten = [".".join(path) for path, value in fresh.items() if known.get(path) != value]
        more = {"case_id": grip.row.id} | ({"rewritten": rewritten} if rewritten else {})
        self._audit.record(
            actor,
            "dataset.changed",
            ("dataset", row.id),
            {name: before.get(name) for name in sorted(names)},
            {name: after.get(name) for name in sorted(names)} | more,
            project_id=seen_in(grip),
        )


def found(row: Row[Any] | None) -> Row[Any]:
    """The row. Raises DatasetNotFound where there is none."""
    if row is None:
        raise DatasetNotFound
    return row


def shown(row: Row[Any]) -> DatasetView:
    """A dataset's row as clients see it."""
    return DatasetView.of(row, json.loads(row.content))


def sent(content: DatasetContent) -> dict[str, Any]:
    """The parts that came with a request."""
    return {part: getattr(content, part) for part in PARTS if part in content.model_fields_set}


def request_of(grip: CaseGrip) -> dict[str, Any]:
    """The case's own request; references stand where its credentials are."""
    request: dict[str, Any] = referenced(json.loads(grip.row.content))[0]["request"]
    return request


def seen_in(grip: CaseGrip) -> int | None:
    """The project whose activity tells of a change; none tells of private cases."""
    return None if grip.row.visibility is Visibility.PRIVATE else grip.membership.project.id
