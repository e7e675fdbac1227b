"""The order of a case's datasets, and which one is the default."""

from collections.abc import Sequence
from typing import Any

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import FieldFault, InvalidInput
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.cases.access import CaseAccess, CaseGrip
from wxcloudrun.features.datasets.dao import DatasetDao
from wxcloudrun.features.datasets.errors import DatasetNotFound, DefaultDatasetDisabled
from wxcloudrun.features.datasets.schemas import DatasetMoved, DatasetView, NoDefault
from wxcloudrun.features.datasets.service import found, seen_in, shown
from wxcloudrun.features.projects.access import Right


class DatasetOrder:
    """Moves datasets and chooses the default one. The case's row is locked meanwhile: of two people one waits."""

    def __init__(
        self, session: AnySession, audit: AuditService, access: CaseAccess, datasets: DatasetDao | None = None
    ) -> None:
        self.session = session
        self._audit = audit
        self._access = access
        self._datasets = datasets or DatasetDao(session)

    @unit_of_work
    def move(self, actor: Actor, project_id: int, case_id: int, dataset_id: int, moved: DatasetMoved) -> DatasetView:
        """Give a dataset another place; the others keep their order. As many statements for one as for a thousand.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, DatasetNotFound, InvalidInput.
        """
        grip = self._access.require(actor, project_id, case_id, Right.EDIT, locked=True)
        places = self._datasets.places(case_id)
        at = next((place.position for place in places if place.id == dataset_id), None)
        if at is None:
            raise DatasetNotFound
        to = _target(places, at, dataset_id, moved)
        if to != at:
            low, high, by = (at + 1, to, -1) if at < to else (to, at - 1, 1)
            self._datasets.shift(case_id, low, high, by)
            self._datasets.change(dataset_id, {"position": to})
            told = {"position": at}, {"position": to, "case_id": case_id}
            self._audit.record(actor, "dataset.moved", ("dataset", dataset_id), *told, project_id=seen_in(grip))
        return shown(found(self._datasets.get(case_id, dataset_id)))

    @unit_of_work
    def make_default(self, actor: Actor, project_id: int, case_id: int, dataset_id: int) -> DatasetView:
        """Make it the one that steps use which choose none.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, DatasetNotFound, DefaultDatasetDisabled.
        """
        grip = self._access.require(actor, project_id, case_id, Right.EDIT, locked=True)
        places = {place.id: place for place in self._datasets.places(case_id)}
        if dataset_id not in places:
            raise DatasetNotFound
        if not places[dataset_id].enabled:
            raise DefaultDatasetDisabled
        if places[dataset_id].marked is None:
            before = next((place.key for place in places.values() if place.marked is not None), None)
            self._datasets.mark(case_id, dataset_id)
            self._record(actor, grip, dataset_id, before, places[dataset_id].key)
        return shown(found(self._datasets.get(case_id, dataset_id)))

    @unit_of_work
    def clear_default(self, actor: Actor, project_id: int, case_id: int) -> NoDefault:
        """Let the case have no default dataset.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound.
        """
        grip = self._access.require(actor, project_id, case_id, Right.EDIT, locked=True)
        before = next((place for place in self._datasets.places(case_id) if place.marked is not None), None)
        if before is None:
            return NoDefault(id=None)
        self._datasets.unmark(case_id)
        self._record(actor, grip, before.id, before.key, None)
        return NoDefault(id=before.id)

    def _record(self, actor: Actor, grip: CaseGrip, dataset_id: int, before: str | None, after: str | None) -> None:
        states = {"default": before}, {"default": after, "case_id": grip.row.id}
        self._audit.record(actor, "dataset.made_default", ("dataset", dataset_id), *states, project_id=seen_in(grip))


def _target(places: Sequence[Any], at: int, dataset_id: int, moved: DatasetMoved) -> int:
    """The place where the dataset ends. Raises InvalidInput."""
    if sum(one is not None for one in (moved.before, moved.after, moved.to)) != 1:
        raise InvalidInput(fields=(FieldFault("body", "one_of_three", detail="send `before`, `after` or `to`"),))
    if moved.to is not None:
        return int(places[0 if moved.to == "first" else -1].position)
    name = "before" if moved.before is not None else "after"
    other = getattr(moved, name)
    place = next((place.position for place in places if place.id == other), None)
    if place is None:
        raise InvalidInput(
            fields=(FieldFault(name, "no_such_dataset", detail="the case has no dataset of this number"),)
        )
    if other == dataset_id:
        return at
    # What stands between its old and its new place moves up or down by one, its neighbour among them or not.
    return int(place) - (name == "before" and at < place) + (name == "after" and at > place)
