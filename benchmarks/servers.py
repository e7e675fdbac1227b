"""Servers to measure: started on loopback, their CPU time read from the system, ended by their own number."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pycurl
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import OperationalError

ROOT = Path(__file__).resolve().parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")
_SERVERS = {
    "mariadb": os.environ.get("TEST_MYSQL_URL", "mysql+pymysql://root@127.0.0.1:3306/?charset=utf8mb4"),
    "postgresql": os.environ.get("TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
}


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def scratch_database(kind: str, folder: Path) -> Iterator[str | None]:
    """The URL of an empty database of that kind, dropped afterwards; None where there is no such server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/bench.sqlite3"
        return
    url = make_url(_SERVERS[kind])
    name = f"wxcloudrun_bench_{secrets.token_hex(4)}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 2})
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except OperationalError:
        yield None
        return
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}" + (" WITH (FORCE)" if kind == "postgresql" else ""))
        engine.dispose()


@contextlib.contextmanager
def gunicorn(target: str, environment: dict[str, str], workers: int = 2, threads: int = 8) -> Iterator[tuple[int, str]]:
    """A server of `target`, with the worker that ships: its process number and address."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", target, "-w", str(workers), "--threads", str(threads)]
    command += ["-b", f"127.0.0.1:{port}", "--log-level", "warning", "--no-control-socket"]
    command += ["--max-requests", "0"]  # the same processes from the first request to the last
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=quiet) as process:
        try:
            _wait(port, process)
            yield process.pid, f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit("the server did not start")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children, also of those that ended."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(stat.parent.name) == pid or int(fields[1]) == pid:
                total += int(fields[11]) + int(fields[12])
            if int(stat.parent.name) == pid:
                total += int(fields[13]) + int(fields[14])
    return total / _TICKS


class Client:
    """Sends the same request again and again on one kept connection."""

    def __init__(
        self, url: str, headers: dict[str, str] | None = None, body: bytes | None = None, method: str = ""
    ) -> None:
        self._curl = pycurl.Curl()
        self._curl.setopt(pycurl.URL, url)
        self._curl.setopt(pycurl.PROXY, "")
        self._curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in (headers or {}).items()])
        if body is not None:
            self._curl.setopt(pycurl.POSTFIELDS, body)
        if method:
            self._curl.setopt(pycurl.CUSTOMREQUEST, method)
        self._curl.setopt(pycurl.WRITEFUNCTION, self._keep)
        self.answer = b""

    def send(self, times: int = 1) -> bytes:
        """The last answer's body; stops at any answer that is not 2xx."""
        for _ in range(times):
            self.answer = b""
            self._curl.perform()
            status = self._curl.getinfo(pycurl.RESPONSE_CODE)
            if not 200 <= status < 300:
                raise SystemExit(f"answered {status}: {self.answer[:300]!r}")
        return self.answer

    def _keep(self, data: bytes) -> None:
        self.answer += data
