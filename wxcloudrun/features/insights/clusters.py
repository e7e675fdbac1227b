"""Causes of failures over all runs: listing them, and saying what is known of them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.analysis.signatures import nearness
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import iso
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import EditConflict, FieldFault, InvalidInput
from wxcloudrun.core.pagination import Slice, cursor, position
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.insights.errors import ClusterNotFound
from wxcloudrun.features.insights.models import ClusterState
from wxcloudrun.features.insights.questions import ClusterQuestions
from wxcloudrun.features.insights.schemas import (
    ClusterChange,
    ClusterFailureView,
    ClusterLine,
    ClustersQuery,
    ClusterView,
    FailuresQuery,
    NearView,
    PlaceView,
    SeenView,
)
from wxcloudrun.features.projects.access import ProjectAccess, Right

_LOOKED_AT: Final = 200
_MOST_NEAR: Final = 5
_NEAR: Final = 0.75
_MOST_PLACES: Final = 20
_SAME: Final = (
    "id", "key", "title", "size", "note", "link", "owner_id", "version", "split_from", "only_scenario_id",
    "only_case_id",
)  # fmt: skip
_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ClusterService:
    """What members of a project read and say of causes."""

    def __init__(
        self, session: AnySession, audit: AuditService, access: ProjectAccess, dao: ClusterQuestions | None = None
    ) -> None:
        self.session = session
        self._audit = audit
        self._access = access
        self._dao = dao or ClusterQuestions(session)

    def page(self, actor: Actor, project_id: int, query: ClustersQuery) -> Slice[ClusterLine]:
        """Causes in a state, the largest or the latest first. Raises ProjectNotFound, InvalidInput."""
        by_size = query.sort == "size"
        mark = position(query.cursor, (int, int))
        self._access.require(actor, project_id, Right.VIEW)
        before: tuple[Any, int] | None = None
        if mark is not None:
            before = (mark[0] if by_size else _moment(mark[0]), mark[1])
        state = ClusterState[query.state.upper()]
        rows = self._dao.page(project_id, state, "size" if by_size else "last_at", before, query.size + 1)
        shown = rows[: query.size]
        if len(rows) <= len(shown):
            return Slice(items=[_line(row) for row in shown], next=None)
        last = shown[-1]
        return Slice(
            items=[_line(row) for row in shown], next=cursor(last.size if by_size else _number(last.last_at), last.id)
        )

    def view(self, actor: Actor, project_id: int, cluster_id: int) -> ClusterView:
        """A cause with what is near it. Raises ProjectNotFound, ClusterNotFound."""
        self._access.require(actor, project_id, Right.VIEW)
        return self._view(self._found(project_id, cluster_id))

    @unit_of_work
    def change(self, actor: Actor, project_id: int, cluster_id: int, change: ClusterChange) -> ClusterView:
        """Say what is known of a cause.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ClusterNotFound, EditConflict, InvalidInput.
        """
        self._access.require(actor, project_id, Right.EDIT)
        row = self._found(project_id, cluster_id, locked=True)
        if change.version not in {None, row.version}:
            raise EditConflict(present=self._view(row))
        sent = {name: getattr(change, name) for name in change.model_fields_set - {"version"}}
        if sent.get("owner_id") is not None and not self._dao.is_member(project_id, sent["owner_id"]):
            raise InvalidInput(fields=(FieldFault("owner_id", "unknown"),))
        if (state := sent.pop("state", None)) is not None:
            sent["state"] = ClusterState[state.upper()]
        self._dao.change(cluster_id, sent)
        told = {name: str(value) for name, value in sent.items() if name != "note"}
        self._audit.record(actor, "cause.changed", ("cause", cluster_id), None, told, project_id=project_id)
        return self._view(self._found(project_id, cluster_id))

    def failures(
        self, actor: Actor, project_id: int, cluster_id: int, query: FailuresQuery
    ) -> Slice[ClusterFailureView]:
        """The newest failures of a cause, of which two hundred are kept. Raises ProjectNotFound, ClusterNotFound."""
        mark = position(query.cursor, (int,))
        self._access.require(actor, project_id, Right.VIEW)
        self._found(project_id, cluster_id)
        rows = self._dao.failures(cluster_id, mark[0] if mark else None, query.size + 1)
        shown = rows[: query.size]
        names = ("run_id", "seq", "case_id", "scenario_id", "name")
        views = [ClusterFailureView(**{n: getattr(row, n) for n in names}, at=iso(row.at)) for row in shown]
        return Slice(items=views, next=cursor(shown[-1].id) if len(rows) > len(shown) else None)

    def _found(self, project_id: int, cluster_id: int, *, locked: bool = False) -> Row[Any]:
        row = self._dao.cluster(project_id, cluster_id, locked=locked)
        if row is None:
            raise ClusterNotFound
        return row

    def _view(self, row: Row[Any]) -> ClusterView:
        parts = json.loads(row.parts)
        alike = [(nearness(parts, json.loads(one.parts)), one) for one in self._dao.alike(row, _LOOKED_AT)]
        near = sorted((pair for pair in alike if pair[0] >= _NEAR), key=lambda pair: (-pair[0], pair[1].id))
        merged = [(nearness(parts, json.loads(one.parts)), one) for one in self._dao.merged(row.id)]
        taken_out = [(nearness(parts, json.loads(one.parts)), one) for one in self._dao.taken_out(row.id)]
        places = self._dao.places(row.id, _MOST_PLACES)
        return ClusterView(
            **dict(_line(row)),
            parts=parts,
            merged=[_near(one, share) for share, one in merged],
            near=[_near(one, share) for share, one in near[:_MOST_NEAR]],
            taken_out=[_near(one, share) for share, one in taken_out],
            places=self._places(row.project_id, places),
            places_count=places[0].places if places else 0,
        )

    def _places(self, project_id: int, places: Sequence[Row[Any]]) -> list[PlaceView]:
        """Places with the names that scenarios and cases have today."""
        titles = {
            of: self._dao.titles(project_id, of, {getattr(place, of) for place in places})
            for of in ("scenario_id", "case_id")
        }
        return [
            PlaceView(
                scenario_id=place.scenario_id or None,
                scenario=titles["scenario_id"].get(place.scenario_id),
                case_id=place.case_id or None,
                case=titles["case_id"].get(place.case_id),
                count=place.found,
                first_run_id=place.first_run_id,
                last_run_id=place.last_run_id,
            )
            for place in places
        ]


def _number(moment: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (moment - _BEGIN) // timedelta(microseconds=1)


def _moment(number: int) -> datetime:
    try:
        return _BEGIN + timedelta(microseconds=number)
    except OverflowError:
        raise InvalidInput(fields=(FieldFault("cursor", "invalid"),)) from None


def _line(row: Row[Any]) -> ClusterLine:
    good = row.last_good_run_id
    return ClusterLine(
        **{name: getattr(row, name) for name in _SAME},
        state=row.state.name.lower(),
        first_seen=SeenView(run_id=row.first_run_id, at=iso(row.first_at)),
        last_seen=SeenView(run_id=row.last_run_id, at=iso(row.last_at)),
        last_good=None if good is None else SeenView(run_id=good, at=iso(row.last_good_at)),
        recurred_at=None if row.recurred_at is None else iso(row.recurred_at),
    )


def _near(row: Row[Any], share: float) -> NearView:
    return NearView(id=row.id, title=row.title, state=row.state.name.lower(), nearness=round(share, 3))
