"""Runs: starting, listing, looking at, canceling and removing them; results are in `results`, repeats in `reruns`."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.db import AnySession, after_commit, unit_of_work
from wxcloudrun.core.pagination import Slice, cursor, position
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.runs.access import seen
from wxcloudrun.features.runs.choosing import Choice, RunChoosing
from wxcloudrun.features.runs.dao import RunDao
from wxcloudrun.features.runs.errors import RunEnded, RunNotEnded, RunNotFound
from wxcloudrun.features.runs.models import MOST_ASKED, Priority, RunState, Trigger
from wxcloudrun.features.runs.planning import Bounds, Frozen, RunPlanning
from wxcloudrun.features.runs.questions import RunQuestions, RunsWanted, first_row, viewing
from wxcloudrun.features.runs.results import fitting, read_json
from wxcloudrun.features.runs.schemas import RunLine, RunMade, RunsQuery, RunStarted, RunView
from wxcloudrun.features.runs.supply import CANCELED, is_lost

_NUMBERS: Final = (
    "fence", "claims", "ahead", "stored", "passed", "failed", "error", "skipped", "after_retry", "requests",
    "detail_bytes",
)  # fmt: skip
_MOST_WARNINGS: Final = 50
_ROOM: Final = 20  # for `partial`, which a rerun adds


@dataclass(frozen=True, slots=True)
class Around:
    """What is done around runs: `count` one more run of a case and of scenarios, `wake` workers when there is news, and
    tell them elsewhere that a run is `queued`.

    These two neither wait nor fail. `let_go` hears of files to which no row refers any more, in the transaction that
    makes it so. `lease_s`: after so many seconds of silence a worker counts as lost. `told` are the names of those who
    are told of every run that ended.
    """

    count: Callable[[int | None, tuple[int, ...]], None]
    wake: Callable[[], None]
    let_go: Callable[[Iterable[str]], None]
    queued: Callable[[int, Priority], None]
    lease_s: float
    told: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """A run to be queued: the columns that say what it is, its plan, and the scenarios that are counted."""

    columns: Mapping[str, Any]
    frozen: Frozen
    counted: tuple[int, ...] = field(default=())


class RunService:
    """What members of a project do with its runs."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        audit: AuditService,
        access: ProjectAccess,
        choosing: RunChoosing,
        planning: RunPlanning,
        around: Around,
        questions: RunQuestions | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._audit = audit
        self._access = access
        self._choosing = choosing
        self._planning = planning
        self._around = around
        self._questions = questions or RunQuestions(session)
        self._runs = RunDao(session, told=around.told)

    def start(
        self,
        actor: Actor,
        project_id: int,
        made: RunMade,
        trigger: Trigger | None = None,
        origin: int | None = None,
        schedule_id: int | None = None,
    ) -> RunStarted:
        """Freeze what is to be run, and queue it. `origin`: number of the run that it repeats.

        Every refusal comes before anything is written, so that a transaction around this can go on after it.

        Without `trigger` a program began it where an API token was shown, else a person.

        Raises what RunChoosing and RunPlanning raise.
        """
        choice, frozen = self._frozen(actor, project_id, made)
        began = trigger or (Trigger.MANUAL if actor.grant is None else Trigger.API)
        columns = _columns(choice, made) | {"trigger": began, "origin_id": origin, "schedule_id": schedule_id}
        return self.queue(actor, project_id, Wish(columns, frozen, tuple(choice.counted)))

    def look_over(self, actor: Actor, project_id: int, made: RunMade) -> tuple[int | None, list[str]]:
        """Whose private case it is, and the warnings, of a run that is not started. Raises what `start` raises."""
        choice, frozen = self._frozen(actor, project_id, made)
        return choice.private_to, list(frozen.warnings[:_MOST_WARNINGS])

    def going_on(self, project_id: int, schedule_id: int) -> list[int]:
        """Numbers of a schedule's runs that have not ended. Who calls this has checked every right."""
        return self._questions.going_on(project_id, schedule_id)

    def queue(self, actor: Actor, project_id: int, wish: Wish) -> RunStarted:
        """Put a run into the queue and wake a worker. Who calls this has checked every right. Raises PlanTooLarge."""
        number = self._queue(actor, project_id, wish, self._planning.sealed(wish.frozen.plan))
        row = self._questions.view(project_id, number)
        if row is None:
            raise RunNotFound
        return RunStarted(**dict(run_view(row)), warnings=list(wish.frozen.warnings[:_MOST_WARNINGS]))

    def page(self, actor: Actor, project_id: int, query: RunsQuery) -> Slice[RunLine]:
        """Runs that the actor sees, the newest first. Raises ProjectNotFound, InvalidInput."""
        before = position(query.cursor, (int,))
        membership = self._access.require(actor, project_id, Right.VIEW)
        rows = self._questions.page(
            RunsWanted(
                project_id,
                None if membership.may(Right.OWN) else actor.user_id or 0,
                None if query.state is None else RunState[query.state.upper()],
                query.scenario_id,
                query.case_id,
                query.schedule_id,
                before[0] if before else None,
                query.size + 1,
            )
        )
        shown = fitting([RunLine.of(row) for row in rows[: query.size]])
        return Slice(items=shown, next=cursor(shown[-1].id) if len(rows) > len(shown) else None)

    def view(self, actor: Actor, project_id: int, run_id: int) -> RunView:
        """A run; one question. Raises ProjectNotFound, RunNotFound."""
        question = viewing(project_id, run_id)
        membership, rows = self._access.require_beside(actor, project_id, Right.VIEW, question)
        return run_view(seen(actor, membership, first_row(rows)))

    def cancel(self, actor: Actor, project_id: int, run_id: int) -> RunView:
        """End a queued run at once; ask the worker of a running one to end it, which takes two seconds at most.

        Raises ProjectNotFound, RightRequired, RunNotFound, RunEnded.
        """
        self._cancel(actor, project_id, run_id)
        return self.view(actor, project_id, run_id)

    @unit_of_work
    def remove(self, actor: Actor, project_id: int, run_id: int) -> Removed:
        """Remove an ended run with all it holds.

        Raises ProjectNotFound, RightRequired, ProjectArchived, RunNotFound, RunNotEnded.
        """
        membership = self._access.require(actor, project_id, Right.EDIT)
        row = seen(actor, membership, self._questions.locked(project_id, run_id))
        if not row.state.final:
            raise RunNotEnded
        self._around.let_go(self._questions.remove(project_id, row).keys)
        told = {"title": row.title, "environment": row.environment, "state": row.state.name.lower()}
        self._record(actor, "run.removed", row, told, None)
        return Removed(id=run_id)

    def project_of(self, run_id: int) -> int:
        """The project of a run, for commands: it says nothing of anybody's rights. Raises RunNotFound."""
        project_id = self._questions.project(run_id)
        if project_id is None:
            raise RunNotFound
        return project_id

    def _frozen(self, actor: Actor, project_id: int, made: RunMade) -> tuple[Choice, Frozen]:
        choice = self._choosing.chosen(actor, project_id, made)
        bounds = Bounds(made.deadline_ms, made.concurrency)
        project = choice.membership.project
        return choice, self._planning.frozen(
            project, made.environment_id, choice.scenario, inputs=choice.inputs, bounds=bounds
        )

    @unit_of_work
    def _queue(self, actor: Actor, project_id: int, wish: Wish, plan: str) -> int:
        frozen = wish.frozen
        values = {
            **dict.fromkeys(_NUMBERS, 0),
            "schedule_id": None,
            **wish.columns,
            "project_id": project_id,
            "environment_id": frozen.environment_id,
            "environment": frozen.environment,
            "requester_id": actor.user_id,
            "state": RunState.QUEUED,
            "created_at": self._clock.now(),
        }
        number = self._questions.add(values, plan)
        self._around.count(values["case_id"], wish.counted)
        told = ("title", "environment", "scenario_id", "case_id", "origin_id", "schedule_id")
        after = {name: values[name] for name in told if values[name] is not None}
        after |= {"trigger": values["trigger"].name.lower(), "inputs": sorted(frozen.plan.get("inputs", {}))}
        place = None if values["private_to"] is not None else project_id
        self._audit.record(actor, "run.started", ("run", number), None, after, project_id=place)
        after_commit(self.session, self._around.wake)
        after_commit(self.session, lambda: self._around.queued(number, values["priority"]))
        return number

    @unit_of_work
    def _cancel(self, actor: Actor, project_id: int, run_id: int) -> None:
        membership = self._access.require(actor, project_id, Right.RUN, archived=True)
        row = seen(actor, membership, self._questions.locked(project_id, run_id))
        if row.state.final:
            raise RunEnded
        if row.state is RunState.QUEUED or is_lost(row, self._around.lease_s):
            self._runs.close(row, RunState.CANCELED, CANCELED)
        elif row.cancel_at is None:
            self._questions.cancel(run_id)
        else:
            return
        self._record(actor, "run.canceled", row, {"title": row.title, "state": row.state.name.lower()}, None)
        after_commit(self.session, self._around.wake)

    def _record(
        self, actor: Actor, action: str, row: Row[Any], before: Mapping[str, Any], after: Mapping[str, Any] | None
    ) -> None:
        """The audit entry; of the run of a private case members are told nothing."""
        place = None if row.private_to is not None else row.project_id
        self._audit.record(actor, action, ("run", row.id), before, after, project_id=place)


def run_view(row: Row[Any]) -> RunView:
    """The view of a run's row with its `place`."""
    summary = None if row.summary is None else read_json(row.summary)
    return RunView.of(row, place=row.place, summary=summary)


def _asked(choice: Choice, made: RunMade) -> str:
    """What no other column tells; of a run with a title of its own also the name of what is run, where that fits."""
    named = choice.asked if made.title is None else {**choice.asked, "name": choice.title}
    texts = [json.dumps(told, ensure_ascii=False, separators=(",", ":")) for told in (named, choice.asked)]
    return next((text for text in texts if len(text) <= MOST_ASKED - _ROOM), texts[-1])


def _columns(choice: Choice, made: RunMade) -> dict[str, Any]:
    """What the row of a run says of what was asked for."""
    return {
        "title": made.title or choice.title,
        "scenario_id": choice.scenario_id,
        "case_id": choice.case_id,
        "private_to": choice.private_to,
        "asked": _asked(choice, made),
        "priority": Priority[made.priority.upper()],
        "branch": made.labels.branch,
        "target_version": made.labels.version,
        "commit_id": made.labels.commit,
    }
