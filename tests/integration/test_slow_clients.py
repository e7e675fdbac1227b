"""Clients that keep a connection busy without using it, against gunicorn with the settings that ship."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import URL

from tests.conftest import make_app
from tests.integration.live import LiveServer, serving
from tests.pace import promptly

THREADS = 16  # of the one process
UNFINISHED = {
    "head": b"GET /healthz HTTP/1.1\r\nHost: x\r\n",
    "body": b"POST /api/count HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    tmp = tmp_path_factory.mktemp("server")
    url = URL.create("sqlite", database=str(tmp / "server.sqlite3"))
    make_app(url, tmp)
    with serving(url, tmp, workers=1, WEB_HEAD_TIMEOUT="1", WEB_REQUEST_TIMEOUT="1") as live:
        yield live


@contextlib.contextmanager
def clients(server: LiveServer, number: int, sent: bytes) -> Iterator[list[socket.socket]]:
    """So many clients who send this, and then neither go on nor hang up."""
    with contextlib.ExitStack() as stack:
        opened = []
        for _ in range(number):
            opened.append(stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20)))
            opened[-1].sendall(sent)
        yield opened


@pytest.mark.parametrize("part", sorted(UNFINISHED))
def test_requests_that_never_end_do_not_keep_others_out(server: LiveServer, part: str):
    with clients(server, THREADS + 4, UNFINISHED[part]):
        assert server.call("GET", "/healthz", timeout=15).status == 200


def test_a_body_that_stays_away_is_a_bad_request(server: LiveServer):
    with clients(server, 1, UNFINISHED["body"]) as opened:
        assert opened[0].recv(65536).startswith(b"HTTP/1.1 400 ")


def test_clients_that_do_not_hang_up_hold_nobody_up(server: LiveServer):
    with clients(server, THREADS // 2, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"):
        time.sleep(0.2)  # until they are answered, and the server waits for their end
        with promptly(0.9):
            assert server.call("GET", "/healthz", timeout=15).status == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431),
        (b"POST /api/count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: secret-coding\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nBad Header: Bearer secret-token\r\n\r\n", 400),
    ],
)
def test_what_is_no_http_is_refused_in_the_envelope(server: LiveServer, sent: bytes, status: int):
    with clients(server, 1, sent) as opened:
        head, _, body = b"".join(iter(lambda: opened[0].recv(65536), b"")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert json.loads(body) == {"code": 0, "data": {"error": "bad_request"}, "msg": "请求无法解析"}
    assert "secret" not in server.log.read_text()
