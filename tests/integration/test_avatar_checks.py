"""Avatars under WeChat's eyes: verdicts that come through the inbox on every database, and the whole way once."""

import time
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import URL, select

from tests.conftest import Person, _dispose, log_in, make_app
from tests.integration.test_wechat_inbox import Bench
from tests.integration.users_bench import upload, uploads
from tests.integration.wechat_bench import (
    AES_KEY,
    APPID,
    TOKEN,
    parts_of,
    replace_part,
    served,
    simulated,
    simulated_app,
)
from tests.unit.features.users import samples
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import db
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.users.models import MediaCheck
from wxcloudrun.features.users.moderation import AvatarModeration
from wxcloudrun.features.users.pictures import AvatarService, PictureFiles
from wxcloudrun.features.wechat.inbox import Inbox
from wxcloudrun.integrations.wechat import errors as faults
from wxcloudrun.simulator.push import events
from wxcloudrun.simulator.records import Options, PushFormat

AVATAR = "/api/user/avatar"
ADDRESS = "https://api.example.com"


class Checked(Bench):
    """An application whose avatars are checked, by a clock of the test's own; `asked` holds the addresses."""

    def __init__(self, app: Flask, fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(app)
        self.fault: Exception | None = None
        self.asked: list[str] = []
        self.held: list[int] = []
        fake.content = SimpleNamespace(media=self._media)
        get = parts_of(app).get
        audit, files = get(AuditService), get(PictureFiles)
        self.moderation = AvatarModeration(db.session, self.clock, audit, files, lambda: fake, ADDRESS)
        avatars = AvatarService(db.session, self.clock, get(KeyRing), audit, files, moderation=self.moderation)
        replace_part(app, monkeypatch, AvatarService, avatars)
        self.react(judged=self.moderation.judged)

    def _media(self, openid: str, url: str, *rest: Any) -> str:
        self.held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]  # a pool of connections counts them
        if self.fault is not None:
            raise self.fault
        self.asked.append(url)
        return f"trace-{len(self.asked)}"

    def verdict(self, trace_id: str, verdict: tuple[str, int] | None, language: PushFormat = PushFormat.JSON) -> None:
        at = self.clock.now().timestamp()
        self.push(events.media_checked(simulated_app(), "openid", at, trace_id, verdict), language)

    def checks(self) -> list[str]:
        return self.do(lambda: list(db.session.scalars(select(MediaCheck.trace_id).order_by(MediaCheck.trace_id))))

    def refusals(self) -> list[AuditEntry]:
        query = select(AuditEntry).where(AuditEntry.action == "user.avatar_refused")
        return self.do(lambda: list(db.session.scalars(query)))


@pytest.fixture
def bench(each_app, each_wechat, monkeypatch) -> Checked:
    return Checked(each_app, each_wechat, monkeypatch)


@pytest.fixture
def person(each_app, each_wechat, bench) -> Person:
    return log_in(each_app, each_wechat, "somebody-with-a-picture")


def shown(person: Person) -> Any:
    return person.ok("GET", "/api/user/profile")["avatar_url"]


def set_avatar(person: Person) -> str:
    return str(upload(person, AVATAR, samples.picture()).json["data"]["avatar_url"])


def test_wechat_is_asked_about_the_address_under_which_the_picture_is_served(bench, person):
    url = set_avatar(person)
    assert bench.asked == [f"{ADDRESS}{url}"]
    assert bench.held == [0], "no connection is held while WeChat thinks"
    assert bench.checks() == ["trace-1"]
    assert person.client.get(url).status_code == 200


def test_a_picture_that_passes_stays(bench, person):
    url = set_avatar(person)
    bench.verdict("trace-1", ("pass", 100))
    assert bench.handle() == 1
    assert (shown(person), bench.checks(), bench.outcomes()) == (url, [], ["judged"])
    assert bench.refusals() == []


@pytest.mark.parametrize("language", list(PushFormat))
@pytest.mark.parametrize("suggestion", ["risky", "review"])
def test_a_picture_that_does_not_pass_is_gone_with_its_file(bench, person, language, suggestion):
    before = uploads(bench.app)
    url = set_avatar(person)
    bench.verdict("trace-1", (suggestion, 20002), language)
    bench.handle()
    assert (shown(person), bench.checks(), bench.outcomes()) == (None, [], ["judged"])
    assert person.client.get(url).status_code == 404
    assert uploads(bench.app) == before
    [entry] = bench.refusals()
    assert (entry.actor_id, entry.target_id) == (None, person.id)
    assert suggestion in str(entry.after)


