"""From `POST .../runs` to the first request at the target: embedded, and by Celery on Redis.

python -m benchmarks.queue [--runs N] [--databases sqlite,mariadb,postgresql]

The whole way over HTTP: a client posts, gunicorn answers, a worker process claims the run and sends. Beside it, taking
turns in the same minutes: a bare insert, commit, claim, commit on the same database, and an empty Celery task there and
back on the same Redis. Milliseconds; the 95th of a hundred.
"""

import argparse
import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from redis import Redis
from sqlalchemy import Engine, create_engine, insert, make_url, update

from benchmarks.empty_task import application
from benchmarks.servers import ROOT, gunicorn, scratch_database
from wxcloudrun.core.actor import Verification
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import engine_options
from wxcloudrun.features.runs.models import Priority, Run, RunState, Trigger
from wxcloudrun.features.users.models import User

REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
_PAUSE_S = 0.02


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--databases", default="sqlite,mariadb,postgresql")
    options = parser.parse_args()
    for kind in options.databases.split(","):
        with tempfile.TemporaryDirectory() as folder, scratch_database(kind, Path(folder)) as url:
            if url is None:
                print(f"{kind:<12}no such server here")
                continue
            _embedded(kind, url, Path(folder), options.runs)
            _celery(kind, url, Path(folder), options.runs)


def _embedded(kind: str, url: str, folder: Path, runs: int) -> None:
    target = Target()
    environment = _environment(url, folder, target)
    _command(environment, "db", "upgrade")
    worker = _process(environment, "flask", "worker")
    with target, gunicorn("run:app", environment) as (_, address), worker:
        client = Client(address, url, target)
        ways = {"POST to first request": client.run, "bare insert, claim": Bare(url, client.project).once}
        _print(kind, "embedded", _measured(ways, runs), "bare insert, claim")


def _celery(kind: str, url: str, folder: Path, runs: int) -> None:
    word = f"wxbench-{secrets.token_hex(3)}"
    target = Target()
    environment = _environment(url, folder, target) | {"RUN_BROKER_URL": REDIS, "RUN_QUEUE": word}
    empty = {"EMPTY_BROKER": REDIS, "EMPTY_QUEUE": f"{word}-empty", "PATH": os.environ["PATH"]}
    pool = ("worker", "--pool=threads", "--concurrency=2", "--without-mingle", "--without-gossip", "-n")
    worker = _process(environment, "celery", "-A", "wxcloudrun.worker", *pool, f"{word}@%h")
    other = _process(empty, "celery", "-A", "benchmarks.empty_task", *pool, f"{word}-empty@%h")
    with target, gunicorn("run:app", environment) as (_, address), worker, other:
        task = application(REDIS, empty["EMPTY_QUEUE"]).signature("empty")
        client = Client(address, url, target)
        ways = {"POST to first request": client.run, "empty task": lambda: _timed(lambda: task.delay().get(timeout=30))}
        _print(kind, "Celery", _measured(ways, runs), "empty task")
    with Redis.from_url(REDIS) as redis:
        for key in redis.scan_iter(f"{word}*", count=1000):
            redis.delete(key)


