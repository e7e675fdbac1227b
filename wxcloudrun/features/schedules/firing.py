"""What a worker does for schedules: every planned time becomes a tick, and the run it starts is kept together with it.

The row of a schedule is locked while its time is handled, and its next time is written in the same transaction as the
tick and the run: of two workers one finds the time still due, and a worker that is killed leaves all of it or nothing.
"""

import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, database_gone, unit_of_work
from wxcloudrun.core.errors import AccountDisabled, ApiError, SessionRequired
from wxcloudrun.core.logging import log
from wxcloudrun.features.projects.errors import ProjectNotFound, RightRequired
from wxcloudrun.features.runs.errors import RunEnded, RunNotFound
from wxcloudrun.features.runs.models import Trigger
from wxcloudrun.features.runs.service import RunService
from wxcloudrun.features.schedules.dao import ScheduleDao
from wxcloudrun.features.schedules.models import Misfire, Overlap, TickOutcome
from wxcloudrun.features.schedules.records import run_of, timing_of
from wxcloudrun.features.schedules.timing import Due, due

KEPT: Final = timedelta(days=90)
MOST_KEPT: Final = 1000  # ticks of one schedule
MOST_WAITING: Final = 10
_AT_ONCE: Final = 100
_REST: Final = timedelta(hours=1)
_DETAIL: Final = 500
_PERSON: Final = {
    ProjectNotFound: "person_left",
    RightRequired: "person_lost_right",
    AccountDisabled: "person_disabled",
    SessionRequired: "person_gone",
}