def test_a_verdict_that_came_before_its_check_was_stored_is_handled_later(bench, person):
    bench.verdict("trace-1", ("risky", 20002))
    assert bench.handle() == 0
    set_avatar(person)
    bench.clock.pass_by(seconds=6)
    assert bench.handle() == 1
    assert (shown(person), bench.checks(), bench.outcomes()) == (None, [], ["judged"])


def test_a_verdict_about_an_older_picture_leaves_the_newer_one(bench, person):
    set_avatar(person)
    second = set_avatar(person)
    bench.verdict("trace-1", ("risky", 20002))
    bench.handle()
    assert (shown(person), bench.checks()) == (second, ["trace-2"])
    assert bench.refusals() == []


def test_a_picture_that_wechat_could_not_fetch_stays(bench, person):
    url = set_avatar(person)
    bench.verdict("trace-1", None)
    bench.handle()
    assert (shown(person), bench.checks(), bench.outcomes()) == (url, [], ["not_judged"])


def test_without_wechats_answer_the_old_picture_stays(bench, person):
    first = set_avatar(person)
    bench.fault = faults.Unavailable("check_media", maybe_sent=True, reason="timeout")
    reply = upload(person, AVATAR, samples.picture())
    assert (reply.status_code, reply.json["data"]["error"]) == (503, "content_check_unavailable")
    assert (shown(person), bench.checks()) == (first, ["trace-1"])
    assert person.client.get(first).status_code == 200


def test_who_leaves_takes_the_checks_along(bench, person, each_app, each_wechat):
    other = log_in(each_app, each_wechat, "somebody-who-stays")
    set_avatar(person)
    set_avatar(other)
    assert [check["trace_id"] for check in person.ok("GET", "/api/user/export")["avatar_checks"]] == ["trace-1"]
    person.ok("DELETE", "/api/user")
    assert bench.checks() == ["trace-2"]


def test_checks_that_nobody_answered_are_cleared_after_a_day(bench, person):
    set_avatar(person)
    bench.clock.moment += timedelta(hours=23)
    set_avatar(person)
    assert bench.do(bench.moderation.clear) == 0
    bench.clock.moment += timedelta(hours=2)
    assert bench.do(bench.moderation.clear) == 1
    assert bench.checks() == ["trace-2"]


@pytest.fixture(params=["", "/risky"])
def whole(request: pytest.FixtureRequest, tmp_path, monkeypatch) -> Iterator[SimpleNamespace]:
    """A served application with nothing made up but WeChat's servers, which the simulator plays.

    The simulator judges by the address: what lies under /risky is.
    """
    options: dict[str, Any] = {"wechat_content_check": True, "wechat_push_token": TOKEN, "wechat_push_aes_key": AES_KEY}
    options["public_url"] = f"{ADDRESS}{request.param}/"
    app = make_app(URL.create("sqlite", database=str(tmp_path / "test.sqlite3")), tmp_path, **options)
    with served(app) as address, simulated(app, monkeypatch) as simulator:
        with simulator.state.lock:
            simulator.state.apps[APPID] = simulated_app(f"{address}/wechat/push")
            simulator.state.options = Options(media_delay=0.0)
        yield SimpleNamespace(app=app, simulator=simulator, risky=request.param != "")
    _dispose(app)


def test_the_whole_way_from_the_upload_to_the_verdict(whole):
    code = requests.post(f"{whole.simulator.url}/_sim/login-code", json={"name": "alice"}, timeout=10).json()["code"]
    client = whole.app.test_client()
    data = client.post("/api/login", json={"code": code}).json["data"]
    person = Person(client, data["user"]["id"], data["token"], data["refresh_token"], "")
    url = set_avatar(person)
    inbox, deadline = parts_of(whole.app).get(Inbox), time.monotonic() + 20
    handled = 0
    while not handled and time.monotonic() < deadline:
        time.sleep(0.05)
        with whole.app.app_context():
            handled = inbox.handle()
            db.session.remove()
    assert handled == 1
    assert shown(person) == (None if whole.risky else url)
    with whole.app.app_context():
        assert db.session.scalars(select(MediaCheck)).all() == []