def _measured(ways: dict[str, Callable[[], dict[str, float] | float]], runs: int) -> dict[str, list[float]]:
    """Each way as often, taking turns; the first tenth warms up."""
    times: dict[str, list[float]] = {}
    for number in range(runs + runs // 10):
        for name, way in ways.items():
            took = way()
            parts = took if isinstance(took, dict) else {"": took}
            for part, seconds in parts.items() if number >= runs // 10 else ():
                times.setdefault(name + part, []).append(seconds * 1000)
            time.sleep(_PAUSE_S)
    return times


def _print(kind: str, how: str, times: dict[str, list[float]], bare: str) -> None:
    bare_p95 = _p95(times[bare])
    for name, values in times.items():
        print(
            f"{kind:<12}{how:<10}{name:<42} median {statistics.median(values):7.2f}   p95 {_p95(values):7.2f}"
            f"   {_p95(values) / bare_p95:5.2f} x"
        )


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


class Client:
    """Somebody with a project and a case, who starts runs."""

    def __init__(self, address: str, url: str, target: "Target") -> None:
        host, _, port = address.removeprefix("http://").partition(":")
        self._connection = http.client.HTTPConnection(host, int(port))
        self._target = target
        self._headers = {"Content-Type": "application/json"}
        person = self._call("POST", "/api/login", {"code": "the code is a mock one"})
        self._headers["Authorization"] = f"Bearer {person['token']}"
        _verify(url)
        self.project = self._call("POST", "/api/projects", {"name": "bench"})["id"]
        self._path = f"/api/projects/{self.project}"
        request = {"method": "GET", "url": f"http://127.0.0.1:{target.port}/"}
        self._environment = self._call("POST", f"{self._path}/environments", {"name": "here"})["id"]
        self._case = self._call("POST", f"{self._path}/cases", {"name": "case", "request": request})["id"]

    def run(self) -> dict[str, float]:
        """Start one; how long until the answer, and until the target was asked."""
        self._target.forget()
        began = time.perf_counter()
        made = self._call("POST", f"{self._path}/runs", {"case_id": self._case, "environment_id": self._environment})
        answered = time.perf_counter()
        try:
            asked = self._target.asked()
        except RuntimeError:
            raise RuntimeError(self._call("GET", f"{self._path}/runs/{made['id']}")) from None
        while self._call("GET", f"{self._path}/runs/{made['id']}")["state"] in {"queued", "running"}:
            time.sleep(_PAUSE_S)
        return {"": asked - began, ", of it until the answer": answered - began}

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        self._connection.request(method, path, None if body is None else json.dumps(body).encode(), self._headers)
        reply = json.loads(self._connection.getresponse().read())
        if reply["code"] != 1:
            raise RuntimeError(f"{method} {path}: {reply}")
        return reply["data"]


class Target:
    """Answers every request, and knows when the first one came."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._came = threading.Event()
        self._at = 0.0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Target":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def forget(self) -> None:
        """What came before does not count."""
        self._came.clear()

    def asked(self) -> float:
        """When a request came. Raises RuntimeError when none does."""
        if not self._came.wait(30):
            raise RuntimeError("no request came")
        return self._at

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            while connection.recv(65536):
                if not self._came.is_set():
                    self._at = time.perf_counter()
                    self._came.set()
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


class Bare:
    """What no queue in a database can do without."""

    def __init__(self, url: str, project: int) -> None:
        self._engine = _engine(url)
        zero = dict.fromkeys(
            ("fence", "claims", "ahead", "stored", "passed", "failed", "error", "skipped", "after_retry", "requests"), 0
        )
        self._row = {"project_id": project, "title": "t", "environment": "", "trigger": Trigger.MANUAL, **zero}
        self._row |= {"priority": Priority.CI, "state": RunState.PASSED}

    def once(self) -> float:
        """Insert, commit, claim, commit; seconds."""
        return _timed(self._once)

    def _once(self) -> None:
        with self._engine.begin() as connection:
            row = connection.execute(insert(Run).values(**self._row, created_at=SystemClock().now()))
        number = row.inserted_primary_key[0]
        with self._engine.begin() as connection:
            connection.execute(update(Run).where(Run.id == number, Run.fence == 0).values(fence=1))


def _verify(url: str) -> None:
    with _engine(url).begin() as connection:
        connection.execute(update(User).values(verification=Verification.VERIFIED))


def _engine(url: str) -> Engine:
    made = make_url(url)
    return create_engine(made, **engine_options(made, pool_size=4, connect_timeout_s=5, statement_timeout_s=15))


def _environment(url: str, folder: Path, target: Target) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "FLASK_ENV": "testing",
        "FLASK_APP": "run.py",
        "ENV_FILE": str(folder / "no-such-file"),
        "DATABASE_URL": url,
        "DATA_DIR": str(folder),
        "ALLOW_MOCK_LOGIN": "true",
        "RATE_LIMITS": "false",
        "LOG_LEVEL": "INFO",
        "RUN_ALLOWED": f"127.0.0.1/32:{target.port}",
    }


def _command(environment: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "-m", "flask", *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


@contextlib.contextmanager
def _process(environment: dict[str, str], *command: str) -> Iterator[None]:
    """A worker, for the length of a block."""
    out = subprocess.DEVNULL
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


if __name__ == "__main__":
    main()
