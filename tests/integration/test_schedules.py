"""Schedules over HTTP: making, changing, pausing, running now, removing, and who sees what."""

from datetime import datetime, timedelta

from sqlalchemy import select

from tests.integration.projects_bench import error_of, faults_of
from tests.integration.schedules_bench import MINUTE, Calendar
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.runs.models import Trigger
from wxcloudrun.features.schedules.models import Schedule


def test_a_schedule_says_when_it_will_run_in_its_zone(each_calendar: Calendar):
    made = each_calendar.made(cron="30 2 * * *")
    assert (made["time_zone"], made["overlap"], made["misfire"], made["warnings"]) == (
        "Asia/Shanghai",
        "skip",
        "once",
        [],
    )
    assert len(made["upcoming"]) == 5
    assert all(one["local"].endswith("T02:30:00+08:00") for one in made["upcoming"])
    assert all(one["at"].endswith("T18:30:00.000Z") for one in made["upcoming"])
    assert made["next_at"] == made["upcoming"][0]["at"]
    again = each_calendar.view(made["id"])
    assert again == {name: value for name, value in made.items() if name != "warnings"}
    page = each_calendar.runs.team.viewer.ok("GET", f"{each_calendar.all}?case_id={made['case_id']}&enabled=true")
    assert [one["id"] for one in page["items"]] == [made["id"]]
    assert each_calendar.runs.team.viewer.ok("GET", f"{each_calendar.all}?enabled=false")["total"] == 0


def test_what_cannot_be_is_refused_with_the_field(a_calendar: Calendar):
    editor = a_calendar.runs.team.editor

    def refused(**fields: object) -> dict[str, str]:
        return faults_of(editor.call("POST", a_calendar.all, a_calendar.body(**fields)))

    assert refused(cron="0 25 * * *") == {"cron": "not_usable"}
    assert refused(cron="0 0 30 2 *") == {"cron": "never"}
    assert refused(cron="0 0 * * *", time_zone="Mars/Olympus") == {"time_zone": "unknown"}
    assert refused(at="2020-01-01T00:00:00Z") == {"at": "past"}
    assert set(refused(at="2020-01-01T00:00:00")) == {"at"}
    assert set(refused(at="2020-13-01T00:00:00Z")) == {"at"}
    assert set(refused(every_ms=59_999)) == {"every_ms"}
    assert set(refused(cron="* * * * *", every_ms=60_000)) == {"body"}
    assert set(refused(tag="smoke", scenario_id=1)) == {"body"}
    assert error_of(editor.call("POST", a_calendar.all, a_calendar.body(case_id=999))) == (404, "case_not_found")
    assert error_of(editor.call("POST", a_calendar.all, a_calendar.body(tag="nobody"))) == (409, "nothing_to_run")
    response = editor.call("POST", a_calendar.all, a_calendar.body(cron="0 25 * * *"))
    [fault] = response.json["data"]["fields"]
    assert (fault["position"], fault["detail"]) == (2, "五个字段中的第 2 个（hour）不可用")


