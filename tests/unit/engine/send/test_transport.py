"""What a hostile or broken server can do to a step: each ends with the right class, in time, in bounded memory."""

import gzip
import hashlib
import time
import zlib

import pytest

from tests.unit.engine.hostile import answer, echo, says, serve
from tests.unit.engine.sending import raw, send


def test_an_answer_carries_status_headers_body_hash_peer_and_times(sender):
    with serve(
        says(answer(b'{"a":1}', headers=[("X-One", "1"), ("x-one", "2"), ("Content-Type", "application/json")]))
    ) as server:
        response = send(sender, server.url("/p?q=1")).response
    assert (response.status, response.reason, response.http_version) == (200, "OK", "1.1")
    assert response.header_values("X-ONE") == ("1", "2")
    assert response.body.read() == b'{"a":1}'
    assert response.body.sha256 == hashlib.sha256(b'{"a":1}').hexdigest()
    assert response.url == server.url("/p?q=1")
    assert response.peer == f"127.0.0.1:{server.port}"
    assert response.timing.connect_ms > 0
    assert response.timing.tls_ms == 0
    assert response.timing.total_ms >= response.timing.wait_ms > 0


def test_the_wait_is_measured_apart_from_the_receiving(sender):
    def handler(connection, request, number):
        time.sleep(0.1)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
        time.sleep(0.1)
        connection.sendall(b"b")

    with serve(handler) as server:
        timing = send(sender, server.url()).response.timing
    assert 90 < timing.wait_ms < 190
    assert 90 < timing.receive_ms < 190
    assert timing.total_ms > 190


def test_connections_are_kept(sender):
    with serve(echo) as server:
        for _ in range(3):
            response = send(sender, server.url()).response
    assert server.accepted == 1
    assert response.timing.connect_ms == 0


def test_the_request_that_is_reported_is_the_one_that_arrived(sender):
    with serve(echo) as server:
        exchange = send(
            sender,
            server.url("/x"),
            method="POST",
            headers=[{"name": "X-A", "value": 1}],
            body={"kind": "json", "value": {"k": "v"}},
        )
        arrived = server.requests[0]
    assert sorted(exchange.request.headers) == sorted(arrived.headers)
    assert exchange.request.body_head == arrived.body == b'{"k":"v"}'
    assert exchange.request.body_sha256 == hashlib.sha256(arrived.body).hexdigest()
    assert (exchange.request.method, exchange.request.url) == ("POST", server.url("/x"))


def test_interim_answers_are_not_mixed_with_the_final_one(sender):
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    with serve(raw(early + answer(b"ok", headers=[("X-Final", "1")]))) as server:
        response = send(sender, server.url()).response
    assert response.status == 200
    assert response.header("link") is None
    assert response.header("x-final") == "1"


def test_trailers_are_kept_apart_from_headers(sender):
    body = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n"
    with serve(raw(body)) as server:
        exchange = send(sender, server.url())
    assert exchange.response.body.read() == b"abc"
    assert exchange.trailers == (("X-Sum", "9"),)
    assert exchange.response.header("X-Sum") is None


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_without_a_body_ends_at_its_headers(sender, status):
    with serve(raw(f"HTTP/1.1 {status}\r\nContent-Length: 10\r\nX-A: 1\r\n\r\n".encode(), keep=True)) as server:
        response = send(sender, server.url()).response
    assert response.body.size == 0
    assert response.header("x-a") == "1"


def test_head_has_no_body_whatever_the_length_says(sender):
    with serve(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", keep=True)) as server:
        response = send(sender, server.url(), method="HEAD").response
        assert server.requests[0].method == "HEAD"
        assert send(sender, server.url(), method="HEAD").response.header("content-length") == "1000"
    assert response.body.size == 0


def test_methods_follow_each_other_on_one_handle(sender):
    with serve(echo) as server:
        for method, body in [
            ("POST", "a"),
            ("GET", None),
            ("HEAD", None),
            ("PUT", "b"),
            ("DELETE", None),
            ("POST", None),
            ("PURGE", None),
            ("GET", "c"),
        ]:
            spec = {"kind": "raw", "text": body} if body else {"kind": "none"}
            send(sender, server.url(), method=method, body=spec)
    seen = [(request.method, request.body.decode(), request.header("content-length")) for request in server.requests]
    assert seen == [
        ("POST", "a", "1"), ("GET", "", None), ("HEAD", "", None), ("PUT", "b", "1"), ("DELETE", "", None),
        ("POST", "", "0"), ("PURGE", "", None), ("GET", "c", "1"),
    ]  # fmt: skip
    assert server.requests[5].header("content-type") is None


@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compressed_bodies_are_decoded_unless_the_user_asked_for_the_encoding(sender, name, pack):
    with serve(says(answer(pack(b"hello" * 100), headers=[("Content-Encoding", name)]))) as server:
        assert send(sender, server.url()).response.body.read() == b"hello" * 100
        own = send(sender, server.url(), headers=[{"name": "Accept-Encoding", "value": name}])
    assert own.response.body.read() == pack(b"hello" * 100)
    assert server.requests[0].header("accept-encoding") == "gzip, deflate, br"
    assert server.requests[1].header("accept-encoding") == name


def test_headers_in_utf8_and_latin1_are_both_read(sender):
    with serve(
        raw(b"HTTP/1.1 200 Sch\xf6n\r\nX-U: \xe4\xb8\xad\r\nX-L: caf\xe9\r\nContent-Length: 0\r\n\r\n")
    ) as server:
        response = send(sender, server.url()).response
    assert (response.reason, response.header("x-u"), response.header("x-l")) == ("Schön", "中", "café")


def test_http_1_0_without_a_length_ends_with_the_connection(sender):
    with serve(raw(b"HTTP/1.0 200 OK\r\n\r\nall of it")) as server:
        response = send(sender, server.url()).response
    assert response.body.read() == b"all of it"
    assert response.http_version == "1.0"
