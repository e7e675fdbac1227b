"""Hostile bytes in bodies, queries, paths and headers: always a refusal that names what was wrong, never a fault of ours."""

import json
import socket
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import URL
from werkzeug.serving import make_server

from tests.conftest import Person, make_app
from tests.integration.live import serving

DEEP = 200_000
BODIES = {
    "200,000 open brackets": (b"[" * DEEP, 400),
    "200,000 brackets": (b'{"action":' + b"[" * DEEP + b"]" * DEEP + b"}", 400),
    "200,000 objects": (b'{"a":' * DEEP, 400),
    "quotes that take for ever to pair": (b"[" + b"{}," * 70 + b'"' + b'\\"' * 400_000, 400),
    "not a number": (b'{"action":NaN}', 400),
    "infinity": (b'{"action":-Infinity}', 400),
    "a number out of range": (b'{"action":1e999}', 400),
    "an integer of 5,000 digits": (b'{"action":' + b"7" * 5000 + b"}", 400),
    "a name given twice": (b'{"action":"inc","action":"clear"}', 400),
    "half a surrogate pair": (b'{"action":"\\ud800"}', 400),
    "half a surrogate pair in a name": (b'{"action":"inc","\\udc00":1}', 400),
    "half a surrogate pair in bytes": (b'{"action":"\xed\xa0\x80"}', 400),
    "a NUL": (b'{"action":"\\u0000"}', 400),
    "a NUL in a name": (b'{"a\\u0000":"inc"}', 400),
    "a NUL in bytes": (b'{"action":"\x00"}', 400),
    "broken UTF-8": (b'{"action":"\xff\xfe"}', 400),
    "UTF-16": ('{"action":"inc"}'.encode("utf-16"), 400),
    "a byte order mark": (b'\xef\xbb\xbf{"action":"inc"}', 400),
    "nothing": (b"", 400),
    "blanks": (b"  \n ", 400),
    "garbage behind": (b'{"action":"inc"}x', 400),
    "two documents": (b'{"action":"inc"}{"action":"inc"}', 400),
    "half a document": (b'{"action":"in', 400),
    "a comment": (b'{"action":"inc"/*x*/}', 400),
    "a list": (b'["inc"]', 422),
    "a text": (b'"inc"', 422),
    "null": (b"null", 422),
    "null inside": (b'{"action":null}', 422),
    "a wrong type": (b'{"action":1}', 422),
    "a list inside": (b'{"action":["inc"]}', 422),
    "an unknown name": (b'{"action":"inc","admin":true}', 422),
    "a name with marks": (b'{"action":"inc","<script>\\u202e":1}', 422),
    "a missing name": (b"{}", 422),
    "a prototype": (b'{"action":"inc","__proto__":{}}', 422),
    "another case": (b'{"ACTION":"inc"}', 422),
    "a look-alike": ('{"action":"\uff49nc"}'.encode(), 422),
    "two megabytes": (b'{"action":"' + b"x" * 2_097_152 + b'"}', 413),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_not_what_was_asked_for_is_refused_by_name(app: Flask, name):
    body, status = BODIES[name]
    response = app.test_client().post("/api/count", data=body, content_type="application/json")
    assert response.status_code == status, response.text
    assert response.json["code"] == 0
    if status != 413:
        assert response.json["data"]["fields"][0]["field"]
        assert response.json["data"]["fields"][0]["reason"]
    assert len(response.data) < 4000, "the input is not sent back"
    assert app.test_client().get("/api/count").json["data"] == 0


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"gender": "1"}, "gender"),
        ({"gender": True}, "gender"),
        ({"gender": 1.5}, "gender"),
        ({"gender": 1e30}, "gender"),
        ({"gender": 10**30}, "gender"),
        ({"version": "1"}, "version"),
        ({"version": True}, "version"),
        ({"version": 2**31}, "version"),
        ({"nickname": 5}, "nickname"),
        ({"nickname": ["x"]}, "nickname"),
        ({"nickname": "a\nb"}, "nickname"),
        ({"nickname": "x" * 33}, "nickname"),
        ({"nickname": "\x7f"}, "nickname"),
        ({"language": "en_us"}, "language"),
        ({"role": 9}, "role"),
        ({"id": 1}, "id"),
        ({"openid": "x"}, "openid"),
    ],
    ids=str,
)
def test_types_are_strict_and_nobody_sets_what_is_not_theirs(person: Person, fields, refused):
    response = person.call("PUT", "/api/user/profile", fields)
    assert response.status_code == 422
    assert [fault["field"].split(".")[0] for fault in response.json["data"]["fields"]] == [refused]


