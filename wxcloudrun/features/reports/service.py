"""The report of a run: how it ended, what is different, why it failed, in parts that stay small."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.db import AnySession
from wxcloudrun.core.pagination import Slice, cursor, position
from wxcloudrun.exporters.report import Cause, Changes, OtherRun, RunFacts
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.reports.causes import Group, divided, grouped
from wxcloudrun.features.reports.comparison import Comparison, before_and_after, name_of, previous
from wxcloudrun.features.reports.dao import ReportDao
from wxcloudrun.features.reports.differences import Differing
from wxcloudrun.features.reports.insight import Insight, Known
from wxcloudrun.features.reports.reading import Marks, Reader
from wxcloudrun.features.reports.schemas import ReportQuery, ReportStepsQuery, ReportView
from wxcloudrun.features.reports.views import cause_view, changes_view, run_facts, totals_view
from wxcloudrun.features.runs.access import seen
from wxcloudrun.features.runs.models import StepOutcome
from wxcloudrun.features.runs.results import fitting
from wxcloudrun.features.runs.schemas import ResultLine, RunLine

_ORDER: Final = (StepOutcome.FAILED, StepOutcome.ERROR, StepOutcome.SKIPPED, StepOutcome.PASSED)
_SLOWEST: Final = 10


@dataclass(frozen=True, slots=True)
class Depth:
    """How many causes are told, of each how many failures, and of their bodies how many bytes.

    `pairs`: so many steps of the run before are looked at for answers and variables that are different.
    """

    causes: int
    failures: int
    body: int
    pairs: int = 0


BRIEF: Final = Depth(causes=30, failures=3, body=0, pairs=100)
FULL: Final = Depth(causes=60, failures=5, body=8 * 1024, pairs=500)
_MOST_DIFFERENT: Final = 20


@dataclass(frozen=True, slots=True)
class Findings:
    """What a report is made of besides its steps; `count` is how many causes there are in all."""

    run: RunFacts
    changes: Changes
    causes: Sequence[Cause]
    count: int
    quarantined: Collection[int]


class ReportService:
    """What members of a project read of how its runs went."""

    def __init__(
        self, session: AnySession, access: ProjectAccess, insight: Insight, dao: ReportDao | None = None
    ) -> None:
        self._access = access
        self._insight = insight
        self._dao = dao or ReportDao(session)

    def report(self, actor: Actor, project_id: int, run_id: int, query: ReportQuery) -> ReportView:
        """The report with the first of its steps. Raises ProjectNotFound, RunNotFound."""
        row = self.row(actor, project_id, run_id)
        found = self.findings(row, BRIEF)
        return ReportView(
            run=RunLine.of(row),
            state=found.run.state,
            verdict=found.run.state if row.state.final else None,
            reason=row.reason,
            totals=totals_view(found.run.totals),
            changes=changes_view(found.changes),
            failures=[cause_view(found.run, cause) for cause in found.causes],
            causes=found.count,
            quarantined=sorted(found.quarantined),
            slowest=[ResultLine.of(one) for one in self._dao.slowest(run_id, _SLOWEST)],
            steps=self._stretch(run_id, ReportStepsQuery(size=query.size)),
        )

    def steps(self, actor: Actor, project_id: int, run_id: int, query: ReportStepsQuery) -> Slice[ResultLine]:
        """Steps, what went wrong first. Raises ProjectNotFound, RunNotFound, InvalidInput."""
        self.row(actor, project_id, run_id)
        return self._stretch(run_id, query)

    def row(self, actor: Actor, project_id: int, run_id: int) -> Row[Any]:
        """The run, with `project`, for those who see it. Raises ProjectNotFound, RunNotFound."""
        membership = self._access.require(actor, project_id, Right.VIEW)
        return seen(actor, membership, self._dao.run(project_id, run_id))

    def before(self, row: Row[Any]) -> OtherRun | None:
        """The comparable run before this one, on its branch. Who calls this has checked that it may be told."""
        return previous(row, self._dao)

    def findings(self, row: Row[Any], depth: Depth) -> Findings:
        """What is to be said of a run. Who calls this has checked that it may be said."""
        run = run_facts(row, self._dao.times(row.id))
        wrong = self._dao.wrong(row.id)
        reader = Reader(self._dao, row.project_id, row.id)
        groups = self._groups(row, wrong, reader)
        told = groups[: depth.causes]
        known = self._insight.known(row.project_id, row.id, [one.key for one in told]) if told else {}
        comparison, names = before_and_after(row, self._dao), {one.seq: name_of(one) for one in wrong}
        causes = []
        for group in told:
            steps = tuple(reader.some(group.seqs[: depth.failures], lambda _: depth.body > 0, depth.body))
            more = known.get(group.key, Known())
            failed = comparison.failed
            fresh = None if failed is None else sum(names[seq] not in failed for seq in group.seqs)
            cause = Cause(group.key, group.title, len(group.seqs), steps, fresh)
            causes.append(replace(cause, **{one.name: getattr(more, one.name) for one in fields(more)}))
        changes = self._changes(row, comparison, depth.pairs)
        return Findings(run, changes, causes, len(groups), self._quarantined(row, wrong))

    def _changes(self, row: Row[Any], comparison: Comparison, pairs: int) -> Changes:
        """What is different, with answers and variables once the run has ended: while it goes on it is asked often."""
        if comparison.before is None or not pairs or not row.state.final:
            return comparison.changes
        first, runs = comparison.new[:_MOST_DIFFERENT], (row, comparison.before)
        found = Differing(self._dao).between(runs, *comparison.lines, first, pairs)
        return replace(
            comparison.changes,
            shapes=tuple(found.shapes[:_MOST_DIFFERENT]),
            variables=tuple(found.variables[:_MOST_DIFFERENT]),
            not_looked_at=found.not_looked_at,
        )

    def marks(self, row: Row[Any]) -> Marks:
        """What people said of this run's failures. Who calls this has checked that it may be said."""
        wrong = self._dao.wrong(row.id)
        groups = self._groups(row, wrong, Reader(self._dao, row.project_id, row.id))
        told = self._insight.known(row.project_id, row.id, [one.key for one in groups]) if groups else {}
        known = {key for key, one in told.items() if one.state == "known"}
        seqs = {seq for group in groups if group.key in known for seq in group.seqs}
        return Marks(self._quarantined(row, wrong), seqs)

    def _groups(self, row: Row[Any], wrong: Sequence[Row[Any]], reader: Reader) -> list[Group]:
        """Failures by cause, as people divided them."""
        groups = grouped(wrong, reader.details)
        parts = self._insight.parts(row.project_id, [one.key for one in groups]) if groups else {}
        return divided(groups, parts, row.scenario_id, {one.seq: one.case_id for one in wrong}) if parts else groups

    def _quarantined(self, row: Row[Any], wrong: Sequence[Row[Any]]) -> Collection[int]:
        cases = {one.case_id for one in wrong if one.case_id is not None}
        return self._insight.quarantined(row.project_id, cases) if cases else ()

    def _stretch(self, run_id: int, query: ReportStepsQuery) -> Slice[ResultLine]:
        rank, after = position(query.cursor, (int, int)) or (0, -1)
        rows: list[Row[Any]] = []
        for outcome in _ORDER[max(0, rank) :]:
            rows += self._dao.stretch(run_id, outcome, after, query.size + 1 - len(rows))
            after = -1
            if len(rows) > query.size:
                break
        shown = fitting([ResultLine.of(row) for row in rows[: query.size]])
        if len(rows) <= len(shown):
            return Slice(items=shown, next=None)
        last = rows[len(shown) - 1]
        return Slice(items=shown, next=cursor(_ORDER.index(last.outcome), last.seq))
