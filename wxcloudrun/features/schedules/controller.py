"""Schedules over HTTP."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.pagination import Page, Slice
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.runs.schemas import RunStarted
from wxcloudrun.features.schedules.schemas import (
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
)
from wxcloudrun.features.schedules.service import ScheduleService


def schedules(actor: Actor, project_id: int, query: SchedulesQuery, schedules: ScheduleService) -> Page[ScheduleLine]:
    """List a project's schedules."""
    return schedules.page(actor, project_id, query)


def add_schedule(actor: Actor, project_id: int, body: ScheduleMade, schedules: ScheduleService) -> ScheduleSaved:
    """Make a schedule; its runs have the rights of who last changed it. For editors."""
    return schedules.add(actor, project_id, body)


def preview(actor: Actor, project_id: int, query: TimesQuery, schedules: ScheduleService) -> NextTimes:
    """Try a cron, an interval or a moment: its next times."""
    return schedules.preview(actor, project_id, query)


def project_ticks(actor: Actor, project_id: int, query: TicksQuery, schedules: ScheduleService) -> Slice[TickView]:
    """List what should have run in a project between two moments, and what became of it, the newest first."""
    return schedules.ticks(actor, project_id, query)


def schedule(actor: Actor, project_id: int, schedule_id: int, schedules: ScheduleService) -> ScheduleView:
    """Read a schedule with its next times."""
    return schedules.view(actor, project_id, schedule_id)


def change_schedule(
    actor: Actor, project_id: int, schedule_id: int, body: ScheduleChange, schedules: ScheduleService
) -> ScheduleSaved:
    """Change the fields of a schedule that are sent. For editors."""
    return schedules.change(actor, project_id, schedule_id, body)


def remove_schedule(actor: Actor, project_id: int, schedule_id: int, schedules: ScheduleService) -> Removed:
    """Remove a schedule; its runs stay. For editors."""
    return schedules.remove(actor, project_id, schedule_id)


def pause_schedule(actor: Actor, project_id: int, schedule_id: int, schedules: ScheduleService) -> ScheduleView:
    """Let a schedule rest. For editors."""
    return schedules.pause(actor, project_id, schedule_id)


def resume_schedule(actor: Actor, project_id: int, schedule_id: int, schedules: ScheduleService) -> ScheduleView:
    """Let a schedule go on from now. For editors."""
    return schedules.resume(actor, project_id, schedule_id)


def run_schedule(actor: Actor, project_id: int, schedule_id: int, schedules: ScheduleService) -> RunStarted:
    """Start a schedule's run at once, with one's own rights. For runners."""
    return schedules.run_now(actor, project_id, schedule_id)


def ticks(
    actor: Actor, project_id: int, schedule_id: int, query: TicksQuery, schedules: ScheduleService
) -> Slice[TickView]:
    """List what became of a schedule's times, the newest first."""
    return schedules.ticks(actor, project_id, query, schedule_id)
