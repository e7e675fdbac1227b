"""What a hostile or broken server can do to a step: each ends with the right class, in time, in bounded memory."""

import gzip
import hashlib
import resource
import struct
import socket
import threading
import time
import zlib

import pytest

from tests.unit.engine.hostile import Request, answer, deaf, echo, says, serve, unused_port
from wxcloudrun.engine.cookies import CookieJar
from wxcloudrun.engine.egress import AddressGuard
from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.exchange import SendError
from wxcloudrun.engine.request import parse_request
from wxcloudrun.engine.sender import Sender
from wxcloudrun.engine.spool import discard_body
from wxcloudrun.engine.wire import Limits

FAST = {"connect_ms": 400, "read_ms": 300, "total_ms": 3000}


@pytest.fixture
def sender():
    with Sender(AddressGuard(["127.0.0.1/32"])) as found:
        yield found


def send(sender, url, *, jar=None, deadline=None, cancel=None, **spec):
    spec.setdefault("timeouts", FAST)
    prepared = sender.prepare(parse_request({"url": url, **spec}))
    return sender.send(prepared, jar=jar, deadline=deadline, cancel=cancel)


def failing(sender, url, **spec):
    with pytest.raises(StepError) as caught:
        send(sender, url, **spec)
    return caught.value


def raw(*pieces, keep=False, pause=0.0):
    def handler(connection, request, number):
        for piece in pieces:
            connection.sendall(piece)
            if pause:
                time.sleep(pause)
        return keep

    return handler


def drip(connection, request, number):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(200):
        connection.sendall(b"x")
        time.sleep(0.05)


def silent(connection, request, number):
    time.sleep(5)


def memory_kb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


# --- what a good server gives -------------------------------------------------------------------------------------


def test_an_answer_carries_status_headers_body_hash_peer_and_times(sender):
    with serve(says(answer(b'{"a":1}', headers=[("X-One", "1"), ("x-one", "2"), ("Content-Type", "application/json")]))) as server:
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
        exchange = send(sender, server.url("/x"), method="POST", headers=[{"name": "X-A", "value": 1}], body={"kind": "json", "value": {"k": "v"}})
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
        for method, body in [("POST", "a"), ("GET", None), ("HEAD", None), ("PUT", "b"), ("DELETE", None), ("POST", None), ("PURGE", None), ("GET", "c")]:
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
    with serve(raw(b"HTTP/1.1 200 Sch\xf6n\r\nX-U: \xe4\xb8\xad\r\nX-L: caf\xe9\r\nContent-Length: 0\r\n\r\n")) as server:
        response = send(sender, server.url()).response
    assert (response.reason, response.header("x-u"), response.header("x-l")) == ("Schön", "中", "café")


def test_http_1_0_without_a_length_ends_with_the_connection(sender):
    with serve(raw(b"HTTP/1.0 200 OK\r\n\r\nall of it")) as server:
        response = send(sender, server.url()).response
    assert response.body.read() == b"all of it"
    assert response.http_version == "1.0"


# --- sizes --------------------------------------------------------------------------------------------------------


def test_a_long_body_is_spooled_with_its_head_in_memory(tmp_path):
    body = bytes(range(256)) * 1000
    with Sender(AddressGuard(["127.0.0.1/32"]), limits=Limits(head_bytes=1000, spool_directory=tmp_path)) as sender:
        with serve(says(answer(body))) as server:
            response = send(sender, server.url()).response
    assert response.body.head == body[:1000]
    assert response.body.read() == body
    assert response.body.sha256 == hashlib.sha256(body).hexdigest()
    discard_body(response)
    assert list(tmp_path.iterdir()) == []


def test_a_body_of_the_limit_passes_and_one_byte_more_does_not(tmp_path):
    with Sender(AddressGuard(["127.0.0.1/32"]), limits=Limits(head_bytes=10, spool_directory=tmp_path)) as sender:
        with serve(says(answer(b"x" * 5000))) as server:
            response = send(sender, server.url(), max_body_bytes=5000).response
            error = failing(sender, server.url(), max_body_bytes=4999)
    assert response.body.size == 5000
    assert error.error_class is ErrorClass.BODY_TOO_LARGE
    assert "4999 bytes" in error.message
    assert [path for path in tmp_path.iterdir() if path != response.body.spool] == []


def test_a_56_megabyte_answer_takes_little_memory(sender, tmp_path):
    chunk = b"y" * (1 << 20)

    def handler(connection, request, number):
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {56 << 20}\r\n\r\n".encode())
        for _ in range(56):
            connection.sendall(chunk)

    with serve(handler) as server:
        before = memory_kb()
        response = send(sender, server.url(), timeouts={"total_ms": 30_000}).response
        grown = memory_kb() - before
    assert response.body.size == 56 << 20
    discard_body(response)
    assert grown < 40 * 1024


