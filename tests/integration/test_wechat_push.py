"""What WeChat pushes, over HTTP, in every mode: believed, kept once and acknowledged at once - or refused."""

import json
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import URL, select

from tests.conftest import _dispose, empty, make_app
from tests.integration.wechat_bench import (
    AES_KEY,
    TOKEN,
    at_once,
    parts_of,
    popup,
    replace_part,
    served,
    simulated_app,
)
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import db
from wxcloudrun.features.wechat.inbox import Doors, Inbox
from wxcloudrun.features.wechat.models import PushMessage
from wxcloudrun.integrations.wechat import config as settings
from wxcloudrun.integrations.wechat.push import PushReceiver
from wxcloudrun.integrations.wechat.push_crypto import push_signature
from wxcloudrun.simulator.push.client import PushClient, PushPlan
from wxcloudrun.simulator.push.disturbance import Disturbance
from wxcloudrun.simulator.push.events import text_message
from wxcloudrun.simulator.push.record import Outcome, PushRecord
from wxcloudrun.simulator.records import Options, PushFormat, PushMode
from wxcloudrun.simulator.state import SimulatorState

OPENID = "openid-of-a-pushing-user"
PLAIN_KEY = {"wechat_push_token": TOKEN}
SAFE_KEYS = PLAIN_KEY | {"wechat_push_aes_key": AES_KEY}
CLOUD = {"trust_wxcloud_headers": True, "cbr_env_id": "env-of-the-tests"}


@pytest.fixture(scope="module")
def plain_app(tmp_path_factory) -> Iterator[Flask]:
    yield from _app(tmp_path_factory, "plain")


@pytest.fixture(scope="module")
def safe_app(tmp_path_factory) -> Iterator[Flask]:
    yield from _app(tmp_path_factory, "safe")


@pytest.fixture(scope="module")
def cloud_app(tmp_path_factory) -> Iterator[Flask]:
    yield from _app(tmp_path_factory, "cloud")


def _app(tmp_path_factory, kind: str) -> Iterator[Flask]:
    tmp = tmp_path_factory.mktemp(f"push-{kind}")
    settings = {"plain": PLAIN_KEY, "safe": SAFE_KEYS, "cloud": CLOUD, "off": {}}[kind]
    app = make_app(URL.create("sqlite", database=str(tmp / "test.sqlite3")), tmp, **settings)
    yield app
    _dispose(app)


def pushed(
    app: Flask, mode: PushMode, language: PushFormat, *disturbances: Disturbance, text: str = "你好😀"
) -> PushRecord:
    """What came of one message that the simulator pushed to the served application."""
    state = SimulatorState(options=Options(push_attempts=1))
    with served(app) as address:
        config = simulated_app(f"{address}/wechat/push", mode, language)
        message = text_message(config, OPENID, time.time(), text, 23456789012345678)
        return PushClient(state).deliver(config, message, PushPlan(disturbances))[-1]


def kept(app: Flask) -> list[PushMessage]:
    with app.app_context():
        rows = list(db.session.scalars(select(PushMessage).order_by(PushMessage.id)))
        db.session.remove()
    return rows


@pytest.fixture(autouse=True)
def _clean(request) -> Iterator[None]:
    yield
    for name in ("plain_app", "safe_app", "cloud_app"):
        if name in request.fixturenames:
            empty(request.getfixturevalue(name))


@pytest.mark.parametrize("language", list(PushFormat))
def test_a_plain_message_is_kept_and_acknowledged(plain_app, language):
    record = pushed(plain_app, PushMode.PLAIN, language)
    assert (record.outcome, record.attempts[0].reply) == (Outcome.ACKNOWLEDGED, "success")
    assert [row.kind for row in kept(plain_app)] == ["text"]


