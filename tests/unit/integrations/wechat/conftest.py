"""A small server that answers as a test tells it to, a clock that stands still, and clients for both."""

import json
import socket
import sqlite3
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from wxcloudrun.integrations.wechat.client import WeChatClient
from wxcloudrun.integrations.wechat.config import WeChatConfig
from wxcloudrun.integrations.wechat.token_store import LONG_AGO, MemoryTokenStore, StoredToken

SECRET = "canary-secret-0123456789abcdef"
TOKEN = "canary-token-1"


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Wire:
    """An answer, byte for byte. `fault` is `reset`, `hang` (until the test ends) or `close`."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    fault: str | None = None
    pieces: tuple[bytes, ...] = ()


class Server(ThreadingHTTPServer):
    """Takes many connections at once, and does not wait for those that hang."""

    request_queue_size = 128
    daemon_threads = True
    block_on_close = False


class WeChatStub:
    """Answers each path from its own list; the last answer of a list stays."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.released = threading.Event()
        self._answers: dict[str, list[Any]] = {}
        self._lock = threading.Lock()
        self._server = Server(("127.0.0.1", 0), type("Bound", (Handler,), {"stub": self}))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def on(self, path: str, *answers: Any) -> None:
        """What a path answers: an object (sent as JSON, text/plain), bytes, a Wire, or a function of the request."""
        self._answers[path] = list(answers)

    @staticmethod
    def raw(body: bytes = b"", status: int = 200, **headers: str) -> Wire:
        """An answer byte for byte; header names are written with underscores."""
        return Wire(body, status, {name.replace("_", "-"): value for name, value in headers.items()})

    @staticmethod
    def fault(kind: str) -> Wire:
        """`reset` or `close` instead of an answer, or `hang` until the test is over."""
        return Wire(fault=kind)

    @staticmethod
    def drip(*pieces: bytes) -> Wire:
        """An answer that arrives in pieces, 20 ms apart."""
        return Wire(pieces=pieces)

    def calls(self, path: str) -> list[Seen]:
        return [one for one in self.seen if one.path == path]

    def answer(self, seen: Seen) -> Wire:
        with self._lock:
            self.seen.append(seen)
            waiting = self._answers.get(seen.path) or [{"errcode": -404, "errmsg": "not told what to answer"}]
            chosen = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if callable(chosen):
            chosen = chosen(seen)
        if isinstance(chosen, Wire):
            return chosen
        if isinstance(chosen, bytes):
            return Wire(chosen)
        return Wire(json.dumps(chosen, ensure_ascii=False).encode(), headers={"Content-Type": "text/plain"})

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Handler(BaseHTTPRequestHandler):
    """Reads a request, lets the stub choose, and sends what it chose."""

    stub: WeChatStub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self._send(self.stub.answer(Seen(self.command, parts.path, query, headers, body)))

    def _send(self, wire: Wire) -> None:
        if wire.fault:
            self._break(wire.fault)
            return
        self.send_response(wire.status)
        for name, value in wire.headers.items():
            self.send_header(name, value)
        if wire.pieces:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._drip(wire.pieces)
            return
        if "Content-Length" not in wire.headers:
            self.send_header("Content-Length", str(len(wire.body)))
        self.end_headers()
        self.wfile.write(wire.body)
        self.close_connection = "Content-Length" in wire.headers

    def _drip(self, pieces: tuple[bytes, ...]) -> None:
        for piece in pieces:
            try:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            except OSError:
                return
            self.stub.released.wait(0.02)
        self.wfile.write(b"0\r\n\r\n")

    def _break(self, fault: str) -> None:
        self.close_connection = True
        if fault == "hang":
            self.stub.released.wait(10)
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    do_GET = do_POST = _serve

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        return