def test_times_can_be_tried(a_calendar: Calendar):
    viewer = a_calendar.runs.team.viewer
    found = viewer.ok("GET", f"{a_calendar.all}/preview?cron=0+9+*+*+mon&time_zone=Europe/Berlin&count=2")["upcoming"]
    assert [one["local"][11:19] for one in found] == ["09:00:00"] * 2
    moment = (SystemClock().now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert len(viewer.ok("GET", f"{a_calendar.all}/preview?at={moment}")["upcoming"]) == 1
    assert faults_of(viewer.call("GET", f"{a_calendar.all}/preview?cron=x")) == {"cron": "not_usable"}
    assert faults_of(viewer.call("GET", f"{a_calendar.all}/preview")) == dict.fromkeys(
        ("cron", "every_ms", "at"), "one_of"
    )


def test_only_what_is_sent_changes_and_targets_and_times_change_as_a_whole(each_calendar: Calendar):
    made = each_calendar.made(dataset={"mode": "none"})
    editor, place = each_calendar.runs.team.editor, each_calendar.place(made["id"])
    named = editor.ok("PUT", place, {"name": "weekly", "version": made["version"]})
    same = {name: value for name, value in made.items() if name not in {"name", "version", "updated_at"}}
    assert same.items() <= named.items()
    stale = editor.call("PUT", place, {"name": "late", "version": made["version"]})
    assert (error_of(stale), stale.json["data"]["present"]["name"]) == ((409, "edit_conflict"), "weekly")
    scenario = each_calendar.runs.scenario("s", made["case_id"])
    moved = editor.ok("PUT", place, {"scenario_id": scenario, "cron": "0 0 * * *", "time_zone": "UTC"})
    assert (moved["scenario_id"], moved["case_id"], moved["dataset"]) == (scenario, None, None)
    assert (moved["cron"], moved["every_ms"], moved["next_at"][11:]) == ("0 0 * * *", None, "00:00:00.000Z")


def test_values_of_inputs_are_kept_encrypted_and_shown_to_editors_only(each_calendar: Calendar):
    case = each_calendar.runs.case(url="/{{shop}}")
    scenario = each_calendar.runs.scenario("s", case, inputs=[{"name": "shop", "required": True}])
    refused = each_calendar.runs.team.editor.call("POST", each_calendar.all, each_calendar.body(scenario_id=scenario))
    assert faults_of(refused) == {"inputs.shop": "missing"}
    made = each_calendar.made(scenario_id=scenario, inputs={"shop": "CANARY-7"})
    assert made["inputs"] == {"shop": "CANARY-7"}
    assert each_calendar.view(made["id"])["inputs"] == {"shop": None}
    with each_calendar.app.app_context():
        kept = [db.session.scalars(select(Schedule.inputs)).one(), *db.session.scalars(select(AuditEntry.after))]
    assert "CANARY-7" not in str(kept)
    each_calendar.pass_by(MINUTE)
    each_calendar.runs.work()
    assert each_calendar.runs.target.seen[-1][2] == "/CANARY-7"


def test_a_paused_schedule_plans_nothing_and_makes_up_for_nothing(each_calendar: Calendar):
    schedule = each_calendar.made()["id"]
    editor = each_calendar.runs.team.editor
    for _ in range(2):
        paused = editor.ok("POST", each_calendar.place(schedule, "/pause"))
        assert (paused["enabled"], paused["next_at"], paused["upcoming"]) == (False, None, [])
    each_calendar.pass_by(10 * MINUTE)
    assert each_calendar.ticks(schedule) == []
    resumed = editor.ok("POST", each_calendar.place(schedule, "/resume"))
    assert resumed["enabled"]
    assert datetime.fromisoformat(resumed["next_at"]) > SystemClock().now()


def test_a_moment_that_is_over_cannot_be_resumed(a_calendar: Calendar):
    moment = (SystemClock().now() + timedelta(hours=1)).isoformat(timespec="seconds")
    schedule = a_calendar.made(at=moment)["id"]
    a_calendar.pass_by(timedelta(hours=1))
    assert a_calendar.ticks(schedule) == [("fired", None)]
    assert a_calendar.view(schedule)["next_at"] is None
    editor = a_calendar.runs.team.editor
    editor.ok("POST", a_calendar.place(schedule, "/pause"))
    a_calendar.change(schedule, at=SystemClock().now() - timedelta(days=1))
    assert error_of(editor.call("POST", a_calendar.place(schedule, "/resume"))) == (409, "schedule_over")


def test_a_runner_runs_a_schedule_now_with_rights_of_their_own(a_calendar: Calendar):
    schedule = a_calendar.made()["id"]
    team = a_calendar.runs.team
    response = team.runner.call("POST", a_calendar.place(schedule, "/run"))
    assert response.status_code == 202
    run = response.json["data"]
    assert (run["trigger"], run["schedule_id"], run["requester_id"]) == (
        Trigger.MANUAL.name.lower(),
        schedule,
        team.runner.id,
    )
    assert (run["priority"], a_calendar.ticks(schedule)) == ("interactive", [])
    variable = a_calendar.made(inputs={"nobody_asks": 1})["id"]
    assert faults_of(team.runner.call("POST", a_calendar.place(variable, "/run"))) == {
        "inputs.nobody_asks": "not_declared"
    }


def test_the_schedule_of_a_private_case_is_its_persons_and_the_owners(each_calendar: Calendar):
    team = each_calendar.runs.team
    case = each_calendar.runs.case("mine", visibility="private")
    schedule = each_calendar.made(case_id=case)["id"]
    each_calendar.pass_by(MINUTE)
    for stranger in (team.viewer, team.runner):
        assert error_of(stranger.call("GET", each_calendar.place(schedule))) == (404, "schedule_not_found")
        assert error_of(stranger.call("GET", each_calendar.place(schedule, "/ticks"))) == (404, "schedule_not_found")
        assert stranger.ok("GET", each_calendar.all)["items"] == []
        assert stranger.ok("GET", f"{each_calendar.all}/ticks")["items"] == []
        assert "schedule.created" not in str(stranger.ok("GET", f"{team.path}/activity"))
    for one in (team.editor, team.owner):
        assert one.ok("GET", each_calendar.place(schedule))["last"]["outcome"] == "fired"
        assert len(one.ok("GET", f"{each_calendar.all}/ticks")["items"]) == 1


def test_what_should_have_run_is_listed_for_a_project_between_two_moments(each_calendar: Calendar):
    first, second = each_calendar.made()["id"], each_calendar.made(overlap="cancel_running")["id"]
    for _ in range(3):
        each_calendar.pass_by(MINUTE)
    viewer = each_calendar.runs.team.viewer
    found, mark = [], ""
    while True:
        page = viewer.ok("GET", f"{each_calendar.all}/ticks?size=2{mark}")
        found += page["items"]
        if page["next"] is None:
            break
        mark = f"&cursor={page['next']}"
    assert len({(one["schedule_id"], one["planned_at"]) for one in found}) == 6
    assert [one["planned_at"] for one in found] == sorted((one["planned_at"] for one in found), reverse=True)
    assert {one["schedule_id"] for one in found} == {first, second}
    since, until = found[3]["planned_at"], found[0]["planned_at"]
    between = viewer.ok("GET", f"{each_calendar.all}/ticks?since={since}&until={until}")["items"]
    assert between == found[1:4]


def test_a_removed_schedule_takes_its_ticks_and_leaves_its_runs(each_calendar: Calendar):
    schedule = each_calendar.made()["id"]
    each_calendar.pass_by(MINUTE)
    editor = each_calendar.runs.team.editor
    assert editor.ok("DELETE", each_calendar.place(schedule)) == {"id": schedule}
    assert error_of(editor.call("GET", each_calendar.place(schedule))) == (404, "schedule_not_found")
    assert editor.ok("GET", f"{each_calendar.all}/ticks")["items"] == []
    assert len(each_calendar.started(schedule)) == 1


def test_each_change_is_in_the_activity(a_calendar: Calendar):
    schedule = a_calendar.made()["id"]
    editor = a_calendar.runs.team.editor
    editor.ok("PUT", a_calendar.place(schedule), {"misfire": "all"})
    for action in ("pause", "resume"):
        editor.ok("POST", a_calendar.place(schedule, f"/{action}"))
    editor.ok("DELETE", a_calendar.place(schedule))
    told = [one["action"] for one in editor.ok("GET", f"{a_calendar.runs.team.path}/activity")["items"]]
    assert [one for one in told if one.startswith("schedule.")] == [
        f"schedule.{one}" for one in ("removed", "resumed", "paused", "changed", "created")
    ]


def test_the_same_schedule_sent_twice_is_one(a_calendar: Calendar):
    body = a_calendar.body()
    editor = a_calendar.runs.team.editor
    sent = [editor.call("POST", a_calendar.all, body, headers={"Idempotency-Key": "once"}).json for _ in range(2)]
    assert sent[0] == sent[1]
    assert editor.ok("GET", a_calendar.all)["total"] == 1


def test_a_project_has_a_bounded_number_of_schedules(a_calendar: Calendar, monkeypatch):
    monkeypatch.setattr("wxcloudrun.features.schedules.service.MOST", 1)
    a_calendar.made()
    refused = a_calendar.runs.team.editor.call("POST", a_calendar.all, a_calendar.body())
    assert error_of(refused) == (409, "too_many_schedules")