@pytest.mark.parametrize("language", list(PushFormat))
@pytest.mark.parametrize("mode", [PushMode.SAFE, PushMode.COMPAT])
def test_an_encrypted_message_is_kept_and_acknowledged(safe_app, mode, language):
    assert pushed(safe_app, mode, language).outcome is Outcome.ACKNOWLEDGED
    [row] = kept(safe_app)
    assert row.handled_at is None, "nothing but keeping is done in the request"
    assert OPENID not in row.content
    assert "你好" not in row.content


@pytest.mark.parametrize("mode", [PushMode.PLAIN, PushMode.COMPAT])
def test_without_an_aes_key_readable_messages_are_taken(plain_app, mode):
    assert pushed(plain_app, mode, PushFormat.JSON).outcome is Outcome.ACKNOWLEDGED
    assert len(kept(plain_app)) == 1


@pytest.mark.parametrize("language", list(PushFormat))
@pytest.mark.parametrize(
    "disturbance",
    [
        Disturbance.BAD_SIGNATURE,
        Disturbance.SWAPPED_SIGNATURE,
        Disturbance.WRONG_APPID,
        Disturbance.OLD_TIMESTAMP,
        Disturbance.PLAINTEXT,
        Disturbance.BAD_CIPHER,
    ],
)
def test_what_cannot_be_believed_is_refused_without_a_reason_and_not_kept(safe_app, language, disturbance, caplog):
    attempt = pushed(safe_app, PushMode.SAFE, language, disturbance).attempts[0]
    assert attempt.status == 403
    assert json.loads(attempt.reply)["data"] == {"error": "push_refused"}
    assert kept(safe_app) == []
    assert OPENID not in caplog.text


def test_a_plain_message_with_a_bad_signature_is_refused(plain_app):
    assert pushed(plain_app, PushMode.PLAIN, PushFormat.JSON, Disturbance.BAD_SIGNATURE).attempts[0].status == 403
    assert kept(plain_app) == []


@pytest.mark.parametrize("mode", [PushMode.PLAIN, PushMode.SAFE])
def test_entities_are_not_expanded(plain_app, safe_app, mode):
    app = plain_app if mode is PushMode.PLAIN else safe_app
    attempt = pushed(app, mode, PushFormat.XML, Disturbance.ENTITY_BOMB).attempts[0]
    assert attempt.status == 400
    assert kept(app) == []


def test_a_message_above_256_kib_is_refused(plain_app):
    attempt = pushed(plain_app, PushMode.PLAIN, PushFormat.JSON, Disturbance.OVERSIZED).attempts[0]
    assert attempt.status in (0, 413), "refused, or the connection was ended before all was sent"
    assert kept(plain_app) == []


def test_a_message_of_250_kib_is_kept_whole(plain_app):
    assert pushed(plain_app, PushMode.PLAIN, PushFormat.JSON, text="长" * 80_000).outcome is Outcome.ACKNOWLEDGED
    assert len(kept(plain_app)) == 1


@pytest.mark.parametrize("disturbance", [Disturbance.DUPLICATE, Disturbance.REPLAY])
def test_a_message_that_comes_again_is_acknowledged_alike_and_kept_once(safe_app, disturbance):
    record = pushed(safe_app, PushMode.SAFE, PushFormat.JSON, disturbance)
    assert [attempt.reply for attempt in record.attempts] == ["success"] * len(record.attempts)
    assert len(kept(safe_app)) == 1


def test_the_address_is_checked_by_its_echo(safe_app):
    with served(safe_app) as address:
        record = PushClient(SimulatorState()).check_url(simulated_app(f"{address}/wechat/push"))
    assert record.outcome is Outcome.ACKNOWLEDGED


def test_an_echo_is_plain_text_and_wants_a_signature(safe_app):
    client = safe_app.test_client()
    now = str(int(time.time()))
    query = {"timestamp": now, "nonce": "1", "echostr": "<script>", "signature": push_signature(TOKEN, now, "1")}
    reply = client.get("/wechat/push", query_string=query)
    assert (reply.status_code, reply.text, reply.mimetype) == (200, "<script>", "text/plain")
    refused = client.get("/wechat/push", query_string=query | {"nonce": "2"})
    assert refused.status_code == 403
    assert "<script>" not in refused.text


