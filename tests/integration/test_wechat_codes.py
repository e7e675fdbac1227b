"""Codes, links and checks through the API, made by a simulated WeChat."""

import base64
from collections.abc import Iterator

import pytest

from tests.conftest import Person, log_in
from tests.integration.wechat_bench import APPID, replace_part, simulated
from wxcloudrun.core.actor import Role
from wxcloudrun.core.db import db
from wxcloudrun.core.rate_limit import RateLimiter
from wxcloudrun.integrations.wechat import errors as wechat
from wxcloudrun.integrations.wechat.api import Image
from wxcloudrun.integrations.wechat.contract import WeChat
from wxcloudrun.simulator import RunningSimulator
from wxcloudrun.simulator.faults import Fault, FaultKind

QRCODES, LINKS = "/api/wechat/qrcodes", "/api/wechat/links"


@pytest.fixture
def tester(app, wechat) -> Person:
    """A verified user."""
    return log_in(app, wechat, "openid-of-a-tester-1", verified=True)


@pytest.fixture
def simulator(tester, app, monkeypatch) -> Iterator[RunningSimulator]:
    with simulated(app, monkeypatch) as simulator:
        user = simulator.state.user(APPID, tester.openid, "")
        user.last_seen = simulator.state.now()
        yield simulator


def test_a_code_is_a_picture_in_base64(simulator, tester):
    made = tester.ok("POST", QRCODES, {"scene": "r=12", "page": "pages/index/index", "width": 430})
    assert made["mime"] == "image/jpeg"
    assert base64.b64decode(made["image_base64"]).startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scene": "中文"}, "scene"),
        ({"scene": "a b"}, "scene"),
        ({"scene": ""}, "scene"),
        ({"scene": "x" * 33}, "scene"),
        ({"scene": "a", "page": "/pages/index/index"}, "page"),
        ({"scene": "a", "page": "pages/index/index?x=1"}, "page"),
        ({"scene": "a", "width": 279}, "width"),
        ({"scene": "a", "env_version": "live"}, "env_version"),
    ],
)
def test_a_code_that_wechat_would_not_make_is_refused_by_its_field(simulator, tester, body, field):
    refused = tester.call("POST", QRCODES, body)
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json["data"]["fields"]] == [field]


def test_a_code_of_a_page_that_is_not_released_is_a_conflict_unless_it_is_for_testers(simulator, tester):
    body = {"scene": "a", "page": "pages/new/new"}
    refused = tester.call("POST", QRCODES, body)
    assert (refused.status_code, refused.json["data"]["error"]) == (409, "page_unpublished")
    assert tester.call("POST", QRCODES, body | {"env_version": "trial"}).status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "name"),
    [
        (Fault("/wxa/getwxacodeunlimit", FaultKind.ERRCODE, value=45009), 429, "wechat_busy"),
        (Fault("/wxa/getwxacodeunlimit", FaultKind.ERRCODE, value=40013), 503, "wechat_misconfigured"),
        (Fault("/wxa/getwxacodeunlimit", FaultKind.ERRCODE, value=99999), 502, "wechat_unavailable"),
        (Fault("/wxa/getwxacodeunlimit", FaultKind.GARBAGE), 502, "wechat_unavailable"),
        (Fault("/wxa/getwxacodeunlimit", FaultKind.EMPTY), 502, "wechat_unavailable"),
        (Fault("/wxa/getwxacodeunlimit", FaultKind.HTTP500), 502, "wechat_unavailable"),
        (Fault("/wxa/getwxacodeunlimit", FaultKind.RESET), 504, "wechat_timeout"),
    ],
)
def test_an_error_is_never_served_as_a_picture(simulator, tester, fault, status, name):
    with simulator.state.lock:
        simulator.state.faults.add(fault)
    refused = tester.call("POST", QRCODES, {"scene": "a"})
    assert (refused.status_code, refused.json["data"]["error"]) == (status, name)
    assert "image_base64" not in refused.text


