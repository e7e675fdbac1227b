"""Messages about runs: told once, kept until they arrive, whatever their receivers do."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.integration.notices_bench import EVERYTHING, Never, Post, red_then_green
from tests.integration.projects_bench import error_of, faults_of
from tests.integration.wechat_bench import APPID, TEMPLATE, simulated
from tests.receiver import Said
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.notifications.models import NoticeChannel, NoticeDelivery
from wxcloudrun.features.notifications.sending import LEASE
from wxcloudrun.features.wechat.subscriptions import SubscriptionService
from wxcloudrun.integrations.signatures import HEADER, is_signed
from wxcloudrun.integrations.web_hook import DELIVERY_HEADER


def test_a_first_failure_and_its_recovery_arrive_signed_with_cause_and_link(each_post: Post):
    channel = each_post.hook()
    each_post.rule(channel["id"])
    red, green = red_then_green(each_post)
    each_post.both()
    first, second = each_post.bodies()
    assert (first["event"], second["event"]) == ("first_failure", "recovery")
    assert first["run"]["state"] == red["state"] == "failed"
    assert second["run"]["id"] == green["id"]
    assert first["text"].startswith("[首次失败] flow")
    assert (
        first["link"]
        == f"https://tests.example/api/projects/{each_post.runs.team.project}/runs/{red['id']}/report.html"
    )
    assert "418" in first["failures"][0]["title"]
    assert second["changes"]["fixed"] == 1
    heard = each_post.receiver.heard[0]
    assert heard.headers[DELIVERY_HEADER] == first["delivery"]
    now = SystemClock().now()
    assert is_signed({HEADER: heard.headers[HEADER]}, heard.body, channel["new_secret"], now)
    assert {one["state"] for one in each_post.deliveries()} == {"sent"}


def test_the_same_end_told_twice_is_one_message(each_post: Post):
    each_post.rule(each_post.hook()["id"])
    red, _ = red_then_green(each_post)
    each_post.tell()
    with each_post.runs.team.app.app_context():
        assert each_post.telling().heard(red["id"]) == 0
    each_post.send()
    assert len(each_post.receiver.heard) == 2


def test_two_workers_send_nothing_twice_and_a_killed_ones_message_goes_out_again(each_post: Post):
    each_post.rule(each_post.hook()["id"], events=["first_failure"])
    red_then_green(each_post)
    each_post.tell()
    each_post.send(Never())
    each_post.send()
    assert each_post.receiver.heard == []
    each_post.clock.shift = LEASE + timedelta(seconds=1)
    each_post.send()
    assert len(each_post.receiver.heard) == 1
    (delivery,) = each_post.deliveries()
    assert (delivery["state"], delivery["attempts"]) == ("sent", 2)


@pytest.mark.parametrize(
    "said", [Said(500, b"broken"), Said(hang=True), Said(cut=True), Said(302, b"", {"Location": "/other"}), Said(404)]
)
def test_a_receiver_that_is_down_slow_or_odd_gets_it_later_under_the_same_mark(post: Post, said: Said):
    post.rule(post.hook()["id"], events=["first_failure"])
    run, _ = red_then_green(post)
    post.receiver.answers.append(said)
    post.both()
    assert post.runs.view(run["id"])["state"] == "failed"
    (waiting,) = post.deliveries()
    assert (waiting["state"], waiting["attempts"]) == ("waiting", 1)
    post.clock.shift = timedelta(seconds=30)
    post.send()
    assert len(post.receiver.heard) == 1, "not before its pause is over"
    post.clock.shift = timedelta(seconds=90)
    post.send()
    assert [one["delivery"] for one in post.bodies()] == [waiting["mark"]] * 2
    shown = post.ask("GET", f"/deliveries/{waiting['id']}")
    assert shown["state"] == "sent"
    assert [one["sent"] for one in shown["log"]] == [True, False]


def test_a_receivers_own_pause_is_kept(post: Post):
    post.rule(post.hook()["id"], events=["first_failure"])
    red_then_green(post)
    post.receiver.answers.append(Said(429, b"", {"Retry-After": "600"}))
    post.both()
    post.clock.shift = timedelta(seconds=590)
    post.send()
    assert len(post.receiver.heard) == 1
    post.clock.shift = timedelta(seconds=720)
    post.send()
    assert [one["state"] for one in post.deliveries()] == ["sent"]


def test_after_a_day_nothing_more_is_tried_until_somebody_replays_it(post: Post):
    channel = post.hook()
    post.rule(channel["id"], events=["first_failure"])
    red_then_green(post)
    post.receiver.usual = Said(503)
    post.tell()
    for hour in range(32):
        post.clock.shift = timedelta(hours=hour)
        post.send()
    (delivery,) = post.deliveries("?state=failed")
    assert delivery["reason"] == "gave_up"
    shown = post.ask("GET", f"/channels/{channel['id']}")
    assert shown["failures"] >= 10
    assert shown["paused_until"] is not None
    assert "503" in shown["last_error"]
    post.receiver.usual = Said()
    replayed = post.ask("POST", f"/deliveries/{delivery['id']}/replay")
    assert replayed["state"] == "waiting"
    refused = post.runs.team.editor.call("POST", f"{post.place}/deliveries/{delivery['id']}/replay")
    assert error_of(refused) == (409, "delivery_under_way")
    post.clock.shift += timedelta(hours=2)
    post.send()
    assert post.bodies()[-1]["delivery"] == delivery["mark"]
    assert post.deliveries()[0]["state"] == "sent"


def test_a_channel_that_fails_hinders_no_other(post: Post):
    broken = post.hook(name="broken", url="http://127.0.0.1:1/")
    post.rule(broken["id"], post.hook()["id"], events=["run_ended"])
    red_then_green(post)
    post.both()
    assert len(post.receiver.heard) == 2
    assert {one["state"] for one in post.deliveries(f"?channel_id={broken['id']}")} == {"failed"}, "it is not public"


def test_what_quiet_hours_held_back_is_one_message_afterwards(each_post: Post):
    night = each_post.clock.now().replace(hour=23, minute=0)
    each_post.clock.shift = night - SystemClock().now()
    quiet = {"start": "22:00", "end": "08:00"}
    each_post.rule(each_post.hook()["id"], events=["run_ended"], quiet=quiet, time_zone="UTC")
    red_then_green(each_post)
    each_post.both()
    assert each_post.receiver.heard == []
    assert {one["state"] for one in each_post.deliveries()} == {"held"}
    each_post.clock.shift += timedelta(hours=9, minutes=1)
    each_post.both()
    (body,) = each_post.bodies()
    assert (body["event"], len(body["messages"])) == ("summary", 2)
    assert sorted(one["state"] for one in each_post.deliveries()) == ["sent", "summed"]


def test_a_digest_tells_what_ran_and_once_only(each_post: Post):
    rule = each_post.rule(each_post.hook()["id"], events=["digest"], digest_cron="0 9 * * *", time_zone="UTC")
    red_then_green(each_post)
    each_post.clock.shift = timedelta(days=1, minutes=1)
    with each_post.runs.team.app.app_context():
        assert each_post.telling().digest() == 1
        assert each_post.telling().digest() == 0
    each_post.send()
    (body,) = each_post.bodies()
    assert (body["event"], body["count"], body["passed"]) == ("digest", 2, 1)
    assert body["worst"] == [{"name": "flow", "bad": 1, "count": 2}]
    assert each_post.ask("GET", f"/rules/{rule}")["next_at"] > each_post.clock.now().isoformat()


@pytest.mark.parametrize(
    ("kind", "start", "answer"),
    [
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", {"errcode": 0}),
        ("dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=", {"errcode": 0}),
        ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/", {"code": 0}),
    ],
)
def test_robots_are_told_and_their_refusals_of_200_are_tried_again(post: Post, kind: str, start: str, answer: Any):
    secret = {} if kind == "wecom" else {"secret": "SEC-of-the-robot"}
    made = {"name": "robot", "kind": kind, "url": f"{start}robot-key-1", **secret}
    channel = post.ask("POST", "/channels", made)
    assert (channel["url"], channel["new_secret"]) == ({"is_set": True}, None)
    post.rule(channel["id"], events=["first_failure"])
    red_then_green(post)
    post.receiver.answers.append(Said(200, b'{"errcode": 93000, "code": 1, "errmsg": "robot-key-1 is wrong"}'))
    post.receiver.usual = Said(200, json.dumps(answer).encode())
    post.both()
    (delivery,) = post.deliveries()
    log = post.ask("GET", f"/deliveries/{delivery['id']}")["log"]
    assert not log[0]["sent"]
    assert "robot-key-1" not in json.dumps(log)
    post.clock.shift = timedelta(minutes=2)
    post.send()
    assert post.deliveries()[0]["state"] == "sent"
    assert "首次失败" in post.receiver.heard[-1].body.decode()


def test_members_who_accepted_it_get_a_subscribe_message_and_43101_is_no_failure(
    post: Post, monkeypatch: pytest.MonkeyPatch
):
    post.template = TEMPLATE
    member, app = post.runs.team.viewer, post.runs.team.app
    channel = post.ask("POST", "/channels", {"name": "wechat", "kind": "wechat"})
    post.rule(channel["id"], events=EVERYTHING)
    with simulated(app, monkeypatch) as simulator:
        openid = "openid-of-the-viewer"
        simulator.state.user(APPID, openid, "")
        for _ in range(2):
            member.ok("POST", "/api/wechat/subscriptions", {"results": {TEMPLATE: "accept"}})
        simulator.state.quota[openid, TEMPLATE] = 1
        red_then_green(post)
        post.both()
        states = sorted((one["state"], one["reason"]) for one in post.deliveries())
    assert states == [("dropped", "not_subscribed"), ("sent", None)]
    assert post.ask("GET", f"/channels/{channel['id']}")["failures"] == 0
    with app.app_context():
        assert app.extensions[EXTENSION].get(SubscriptionService) is not None


def test_a_test_message_shows_whether_a_channel_works(post: Post):
    channel = post.hook(language="en")
    delivery = post.ask("POST", f"/channels/{channel['id']}/test")
    post.send()
    assert post.bodies()[0]["text"].startswith("Test message")
    assert post.ask("GET", f"/deliveries/{delivery['id']}")["state"] == "sent"


def test_addresses_and_secrets_never_come_out(post: Post):
    channel = post.hook(secret="a-secret-of-ours")
    post.rule(channel["id"], events=["first_failure"])
    red_then_green(post)
    post.receiver.usual = Said(500, b"/hook?key=a-secret-key a-secret-of-ours")
    post.both()
    place = post.place
    shown = [post.runs.team.editor.call("GET", f"{place}/{path}").text for path in ("channels", "rules", "deliveries")]
    shown.append(json.dumps(post.ask("GET", f"/deliveries/{post.deliveries()[0]['id']}")))
    shown.append(post.runs.team.owner.call("GET", f"{post.runs.team.path}/activity").text)
    for text in shown:
        assert "a-secret" not in text
    with post.runs.team.app.app_context():
        row = db.session.execute(select(NoticeChannel.url, NoticeChannel.secret)).one()
    assert "secret" not in f"{row.url}{row.secret}"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "webhook"}, "url"),
        ({"kind": "webhook", "url": "https://user@hooks.example/"}, "url"),
        ({"kind": "wecom", "url": "https://hooks.example/cgi-bin/webhook/send?key=1"}, "url"),
        (
            {"kind": "wecom", "url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1", "secret": "s" * 9},
            "secret",
        ),
        ({"kind": "mail"}, "recipients"),
        ({"kind": "mail", "recipients": ["a@example.com"], "url": "https://hooks.example/"}, "url"),
        ({"kind": "wechat", "recipients": ["a@example.com"]}, "recipients"),
    ],
)
def test_what_a_channel_cannot_work_with_is_refused(post: Post, body: dict[str, Any], field: str):
    response = post.runs.team.editor.call("POST", f"{post.place}/channels", {"name": "c", **body})
    assert response.status_code == 422
    assert field in faults_of(response)


@pytest.mark.parametrize(
    "body",
    [
        {"events": ["digest"]},
        {"events": ["run_ended"], "digest_cron": "0 9 * * *"},
        {"events": ["digest"], "digest_cron": "0 9 * *"},
        {"events": ["run_ended"], "channel_ids": [10**9]},
        {"events": ["run_ended"], "time_zone": "Nowhere/Else"},
        {"events": ["run_ended"], "quiet": {"start": "08:00", "end": "08:00"}},
    ],
)
def test_what_a_rule_cannot_work_with_is_refused(post: Post, body: dict[str, Any]):
    assert post.runs.team.editor.call("POST", f"{post.place}/rules", {"name": "r", **body}).status_code == 422


def test_rules_and_channels_are_changed_by_version_and_removed(post: Post):
    channel = post.hook()["id"]
    rule = post.rule(channel, quiet={"start": "22:00", "end": "08:00"})
    changed = post.ask("PUT", f"/rules/{rule}", {"quiet": None, "branches": ["main"], "version": 1})
    assert (changed["quiet"], changed["branches"], changed["version"]) == (None, ["main"], 2)
    late = post.runs.team.editor.call("PUT", f"{post.place}/rules/{rule}", {"name": "x", "version": 1})
    assert error_of(late) == (409, "edit_conflict")
    assert post.ask("PUT", f"/channels/{channel}", {"name": "renamed"})["name"] == "renamed"
    post.ask("DELETE", f"/channels/{channel}")
    assert post.ask("GET", f"/rules/{rule}")["channel_ids"] == []
    post.ask("DELETE", f"/rules/{rule}")
    assert post.ask("GET", "/rules")["items"] == []


def test_drafts_and_private_cases_are_nobody_elses_business(post: Post):
    post.rule(post.hook()["id"])
    private = post.runs.case("mine", who=post.runs.team.editor, visibility="private")
    post.runs.done(post.runs.team.editor, case_id=private)
    post.runs.done(post.runs.team.editor, draft={"request": {"url": "/a"}})
    post.both()
    assert post.deliveries() == []


def test_old_deliveries_are_forgotten(post: Post):
    post.rule(post.hook()["id"])
    red_then_green(post)
    post.both()
    post.clock.shift = timedelta(days=31)
    with post.runs.team.app.app_context():
        assert post.sending().clear() == 2
        assert db.session.scalar(select(func.count()).select_from(NoticeDelivery)) == 0
