"""What workers do for schedules: every planned time once, whoever looks, whatever the clock does."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from tests.integration.live import at_once
from tests.integration.schedules_bench import MINUTE, Calendar
from wxcloudrun.core.actor import Status
from wxcloudrun.core.db import db
from wxcloudrun.features.runs.models import Run
from wxcloudrun.features.runs.service import RunService
from wxcloudrun.features.schedules.models import ScheduleTick
from wxcloudrun.features.users.models import User

HOUR = timedelta(hours=1)
FIRED, LATE, OVERLAP, MISSED = ("fired", None), ("late", None), ("skipped", "overlap"), ("skipped", "missed")


def test_of_many_workers_one_fires_each_time(each_calendar: Calendar):
    schedules = [each_calendar.made(overlap="queue" if n else "skip")["id"] for n in range(3)]
    each_calendar.clock.moment += 61 * timedelta(seconds=1)

    def work(_: int) -> int:
        with each_calendar.app.app_context():
            done = each_calendar.firing().fire()
            db.session.remove()
            return done

    assert sum(at_once(6, work)) == 3
    assert [each_calendar.ticks(one) for one in schedules] == [[FIRED]] * 3
    assert [len(each_calendar.started(one)) for one in schedules] == [1, 1, 1]


def test_a_fired_time_is_a_run_with_its_tick_and_a_next_time(each_calendar: Calendar):
    schedule = each_calendar.made()
    each_calendar.pass_by(MINUTE)
    [run] = each_calendar.started(schedule["id"])
    view = each_calendar.runs.view(run)
    assert (view["trigger"], view["priority"], view["schedule_id"]) == ("schedule", "schedule", schedule["id"])
    assert view["requester_id"] == each_calendar.runs.team.editor.id
    after = each_calendar.view(schedule["id"])
    assert after["last"] == {"planned_at": schedule["next_at"], "outcome": "fired", "reason": None, "run_id": run}
    assert datetime.fromisoformat(after["next_at"]) == datetime.fromisoformat(schedule["next_at"]) + MINUTE
    each_calendar.runs.work()
    assert each_calendar.runs.view(run)["state"] == "passed"


def test_a_worker_that_dies_leaves_the_run_and_the_tick_or_neither(
    each_calendar: Calendar, monkeypatch: pytest.MonkeyPatch
):
    schedule = each_calendar.made()["id"]

    class Killed(BaseException):
        """Nothing in the product hears this, as it hears no kill -9."""

    def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("wxcloudrun.features.schedules.dao.ScheduleDao.record", die)
        with pytest.raises(Killed):
            each_calendar.pass_by(MINUTE)
    assert each_calendar.count_runs() == 0
    each_calendar.pass_by(timedelta(0))
    assert each_calendar.ticks(schedule) == [FIRED]
    assert each_calendar.count_runs() == 1


def test_a_clock_that_goes_back_or_forward_an_hour_fires_each_time_once(each_calendar: Calendar):
    schedule = each_calendar.made(every_ms=600_000, misfire="all", overlap="queue")["id"]
    for move in (10 * MINUTE, HOUR, -HOUR, 10 * MINUTE, HOUR):
        each_calendar.pass_by(move)
        for _ in range(8):
            each_calendar.end(*each_calendar.started(schedule))
            each_calendar.pass_by(timedelta(0))
    with each_calendar.app.app_context():
        planned = db.session.scalars(select(ScheduleTick.planned_at).order_by(ScheduleTick.planned_at)).all()
    steps = {later - earlier for earlier, later in zip(planned, planned[1:], strict=False)}
    assert (len(planned), steps) == (8, {10 * MINUTE})
    assert len(each_calendar.started(schedule)) == 8


def test_a_time_that_was_fired_early_is_not_planned_again_by_an_edit(a_calendar: Calendar):
    schedule = a_calendar.made()["id"]
    a_calendar.pass_by(MINUTE)  # by a clock that is a minute ahead of the API's
    anchor = a_calendar.view(schedule)["anchor_at"]
    a_calendar.runs.team.editor.ok("PUT", a_calendar.place(schedule), {"every_ms": 60_000, "anchor_at": anchor})
    a_calendar.pass_by(timedelta(0))
    assert a_calendar.ticks(schedule) == [FIRED]


def test_what_was_missed_is_run_once_late(a_calendar: Calendar):
    schedule = a_calendar.made()["id"]
    a_calendar.pass_by(5 * MINUTE)
    assert a_calendar.ticks(schedule)[:3] == [MISSED] * 3
    assert len(a_calendar.started(schedule)) == 1


def test_a_daily_run_that_was_missed_says_how_late_it_is(a_calendar: Calendar):
    schedule = a_calendar.made(every_ms=86_400_000)["id"]
    a_calendar.pass_by(timedelta(days=1, hours=2))
    [tick] = a_calendar.runs.team.viewer.ok("GET", a_calendar.place(schedule, "/ticks"))["items"]
    assert (tick["outcome"], tick["late_ms"] // 60_000) == ("late", 120)


def test_what_was_missed_can_be_left_out_or_all_made_up_for(a_calendar: Calendar):
    skipping = a_calendar.made(every_ms=3_600_000, misfire="skip")["id"]
    every = a_calendar.made(every_ms=3_600_000, misfire="all", overlap="cancel_running")["id"]
    a_calendar.pass_by(3 * HOUR + 30 * MINUTE)
    assert a_calendar.ticks(skipping) == [MISSED] * 3
    assert a_calendar.ticks(every) == [LATE] * 3
    states = [a_calendar.runs.view(run)["state"] for run in a_calendar.started(every)]
    assert states == ["canceled", "canceled", "queued"]


def test_after_a_very_long_silence_the_oldest_times_share_one_tick(a_calendar: Calendar):
    schedule = a_calendar.made()["id"]
    a_calendar.pass_by(timedelta(minutes=150, seconds=30))
    page = a_calendar.runs.team.viewer.ok("GET", f"{a_calendar.place(schedule, '/ticks')}?size=100")
    rest = a_calendar.runs.team.viewer.ok("GET", f"{a_calendar.place(schedule, '/ticks')}?cursor={page['next']}")
    [many] = rest["items"]
    assert (many["outcome"], many["reason"], many["times"]) == ("skipped", "too_many_missed", 50)
    assert rest["next"] is None
    assert len(page["items"]) == 100
    assert len(a_calendar.started(schedule)) == 1


def test_while_a_run_goes_on_the_next_time_is_skipped(a_calendar: Calendar):
    schedule = a_calendar.made()["id"]
    a_calendar.pass_by(MINUTE)
    a_calendar.pass_by(MINUTE)
    a_calendar.end(*a_calendar.started(schedule))
    a_calendar.pass_by(MINUTE)
    assert a_calendar.ticks(schedule) == [FIRED, OVERLAP, FIRED]


def test_a_time_can_wait_for_the_end_of_the_run_before(each_calendar: Calendar):
    schedule = each_calendar.made(overlap="queue")["id"]
    each_calendar.pass_by(MINUTE)
    each_calendar.pass_by(MINUTE)
    each_calendar.pass_by(timedelta(seconds=5))
    assert each_calendar.ticks(schedule) == [FIRED, ("waiting", None)]
    each_calendar.end(*each_calendar.started(schedule))
    each_calendar.pass_by(timedelta(seconds=5))
    assert each_calendar.ticks(schedule) == [FIRED, LATE]
    assert each_calendar.view(schedule)["last"]["outcome"] == "late"
    assert len(each_calendar.started(schedule)) == 2


def test_no_more_than_ten_times_wait(a_calendar: Calendar):
    schedule = a_calendar.made(overlap="queue")["id"]
    for _ in range(13):
        a_calendar.pass_by(MINUTE)
    assert a_calendar.ticks(schedule) == [FIRED, *[("waiting", None)] * 10, *[("skipped", "queue_full")] * 2]
    a_calendar.runs.team.editor.ok("POST", a_calendar.place(schedule, "/pause"))
    a_calendar.end(*a_calendar.started(schedule))
    a_calendar.pass_by(timedelta(0))
    assert a_calendar.ticks(schedule)[1:11] == [("skipped", "paused")] * 10


def test_a_time_can_end_the_run_before(each_calendar: Calendar):
    schedule = each_calendar.made(overlap="cancel_running")["id"]
    each_calendar.pass_by(MINUTE)
    each_calendar.pass_by(MINUTE)
    first, second = each_calendar.started(schedule)
    assert [each_calendar.runs.view(one)["state"] for one in (first, second)] == ["canceled", "queued"]


def _reason(calendar: Calendar, schedule: int) -> str | None:
    """Why the next time is skipped."""
    calendar.pass_by(MINUTE)
    outcome, reason = calendar.ticks(schedule)[-1]
    assert outcome == "skipped"
    assert calendar.view(schedule, calendar.runs.team.owner)["last"]["reason"] == reason
    return reason


def test_a_schedule_that_cannot_work_any_more_says_why_at_every_time(a_calendar: Calendar):
    team, case = a_calendar.runs.team, a_calendar.runs.case()
    environment = team.environment("gone soon")
    schedule = a_calendar.made(case_id=case, environment_id=environment)["id"]
    team.owner.ok("POST", f"{team.path}/archive")
    assert _reason(a_calendar, schedule) == "project_archived"
    team.owner.ok("POST", f"{team.path}/restore")
    team.owner.ok("DELETE", f"{team.path}/environments/{environment}")
    assert _reason(a_calendar, schedule) == "environment_not_found"
    team.editor.ok("DELETE", a_calendar.runs.shelf.place(case))
    assert _reason(a_calendar, schedule) == "case_not_found"
    assert a_calendar.view(schedule)["enabled"]
    assert a_calendar.count_runs() == 0


def test_a_schedule_has_the_rights_of_who_last_changed_it(a_calendar: Calendar):
    team = a_calendar.runs.team
    schedule = a_calendar.made()["id"]
    team.owner.ok("PUT", f"{team.path}/members/{team.editor.id}", {"role": "viewer"})
    assert _reason(a_calendar, schedule) == "person_lost_right"
    team.owner.ok("DELETE", f"{team.path}/members/{team.editor.id}")
    assert _reason(a_calendar, schedule) == "person_left"
    with a_calendar.app.app_context():
        db.session.execute(update(User).where(User.id == team.editor.id).values(status=Status.DISABLED))
        db.session.commit()
    assert _reason(a_calendar, schedule) == "person_disabled"
    assert team.owner.ok("PUT", a_calendar.place(schedule), {"name": "mine now"})["person_id"] == team.owner.id
    a_calendar.pass_by(MINUTE)
    assert a_calendar.ticks(schedule)[-1] == FIRED


def test_one_schedule_that_breaks_stops_neither_itself_nor_another(
    a_calendar: Calendar, monkeypatch: pytest.MonkeyPatch
):
    broken, sound = a_calendar.made()["id"], a_calendar.made()["id"]
    start = RunService.start

    def failing(self: RunService, *arguments: Any, **more: Any) -> Any:
        if more.get("schedule_id") == broken:
            raise RuntimeError("nobody thought of this")
        return start(self, *arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(RunService, "start", failing)
        a_calendar.pass_by(MINUTE)
    assert a_calendar.ticks(broken) == [("skipped", "could_not_start")]
    assert a_calendar.ticks(sound) == [FIRED]
    a_calendar.pass_by(MINUTE)
    assert a_calendar.ticks(broken)[-1] == FIRED


def test_a_time_zone_that_is_no_more_is_tried_again_each_hour(a_calendar: Calendar):
    schedule = a_calendar.made(cron="* * * * *")["id"]
    a_calendar.change(schedule, time_zone="Mars/Olympus")
    a_calendar.pass_by(MINUTE)
    a_calendar.change(schedule, time_zone="UTC")
    assert a_calendar.ticks(schedule) == [("skipped", "could_not_start")]
    a_calendar.pass_by(HOUR)
    assert a_calendar.ticks(schedule)[-1] == FIRED


def test_ticks_are_kept_for_90_days_and_a_thousand_times(a_calendar: Calendar, monkeypatch: pytest.MonkeyPatch):
    schedule = a_calendar.made(overlap="cancel_running")["id"]
    monkeypatch.setattr("wxcloudrun.features.schedules.firing.MOST_KEPT", 3)
    for _ in range(5):
        a_calendar.pass_by(MINUTE)
    assert len(a_calendar.ticks(schedule)) == 3
    a_calendar.clock.moment += timedelta(days=91)
    with a_calendar.app.app_context():
        assert a_calendar.firing().clear() == 3
    assert a_calendar.ticks(schedule) == []


def test_looking_for_what_is_due_asks_two_questions_however_much_there_is(each_calendar: Calendar):
    for _ in range(3):
        each_calendar.made()
    each_calendar.pass_by(MINUTE)
    asked: list[str] = []
    with each_calendar.app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        assert each_calendar.firing().fire() == 0
    assert len(asked) == 2
    with each_calendar.app.app_context():
        assert len(db.session.scalars(select(Run.id)).all()) == 3
