"""Subscribe messages through the API, on every database at hand, sent to a simulated WeChat."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conftest import Person, log_in, stand_in
from tests.integration.wechat_bench import APPID, TEMPLATE, at_once, parts_of, replace_part, simulated
from wxcloudrun.core.actor import Role
from wxcloudrun.features.wechat.subscriptions import SubscriptionService
from wxcloudrun.integrations.wechat import errors as wechat
from wxcloudrun.integrations.wechat.contract import WeChat
from wxcloudrun.simulator import RunningSimulator

OPENID = "openid-of-a-subscriber"
DATA = {"thing1": "回归测试", "phrase2": "通过", "time3": "2026-11-20 10:00", "character_string4": "RUN-1"}
PATH = "/api/wechat/subscriptions"


@pytest.fixture
def people(each_app, each_wechat) -> tuple[Person, Person]:
    """A subscriber and an administrator."""
    subscriber = log_in(each_app, each_wechat, OPENID)
    return subscriber, log_in(each_app, each_wechat, "openid-of-the-admin", Role.ADMINISTRATOR)


@pytest.fixture
def simulator(people, each_app, monkeypatch) -> Iterator[RunningSimulator]:
    with simulated(each_app, monkeypatch) as simulator:
        simulator.state.user(APPID, OPENID, "")
        yield simulator


def message(person: Person, **changes: Any) -> dict[str, Any]:
    return {"user_id": person.id, "template_id": TEMPLATE, "data": DATA} | changes


def accepted(simulator: RunningSimulator, person: Person, times: int) -> None:
    """The user accepts so often; both sides know it."""
    for _ in range(times):
        person.ok("POST", PATH, {"results": {TEMPLATE: "accept"}})
    simulator.state.quota[OPENID, TEMPLATE] = times


def remaining(person: Person) -> int:
    return {item["template_id"]: item["remaining"] for item in person.ok("GET", PATH)["items"]}[TEMPLATE]


def test_what_the_client_reports_is_counted(people):
    subscriber, _ = people
    results = {"T1": "accept", "T2": "reject", "T3": "ban", "T4": "filter", "T5": "acceptWithAudio"}
    subscriber.ok("POST", PATH, {"results": results})
    items = subscriber.ok("POST", PATH, {"results": {"T1": "accept"}})["items"]
    counted = {item["template_id"]: (item["remaining"], item["state"]) for item in items}
    assert counted == {
        "T1": (2, "accept"),
        "T2": (0, "reject"),
        "T3": (0, "ban"),
        "T4": (0, "filter"),
        "T5": (1, "accept"),
    }


def test_a_report_that_is_sent_again_with_its_key_is_counted_once(people):
    subscriber, _ = people
    for _ in range(2):
        headers = {"Idempotency-Key": "one-tap"}
        subscriber.ok("POST", PATH, {"results": {TEMPLATE: "accept"}}, headers=headers)
    assert remaining(subscriber) == 1


@pytest.mark.parametrize("results", [{}, {"T1": "yes"}, {"a b": "accept"}, {"T" * 65: "accept"}, {"T1": True}])
def test_a_report_that_no_client_could_get_is_refused(people, results):
    subscriber, _ = people
    assert subscriber.call("POST", PATH, {"results": results}).status_code == 422


def test_more_templates_than_a_mini_program_has_are_refused(people):
    subscriber, _ = people
    for start in range(0, 100, 10):
        subscriber.ok("POST", PATH, {"results": {f"T{start + step}": "accept" for step in range(10)}})
    refused = subscriber.call("POST", PATH, {"results": {"one-more": "accept"}})
    assert (refused.status_code, refused.json["data"]["error"]) == (422, "too_many_templates")
    assert subscriber.call("POST", PATH, {"results": {"T7": "accept"}}).status_code == 200, "known ones still count"


@pytest.mark.parametrize("order", ["report first", "event first"])
def test_an_acceptance_that_is_both_reported_and_pushed_counts_once(each_app, people, order):
    subscriber, _ = people
    service = parts_of(each_app).get(SubscriptionService)

    def report() -> None:
        subscriber.ok("POST", PATH, {"results": {TEMPLATE: "accept"}})

    def event() -> None:
        with each_app.app_context():
            assert service.heard(APPID, OPENID, {TEMPLATE: "accept"}, datetime.fromtimestamp(time.time(), UTC))

    first, second = (report, event) if order == "report first" else (event, report)
    for _ in range(3):
        first()
        second()
    assert remaining(subscriber) == 3


def test_first_reports_at_once_are_all_counted(each_app, people):
    subscriber, _ = people

    def report(_: int) -> int:
        client = each_app.test_client()
        headers = {"Authorization": f"Bearer {subscriber.token}"}
        return client.post(PATH, json={"results": {TEMPLATE: "accept"}}, headers=headers).status_code

    assert at_once(each_app, 8, report) == [200] * 8
    assert remaining(subscriber) == 8


def test_first_reports_at_once_with_keys_are_all_counted(each_app, people):
    subscriber, _ = people

    def report(number: int) -> int:
        headers = {"Authorization": f"Bearer {subscriber.token}", "Idempotency-Key": f"tap-{number}"}
        reply = each_app.test_client().post(PATH, json={"results": {TEMPLATE: "accept"}}, headers=headers)
        return reply.status_code

    assert at_once(each_app, 6, report) == [200] * 6
    assert remaining(subscriber) == 6


def test_a_message_is_sent_and_uses_up_one_right(simulator, people):
    subscriber, admin = people
    accepted(simulator, subscriber, 2)
    sent = admin.ok("POST", "/api/wechat/messages", message(subscriber, page="pages/index/index?id=1"))
    assert sent["remaining"] == 1
    assert int(sent["msgid"]) > 2**53
    assert isinstance(sent["msgid"], str)
    assert simulator.state.sent_messages[0].body["touser"] == OPENID


def test_only_administrators_send_messages(people):
    subscriber, _ = people
    assert subscriber.call("POST", "/api/wechat/messages", message(subscriber)).status_code == 403


def test_ten_at_once_with_three_rights_send_three(each_app, simulator, people):
    subscriber, admin = people
    accepted(simulator, subscriber, 3)

    def send(_: int) -> tuple[int, str | None]:
        headers = {"Authorization": f"Bearer {admin.token}"}
        reply = each_app.test_client().post("/api/wechat/messages", json=message(subscriber), headers=headers)
        return reply.status_code, reply.json["data"].get("error")

    replies = at_once(each_app, 10, send)
    assert sorted(replies, key=str) == [(200, None)] * 3 + [(409, "not_subscribed")] * 7
    assert len(simulator.state.sent_messages) == 3
    assert remaining(subscriber) == 0


def test_a_person_who_never_subscribed_gets_nothing_and_wechat_is_not_asked(simulator, people):
    subscriber, admin = people
    refused = admin.call("POST", "/api/wechat/messages", message(subscriber))
    assert (refused.status_code, refused.json["data"]["error"]) == (409, "not_subscribed")
    assert simulator.state.journal.find("/cgi-bin/message/subscribe/send") == []


def test_rights_that_wechat_does_not_know_are_dropped(simulator, people):
    subscriber, admin = people
    accepted(simulator, subscriber, 5)
    simulator.state.quota[OPENID, TEMPLATE] = 0
    refused = admin.call("POST", "/api/wechat/messages", message(subscriber))
    assert (refused.status_code, refused.json["data"]["error"]) == (409, "not_subscribed")
    assert remaining(subscriber) == 0


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (DATA | {"thing1": "超" * 21}, ["data.thing1"]),
        (DATA | {"thing1": "", "time3": "yesterday"}, ["data.thing1", "data.time3"]),
        (DATA | {"thing1": "a\nb"}, ["data.thing1"]),
        ({"no number": "x"}, ["data.no number"]),
    ],
)
def test_values_that_break_their_types_rule_are_named_and_use_up_nothing(simulator, people, data, fields):
    subscriber, admin = people
    accepted(simulator, subscriber, 1)
    refused = admin.call("POST", "/api/wechat/messages", message(subscriber, data=data))
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json["data"]["fields"]] == fields
    assert remaining(subscriber) == 1


def test_a_value_that_only_wechat_refuses_is_named_and_gives_the_right_back(simulator, people):
    subscriber, admin = people
    accepted(simulator, subscriber, 1)
    missing = {key: value for key, value in DATA.items() if key != "thing1"}
    refused = admin.call("POST", "/api/wechat/messages", message(subscriber, data=missing))
    assert refused.status_code == 422
    assert refused.json["data"]["error"] == "invalid_input"
    assert remaining(subscriber) == 1


@pytest.mark.parametrize(
    ("error", "status", "name", "left"),
    [
        (wechat.Busy("send", errcode=-1), 429, "wechat_busy", 1),
        (wechat.SendInFlight("send", errcode=43108), 429, "wechat_busy", 1),
        (wechat.RateLimited("send", errcode=45009, retry_after=3600), 429, "wechat_busy", 1),
        (wechat.Unavailable("send", maybe_sent=False, reason="refused"), 502, "wechat_unavailable", 1),
        (wechat.Misconfigured("send", errcode=48001), 503, "wechat_misconfigured", 1),
        (wechat.TokenRejected("send", errcode=40001), 503, "wechat_misconfigured", 1),
        (wechat.PageUnpublished("send", errcode=41030), 409, "page_unpublished", 1),
        (wechat.TemplateUnusable("send", errcode=43107), 422, "template_unusable", 1),
        (wechat.ContentRejected("send", errcode=45168), 422, "content_refused", 1),
        (wechat.Unavailable("send", maybe_sent=True, reason="timeout"), 504, "wechat_timeout", 0),
        (wechat.InvalidAnswer("send", http_status=200, reason="empty"), 502, "wechat_unavailable", 0),
    ],
)
def test_a_right_is_given_back_unless_the_message_may_have_gone(
    each_app, people, monkeypatch, error, status, name, left
):
    subscriber, admin = people
    subscriber.ok("POST", PATH, {"results": {TEMPLATE: "accept"}})

    class Refusing:
        def send_subscribe_message(self, message: object) -> int:
            raise error

    replace_part(each_app, monkeypatch, WeChat, Refusing())
    reply = admin.call("POST", "/api/wechat/messages", message(subscriber))
    assert (reply.status_code, reply.json["data"]["error"]) == (status, name)
    assert remaining(subscriber) == left
    for _ in stand_in(each_app):
        pass


def test_a_message_to_nobody_is_not_found(people):
    subscriber, admin = people
    assert admin.call("POST", "/api/wechat/messages", message(subscriber, user_id=987654)).status_code == 404


def test_sending_is_on_record(simulator, people):
    subscriber, admin = people
    accepted(simulator, subscriber, 1)
    admin.ok("POST", "/api/wechat/messages", message(subscriber))
    entries = admin.ok("GET", "/api/audit?target_type=user")["items"]
    assert [entry["action"] for entry in entries].count("wechat.message") == 1


def test_a_deleted_account_leaves_no_subscriptions(each_app, people):
    subscriber, admin = people
    subscriber.ok("POST", PATH, {"results": {TEMPLATE: "accept"}})
    assert admin.call("DELETE", f"/api/users/{subscriber.id}").status_code == 200
    with each_app.app_context():
        assert parts_of(each_app).get(SubscriptionService).forget(subscriber.id) == 0