def test_a_whole_number_may_be_written_with_a_point_as_json_has_it(person: Person):
    assert person.ok("PUT", "/api/user/profile", {"gender": 2.0, "version": 1e0})["gender"] == 2


@pytest.mark.parametrize(
    "text",
    ["😀" * 8, "\u202eabc", "e\u0301", "\u200d", "'; DROP TABLE users; --", "{{7*7}}", "%s%n", "<b>x</b>", "\ufeff"],
)
def test_strange_text_that_is_allowed_comes_back_as_it_went_in(each_app, each_wechat, text):
    from tests.conftest import log_in  # noqa: PLC0415 - on each database, unlike the rest of this file

    person = log_in(each_app, each_wechat, "somebody-with-strange-text")
    assert person.ok("PUT", "/api/user/profile", {"nickname": text})["nickname"] == text
    assert person.ok("GET", "/api/user/profile")["nickname"] == text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("unknown=1", "unknown"),
        ("size=1&size=2", "size"),
        ("size=abc", "size"),
        ("size=0", "size"),
        ("size=101", "size"),
        ("size=1e1", "size"),
        ("size=", "size"),
        ("size=" + "9" * 5000, "size"),
        ("size=%00", "size"),
        ("%00=1", "?"),
        ("target_type=a%00b", "target_type"),
        ("target_type=%ff", "target_type"),
        ("target_type=%ed%a0%80", "target_type"),
        ("target_id=9007199254740993", "target_id"),
        ("target_id=-1", "target_id"),
        ("cursor=AAAA", "cursor"),
        ("cursor=W251bGxd", "cursor"),
        ("cursor=WzE4MDU5MTYyMDcxNzQxMTMwMzQyNF0", "cursor"),
        ("cursor=" + "W" * 201, "cursor"),
    ],
)
def test_a_query_that_is_not_what_was_asked_for_is_refused_by_name(admin: Person, query, field):
    response = admin.call("GET", f"/api/audit?{query}")
    assert response.status_code == 422, response.text
    assert [fault["field"] for fault in response.json["data"]["fields"]] == [field]


@pytest.mark.parametrize(
    "number",
    ["0", "9007199254740992", "9" * 30, "9" * 4400, "-1", "1.0", "%00", "1%00", "%ff", "%ed%a0%80", "1 or 1=1", "٣"],
)
def test_a_number_in_a_path_that_no_row_has_is_not_found(person: Person, number):
    response = person.call("DELETE", f"/api/user/sessions/{number}")
    assert response.status_code == 404
    assert response.json["code"] == 0


@pytest.mark.parametrize("kind", ["application/json; charset=gbk", "application/vnd.api+json", "APPLICATION/JSON"])
def test_kinds_of_json_are_read_as_utf8(app: Flask, kind):
    response = app.test_client().post("/api/count", data=b'{"action":"inc"}', content_type=kind)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "kind", ["", "text/json", "application/x-www-form-urlencoded", "multipart/form-data", "json", "*/*"]
)
def test_anything_else_is_not_taken_for_json(app: Flask, kind):
    response = app.test_client().post("/api/count", data=b'{"action":"inc"}', content_type=kind)
    assert (response.status_code, response.json["data"]["error"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "Bearer " + "x" * 100_000, "Bearer \xff\xfe", "a.b.c"],
)
def test_any_authorization_that_is_no_session_is_401(app: Flask, value):
    response = app.test_client().get("/api/user/profile", headers={"Authorization": value})
    assert response.status_code == 401
    assert response.json["data"]["error"] in {"session_ended", "session_required"}


