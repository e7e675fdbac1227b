"""What pushed messages lead to, on every database at hand: each once, whatever happens beside it."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.conftest import log_in
from tests.integration.wechat_bench import APPID, TOKEN, at_once, parts_of, popup, simulated_app
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import db
from wxcloudrun.features.users.models import User
from wxcloudrun.features.wechat.execution import Events, Reactions
from wxcloudrun.features.wechat.inbox import ATTEMPTS, Doors, Handler, Inbox
from wxcloudrun.features.wechat.models import PushMessage, Subscription
from wxcloudrun.features.wechat.subscriptions import SubscriptionService
from wxcloudrun.integrations.wechat import config as settings
from wxcloudrun.integrations.wechat.push import PushReceiver
from wxcloudrun.integrations.wechat.push_crypto import push_signature
from wxcloudrun.simulator.push import events
from wxcloudrun.simulator.push.events import written
from wxcloudrun.simulator.records import PushFormat

OPENID = "openid-of-a-pushing-user"


class Moving:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.moment = datetime.fromtimestamp(int(time.time()), UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, **span: float) -> None:
        self.moment += timedelta(**span)


class Bench:
    """An application's inbox with a clock and handlers of the test's choice."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.clock = Moving()
        self.handlers: Mapping[str, Handler] = {}
        config = settings.WeChatConfig(appid=APPID, push_mode=settings.PushMode.PLAIN, push_token=TOKEN)
        doors = Doors(PushReceiver(config, self.clock))
        self.inbox = Inbox(db.session, self.clock, parts_of(app).get(KeyRing), doors, lambda: self.handlers)

    def react(self, **reactions: Any) -> None:
        service = parts_of(self.app).get(SubscriptionService)
        self.handlers = Events(APPID, service, Reactions(**reactions)).handlers()

    def push(self, payload: Mapping[str, Any], language: PushFormat = PushFormat.JSON) -> None:
        now = str(int(self.clock.now().timestamp()))
        query = {"timestamp": now, "nonce": "1", "signature": push_signature(TOKEN, now, "1")}
        body = written(dict(payload), language)
        self.do(lambda: self.inbox.receive(query, lambda: body, {}))

    def event(self, name: str, **fields: Any) -> dict[str, Any]:
        return dict(events.event(simulated_app(), OPENID, self.clock.now().timestamp(), name, fields))

    def do[R](self, work: Callable[[], R]) -> R:
        with self.app.app_context():
            try:
                return work()
            finally:
                db.session.remove()

    def handle(self) -> int:
        return self.do(self.inbox.handle)

    def messages(self) -> list[PushMessage]:
        return self.do(lambda: list(db.session.scalars(select(PushMessage).order_by(PushMessage.id))))

    def outcomes(self) -> list[str | None]:
        return [message.outcome for message in self.messages()]

    def remaining(self) -> dict[str, int]:
        rows = self.do(lambda: list(db.session.scalars(select(Subscription))))
        return {row.template_id: row.remaining for row in rows}


@pytest.fixture
def bench(each_app, each_wechat) -> Bench:
    bench = Bench(each_app)
    bench.react()
    return bench


@pytest.fixture
def person(each_app, each_wechat, bench):
    return log_in(each_app, each_wechat, OPENID)


@pytest.mark.parametrize("language", list(PushFormat))
def test_accepted_templates_of_a_popup_are_counted_and_rejected_ones_are_not(bench, person, language):
    at = bench.clock.now().timestamp()
    bench.push(popup(OPENID, ("T1", "accept"), ("T2", "reject"), at=at), language)
    bench.push(popup(OPENID, ("T1", "accept"), at=at + 1), language)
    assert bench.handle() == 2
    assert bench.remaining() == {"T1": 2, "T2": 0}
    assert bench.outcomes() == ["counted", "counted"]


def test_a_later_rejection_in_the_settings_ends_every_right(bench, person):
    at = bench.clock.now().timestamp()
    bench.push(popup(OPENID, ("T1", "accept"), at=at))
    bench.push(events.changed(simulated_app(), OPENID, at + 5, "T1"))
    bench.handle()
    assert bench.remaining() == {"T1": 0}


def test_an_event_of_a_stranger_is_handled_and_changes_nothing(bench):
    bench.push(popup("openid-of-a-stranger", ("T1", "accept"), at=bench.clock.now().timestamp()))
    bench.handle()
    assert (bench.outcomes(), bench.remaining()) == (["unknown_person"], {})


def test_a_delivery_report_and_an_unknown_event_are_handled(bench):
    sent = events.sent(simulated_app(), OPENID, bench.clock.now().timestamp(), "T1", 3248682510344192008)
    bench.push(sent)
    bench.push(sent | {"CreateTime": "1", "List": [{"TemplateId": "T1", "MsgID": "2", "ErrorCode": "1"}]})
    bench.push(bench.event("an_event_of_tomorrow"))
    bench.handle()
    assert bench.outcomes() == ["delivered", "not_delivered", "ignored"]


