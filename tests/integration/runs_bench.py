"""What tests of runs share: a server that counts, plans, rows of runs, and workers in this process and in others."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, bindparam, cast, create_engine, insert, select, update
from sqlalchemy.orm import sessionmaker

from tests.conftest import ROOT
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.columns import UtcDateTime
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import engine_options
from wxcloudrun.features.projects.models import Project, ProjectState
from wxcloudrun.features.runs.crew import Places, RunCrew
from wxcloudrun.features.runs.execution import RunExecution
from wxcloudrun.features.runs.gate import StepGate
from wxcloudrun.features.runs.leases import Heart
from wxcloudrun.features.runs.models import Priority, Run, RunPlan, RunResult, RunState, Trigger
from wxcloudrun.features.runs.packing import PLAN, sealed
from wxcloudrun.features.runs.supply import RunSupply
from wxcloudrun.features.runs.tables import RunTables
from wxcloudrun.features.runs.waking import Bell

KEYS = KeyRing.parse(["k1:dGhlIGtleSBvZiBhbGwgdGVzdHMsIDMyIGJ5dGVzLi4="], "another key that only tests may use")
KINDS = ["sqlite", "mariadb", "postgresql"]


@dataclass
class Target:
    """A server that notes every request when it has arrived, and answers after `delay_s`.

    Requests for paths that begin with `holds` are answered when `hold` is set.
    """

    port: int
    seen: list[tuple[float, str, str]] = field(default_factory=list)
    delay_s: float = 0.0
    answer: Callable[[str, str], tuple[int, bytes]] | None = None
    hold: threading.Event | None = None
    holds: str = ""

    def unsafe(self) -> Counter[str]:
        """How often each path came with a method that changes something."""
        return Counter(path for _, method, path in list(self.seen) if method not in {"GET", "HEAD"})

    def wait_for(self, count: int, seconds: float = 60) -> None:
        """Until so many requests came."""
        wait_until(lambda: len(self.seen) >= count, seconds)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target: Target

    def _serve(self) -> None:
        target = self.target
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target.seen.append((time.monotonic(), self.command, self.path))
        if target.hold is not None and self.path.startswith(target.holds):
            target.hold.wait(20)
        if target.delay_s:
            time.sleep(target.delay_s)
        status, body = target.answer(self.command, self.path) if target.answer else (200, b'{"id": 7}')
        head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        with contextlib.suppress(OSError):
            self.wfile.write(head.encode() + body)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """A client that was killed is no fault."""


@contextlib.contextmanager
def counting() -> Iterator[Target]:
    """A counting server for the length of a block."""
    target = Target(0)
    server = _Server(
        ("127.0.0.1", 0), type("Handler", (_Handler,), {"target": target, "disable_nagle_algorithm": True})
    )
    target.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield target
    finally:
        server.shutdown()
        server.server_close()


def call(method: str, url: str, **more: Any) -> dict[str, Any]:
    """A step that sends one request and expects 200."""
    case = {key: more.pop(key) for key in ("extractions", "assertions", "idempotent") if key in more}
    request = {"method": method, "url": url, **more.pop("request", {})}
    check = {"source": "status", "comparator": "eq", "expected": 200}
    return {"case": {"request": request, "assertions": [check], **case}, **more}


def plan(target: Target, steps: list[Any], scenario: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A plan against that server."""
    return {
        "network": {"allowed": [f"127.0.0.1/32:{target.port}"]},
        "environment": {"base_url": f"http://127.0.0.1:{target.port}"},
        "scenario": {"name": "a scenario", "steps": steps, **(scenario or {})},
        **more,
    }


class DatabaseTime:
    """A database clock that a test moves."""

    def __init__(self, desk: "Desk") -> None:
        self.shift = timedelta()
        column: Any = bindparam("now", callable_=lambda: SystemClock().now() + self.shift, type_=UtcDateTime())
        if desk.engine.dialect.name == "mysql":  # gives a text back where nothing says that it is a time
            column = cast(column, UtcDateTime())
        self.tables = RunTables(desk.sessions, column)

    def jump(self, seconds: float) -> None:
        """It is so much later all of a sudden, or earlier."""
        self.shift += timedelta(seconds=seconds)


