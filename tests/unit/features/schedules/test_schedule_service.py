"""Schedules: who may make and change them, and when they are due, with everything around made up."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.features.cases.test_case_services import ADMINISTRATOR, EDITOR, OWNER, RUNNER, VIEWER, house
from tests.unit.features.schedules.stand_ins import FakeScheduleDao
from tests.unit.features.users.stand_ins import KEYS, START, FakeClock
from wxcloudrun.core.actor import Actor, Role
from wxcloudrun.core.errors import EditConflict, InvalidInput
from wxcloudrun.features.projects.access import ProjectAccess
from wxcloudrun.features.projects.errors import ProjectNotFound, RightRequired
from wxcloudrun.features.schedules import service as module
from wxcloudrun.features.schedules.errors import ScheduleNotFound, ScheduleOver, TooManySchedules
from wxcloudrun.features.schedules.schemas import ScheduleChange, ScheduleMade, SchedulesQuery
from wxcloudrun.features.schedules.service import ScheduleService


class FakeRuns:
    """Looks over what a schedule would run, and starts it."""

    def __init__(self) -> None:
        self.private_to: int | None = None
        self.started: list[tuple[int | None, Any]] = []

    def look_over(self, actor: Actor, project_id: int, made: Any) -> tuple[int | None, list[str]]:
        return self.private_to, ["nothing gives `shop` a value"]

    def start(self, actor: Actor, project_id: int, made: Any, *, schedule_id: int) -> int:
        self.started.append((actor.user_id, made))
        return schedule_id


@pytest.fixture
def here() -> SimpleNamespace:
    around, clock, runs, rows = house(), FakeClock(), FakeRuns(), FakeScheduleDao()
    access = ProjectAccess(None, around.projects)
    schedules = ScheduleService(around.session, clock, KEYS, around.audit, access, runs, rows)
    return SimpleNamespace(
        project=around.project, audit=around.audit, clock=clock, runs=runs, rows=rows, schedules=schedules
    )


def made(here: SimpleNamespace, who: int = EDITOR, **fields: object):
    usual = {"name": "nightly", "scenario_id": 1} | (
        {} if {"every_ms", "at"} & fields.keys() else {"cron": "30 2 * * *"}
    )
    return here.schedules.add(Actor(who), here.project, ScheduleMade.model_validate(usual | fields))


def changed(here: SimpleNamespace, number: int, who: int = EDITOR, **fields: object):
    return here.schedules.change(Actor(who), here.project, number, ScheduleChange.model_validate(fields))


def viewed(here: SimpleNamespace, number: int, who: int = VIEWER):
    return here.schedules.view(Actor(who), here.project, number)


def test_a_schedule_is_due_in_its_own_zone_and_runs_with_its_makers_rights(here):
    schedule = made(here, inputs={"shop": "shop number 7"})
    assert (schedule.person_id, schedule.warnings) == (EDITOR, ["nothing gives `shop` a value"])
    assert schedule.next_at == "2026-03-01T18:30:00.000Z"
    assert [one.local for one in schedule.upcoming][:2] == ["2026-03-02T02:30:00+08:00", "2026-03-03T02:30:00+08:00"]
    assert (viewed(here, schedule.id).inputs, viewed(here, schedule.id, EDITOR).inputs) == (
        {"shop": None},
        {"shop": "shop number 7"},
    )
    assert "shop" not in here.rows.rows[schedule.id]["inputs"]


@pytest.mark.parametrize("who", [VIEWER, RUNNER])
def test_who_does_not_edit_makes_and_changes_none(here, who):
    number = made(here).id
    with pytest.raises(RightRequired):
        made(here, who)
    with pytest.raises(RightRequired):
        changed(here, number, who, name="mine")
    with pytest.raises(ProjectNotFound):
        viewed(here, number, 77)


def test_an_administrator_who_is_no_member_lends_no_rights_and_may_still_stop_it(here):
    number, administrator = made(here).id, Actor(ADMINISTRATOR, Role.ADMINISTRATOR)
    with pytest.raises(RightRequired):
        here.schedules.add(administrator, here.project, ScheduleMade(name="x", scenario_id=1, every_ms=60_000))
    with pytest.raises(RightRequired):
        here.schedules.change(administrator, here.project, number, ScheduleChange(name="x"))
    assert not here.schedules.pause(administrator, here.project, number).enabled
    here.schedules.remove(administrator, here.project, number)
    assert here.rows.rows == {}


def test_what_is_not_sent_stays_and_a_new_time_takes_the_place_of_the_other(here):
    number = made(here, EDITOR).id
    after = changed(here, number, OWNER, every_ms=60_000, version=1)
    assert (after.cron, after.every_ms, after.scenario_id, after.person_id, after.version) == (
        None,
        60_000,
        1,
        OWNER,
        2,
    )
    assert after.next_at == "2026-03-01T12:01:00.000Z"
    with pytest.raises(EditConflict):
        changed(here, number, name="late", version=1)
    assert here.audit.actions == ["schedule.created", "schedule.changed"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"cron": "61 * * * *"}, "cron"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"at": "2026-03-01T11:59:00Z"}, "at"),
    ],
)
def test_what_can_never_be_due_is_refused_with_its_field(here, fields, field):
    with pytest.raises(InvalidInput) as refusal:
        made(here, **fields)
    assert [one.field for one in refusal.value.fields] == [field]
    assert here.rows.rows == {}


def test_a_paused_schedule_plans_nothing_and_makes_up_for_nothing(here):
    number = made(here, every_ms=60_000).id
    assert here.schedules.pause(Actor(EDITOR), here.project, number).next_at is None
    here.clock.move(timedelta(minutes=10, seconds=30))
    assert here.schedules.resume(Actor(OWNER), here.project, number).next_at == "2026-03-01T12:11:00.000Z"
    assert here.rows.rows[number]["person_id"] == EDITOR


def test_a_moment_that_is_over_is_not_resumed(here):
    number = made(here, at=(START + timedelta(minutes=5)).isoformat(), enabled=False).id
    here.clock.move(timedelta(minutes=6))
    with pytest.raises(ScheduleOver):
        here.schedules.resume(Actor(EDITOR), here.project, number)


def test_a_zone_that_is_none_any_more_is_shown_without_times_and_can_be_changed(here):
    number = made(here).id
    here.rows.rows[number]["time_zone"] = "Asia/Dropped"
    shown = viewed(here, number)
    assert (shown.time_zone, shown.upcoming) == ("Asia/Dropped", [])
    here.schedules.pause(Actor(EDITOR), here.project, number)
    with pytest.raises(InvalidInput):
        here.schedules.resume(Actor(EDITOR), here.project, number)
    assert changed(here, number, time_zone="Asia/Tokyo").time_zone == "Asia/Tokyo"
    assert here.schedules.resume(Actor(EDITOR), here.project, number).upcoming


def test_the_schedule_of_a_private_case_is_its_persons_and_the_owners(here):
    here.runs.private_to = EDITOR
    number = made(here).id
    with pytest.raises(ScheduleNotFound):
        viewed(here, number)
    seen = {
        who: here.schedules.page(Actor(who), here.project, SchedulesQuery()).total for who in (VIEWER, EDITOR, OWNER)
    }
    assert seen == {VIEWER: 0, EDITOR: 1, OWNER: 1}
    assert here.audit.entries[0][-1] is None, "members are told nothing of it"


def test_a_runner_runs_it_now_with_rights_of_their_own(here):
    number = made(here).id
    here.schedules.run_now(Actor(RUNNER), here.project, number)
    ((who, wanted),) = here.runs.started
    assert (who, wanted.scenario_id, wanted.priority) == (RUNNER, 1, "interactive")


def test_a_project_has_a_bounded_number_of_schedules(here, monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    made(here)
    made(here)
    with pytest.raises(TooManySchedules):
        made(here)