def test_a_gzip_bomb_ends_at_the_limit_in_flat_memory(sender):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(300)) + packer.flush()
    assert len(bomb) < 400_000
    with serve(says(answer(bomb, headers=[("Content-Encoding", "gzip")]), keep=False)) as server:
        before = memory_kb()
        error = failing(sender, server.url(), max_body_bytes=10 << 20)
        grown = memory_kb() - before
    assert error.error_class is ErrorClass.BODY_TOO_LARGE
    assert grown < 16 * 1024


def test_a_body_without_end_is_cut_at_the_limit(sender):
    def handler(connection, request, number):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"1000\r\n" + b"z" * 4096 + b"\r\n")

    with serve(handler) as server:
        error = failing(sender, server.url(), max_body_bytes=1 << 20)
    assert error.error_class is ErrorClass.BODY_TOO_LARGE


def test_headers_without_end_are_cut(sender):
    def handler(connection, request, number):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-More: 1\r\n" * 10)

    with serve(handler) as server:
        error = failing(sender, server.url())
    assert error.error_class is ErrorClass.BODY_TOO_LARGE
    assert "256 headers" in error.message


@pytest.mark.parametrize("count", [256, 257])
def test_256_headers_are_allowed(sender, count):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + b"X: 1\r\n" * (count - 1) + b"\r\n"
    with serve(raw(head, keep=True)) as server:
        if count == 256:
            assert len(send(sender, server.url()).response.headers) == 256
        else:
            assert failing(sender, server.url()).error_class is ErrorClass.BODY_TOO_LARGE


def test_interim_answers_without_end_are_cut(sender):
    def handler(connection, request, number):
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    with serve(handler) as server:
        assert failing(sender, server.url()).error_class is ErrorClass.BODY_TOO_LARGE


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 " + b"A" * 400_000 + b"\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"A" * 400_000 + b"\r\n\r\n"])
def test_a_huge_line_is_refused(sender, head):
    with serve(raw(head)) as server:
        assert failing(sender, server.url()).error_class is ErrorClass.BODY_TOO_LARGE


# --- broken messages ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bytes_",
    [
        b"hello there\r\n\r\n",
        b"HTTP/0.9 200 OK\r\n\r\nx",
        b"<html>HTTP/0.9</html>",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        b"",
        b"HTTP/1.1 200 O",
    ],
)  # fmt: skip
def test_bytes_that_are_not_a_whole_http_message_are_a_protocol_error(sender, bytes_):
    with serve(raw(bytes_)) as server:
        error = failing(sender, server.url("/path?token=hidden"))
    assert error.error_class is ErrorClass.PROTOCOL
    assert f"127.0.0.1:{server.port}/path" in error.message
    assert "hidden" not in str(error) + str(error.detail)


