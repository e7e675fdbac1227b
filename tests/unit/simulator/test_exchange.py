"""One outgoing request: the deadline is for the whole of it."""

import socket
import time
from threading import Thread

import pytest

from tests.pace import promptly
from wxcloudrun.simulator.exchange import ExchangeError, ExchangeTimeoutError, Outgoing, exchange


@pytest.fixture
def peer():
    """A listening socket, and a way to let a function talk to the first caller."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)
    threads = []

    def talk(speak):
        def run():
            channel, _ = listener.accept()
            with channel:
                channel.recv(4096)
                try:
                    speak(channel)
                except OSError:
                    return

        threads.append(Thread(target=run))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield talk
    for thread in threads:
        thread.join()
    listener.close()


def test_an_answer_that_drips_does_not_outlive_the_deadline(peer):
    def drip(channel):
        channel.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            channel.sendall(b"x")
            time.sleep(0.02)

    with promptly(1):
        with pytest.raises(ExchangeTimeoutError):
            exchange(Outgoing("GET", peer(drip)), 0.2, 10_000)


def test_a_peer_that_does_not_speak_http_is_an_error(peer):
    with pytest.raises(ExchangeError, match="BadStatusLine"):
        exchange(Outgoing("GET", peer(lambda channel: channel.sendall(b"hello\r\n"))), 2, 100)


def test_repeated_headers_are_joined_and_a_redirect_is_not_followed(peer):
    answer = b"HTTP/1.1 302 Found\r\nX-A: 1\r\nX-A: 2\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    reply = exchange(Outgoing("GET", peer(lambda channel: channel.sendall(answer))), 2, 100)
    assert (reply.status, reply.headers["x-a"], reply.body) == (302, "1, 2", b"")