_logger = logging.getLogger("wxcloudrun.schedules")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a planned time, and why."""

    outcome: TickOutcome
    reason: str | None = None
    detail: str | None = None
    run_id: int | None = None


def decided(planned: Sequence[datetime], now: datetime, misfire: Misfire, grace: timedelta) -> list[bool]:
    """For each due time whether it is to be run; the others are skipped as missed.

    With `Misfire.ONCE` one run stands for all that were missed: the newest of them, or none where a time that was not
    missed is due as well.
    """
    missed = [now - one > grace for one in planned]
    if misfire is Misfire.ALL:
        return [True] * len(planned)
    runs = [not one for one in missed]
    if runs and misfire is Misfire.ONCE and not any(runs):
        runs[-1:] = [True]
    return runs


class ScheduleFiring:
    """Starts what is due."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        runs: RunService,
        person: Callable[[int, str], Actor],
        schedules: ScheduleDao | None = None,
    ) -> None:
        """`person`: who somebody is now; raises SessionRequired, AccountDisabled."""
        self.session = session
        self._clock = clock
        self._keys = keys
        self._runs = runs
        self._person = person
        self._schedules = schedules or ScheduleDao(session)

    def fire(self) -> int:
        """Handle what is due, for each schedule up to its first run; how many times were handled, 0 at the end."""
        handled = 0
        for row in self._schedules.due(self._clock.now(), _AT_ONCE):
            handled += self._safely(row, self._fire)
        for row in self._schedules.waiting(_AT_ONCE):
            if not self._runs.going_on(row.project_id, row.id):
                handled += self._safely(row, self._fire_waiting)
        return handled

    @unit_of_work
    def clear(self) -> int:
        """Forget ticks of more than 90 days ago; how many."""
        return self._schedules.forget(self._clock.now() - KEPT)

    def _safely(self, row: Row[Any], work: Callable[[int, int], int]) -> int:
        """Do it; whatever goes wrong with one schedule is told by its tick and stops neither it nor another one."""
        try:
            return work(row.project_id, row.id)
        except Exception as error:
            if database_gone(error):
                raise
            facts = {"schedule_id": row.id, "error": type(error).__name__}
            _logger.exception("schedule could not start its run", extra={"facts": facts})
            return self._give_up(row.project_id, row.id, type(error).__name__)

    @unit_of_work
    def _fire(self, project_id: int, schedule_id: int) -> int:
        now = self._clock.now()
        row = self._schedules.locked(project_id, schedule_id)
        if row is None or row.next_at is None or row.next_at > now:
            return 0  # another worker did it
        timing = timing_of(row)
        found = due(timing, row.next_at, now)
        known = self._schedules.recorded(row.id, [found.first, *found.planned])
        planned = [one for one in found.planned if one not in known]
        ticks = [_too_many(row, found, now)] if found.dropped and found.first not in known else []
        chosen = decided(planned, now, row.misfire, timedelta(milliseconds=row.grace_ms))
        for at, runs in zip(planned, chosen, strict=True):
            verdict = self._started(row, at, now) if runs else Verdict(TickOutcome.SKIPPED, "missed")
            ticks.append(_tick(row, at, now, verdict))
            if verdict.run_id is not None:
                break  # one run in a transaction; the rest is still due
        last = ticks[-1] if ticks else None
        through = last["planned_at"] if last and planned else found.planned[-1]
        self._schedules.record(ticks)
        self._schedules.keep(row.id, MOST_KEPT)
        self._schedules.change(row.id, {"next_at": timing.after(through)} | _newest(last))
        return max(len(ticks), 1)

    @unit_of_work
    def _fire_waiting(self, project_id: int, schedule_id: int) -> int:
        now = self._clock.now()
        row = self._schedules.locked(project_id, schedule_id)
        queue = self._schedules.queue(schedule_id)
        if row is None or not queue or self._runs.going_on(project_id, schedule_id):
            return 0
        tick = queue[0]
        verdict = self._run(row, TickOutcome.LATE) if row.enabled else Verdict(TickOutcome.SKIPPED, "paused")
        settled = _tick(row, tick.planned_at, now, verdict)
        self._schedules.settle(tick.id, settled)
        if row.last_planned_at == tick.planned_at:
            self._schedules.change(row.id, _newest(settled))
        return 1

    @unit_of_work
    def _give_up(self, project_id: int, schedule_id: int, error: str) -> int:
        """Say of the oldest time that is due that its run could not be started, and go on with the next one."""
        now = self._clock.now()
        row = self._schedules.locked(project_id, schedule_id)
        if row is None:
            return 0
        verdict = Verdict(TickOutcome.SKIPPED, "could_not_start", error)
        if row.next_at is None or row.next_at > now:
            for waiting in self._schedules.queue(schedule_id)[:1]:
                self._schedules.settle(waiting.id, _tick(row, waiting.planned_at, now, verdict))
            return 1
        tick = _tick(row, row.next_at, now, verdict)
        if not self._schedules.recorded(row.id, [row.next_at]):
            self._schedules.record([tick])
        self._schedules.change(row.id, {"next_at": _following(row, now)} | _newest(tick))
        return 1

    def _started(self, row: Row[Any], planned: datetime, now: datetime) -> Verdict:
        """The run of a planned time, or why there is none."""
        late = now - planned > timedelta(milliseconds=row.grace_ms)
        going = self._runs.going_on(row.project_id, row.id)
        told = f"run {going[0]} still goes on" if going else None
        if row.overlap is Overlap.SKIP and going:
            return Verdict(TickOutcome.SKIPPED, "overlap", told)
        if row.overlap is Overlap.QUEUE:
            waiting = len(self._schedules.queue(row.id))
            if waiting >= MOST_WAITING:
                return Verdict(TickOutcome.SKIPPED, "queue_full", f"{waiting} are waiting already")
            if going or waiting:
                return Verdict(TickOutcome.WAITING, None, told)
        return self._run(row, TickOutcome.LATE if late else TickOutcome.FIRED, instead_of=going)

    def _run(self, row: Row[Any], outcome: TickOutcome, instead_of: Sequence[int] = ()) -> Verdict:
        """The run, or why there is none; the runs that it stands in for are canceled."""
        try:
            actor = self._actor(row)
            made = run_of(row, self._keys)
            started = self._runs.start(actor, row.project_id, made, Trigger.SCHEDULE, schedule_id=row.id)
        except ApiError as error:
            reason = _PERSON.get(type(error), error.name())
            fields = ", ".join(f"{one.field}: {one.reason}" for one in error.fields)
            told = error.message("en") + (f" ({fields})" if fields else "")
            log(_logger, "schedule skipped", schedule_id=row.id, reason=reason)
            return Verdict(TickOutcome.SKIPPED, reason, told[:_DETAIL])
        for run_id in instead_of:
            with contextlib.suppress(RunEnded, RunNotFound):
                self._runs.cancel(actor, row.project_id, run_id)
        return Verdict(outcome, run_id=started.id)

    def _actor(self, row: Row[Any]) -> Actor:
        """Who last changed the schedule, as that person is now. Raises SessionRequired, AccountDisabled."""
        if row.person_id is None:
            raise SessionRequired
        return self._person(row.person_id, f"schedule-{row.id}")


def _tick(row: Any, planned: datetime, now: datetime, verdict: Verdict, times: int = 1) -> dict[str, Any]:
    return {
        "schedule_id": row.id,
        "project_id": row.project_id,
        "planned_at": planned,
        "handled_at": now,
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "detail": verdict.detail,
        "run_id": verdict.run_id,
        "times": times,
    }


def _too_many(row: Any, found: Due, now: datetime) -> dict[str, Any]:
    """One tick for all the times that are too many to be told one by one."""
    told = f"{'more than ' if found.more else ''}{found.dropped} times were missed"
    verdict = Verdict(TickOutcome.SKIPPED, "too_many_missed", told)
    return _tick(row, found.first, now, verdict, found.dropped)


def _newest(tick: Mapping[str, Any] | None) -> dict[str, Any]:
    """The columns of a schedule that repeat its newest tick."""
    if tick is None:
        return {}
    return {f"last_{name}": tick[name] for name in ("planned_at", "outcome", "reason", "run_id")}


def _following(row: Any, now: datetime) -> datetime | None:
    """The time behind the one that is due; where even that cannot be told any more, an hour from now."""
    try:
        return timing_of(row).after(row.next_at)
    except Exception:
        _logger.exception("a schedule's time cannot be told", extra={"facts": {"schedule_id": row.id}})
        return now + _REST