def test_a_picture_that_does_not_fit_through_call_container_is_refused(app, tester, monkeypatch):
    class Large:
        class codes:
            @staticmethod
            def qrcode(*args: object) -> Image:
                return Image(b"\xff\xd8\xff" + b"x" * 768 * 1024, "image/jpeg")

    replace_part(app, monkeypatch, WeChat, Large())
    refused = tester.call("POST", QRCODES, {"scene": "a", "width": 1280})
    assert refused.status_code == 422
    assert refused.json["data"]["fields"] == [{"field": "width", "reason": "picture_too_large"}]


def test_only_verified_people_make_codes(app, wechat, person):
    refused = person.call("POST", QRCODES, {"scene": "a"})
    assert (refused.status_code, refused.json["data"]["error"]) == (403, "verification_required")


@pytest.mark.parametrize("days", [1, 30])
def test_a_link_is_made(simulator, tester, days):
    made = tester.ok("POST", LINKS, {"path": "pages/index/index", "query": "id=1&x=%20", "expire_days": days})
    assert made["url_link"].startswith("https://")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"path": "/pages/index/index"}, "path"),
        ({"path": "pages/index/index", "query": "名=1"}, "query"),
        ({"path": "pages/index/index", "expire_days": 31}, "expire_days"),
    ],
)
def test_a_link_that_wechat_would_not_make_is_refused_by_its_field(simulator, tester, body, field):
    refused = tester.call("POST", LINKS, body)
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json["data"]["fields"]] == [field]


@pytest.mark.parametrize(
    ("content", "suggestion", "label"),
    [("一切正常", "pass", 100), ("a risky-word", "risky", 20006), ("a review-word", "review", 21000)],
)
def test_a_text_is_judged(simulator, tester, content, suggestion, label):
    assert tester.ok("POST", "/api/wechat/text_checks", {"content": content}) == {
        "suggestion": suggestion,
        "label": label,
    }


def test_a_text_of_somebody_who_was_not_here_for_two_hours_is_not_said_to_pass(simulator, tester):
    simulator.state.user(APPID, tester.openid, "").last_seen = simulator.state.now() - 7300
    refused = tester.call("POST", "/api/wechat/text_checks", {"content": "x"})
    assert (refused.status_code, refused.json["data"]["error"]) == (409, "wechat_user_inactive")


def test_a_session_is_valid_until_the_phone_logs_in_anew(simulator, app):
    client = app.test_client()
    session = client.post("/api/login", json={"code": "dev-alice"}).json["data"]
    headers = {"Authorization": f"Bearer {session['token']}"}
    assert client.post("/api/wechat/sessions/check", headers=headers).json["data"] == {"valid": True}
    with simulator.state.lock:
        simulator.state.user_named(APPID, "alice").session_key = "b3RoZXIta2V5LTEyMzQ1Ng=="
    assert client.post("/api/wechat/sessions/check", headers=headers).json["data"] == {"valid": False}


def test_no_database_connection_is_held_while_wechat_is_asked(app, tester, monkeypatch):
    class Looking:
        held: int | None = None

        class content:
            @staticmethod
            def text(*args: object) -> object:
                Looking.held = db.engine.pool.checkedout()
                raise wechat.UserInactive("check_text")

    replace_part(app, monkeypatch, WeChat, Looking())
    tester.call("POST", "/api/wechat/text_checks", {"content": "x"})
    assert Looking.held == 0


def test_a_flood_is_limited_per_person(app, wechat, monkeypatch, tester):
    replace_part(app, monkeypatch, RateLimiter, RateLimiter("memory://"))
    replies = [tester.call("POST", QRCODES, {}).status_code for _ in range(31)]
    assert replies == [422] * 30 + [429]
    other = log_in(app, wechat, "openid-of-a-tester-2", Role.ADMINISTRATOR)
    assert other.call("POST", QRCODES, {}).status_code == 422
