"""Real servers for tests: gunicorn with worker processes on a free port of loopback, always ended by process id."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from tests.conftest import ROOT
from wxcloudrun.simulator import DEFAULT_APPID, DEFAULT_SECRET


@dataclass
class Answer:
    """What came back: status, headers in lower case, bytes."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class LiveServer:
    """A served application."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    _closed: list[bool] = field(default_factory=list)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 60,
    ) -> Answer:
        """One request on a connection of its own. Raises OSError or HTTPException where the server is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            return ask(connection, method, path, body, token=token, headers=headers)
        finally:
            connection.close()

    def wait_until_up(self, seconds: float = 90) -> None:
        """Until a process answers."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.call("GET", "/healthz", timeout=5).status == 200:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"the server did not start:\n{self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        """kill -9 for the server and its workers: its own process group, which the test began."""
        if not self._closed:
            self._closed.append(True)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


def ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: Any = None,
    *,
    token: str | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request on an open connection; a body that is no bytes goes as JSON."""
    sent = dict(headers or {})
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
    connection.request(method, path, body, sent)
    response = connection.getresponse()
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


@contextlib.contextmanager
def serving(
    url: URL, tmp: Path, *, workers: int = 2, target: str = "run:app", simulator: str = "", **settings: str
) -> Iterator[LiveServer]:
    """Gunicorn on a migrated database, talking to the simulator at that address."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "ENV_FILE": str(tmp / "no-such-file"),
        "FLASK_ENV": "testing",
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "DATA_DIR": str(tmp),
        "WECHAT_API_BASE": simulator or "http://127.0.0.1:1",
        "WX_APPID": DEFAULT_APPID,
        "WX_SECRET": DEFAULT_SECRET,
        "RATE_LIMITS": "0",
        "LOG_LEVEL": "INFO",
    } | settings
    log = tmp / "server.log"
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener, log.open("ab") as out:
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "gunicorn", "-w", str(workers), "--threads", "16"]
        command += ["--timeout", "60", "-b", f"fd://{listener.fileno()}", target]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
    server = LiveServer(port, process, log)
    try:
        server.wait_until_up()
        yield server
    finally:
        server.kill()


def at_once[R](threads: int, work: Callable[[int], R]) -> list[R]:
    """What `work(number)` gives in that many threads at the same time."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, range(threads)))
