"""Puts causes together and takes them apart, for the failures that are kept and for those to come.

Whoever does so holds the project, as a worker does that counts a run, and then the causes in the order of their
numbers: nobody sees a part of it, and nobody waits for another in a circle.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.analysis.signatures import key_of
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.insights.clusters import ClusterService
from wxcloudrun.features.insights.dao import InsightDao
from wxcloudrun.features.insights.errors import (
    ClusterIntoItself,
    ClusterNotDivisible,
    ClusterNotFound,
    ClusterNotMerged,
)
from wxcloudrun.features.insights.models import ClusterState
from wxcloudrun.features.insights.questions import ClusterQuestions
from wxcloudrun.features.insights.records import last_good
from wxcloudrun.features.insights.schemas import ClusterMerge, ClusterSplit, ClusterView
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.reports.comparison import Baselines

_SAME: Final = (
    "project_id", "title", "host", "phase", "status", "only_scenario_id", "only_case_id", "first_run_id", "first_at",
    "last_run_id", "last_at", "last_good_run_id", "last_good_at",
)  # fmt: skip


class ClusterMerging:
    """What editors of a project say of which failures have one cause."""

    def __init__(
        self, session: AnySession, audit: AuditService, access: ProjectAccess, clusters: ClusterService
    ) -> None:
        self.session = session
        self._audit = audit
        self._access = access
        self._clusters = clusters
        self._questions = ClusterQuestions(session)
        self._runs = InsightDao(session)
        self._baselines = Baselines(session)

    @unit_of_work
    def merge(self, actor: Actor, project_id: int, cluster_id: int, merge: ClusterMerge) -> ClusterView:
        """Put a cause into another one, now and for all its failures to come.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ClusterNotFound, ClusterIntoItself.
        """
        self._hold(actor, project_id)
        if cluster_id == merge.into:
            raise ClusterIntoItself
        row, into = self._both(project_id, cluster_id, merge.into)
        if into.merged_into is not None or row.merged_into is not None:
            raise ClusterIntoItself
        own = self._questions.own_size(row)
        self._questions.merge(row.id, into.id)
        self._questions.change(row.id, {"state": ClusterState.MERGED, "merged_into": into.id, "size": own})
        self._questions.change(into.id, _joined(into, row))
        self._audit.record(actor, "cause.merged", ("cause", row.id), None, {"into": into.id}, project_id=project_id)
        return self._clusters.view(actor, project_id, into.id)

    @unit_of_work
    def split(self, actor: Actor, project_id: int, cluster_id: int, split: ClusterSplit) -> ClusterView:
        """Take out of a cause one that was merged into it, or its failures of a case or scenario, now and to come.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ClusterNotFound, ClusterNotMerged, ClusterNotDivisible.
        """
        self._hold(actor, project_id)
        if split.cluster_id is None:
            place = {name: getattr(split, name) for name in ("scenario_id", "case_id")}
            wanted = {name: value for name, value in place.items() if value is not None}
            return self._divided(actor, project_id, cluster_id, wanted)
        if split.cluster_id == cluster_id:
            raise ClusterNotMerged
        row, into = self._both(project_id, split.cluster_id, cluster_id)
        if row.merged_into != into.id:
            raise ClusterNotMerged
        self._leave(row, into)
        self._audit.record(actor, "cause.split", ("cause", row.id), {"from": into.id}, None, project_id=project_id)
        return self._clusters.view(actor, project_id, row.id)

    def _divided(self, actor: Actor, project_id: int, cluster_id: int, place: dict[str, int]) -> ClusterView:
        """What is merged into the cause is divided too: each key has a part of its own, and all parts are one cause."""
        family = {row.id: row for row in self._questions.family(project_id, cluster_id)}
        if cluster_id not in family:
            raise ClusterNotFound
        row = family.pop(cluster_id)
        there = self._questions.count("cluster_id", cluster_id, place)
        if row.merged_into is not None or not there or there == self._questions.count("cluster_id", cluster_id, {}):
            raise ClusterNotDivisible
        into = self._part_of(row, place)
        for source in family.values():
            self._add(source, place, into, row.id)
        for number in (cluster_id, into):
            self._settle(project_id, number)
        told = {"from": cluster_id, **place}
        self._audit.record(actor, "cause.divided", ("cause", into), None, told, project_id=project_id)
        return self._clusters.view(actor, project_id, into)

    def _part_of(self, row: Row[Any], place: Mapping[str, int]) -> int:
        """The cause to which a cause's own failures at a place belong; one that was merged back is taken out again."""
        part = self._questions.by_key(row.project_id, _part_key(row, place))
        if part is None:
            return self._add(row, place, None, row.id)
        if part.merged_into == row.id:
            self._leave(part, row)
            return int(part.id)
        if part.id == row.id:  # its own failures are all from there, and stay
            raise ClusterNotDivisible
        return int(part.merged_into or part.id)

    def _add(self, row: Row[Any], place: Mapping[str, int], into: int | None, root: int) -> int:
        """A new cluster of a cause's own failures at a place, which stands for itself or belongs to `into`; its number.

        `root` is the cause to which they belonged. Nothing is done where there is one for them.
        """
        key = _part_key(row, place)
        known = self._questions.by_key(row.project_id, key)
        if known is not None:
            if known.id == row.id and into not in {None, row.id}:  # all of it is from there
                self._questions.change(row.id, {"merged_into": into})
                self._questions.belong(row.id, int(into or 0))
                self._questions.grow(root, -row.size)
                self._questions.grow(int(into or 0), row.size)
            return int(known.id)
        count = self._questions.count("source_id", row.id, place)
        values = {name: getattr(row, name) for name in _SAME} | {"key": key, "size": count, "version": 1}
        values |= {"parts": json.dumps(_part_parts(row, place), ensure_ascii=False), "merged_into": into}
        values |= {"state": ClusterState.OPEN if into is None else ClusterState.MERGED}
        values |= {f"only_{name}": value for name, value in place.items()} | {"split_from": row.split_from or row.id}
        part = self._questions.add(values)
        self._questions.divide(row.id, place, part, into or part)
        for number, more in ((row.id, -count), (root, 0 if root == row.id else -count), (into or part, count)):
            if number != part and more:
                self._questions.grow(number, more)
        return part

    def _leave(self, row: Row[Any], into: Row[Any]) -> None:
        """What is merged into a cause stands for itself again."""
        self._questions.change(row.id, {"state": ClusterState.OPEN, "merged_into": None})
        self._questions.belong(row.id, row.id)
        self._questions.grow(into.id, -row.size)
        for one in (row, into):
            self._settle(one.project_id, one.id)

    def _settle(self, project_id: int, cluster_id: int) -> None:
        """Say of a cause when it was seen first and last, by the failures that belong to it, and what passed before."""
        row = self._questions.cluster(project_id, cluster_id)
        values = self._questions.seen(cluster_id)
        if row is None or not values:
            return
        if values["first_run_id"] != row.first_run_id:
            run = self._runs.run(project_id, values["first_run_id"])
            values |= last_good(None if run is None else self._baselines.green(run))
        self._questions.change(cluster_id, values)

    def _hold(self, actor: Actor, project_id: int) -> None:
        self._access.require(actor, project_id, Right.EDIT)
        self._questions.hold(project_id)

    def _both(self, project_id: int, one: int, other: int) -> tuple[Row[Any], Row[Any]]:
        """Both causes, nobody else changing them."""
        found = {number: self._questions.cluster(project_id, number, locked=True) for number in sorted((one, other))}
        row, into = found[one], found[other]
        if row is None or into is None:
            raise ClusterNotFound
        return row, into


def _part_parts(row: Row[Any], place: Mapping[str, int]) -> dict[str, str]:
    """What the key of a cause's part is made of: the cause's own parts, and the place."""
    return {**json.loads(row.parts), **{name: str(value) for name, value in place.items()}}


def _part_key(row: Row[Any], place: Mapping[str, int]) -> str:
    return key_of(_part_parts(row, place))


def _joined(into: Row[Any], row: Row[Any]) -> dict[str, Any]:
    """The columns of a cause into which another one was put."""
    values: dict[str, Any] = {"size": into.size + row.size}
    if row.first_at < into.first_at:
        values |= {
            name: getattr(row, name) for name in ("first_run_id", "first_at", "last_good_run_id", "last_good_at")
        }
    if row.last_at > into.last_at:
        values |= {"last_run_id": row.last_run_id, "last_at": row.last_at}
    return values
