"""More than an answer: bytes after its end are a fault of the server, and never the answer of the next request."""

import contextlib
import socket
import threading

import pytest

from tests.unit.engine.hostile import answer, redirect, says, serve
from tests.unit.engine.sending import failing, raw, send
from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.send.spool import discard_body

FORGED = answer(b"forged", headers=[("X-Forged", "yes")])
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"


def hold_back(first, late):
    """Answers, and sends `late` on the same connection when the test says so; then answers truly."""
    now, sent = threading.Event(), threading.Event()

    def handler(connection, request, number):
        if number > 1:
            connection.sendall(answer(b"true"))
            return True
        connection.sendall(first)
        assert now.wait(5)
        connection.sendall(late)
        sent.set()
        return True

    return handler, lambda: (now.set(), sent.wait(5))


@pytest.mark.parametrize("size", [2, 16_000, 16_384 - 40, 40_000, 1_000_000])
@pytest.mark.parametrize("surplus", [b"!", b"\r\n", FORGED, FORGED * 4_000], ids=["!", "line", "answer", "answers"])
def test_more_bytes_than_announced_are_an_error_and_never_the_next_answer(sender, size, surplus):
    with serve(says(answer(b"a" * size) + surplus, answer(b"true"))) as server:
        error = failing(sender, server.url("/x?secret=1"))
        assert send(sender, server.url()).response.body.read() == b"true"
    assert error.error_class is ErrorClass.PROTOCOL
    assert f"/x sent more bytes than the {size} that its Content-Length announces" in error.message
    assert "secret" not in str(error)
    assert server.accepted == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("first", [answer(b"ok"), CHUNKED % (2, b"ok")], ids=["length", "chunked"])
def test_what_comes_later_is_left_behind_with_its_connection(sender, method, first):
    handler, let_go = hold_back(first, FORGED)
    with serve(handler) as server:
        assert send(sender, server.url()).response.body.read() == b"ok"
        let_go()
        response = send(sender, server.url(), method=method).response
    assert (response.body.read(), response.header("x-forged")) == (b"true", None)
    assert (server.accepted, len(server.requests)) == (2, 2)


def test_a_surplus_in_a_redirect_is_not_followed_by_its_answer(sender):
    with serve(says(redirect("/next") + FORGED, answer(b"true"))) as server:
        assert failing(sender, server.url()).error_class is ErrorClass.PROTOCOL
        assert send(sender, server.url()).response.body.read() == b"true"


@pytest.mark.parametrize("size", [2, 16_000, 100_000])
def test_a_surplus_after_a_chunked_body_is_not_the_next_answer(sender, size):
    with serve(says(CHUNKED % (size, b"a" * size) + FORGED * 100, answer(b"true"))) as server:
        with contextlib.suppress(StepError):  # where the reads fall decides whether it is seen
            discard_body(send(sender, server.url()).response)
        assert send(sender, server.url()).response.body.read() == b"true"


@pytest.mark.parametrize(
    ("method", "first"),
    [
        ("HEAD", answer(b"hello")),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\nhello"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\n\r\n" + FORGED),
    ],
)
def test_a_body_where_none_may_be_is_an_error(sender, method, first):
    with serve(says(first)) as server:
        error = failing(sender, server.url(), method=method)
    assert error.error_class is ErrorClass.PROTOCOL
    assert "sent a body where none may be" in error.message


@pytest.mark.parametrize(
    ("first", "spec"),
    [
        (answer(b"hello", headers=[("Connection", "close")]), {}),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", {}),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", {}),
        (answer(b"hello"), {"headers": [{"name": "Connection", "value": "close"}]}),
    ],
    ids=["close", "1.0", "until the end", "asked to close"],
)
def test_a_connection_that_ends_as_it_should_is_no_fault(sender, first, spec):
    with serve(raw(first)) as server:
        for _ in range(2):
            assert send(sender, server.url(), **spec).response.body.read() == b"hello"


def test_an_answer_before_the_whole_request_was_sent_is_no_surplus(sender):
    def refuse():
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(answer(b"too large", "413 Content Too Large"))
            done.wait(5)

    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=refuse, daemon=True).start()
        body = {"kind": "raw", "text": "a" * 30_000_000}
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        response = send(sender, url, method="POST", body=body).response
        done.set()
    assert (response.status, response.body.read()) == (413, b"too large")


@pytest.mark.parametrize("size", [0, 2, 100_000])
def test_a_connection_is_kept_as_long_as_nothing_waits_on_it(sender, size):
    with serve(says(answer(b"a" * size))) as server:
        for _ in range(20):
            discard_body(send(sender, server.url()).response)
    assert server.accepted == 1


def test_a_post_goes_out_on_a_new_connection_when_the_server_has_closed_the_old_one(sender):
    closed = threading.Event()

    def handler(connection, request, number):
        connection.sendall(answer(b"ok"))
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    with serve(handler) as server:
        for _ in range(3):
            assert send(sender, server.url(), method="POST").response.status == 200
            assert closed.wait(5)
            closed.clear()
    assert len(server.requests) == 3