class Desk:
    """The tables of one database, as a test reads and writes them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sessions = sessionmaker(engine, expire_on_commit=False)
        self.tables = RunTables(self.sessions)

    def project(self) -> int:
        """A new project; its number."""
        now = SystemClock().now()
        row = {"name": "p", "description": "", "state": ProjectState.ACTIVE, "created_at": now, "updated_at": now}
        return int(self._add(insert(Project).values(version=1, **row)))

    def run(self, project: int, content: Any, priority: Priority = Priority.CI, **more: Any) -> int:
        """A queued run; its number."""
        row = {"project_id": project, "title": "t", "environment": "", "trigger": Trigger.MANUAL, "priority": priority}
        more = {"created_at": SystemClock().now(), "state": RunState.QUEUED} | more
        zero = dict.fromkeys(
            ("fence", "claims", "ahead", "stored", "passed", "failed", "error", "skipped", "after_retry", "requests"), 0
        )
        plan_text = sealed(content, KEYS, PLAN)

        def follow(number: int) -> Any:
            return insert(RunPlan).values(run_id=number, content=plan_text)

        return int(self._add(insert(Run).values(**zero | row | more), follow))

    def supply(self, lease_s: float = 15, cap: int = 4, tables: RunTables | None = None) -> RunSupply:
        """One worker's look at the queue."""
        return RunSupply(tables or self.tables, f"test-{secrets.token_hex(4)}", lease_s=lease_s, cap=cap)

    def row(self, run: int) -> Any:
        """A run."""
        with self.engine.connect() as connection:
            return connection.execute(select(Run.__table__).where(Run.id == run)).one()

    def results(self, run: int) -> list[Any]:
        """Its results in their order."""
        with self.engine.connect() as connection:
            query = select(RunResult.__table__).where(RunResult.run_id == run).order_by(RunResult.seq)
            return list(connection.execute(query))

    def paths(self, run: int) -> list[str]:
        """Paths of its results."""
        return [row.path for row in self.results(run)]

    def interrupted(self, run: int) -> list[str]:
        """Paths of steps of which nobody knows whether they were sent."""
        return [row.path for row in self.results(run) if row.error_class == "interrupted"]

    def change(self, run: int, **values: Any) -> None:
        """Change a run's row."""
        self._add(update(Run).where(Run.id == run).values(**values))

    def cancel(self, run: int) -> None:
        """Cancel it, as the service does."""
        self.change(run, cancel_at=SystemClock().now())

    def ended(self, run: int, seconds: float = 60) -> Any:
        """The run, once it has ended."""
        wait_until(lambda: self.row(run).state.final, seconds)
        return self.row(run)

    def claimed(self, run: int, fence: int) -> None:
        """Until a worker has it under that fence."""
        wait_until(lambda: self.row(run).fence == fence)

    def _add(self, statement: Any, follow: Callable[[int], Any] | None = None) -> Any:
        """Carry it out, and in the same transaction what follows from the number of the new row."""
        with self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.connection.driver_connection.execute("BEGIN IMMEDIATE").close()
            done = connection.execute(statement)
            number = done.inserted_primary_key[0] if done.is_insert else None
            if follow is not None:
                connection.execute(follow(number))
            connection.commit()
            return number


def wait_until(true: Callable[[], Any], seconds: float = 60) -> None:
    """Look until it is so. Raises AssertionError when the time is over."""
    ends = time.monotonic() + seconds
    while not true():
        if time.monotonic() > ends:
            raise AssertionError(f"it was not so within {seconds} s")
        time.sleep(0.01)


def crew_of(
    desk: Desk, tmp: Path, *, lease_s: float = 15, tables: RunTables | None = None, cap: int = 4, threads: int = 8,
    requests: int = 16, **more: Any,
) -> RunCrew:  # fmt: skip
    """A crew in this process."""
    tables = tables or desk.tables
    supply = RunSupply(tables, f"test-{secrets.token_hex(4)}", lease_s=lease_s, cap=cap)
    execution = RunExecution(tables, KEYS, StepGate(requests), **more)
    return RunCrew(supply, execution, Heart(tables, lease_s), Bell(tmp), Places(threads))


@contextlib.contextmanager
def working(crew: RunCrew) -> Iterator[RunCrew]:
    """A crew at work for the length of a block."""
    crew.start()
    try:
        yield crew
    finally:
        crew.stop(1.0)


@contextlib.contextmanager
def desk_of(url: URL) -> Iterator[Desk]:
    """The tables of a database by address, with an engine of their own."""
    options = engine_options(url, pool_size=20, connect_timeout_s=5, statement_timeout_s=5)
    engine = create_engine(url, **options)
    try:
        yield Desk(engine)
    finally:
        engine.dispose()


class WorkerProcess:
    """`flask worker` as a process of its own."""

    def __init__(self, url: URL, tmp: Path, **settings: str) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "ENV_FILE": str(ROOT / "no-such-file"),
            "FLASK_APP": "run.py",
            "FLASK_ENV": "testing",
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "DATA_DIR": str(tmp),
            "RUN_LEASE_S": "2",
        } | settings
        self.log = tmp / f"worker-{secrets.token_hex(3)}.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flask", "worker"], cwd=ROOT, env=environment, stdout=out, stderr=out
            )

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9, also where it is stopped."""
        self.process.kill()
        self.process.wait(10)


@contextlib.contextmanager
def workers(url: URL, tmp: Path, count: int = 1, **settings: str) -> Iterator[list[WorkerProcess]]:
    """Worker processes, killed at the end of the block."""
    made = [WorkerProcess(url, tmp, **settings) for _ in range(count)]
    try:
        yield made
    finally:
        for one in made:
            if one.process.poll() is None:
                one.kill()