def test_a_message_from_cloud_run_needs_no_signature(cloud_app):
    assert pushed(cloud_app, PushMode.CLOUDRUN, PushFormat.JSON).outcome is Outcome.ACKNOWLEDGED
    assert len(kept(cloud_app)) == 1


@pytest.mark.parametrize(
    "headers", [{}, {"X-WX-SOURCE": ""}, {"X-WX-SOURCE": "wx_push", "X-WX-ENV": "somebody-elses-env"}]
)
def test_a_message_that_did_not_come_through_our_cloud_run_is_refused(cloud_app, headers):
    message = popup(OPENID, ("T", "accept"), at=time.time())
    assert cloud_app.test_client().post("/wechat/push", json=message, headers=headers).status_code == 403
    assert kept(cloud_app) == []


@pytest.mark.parametrize("app_name", ["plain_app", "safe_app"])
def test_forged_cloud_headers_open_nothing_where_they_are_not_trusted(request, app_name):
    app = request.getfixturevalue(app_name)
    message = popup(OPENID, ("T", "accept"), at=time.time())
    headers = {"X-WX-SOURCE": "wx_push", "X-WX-ENV": "", "X-WX-OPENID": OPENID}
    assert app.test_client().post("/wechat/push", json=message, headers=headers).status_code == 403
    assert kept(app) == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"action":"CheckContainerPath"}',
        b"<xml><action>CheckContainerPath</action></xml>",
        b"CheckContainerPath",
    ],
)
def test_cloud_runs_test_of_the_path_is_answered(cloud_app, body):
    reply = cloud_app.test_client().post("/wechat/push", data=body, headers={"X-WX-SOURCE": "wx_push"})
    assert (reply.status_code, reply.text) == (200, "success")
    assert kept(cloud_app) == []


def test_push_is_not_there_while_it_is_off(app):
    client = app.test_client()
    assert client.get("/wechat/push?echostr=1").status_code == 404
    assert client.post("/wechat/push", data=b'{"action":"CheckContainerPath"}').status_code == 404


def test_one_message_delivered_fifty_times_at_once_is_kept_once(each_app, monkeypatch):
    app = each_app
    container = parts_of(app)
    clock = container.get(Clock)
    config = settings.WeChatConfig(appid="wx-test-appid", push_mode=settings.PushMode.PLAIN, push_token=TOKEN)
    inbox = Inbox(db.session, clock, container.get(KeyRing), Doors(PushReceiver(config, clock)), dict)
    replace_part(app, monkeypatch, Inbox, inbox)
    now = str(int(time.time()))
    query = {"timestamp": now, "nonce": "7", "signature": push_signature(TOKEN, now, "7")}
    message = popup(OPENID, ("T", "accept"), at=time.time())

    def deliver(number: int) -> tuple[int, str]:
        reply = app.test_client().post("/wechat/push", query_string=query, json=message)
        return reply.status_code, reply.text

    replies = at_once(app, 50, deliver)
    assert set(replies) == {(200, "success")}
    assert len(kept(app)) == 1


@pytest.mark.parametrize("name", ["\x00", "\ud800", "a\nb", "\u202e" + "x" * 99], ids=ascii)
def test_an_event_with_a_name_that_no_database_holds_is_kept_all_the_same(plain_app, name: str):
    moment = str(int(time.time()))
    query = {"timestamp": moment, "nonce": "n", "signature": push_signature(TOKEN, moment, "n")}
    event = {"ToUserName": "g", "FromUserName": OPENID, "CreateTime": int(moment), "MsgType": "event", "Event": name}
    reply = plain_app.test_client().post("/wechat/push", query_string=query, data=json.dumps(event))
    assert (reply.status_code, reply.text) == (200, "success")
    [row] = kept(plain_app)
    assert row.kind.isprintable()
    assert len(row.kind) <= 64