def test_more_bytes_than_announced_do_not_spoil_the_next_answer(sender):
    with serve(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n", keep=True)) as server:
        assert send(sender, server.url()).response.body.read() == b"ok"
        assert send(sender, server.url()).response.status == 200


def test_a_reset_in_the_middle_of_the_answer_is_a_protocol_error(sender):
    def handler(connection, request, number):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart")
        time.sleep(0.05)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with serve(handler) as server:
        assert failing(sender, server.url()).error_class is ErrorClass.PROTOCOL


def test_nobody_listening_is_a_connect_error(sender):
    port = unused_port()
    error = failing(sender, f"http://127.0.0.1:{port}/x?secret=1")
    assert error.error_class is ErrorClass.CONNECT
    assert f"127.0.0.1:{port}" in error.message
    assert "secret" not in str(error) + str(error.detail)


def test_a_dead_kept_connection_is_replaced_for_get_but_a_post_is_never_sent_twice(sender):
    def handler(connection, request, number):
        if number in (2, 5):
            return False
        connection.sendall(answer(b"ok"))
        return True

    with serve(handler) as server:
        send(sender, server.url())
        assert send(sender, server.url()).response.status == 200
        assert len(server.requests) == 3
        send(sender, server.url(), method="POST")
        error = failing(sender, server.url(), method="POST")
        assert len(server.requests) == 5
    assert error.error_class is ErrorClass.PROTOCOL
    assert "not sent twice" in error.message


# --- time ---------------------------------------------------------------------------------------------------------


def test_connecting_has_its_limit(sender):
    with deaf() as port:
        began = time.monotonic()
        error = failing(sender, f"http://127.0.0.1:{port}/")
        took = time.monotonic() - began
    assert error.error_class is ErrorClass.TIMEOUT
    assert "400 ms (connect timeout)" in error.message
    assert took < 1


def test_silence_has_its_limit(sender):
    with serve(silent) as server:
        began = time.monotonic()
        error = failing(sender, server.url())
        took = time.monotonic() - began
    assert error.error_class is ErrorClass.TIMEOUT
    assert "300 ms (read timeout)" in error.message
    assert 0.25 < took < 0.6


def test_dripping_bytes_do_not_outlive_the_total_limit(sender):
    with serve(drip) as server:
        began = time.monotonic()
        error = failing(sender, server.url(), timeouts={"read_ms": 300, "total_ms": 500})
        took = time.monotonic() - began
    assert error.error_class is ErrorClass.TIMEOUT
    assert "500 ms (total timeout" in error.message
    assert 0.4 < took < 0.8


def test_dripping_bytes_keep_the_read_limit_away(sender):
    def handler(connection, request, number):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
        for _ in range(8):
            time.sleep(0.05)
            connection.sendall(b"x")

    with serve(handler) as server:
        response = send(sender, server.url(), timeouts={"read_ms": 200, "total_ms": 3000}).response
    assert response.body.size == 8


def test_the_runs_deadline_ends_a_request_in_flight(sender):
    with serve(silent) as server:
        began = time.monotonic()
        error = failing(sender, server.url(), deadline=time.monotonic() + 0.2)
        took = time.monotonic() - began
    assert error.error_class is ErrorClass.TIMEOUT
    assert "deadline" in error.message
    assert took < 0.5


def test_nothing_is_sent_after_the_deadline(sender):
    with serve(echo) as server:
        error = failing(sender, server.url(), deadline=time.monotonic() - 1)
    assert error.error_class is ErrorClass.TIMEOUT
    assert server.accepted == 0


@pytest.mark.parametrize("handler", [silent, drip])
def test_cancel_ends_a_request_in_flight(sender, handler):
    cancel = threading.Event()
    with serve(handler) as server:
        threading.Timer(0.1, cancel.set).start()
        began = time.monotonic()
        error = failing(sender, server.url(), cancel=cancel, timeouts={})
        took = time.monotonic() - began
    assert error.error_class is ErrorClass.CANCELED
    assert took < 0.5


def test_cancel_ends_a_connection_attempt(sender):
    cancel = threading.Event()
    with deaf() as port:
        threading.Timer(0.1, cancel.set).start()
        began = time.monotonic()
        error = failing(sender, f"http://127.0.0.1:{port}/", cancel=cancel.is_set, timeouts={})
    assert error.error_class is ErrorClass.CANCELED
    assert time.monotonic() - began < 0.5


def test_nothing_is_sent_when_the_run_is_canceled_already(sender):
    with serve(echo) as server:
        assert failing(sender, server.url(), cancel=lambda: True).error_class is ErrorClass.CANCELED
    assert server.accepted == 0


def test_a_handle_works_on_after_each_kind_of_failure(sender):
    with serve(echo) as good, serve(silent) as bad:
        failing(sender, bad.url())
        failing(sender, f"http://127.0.0.1:{unused_port()}/")
        assert send(sender, good.url()).response.status == 200


def test_a_failure_tells_what_had_been_sent(sender):
    with serve(silent) as server:
        error = failing(sender, server.url("/x"), method="POST", body={"kind": "raw", "text": "hi"})
    assert isinstance(error, SendError)
    assert [(sent.method, sent.body_head) for sent in error.requests] == [("POST", b"hi")]


def test_an_upload_is_not_taken_for_silence(sender, tmp_path):
    path = tmp_path / "big.bin"
    path.write_bytes(b"b" * (8 << 20))

    def slow_reader(connection, request, number):
        raise AssertionError("not reached")

    received = []
    listener = socket.create_server(("127.0.0.1", 0))

    def read_slowly():
        connection, _ = listener.accept()
        with connection:
            total = 0
            while total < 8 << 20:
                piece = connection.recv(1 << 19)
                if not piece:
                    return
                total += len(piece)
                time.sleep(0.03)
            received.append(total)
            connection.sendall(answer(b"ok"))

    thread = threading.Thread(target=read_slowly, daemon=True)
    thread.start()
    spec = parse_request(
        {
            "method": "POST",
            "url": f"http://127.0.0.1:{listener.getsockname()[1]}/",
            "body": {"kind": "binary", "blob": "big"},
            "timeouts": {"read_ms": 350, "total_ms": 20_000},
        }
    )
    exchange = sender.send(sender.prepare(spec, blobs=lambda name: path))
    listener.close()
    assert exchange.response.status == 200
    assert exchange.request.body_size == 8 << 20


def test_many_threads_share_a_sender(sender):
    statuses = []
    jar = CookieJar()

    def work():
        for _ in range(10):
            statuses.append(send(sender, server.url(), jar=jar.copy()).response.status)

    with serve(echo) as server:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 80
    assert server.accepted <= 8


def test_a_request_stands_for_itself():
    assert Request(b"GET /a HTTP/1.1\r\nA: b", b"").headers == [("A", "b")]
