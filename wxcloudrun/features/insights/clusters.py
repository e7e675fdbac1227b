"""Causes of failures over all runs: listing, saying what is known of them, merging, taking apart again."""

import json
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
from wxcloudrun.features.insights.dao import InsightDao
from wxcloudrun.features.insights.errors import ClusterIntoItself, ClusterNotFound, ClusterNotMerged
from wxcloudrun.features.insights.models import ClusterState
from wxcloudrun.features.insights.schemas import (
    ClusterChange,
    ClusterFailureView,
    ClusterLine,
    ClusterMerge,
    ClusterSplit,
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
_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ClusterService:
    """What members of a project read and say of causes."""

    def __init__(
        self, session: AnySession, audit: AuditService, access: ProjectAccess, dao: InsightDao | None = None
    ) -> None:
        self.session = session
        self._audit = audit
        self._access = access
        self._dao = dao or InsightDao(session)

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

    @unit_of_work
    def merge(self, actor: Actor, project_id: int, cluster_id: int, merge: ClusterMerge) -> ClusterView:
        """Put a cause into another one, now and for all its failures to come.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ClusterNotFound, ClusterIntoItself.
        """
        self._access.require(actor, project_id, Right.EDIT)
        row, into = self._both(project_id, cluster_id, merge.into)
        merged = [row.id, *(one.id for one in self._dao.merged(row.id))]
        self._dao.remerge(row.id, into.id)
        self._dao.change(row.id, {"state": ClusterState.MERGED, "merged_into": into.id})
        self._dao.move(into.id, merged)
        self._dao.change(into.id, _joined(into, row))
        self._audit.record(actor, "cause.merged", ("cause", row.id), None, {"into": into.id}, project_id=project_id)
        return self._view(self._found(project_id, into.id))

    @unit_of_work
    def split(self, actor: Actor, project_id: int, cluster_id: int, split: ClusterSplit) -> ClusterView:
        """Take a cause that was merged into this one out of it again, with its failures.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ClusterNotFound, ClusterNotMerged.
        """
        self._access.require(actor, project_id, Right.EDIT)
        row = self._found(project_id, split.cluster_id, locked=True)
        into = self._found(project_id, cluster_id, locked=True)
        if row.merged_into != into.id:
            raise ClusterNotMerged
        self._dao.change(row.id, {"state": ClusterState.OPEN, "merged_into": None})
        self._dao.move(row.id, [row.id])
        self._dao.change(into.id, {"size": into.size - row.size})
        self._audit.record(actor, "cause.split", ("cause", row.id), {"from": into.id}, None, project_id=project_id)
        return self._view(self._found(project_id, row.id))

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

    def _both(self, project_id: int, cluster_id: int, into_id: int) -> tuple[Row[Any], Row[Any]]:
        """Both causes of a merge, nobody else changing them."""
        if cluster_id == into_id:
            raise ClusterIntoItself
        rows = {one: self._found(project_id, one, locked=True) for one in sorted((cluster_id, into_id))}
        row, into = rows[cluster_id], rows[into_id]
        if into.merged_into is not None or row.merged_into is not None:
            raise ClusterIntoItself
        return row, into

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
        places = self._dao.places(row.id)
        return ClusterView(
            **dict(_line(row)),
            parts=parts,
            merged=[_near(one, share) for share, one in merged],
            near=[_near(one, share) for share, one in near[:_MOST_NEAR]],
            places=[PlaceView(scenario_id=p.scenario_id, case_id=p.case_id, count=p.found) for p in places],
        )


def _number(moment: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (moment - _BEGIN) // timedelta(microseconds=1)


def _moment(number: int) -> datetime:
    try:
        return _BEGIN + timedelta(microseconds=number)
    except OverflowError:
        raise InvalidInput(fields=(FieldFault("cursor", "invalid"),)) from None


def _line(row: Row[Any]) -> ClusterLine:
    names = ("id", "key", "title", "size", "note", "link", "owner_id", "version")
    return ClusterLine(
        **{name: getattr(row, name) for name in names},
        state=row.state.name.lower(),
        first_seen=SeenView(run_id=row.first_run_id, at=iso(row.first_at)),
        last_seen=SeenView(run_id=row.last_run_id, at=iso(row.last_at)),
        recurred_at=None if row.recurred_at is None else iso(row.recurred_at),
    )


def _near(row: Row[Any], share: float) -> NearView:
    return NearView(id=row.id, title=row.title, state=row.state.name.lower(), nearness=round(share, 3))


def _joined(into: Row[Any], row: Row[Any]) -> dict[str, Any]:
    """The columns of a cause into which another one was put."""
    values: dict[str, Any] = {"size": into.size + row.size}
    if row.first_at < into.first_at:
        values |= {"first_run_id": row.first_run_id, "first_at": row.first_at}
    if row.last_at > into.last_at:
        values |= {"last_run_id": row.last_run_id, "last_at": row.last_at}
    return values
