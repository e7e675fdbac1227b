"""Around every request: the envelope, headers, languages, tags, origins, and no word about the inside."""

import json
import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import URL
from sqlalchemy.exc import OperationalError

from tests.conftest import FakeWeChat, Person, make_app
from wxcloudrun.app import EXTENSION
from wxcloudrun.features.counter.service import CounterService

INSIDE = re.compile(
    r"Traceback|sqlalchemy|sqlite|psycopg|pymysql|SELECT |INSERT |UPDATE |\.py\b|werkzeug|Error\(|/home/"
)
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class BrokenCounter:
    """Fails as no code should, with a text that nobody may see."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self) -> int:
        raise self._error


@pytest.fixture
def break_counter(app: Flask):
    def broken(error: Exception) -> None:
        container = app.extensions[EXTENSION]
        original = container._recipes[CounterService]
        restore.append(lambda: container.provide(CounterService, original))
        container.provide(CounterService, lambda: BrokenCounter(error))

    restore: list = []
    yield broken
    for call in restore:
        call()


def _failure(response, status: int, error: str) -> None:
    assert response.status_code == status
    assert set(response.json) == {"code", "data", "msg"}
    assert response.json["code"] == 0
    assert response.json["data"]["error"] == error
    assert response.json["msg"]
    assert response.mimetype == "application/json"
    assert not INSIDE.search(response.text), response.text


def test_success_has_exactly_the_three_keys(app: Flask):
    response = app.test_client().get("/api/count")
    assert response.status_code == 200
    assert response.json == {"code": 1, "data": 0, "msg": "success"}


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "error"),
    [
        ("GET", "/api/nowhere", {}, 404, "not_found"),
        ("GET", "/nowhere", {}, 404, "not_found"),
        ("GET", "/api//count", {}, 404, "not_found"),
        ("GET", "/api/count/", {}, 404, "not_found"),
        ("GET", "/assets/../config.py", {}, 404, "not_found"),
        ("GET", "/assets/%2e%2e%2fconfig.py", {}, 404, "not_found"),
        ("PUT", "/api/count", {}, 405, "method_not_allowed"),
        ("PATCH", "/api/user/profile", {}, 405, "method_not_allowed"),
        ("OPTIONS", "/api/count", {}, 405, "method_not_allowed"),
        ("TRACE", "/api/count", {}, 405, "method_not_allowed"),
        ("BREW", "/api/count", {}, 405, "method_not_allowed"),
        ("POST", "/", {}, 405, "method_not_allowed"),
        ("POST", "/api/count", {"data": "{", "content_type": "application/json"}, 400, "bad_json"),
        ("POST", "/api/count", {"data": "action=inc", "content_type": "text/plain"}, 415, "unsupported_media_type"),
        ("POST", "/api/count", {"data": {"action": "inc"}}, 415, "unsupported_media_type"),
        ("POST", "/api/count", {}, 415, "unsupported_media_type"),
        ("POST", "/api/count", {"json": {"action": "x" * 1_100_000}}, 413, "body_too_large"),
        ("POST", "/api/count", {"json": {"action": "no"}}, 422, "invalid_input"),
        ("POST", "/api/logout", {}, 401, "session_required"),
    ],
)
def test_every_refusal_is_the_envelope_with_a_truthful_status(app: Flask, method, path, options, status, error):
    _failure(app.test_client().open(path, method=method, **options), status, error)


def test_a_wrong_method_is_told_the_right_ones(app: Flask):
    response = app.test_client().put("/api/count")
    assert response.headers["Allow"] == "GET, HEAD, POST"


def test_an_answer_to_nobody_says_how_to_log_in(app: Flask):
    assert app.test_client().get("/api/user/profile").headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "error", [RuntimeError("secret place /home/x"), KeyError("SELECT 1"), RecursionError(), MemoryError()], ids=repr
)
def test_our_own_fault_is_an_envelope_without_a_word_about_it(app: Flask, break_counter, error):
    break_counter(error)
    _failure(app.test_client().get("/api/count"), 500, "internal_error")


@pytest.mark.parametrize(
    "original", [type("SerializationFailure", (Exception,), {"sqlstate": "40001"})("SELECT 1"), OSError()]
)
def test_a_database_that_cannot_is_said_to_be_away_for_a_moment(app: Flask, break_counter, original):
    break_counter(OperationalError("SELECT 1 FROM secrets", {}, original))
    response = app.test_client().get("/api/count")
    _failure(response, 503, "database_unavailable")
    assert response.headers["Retry-After"] == "5"


def test_head_is_get_without_a_body(app: Flask):
    head, get = (app.test_client().open("/api/count", method=method) for method in ("HEAD", "GET"))
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == get.headers["ETag"]
    assert head.headers["Content-Length"] == str(len(get.data))


def test_a_request_id_is_taken_over_made_where_it_is_missing_and_replaced_where_it_is_hostile(app: Flask):
    client = app.test_client()
    assert client.get("/api/count", headers={"X-Request-ID": "my-request-1"}).headers["X-Request-ID"] == "my-request-1"
    made = {client.get("/api/nowhere").headers["X-Request-ID"] for _ in range(2)}
    assert len(made) == 2
    hostile = client.get("/api/count", headers={"X-Request-ID": 'x" onload="alert(1)'}).headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", hostile)


def test_a_request_is_one_line_in_the_log_with_its_id_and_without_its_words(app: Flask, capsys, caplog):
    with caplog.at_level("INFO", "wxcloudrun.http"):
        app.test_client().get("/api/count?word=secret", headers={"X-Request-ID": "find-me-again"})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "find-me-again" in line]
    assert [(line["event"], line["rule"], line["status"]) for line in lines] == [("request", "/api/count", 200)]
    assert "word" not in str(lines)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/docs",
        "/openapi.json",
        "/assets/home.js",
        "/assets/swagger-ui.css",
        "/assets/nowhere",
        "/healthz",
        "/readyz",
    ]
    + ["/metrics", "/api/count", "/api/nowhere", "/api/user/profile"],
)
def test_security_headers_are_on_everything(app: Flask, path):
    headers = app.test_client().get(path).headers
    for name, value in SECURITY.items():
        assert headers.getlist(name) == [value]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in headers
    assert "Server" not in headers


def test_over_https_the_browser_is_told_to_stay_there(app: Flask):
    secure = app.test_client().get("/api/count", base_url="https://127.0.0.1")
    assert secure.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize(
    ("wanted", "english"),
    [
        (None, False),
        ("", False),
        ("zh-CN,zh;q=0.9,en;q=0.8", False),
        ("en", True),
        ("en-US,en;q=0.9,zh;q=0.8", True),
        ("zh-CN;q=0.1, en", True),
        ("fr, en;q=0.2", True),
        ("fr", False),
        ("*", False),
        (";;;,,,===", False),
        ("x" * 5000, False),
    ],
)
def test_sentences_are_chinese_unless_the_caller_prefers_english(app: Flask, wanted, english):
    headers = {} if wanted is None else {"Accept-Language": wanted}
    text = app.test_client().get("/api/nowhere", headers=headers).json["msg"]
    assert text == ("Not found" if english else "没有找到")


def test_what_did_not_change_is_not_sent_again(app: Flask):
    client = app.test_client()
    first = client.get("/api/count")
    again = client.get("/api/count", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert client.get("/api/count", headers={"If-None-Match": f'W/{first.headers["ETag"]}, "x"'}).status_code == 304
    client.post("/api/count", json={"action": "inc"})
    changed = client.get("/api/count", headers={"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, changed.json["data"]) == (200, 1)


def test_answers_are_never_kept_by_shared_caches(app: Flask, person: Person):
    assert "no-store" in app.test_client().get("/api/nowhere").headers["Cache-Control"]
    assert "private" in person.call("GET", "/api/user/profile").headers["Cache-Control"]
    assert "no-store" in person.call("PUT", "/api/user/profile", {}).headers["Cache-Control"]


@pytest.fixture(scope="module")
def cors_client(tmp_path_factory):
    tmp: Path = tmp_path_factory.mktemp("cors")
    url = URL.create("sqlite", database=str(tmp / "cors.sqlite3"))
    return make_app(url, tmp, cors_origins=["https://console.example", "http://localhost:5173/"]).test_client()


def test_no_other_origin_may_call_by_default(app: Flask):
    response = app.test_client().get("/api/count", headers={"Origin": "https://console.example"})
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_a_listed_origin_may_ask_and_read(cors_client):
    asked = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "PUT"}
    preflight = cors_client.options("/api/user/profile", headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert "PUT" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
    simple = cors_client.get("/api/count", headers={"Origin": "http://localhost:5173"})
    assert simple.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert "ETag" in simple.headers["Access-Control-Expose-Headers"]
    assert "Origin" in simple.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in simple.headers
    refused = cors_client.get("/api/nowhere", headers={"Origin": "http://localhost:5173"})
    assert refused.headers["Access-Control-Allow-Origin"] == "http://localhost:5173", "a page may read refusals too"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://console.example.evil.example", "http://console.example"]
)
def test_an_origin_that_is_not_listed_is_told_nothing(cors_client, origin):
    preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    for response in (
        cors_client.options("/api/count", headers=preflight),
        cors_client.get("/api/count", headers={"Origin": origin}),
    ):
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]
        assert "Origin" in response.headers["Vary"], "a cache must not give this answer to another origin"


def test_identity_headers_of_cloud_run_are_worth_nothing_unless_the_operator_says_so(app: Flask, wechat: FakeWeChat):
    forged = {"X-WX-OPENID": "somebody", "X-WX-APPID": "wx-test-appid", "X-WX-SOURCE": "wx_client"}
    response = app.test_client().get("/api/user/profile", headers=forged)
    _failure(response, 401, "session_required")
