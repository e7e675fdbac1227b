"""Time: connecting, silence, dripping, deadline and cancel each end a request when they should."""

import socket
import threading
import time

import pytest

from tests.pace import patience
from tests.unit.engine.hostile import answer, deaf, echo, serve, unused_port
from tests.unit.engine.sending import failing, send
from wxcloudrun.engine.errors import ErrorClass
from wxcloudrun.engine.send.cookies import CookieJar
from wxcloudrun.engine.send.exchange import SendError
from wxcloudrun.engine.send.request import parse_request


def drip(connection, request, number):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(200):
        connection.sendall(b"x")
        time.sleep(0.05)


def silent(connection, request, number):
    time.sleep(5)


def test_connecting_has_its_limit(sender):
    with deaf() as port:
        began = time.monotonic()
        error = failing(sender, f"http://127.0.0.1:{port}/")
        took = time.monotonic() - began
    assert error.error_class is ErrorClass.TIMEOUT
    assert "400 ms (connect timeout)" in error.message
    assert took < 1 * patience()


def test_silence_has_its_limit(sender):
    with serve(silent) as server:
        began = time.monotonic()
        error = failing(sender, server.url())
        took = time.monotonic() - began
    assert error.error_class is ErrorClass.TIMEOUT
    assert "300 ms (read timeout)" in error.message
    assert 0.25 < took < 0.6 * patience()


def test_dripping_bytes_do_not_outlive_the_total_limit(sender):
    with serve(drip) as server:
        began = time.monotonic()
        error = failing(sender, server.url(), timeouts={"read_ms": 300, "total_ms": 500})
        took = time.monotonic() - began
    assert error.error_class is ErrorClass.TIMEOUT
    assert "500 ms (total timeout" in error.message
    assert 0.4 < took < 0.8 * patience()


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
    assert took < 0.5 * patience()


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
    assert took < 0.5 * patience()


def test_cancel_ends_a_connection_attempt(sender):
    cancel = threading.Event()
    with deaf() as port:
        threading.Timer(0.1, cancel.set).start()
        began = time.monotonic()
        error = failing(sender, f"http://127.0.0.1:{port}/", cancel=cancel.is_set, timeouts={})
    assert error.error_class is ErrorClass.CANCELED
    assert time.monotonic() - began < 0.5 * patience()


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
