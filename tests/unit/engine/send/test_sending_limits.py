"""Sizes and broken messages: each ends with the right class, in bounded memory."""

import contextlib
import hashlib
import resource
import socket
import struct
import threading
import time
import zlib
from pathlib import Path

import pytest

from tests.unit.engine.hostile import answer, says, serve, unused_port
from tests.unit.engine.sending import failing, raw, send
from wxcloudrun.engine.errors import ErrorClass
from wxcloudrun.engine.send.egress import AddressGuard
from wxcloudrun.engine.send.sender import Sender
from wxcloudrun.engine.send.spool import discard_body
from wxcloudrun.engine.send.wire import Limits


@contextlib.contextmanager
def memory():
    """How many KiB this process grows at most while the block runs; a list with one number afterwards."""

    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024

    def watch():
        while not done.wait(0.005):
            seen.append(resident())

    done, seen, grown = threading.Event(), [resident()], []
    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield grown
    finally:
        done.set()
        thread.join()
        grown.append(max(seen) - seen[0])


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
        with memory() as grown:
            response = send(sender, server.url(), timeouts={"total_ms": 30_000}).response
    assert response.body.size == 56 << 20
    discard_body(response)
    assert grown[0] < 40 * 1024


def test_a_gzip_bomb_ends_at_the_limit_in_flat_memory(sender):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(300)) + packer.flush()
    assert len(bomb) < 400_000
    with serve(says(answer(bomb, headers=[("Content-Encoding", "gzip")]), keep=False)) as server:
        with memory() as grown:
            error = failing(sender, server.url(), max_body_bytes=10 << 20)
    assert error.error_class is ErrorClass.BODY_TOO_LARGE
    assert grown[0] < 16 * 1024


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


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 " + b"A" * 400_000 + b"\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"A" * 400_000 + b"\r\n\r\n"]
)
def test_a_huge_line_is_refused(sender, head):
    with serve(raw(head)) as server:
        assert failing(sender, server.url()).error_class is ErrorClass.BODY_TOO_LARGE


@pytest.mark.parametrize(
    "bytes_",
    [
        b"hello there\r\n\r\n",
        b"HTTP/0.9 200 OK\r\n\r\nx",
        b"<html>HTTP/0.9</html>",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nhello",
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