class FixedClock:
    """A clock that moves when told to."""

    def __init__(self, moment: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class SqliteTokenStore:
    """The contract of TokenStore on a table, with conditional updates; several processes may open the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._write(
            "CREATE TABLE IF NOT EXISTS t (appid TEXT, mode TEXT, token TEXT, expires REAL, fetched REAL,"
            " version INTEGER, lease REAL, PRIMARY KEY (appid, mode))"
        )

    def load(self, appid: str, mode: str) -> StoredToken | None:
        query = "SELECT token, expires, fetched, version FROM t WHERE appid = ? AND mode = ? AND version > 0"
        with closing(self._open()) as connection:
            row = connection.execute(query, (appid, mode)).fetchone()
        if row is None:
            return None
        return StoredToken(row[0], datetime.fromtimestamp(row[1], UTC), datetime.fromtimestamp(row[2], UTC), row[3])

    def try_begin_refresh(self, appid: str, mode: str, version: int, *, now: datetime, until: datetime) -> bool:
        if version == 0:
            self._write("INSERT OR IGNORE INTO t VALUES (?, ?, '', 0, 0, 0, 0)", appid, mode)
        return self._write(
            "UPDATE t SET lease = ? WHERE appid = ? AND mode = ? AND version = ? AND lease <= ?",
            *(until.timestamp(), appid, mode, version, now.timestamp()),
        )

    def save(self, appid: str, mode: str, token: StoredToken) -> bool:
        if token.version == 1:
            self._write("INSERT OR IGNORE INTO t VALUES (?, ?, '', 0, 0, 0, 0)", appid, mode)
        return self._write(
            "UPDATE t SET token = ?, expires = ?, fetched = ?, version = ?, lease = 0"
            " WHERE appid = ? AND mode = ? AND version = ?",
            *(token.token, token.expires_at.timestamp(), token.fetched_at.timestamp(), token.version),
            *(appid, mode, token.version - 1),
        )

    def give_up_refresh(self, appid: str, mode: str, version: int) -> None:
        self._write("UPDATE t SET lease = 0 WHERE appid = ? AND mode = ? AND version = ?", appid, mode, version)

    def expire_if_current(self, appid: str, mode: str, version: int) -> bool:
        return self._write(
            "UPDATE t SET expires = ? WHERE appid = ? AND mode = ? AND version = ?",
            *(LONG_AGO.timestamp(), appid, mode, version),
        )

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=10, isolation_level=None)

    def _write(self, statement: str, *values: object) -> bool:
        with closing(self._open()) as connection:
            return connection.execute(statement, values).rowcount == 1


@pytest.fixture(params=["memory", "table"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Each store that keeps the contract."""
    return MemoryTokenStore() if request.param == "memory" else SqliteTokenStore(tmp_path / "tokens.db")


@pytest.fixture
def wechat() -> Iterator[WeChatStub]:
    """WeChat, giving out one access token that lasts two hours."""
    stub = WeChatStub()
    stub.on("/cgi-bin/stable_token", {"access_token": TOKEN, "expires_in": 7200})
    yield stub
    stub.stop()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def pauses() -> list[float]:
    """The pauses the client made."""
    return []


@pytest.fixture
def config(wechat: WeChatStub) -> WeChatConfig:
    return WeChatConfig(
        appid="wx4f4bc4dec97d474b",
        secret=SECRET,
        api_base=wechat.url,
        connect_seconds=1,
        read_seconds=0.3,
        total_seconds=1,
    )


@pytest.fixture
def make_client(config: WeChatConfig, clock: FixedClock, pauses: list[float]) -> Callable[..., WeChatClient]:
    """A new client, as another process would have one; keywords change its settings or its token store."""

    def make(tokens: Any = None, **changes: Any) -> WeChatClient:
        return WeChatClient(replace(config, **changes), tokens or MemoryTokenStore(), clock, sleep=pauses.append)

    return make


@pytest.fixture
def client(make_client: Callable[..., WeChatClient]) -> WeChatClient:
    return make_client()


@pytest.fixture
def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