def test_who_closes_the_wechat_account_is_erased(each_app, bench, person):
    parts_of(each_app)
    bench.handlers = parts_of(each_app).get(Events).handlers()
    bench.push(popup(OPENID, ("T1", "accept"), at=bench.clock.now().timestamp()))
    bench.push(bench.event("user_authorization_cancellation", OpenID=OPENID, AppID=APPID))
    bench.handle()
    assert bench.outcomes() == ["counted", "erased"]
    assert person.call("GET", "/api/user/profile").status_code == 401
    assert bench.do(lambda: db.session.scalars(select(User.openid)).all()) == [None]
    assert bench.remaining() == {}


def test_who_revokes_a_permission_has_to_log_in_again(each_app, bench, person):
    bench.handlers = parts_of(each_app).get(Events).handlers()
    bench.push(bench.event("user_authorization_revoke", OpenID=OPENID, AppID=APPID, RevokeInfo="1"))
    bench.handle()
    assert bench.outcomes() == ["limited"]
    assert person.call("GET", "/api/user/profile").status_code == 401


def test_a_media_verdict_waits_until_its_check_is_known(bench):
    known: list[str] = []
    seen: list[Any] = []

    def judged(verdict: Any) -> bool:
        seen.append(verdict)
        return verdict.trace_id in known

    bench.react(judged=judged)
    at = bench.clock.now().timestamp()
    bench.push(events.media_checked(simulated_app(), OPENID, at, "trace-1", ("risky", 20002)))
    assert bench.handle() == 0
    known.append("trace-1")
    bench.clock.pass_by(seconds=6)
    assert bench.handle() == 1
    assert seen[-1].verdict.suggestion.value == "risky"
    assert bench.outcomes() == ["judged"]


def test_a_media_check_whose_download_failed_has_no_verdict(bench):
    bench.react(judged=lambda verdict: verdict.download_failed)
    bench.push(events.media_checked(simulated_app(), OPENID, bench.clock.now().timestamp(), "trace-2", None))
    bench.handle()
    assert bench.outcomes() == ["not_judged"]


def test_a_handler_that_fails_is_tried_five_times_at_growing_intervals_and_holds_nothing_up(bench):
    tried: list[datetime] = []

    def fails(message: Any) -> str:
        tried.append(bench.clock.now())
        raise RuntimeError("a fault of the test")

    bench.handlers = {"a": fails, "b": lambda message: "done"}
    bench.push(bench.event("a"))
    bench.push(bench.event("b"))
    assert bench.handle() == 1
    for _ in range(40):
        bench.clock.pass_by(minutes=1)
        bench.handle()
    assert len(tried) == ATTEMPTS == 5
    spans = [after - before for before, after in zip(tried, tried[1:], strict=False)]
    assert spans == sorted(spans)
    assert bench.outcomes() == ["gave_up", "done"]


def test_what_a_failing_handler_wrote_is_undone(bench, person):
    service = parts_of(bench.app).get(SubscriptionService)

    def half_done(message: Any) -> str:
        service.heard(APPID, OPENID, {"T1": "accept"}, bench.clock.now())
        raise RuntimeError("a fault of the test")

    bench.handlers = {"a": half_done}
    bench.push(bench.event("a"))
    bench.handle()
    assert bench.remaining() == {}
    assert bench.outcomes() == [None]


def test_several_workers_handle_each_message_once(bench, person):
    at = bench.clock.now().timestamp()
    for number in range(12):
        bench.push(popup(OPENID, ("T1", "accept"), at=at + number))
    handled = at_once(bench.app, 4, lambda _: bench.inbox.handle())
    while bench.handle():
        pass
    assert all(isinstance(count, int) for count in handled), handled
    assert bench.remaining() == {"T1": 12}
    assert bench.outcomes() == ["counted"] * 12


def test_a_message_whose_worker_died_is_taken_up_again(bench):
    bench.handlers = {"a": lambda message: "done"}
    bench.push(bench.event("a"))
    [message] = bench.messages()
    taken = bench.clock.now() + timedelta(seconds=60)

    def take() -> None:
        db.session.execute(update(PushMessage).values(attempts=1, due_at=taken))
        db.session.commit()

    bench.do(take)
    assert bench.handle() == 0
    bench.clock.pass_by(seconds=61)
    assert bench.handle() == 1
    assert message.outcome is None
    assert bench.outcomes() == ["done"]


def test_a_message_that_kills_every_worker_is_given_up(bench):
    bench.handlers = {"a": lambda message: "done"}
    bench.push(bench.event("a"))

    def died() -> None:
        db.session.execute(update(PushMessage).values(attempts=ATTEMPTS))
        db.session.commit()

    bench.do(died)
    bench.handle()
    assert bench.outcomes() == ["gave_up"]


def test_handled_messages_are_removed_after_a_week(bench):
    bench.push(bench.event("a"))
    bench.handle()
    bench.clock.pass_by(days=6)
    bench.push(bench.event("b"))
    assert bench.do(bench.inbox.clear) == 0
    bench.clock.pass_by(days=2)
    assert bench.do(bench.inbox.clear) == 1
    assert [message.kind for message in bench.messages()] == ["b"], "what nobody handled stays"
