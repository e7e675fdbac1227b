"""Schedules: listing, making, changing, pausing, running now, removing, and what became of their times."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import EditConflict, FieldFault, refuse
from wxcloudrun.core.pagination import Page, Slice, cursor, position
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.projects.access import Membership, ProjectAccess, Right
from wxcloudrun.features.runs.schemas import RunStarted
from wxcloudrun.features.runs.service import RunService
from wxcloudrun.features.schedules import records
from wxcloudrun.features.schedules.dao import ScheduleDao, TicksWanted
from wxcloudrun.features.schedules.errors import ScheduleNotFound, ScheduleOver, TooManySchedules
from wxcloudrun.features.schedules.records import moment_of, refuse_times, run_of, shown, timing_of, told
from wxcloudrun.features.schedules.schemas import (
    TIMES,
    NextTimes,
    ScheduleChange,
    ScheduleLine,
    ScheduleMade,
    ScheduleSaved,
    SchedulesQuery,
    ScheduleView,
    TicksQuery,
    TickView,
    TimesQuery,
    TimeView,
    dataset_of,
)
from wxcloudrun.features.schedules.timing import upcoming, zone_fault

MOST: Final = 200
_SHOWN: Final = 5
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00Z")
_MICROSECOND: Final = timedelta(microseconds=1)
_FRESH: Final = (
    "scenario_id", "case_id", "tag", "dataset", "cron", "every_ms", "at",
    "last_planned_at", "last_outcome", "last_reason", "last_run_id",
)  # fmt: skip


class ScheduleService:
    """What members of a project do with its schedules."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        access: ProjectAccess,
        runs: RunService,
        schedules: ScheduleDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._access = access
        self._runs = runs
        self._schedules = schedules or ScheduleDao(session)

    def page(self, actor: Actor, project_id: int, query: SchedulesQuery) -> Page[ScheduleLine]:
        """A project's schedules. Raises ProjectNotFound."""
        person = _person(actor, self._access.require(actor, project_id, Right.VIEW))
        wanted = query.model_dump(include={"scenario_id", "case_id", "enabled"}, exclude_none=True)
        offset = (query.page - 1) * query.size
        rows, total = self._schedules.page(project_id, person, wanted, offset, query.size)
        return Page(items=[ScheduleLine.of(row) for row in rows], page=query.page, size=query.size, total=total)

    def view(self, actor: Actor, project_id: int, schedule_id: int) -> ScheduleView:
        """A schedule with its next times. Raises ProjectNotFound, ScheduleNotFound."""
        membership = self._access.require(actor, project_id, Right.VIEW)
        row = _seen(actor, membership, self._schedules.get(project_id, schedule_id))
        return self._view(row, editor=membership.may(Right.EDIT))

    def preview(self, actor: Actor, project_id: int, query: TimesQuery) -> NextTimes:
        """When such a time would be due. Raises ProjectNotFound, InvalidInput."""
        self._access.require(actor, project_id, Right.VIEW)
        given = [name for name in TIMES if getattr(query, name) is not None]
        if len(given) != 1:
            refuse([FieldFault(name, "one_of") for name in given or TIMES])
        now = self._clock.now()
        asked = SimpleNamespace(
            cron=query.cron,
            time_zone=query.time_zone,
            every_ms=query.every_ms,
            anchor_at=moment_of(query.anchor_at) or shown(now),
            at=moment_of(query.at),
        )
        refuse_times(asked, now)
        return NextTimes(upcoming=_upcoming(asked, now, query.count))

    @unit_of_work
    def add(self, actor: Actor, project_id: int, made: ScheduleMade) -> ScheduleSaved:
        """A new schedule. What it would run is looked over as for a run that starts now.

        Raises ProjectNotFound, RightRequired (for an administrator who is no member, too), ProjectArchived,
        TooManySchedules, InvalidInput, and what RunService.start raises.
        """
        self._access.require_member(actor, project_id, Right.EDIT, locked=True)
        if self._schedules.count(project_id) >= MOST:
            raise TooManySchedules(values={"limit": MOST})
        now = self._clock.now()
        values = dict.fromkeys(_FRESH) | {"anchor_at": shown(now)} | records.columns(made.model_dump(), self._keys, now)
        values |= {"project_id": project_id, "version": 1, "created_at": now, **_stamp(actor, now)}
        planned = SimpleNamespace(**values)
        refuse_times(planned, now)
        values["next_at"] = timing_of(planned).after(now) if made.enabled else None
        values["private_to"], warnings = self._runs.look_over(actor, project_id, run_of(planned, self._keys))
        number = self._schedules.add(values)
        row = self._row(project_id, number)
        self._record(actor, "schedule.created", row, None, told(row))
        return self._saved(row, warnings)

    @unit_of_work
    def change(self, actor: Actor, project_id: int, schedule_id: int, change: ScheduleChange) -> ScheduleSaved:
        """Change the fields that were sent; from now on it runs with the rights of who did.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ScheduleNotFound, InvalidInput, EditConflict with the
        present state, and what RunService.start raises where what is to be run was changed.
        """
        membership = self._access.require_member(actor, project_id, Right.EDIT)
        row = _seen(actor, membership, self._schedules.locked(project_id, schedule_id))
        if change.version not in {None, row.version}:
            raise EditConflict(present=self._view(row, editor=True))
        now, sent = self._clock.now(), change.model_dump(exclude_unset=True, exclude={"version"})
        values = records.columns(sent, self._keys, now) | _stamp(actor, now) | {"version": row.version + 1}
        after = SimpleNamespace(**{**row._asdict(), **values})
        if sent.keys() & set(records.TIME_FIELDS):
            refuse_times(after, now)
            values["next_at"] = timing_of(after).after(now) if row.enabled else None
        warnings: list[str] = []
        if sent.keys() & set(records.RUN_FIELDS):
            values["private_to"], warnings = self._runs.look_over(actor, project_id, run_of(after, self._keys))
        self._schedules.change(row.id, values)
        fresh = self._row(project_id, schedule_id)
        before, now_told = told(row), told(fresh)
        names = [name for name in now_told if before[name] != now_told[name]]
        new = {name: now_told[name] for name in names} | ({"rewritten": ["inputs"]} if "inputs" in values else {})
        self._record(actor, "schedule.changed", fresh, {name: before[name] for name in names}, new)
        return self._saved(fresh, warnings)

    @unit_of_work
    def pause(self, actor: Actor, project_id: int, schedule_id: int) -> ScheduleView:
        """Let no time be planned until it is resumed; runs go on.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ScheduleNotFound.
        """
        row = self._locked(actor, project_id, schedule_id, Right.EDIT)
        if row.enabled:
            self._switch(actor, row, None, enabled=False)
        return self._view(self._row(project_id, schedule_id), editor=True)

    @unit_of_work
    def resume(self, actor: Actor, project_id: int, schedule_id: int) -> ScheduleView:
        """Plan again from now on; what would have been due meanwhile is not made up for.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ScheduleNotFound, ScheduleOver, InvalidInput where its
        time zone is none any more.
        """
        row = self._locked(actor, project_id, schedule_id, Right.EDIT)
        if not row.enabled:
            refuse(one for one in (zone_fault(row.time_zone),) if one is not None)
            following = timing_of(row).after(self._clock.now())
            if following is None:
                raise ScheduleOver
            self._switch(actor, row, following, enabled=True)
        return self._view(self._row(project_id, schedule_id), editor=True)

    def run_now(self, actor: Actor, project_id: int, schedule_id: int) -> RunStarted:
        """A run at once, with the rights of who asks for it, whatever else goes on. Its times stay as they are.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ScheduleNotFound, and what RunService.start raises.
        """
        membership = self._access.require(actor, project_id, Right.RUN)
        row = _seen(actor, membership, self._schedules.get(project_id, schedule_id))
        made = run_of(row, self._keys).model_copy(update={"priority": "interactive"})
        return self._runs.start(actor, project_id, made, schedule_id=row.id)

    @unit_of_work
    def remove(self, actor: Actor, project_id: int, schedule_id: int) -> Removed:
        """Remove a schedule with its ticks; its runs stay.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ScheduleNotFound.
        """
        row = self._locked(actor, project_id, schedule_id, Right.EDIT)
        self._schedules.remove(row.id)
        self._record(actor, "schedule.removed", row, told(row), None)
        return Removed(id=row.id)

    def ticks(
        self, actor: Actor, project_id: int, query: TicksQuery, schedule_id: int | None = None
    ) -> Slice[TickView]:
        """What became of planned times, the newest first: of one schedule, or of all of a project.

        Raises ProjectNotFound, ScheduleNotFound, InvalidInput.
        """
        before = position(query.cursor, (int, int))
        membership = self._access.require(actor, project_id, Right.VIEW)
        if schedule_id is not None:
            _seen(actor, membership, self._schedules.get(project_id, schedule_id))
        wanted = TicksWanted(
            project_id,
            _person(actor, membership),
            schedule_id,
            moment_of(query.since),
            moment_of(query.until),
            None if before is None else (_EPOCH + before[0] * _MICROSECOND, before[1]),
            query.size + 1,
        )
        rows = self._schedules.ticks(wanted)
        shown = rows[: query.size]
        more = len(rows) > query.size
        mark = cursor((shown[-1].planned_at - _EPOCH) // _MICROSECOND, shown[-1].id) if more else None
        return Slice(items=[TickView.of(row) for row in shown], next=mark)

    def _switch(self, actor: Actor, row: Row[Any], next_at: datetime | None, *, enabled: bool) -> None:
        stamp = {"version": row.version + 1, "updated_at": self._clock.now()}
        self._schedules.change(row.id, {"enabled": enabled, "next_at": next_at, **stamp})
        action = "schedule.resumed" if enabled else "schedule.paused"
        self._record(actor, action, row, None, {"name": row.name})

    def _locked(self, actor: Actor, project_id: int, schedule_id: int, right: Right) -> Row[Any]:
        membership = self._access.require(actor, project_id, right)
        return _seen(actor, membership, self._schedules.locked(project_id, schedule_id))

    def _row(self, project_id: int, schedule_id: int) -> Row[Any]:
        row = self._schedules.get(project_id, schedule_id)
        if row is None:
            raise ScheduleNotFound
        return row

    def _view(self, row: Row[Any], *, editor: bool) -> ScheduleView:
        inputs = records.inputs_of(row, self._keys)
        if inputs is not None and not editor:
            inputs = dict.fromkeys(inputs)
        known = row.next_at is not None and zone_fault(row.time_zone) is None  # a zone may be dropped by its registry
        coming = _upcoming(row, row.next_at - _MICROSECOND, _SHOWN) if known else []
        return ScheduleView.of(row, dataset=dataset_of(row), inputs=inputs, upcoming=coming)

    def _saved(self, row: Row[Any], warnings: list[str]) -> ScheduleSaved:
        return ScheduleSaved(**dict(self._view(row, editor=True)), warnings=warnings)

    def _record(
        self,
        actor: Actor,
        action: str,
        row: Row[Any],
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> None:
        """The audit entry; of the schedule of a private case members are told nothing."""
        place = None if row.private_to is not None else row.project_id
        self._audit.record(actor, action, ("schedule", row.id), before, after, project_id=place)


def _stamp(actor: Actor, now: datetime) -> dict[str, Any]:
    """Whose rights its runs have from now on."""
    return {"person_id": actor.user_id, "updated_at": now}


def _person(actor: Actor, membership: Membership) -> int | None:
    """Whose private things are shown besides what everybody sees; None: everybody's."""
    return None if membership.may(Right.OWN) else actor.user_id or 0


def _seen[R: Any](actor: Actor, membership: Membership, row: R | None) -> R:
    """The row. Raises ScheduleNotFound for those who do not see it."""
    if row is None or (row.private_to not in {None, actor.user_id} and not membership.may(Right.OWN)):
        raise ScheduleNotFound
    return row


def _upcoming(row: Any, moment: datetime, count: int) -> list[TimeView]:
    zone = ZoneInfo(row.time_zone)
    return [TimeView.of(one, one.astimezone(zone)) for one in upcoming(timing_of(row), moment, count)]