def test_a_hostile_user_agent_is_stored_harmless(app: Flask, wechat):
    agent = "a\x00b\x1bc" + "x" * 1000
    client = app.test_client()
    code = wechat.code_for("somebody-with-a-browser")
    environ = {"HTTP_USER_AGENT": agent}
    token = client.post("/api/login", json={"code": code}, environ_overrides=environ).json["data"]["token"]
    sessions = client.get("/api/user/sessions", headers={"Authorization": f"Bearer {token}"}).json["data"]
    device = (sessions["items"] if isinstance(sessions, dict) else sessions)[0]["device"]
    assert device.startswith("a?b?c")
    assert len(device) == 200


@pytest.fixture(scope="module", params=["gunicorn", "run.py"])
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A real server of each kind."""
    tmp = tmp_path_factory.mktemp("server")
    url = URL.create("sqlite", database=str(tmp / "server.sqlite3"))
    app = make_app(url, tmp)
    if request.param == "gunicorn":
        with serving(url, tmp, workers=1) as server:
            yield server.port
        return
    own = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=own.serve_forever)
    thread.start()
    yield own.port
    own.shutdown()
    thread.join()
    own.server_close()


def _raw(port: int, *parts: bytes) -> tuple[int, bytes]:
    """Status and body of what the server says to these bytes; 0 when it says nothing, or nothing in HTTP/1."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            for part in parts:
                connection.sendall(part)
            connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(65536):
                received += data
        except OSError:  # broken pipe, reset, or not connected any more, by how far the hanging up had come
            pass  # the server answered and hung up before everything was sent
    head, _, body = received.partition(b"\r\n\r\n")
    return (int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/1.") else 0), body


HEAD = b"POST /api/count HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"


def _chunked(*chunks: bytes) -> bytes:
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks)


def test_a_chunked_body_is_read(port: int):
    status, body = _raw(port, _chunked(b'{"action"', b':"clear"}', b""))
    assert (status, json.loads(body)["data"]) == (200, 0)


def test_a_chunked_body_without_end_is_cut_at_the_limit(port: int):
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    status, body = _raw(port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 17)
    assert status in {0, 413}, "0: the answer was lost because the server hung up while we were still sending"
    if status:
        assert json.loads(body)["data"]["error"] == "body_too_large"


def test_a_chunked_body_just_over_the_limit_is_413(port: int):
    status, body = _raw(port, _chunked(b'{"action":"', b"x" * 1_048_576, b'"}', b""))
    assert status == 413
    assert json.loads(body)["data"]["error"] == "body_too_large"


def test_a_body_that_is_longer_than_it_says_does_not_spill_over(port: int):
    status, body = _raw(port, HEAD + b'Content-Length: 18\r\n\r\n{"action":"clear"}GET /api/nowhere HTTP/1.1\r\n\r\n')
    assert status == 200
    assert body.count(b'"code"') == 1


@pytest.mark.parametrize(
    "request_bytes",
    [
        HEAD + b"Content-Length: -1\r\n\r\n{}",
        HEAD + b"Content-Length: abc\r\n\r\n{}",
        HEAD + b"Content-Length: 99999999999999999999\r\n\r\n{}",
        HEAD + b'Content-Length: 100\r\n\r\n{"action":"inc"}',
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzzz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
        b"GET /api/count HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n",
        b"GET /api/count HTTP/1.1\r\nHost: \xff\xfe\r\nConnection: close\r\n\r\n",
        b"GET /api/count HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET //api/count HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET http://evil.example/api/count HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/\xff\xfe?\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/count?%zz&=&&==%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/user/profile HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\x80\r\nConnection: close\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"\r\n\r\n",
    ],
)
def test_bytes_that_are_hardly_http_are_no_fault_of_ours(port: int, request_bytes):
    status, body = _raw(port, request_bytes)
    assert status < 500, body
    assert b"Traceback" not in body
