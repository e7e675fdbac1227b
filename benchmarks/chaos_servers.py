"""Servers of a benchmark's own, which can be killed and started again: Redis and PostgreSQL."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as RedisGone
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import OperationalError

from benchmarks.servers import free_port
from tests.integration.runs_bench import wait_until


class OwnRedis:
    """A Redis server on a free port; it keeps its messages in a file."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        command += ["--appendonly", "yes", "--save", ""]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._answers, 20)

    def stop(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def _answers(self) -> bool:
        try:
            with Redis(port=self.port) as redis:
                return bool(redis.ping())
        except RedisGone:
            return False


class OwnPostgreSQL:
    """A PostgreSQL server on a free port; `restart` lets it die without a word first."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder, self._programs, self.port = folder, programs, free_port()
        self._as = pwd.getpwnam("postgres") if os.geteuid() == 0 else None  # it refuses to be root's
        if self._as is not None:
            os.chown(folder, self._as.pw_uid, self._as.pw_gid)
        self._do("initdb", "-D", str(folder / "data"), "-U", "postgres", "-A", "trust")
        self._control("start")

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def restart(self) -> None:
        """Every process of it is ended at once; then it starts, recovers, and answers."""
        self._control("restart")

    def stop(self) -> None:
        """End it."""
        self._do("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")

    def _control(self, what: str) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._folder}"
        place = ("-D", str(self._folder / "data"), "-l", str(self._folder / "log"))
        self._do("pg_ctl", *place, "-m", "immediate", "-o", options, "-w", what)
        wait_until(self._answers, 30)

    def _do(self, program: str, *arguments: str) -> None:
        whose = {} if self._as is None else {"user": self._as.pw_uid, "group": self._as.pw_gid}
        command = [str(self._programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self._folder, **whose)  # type: ignore[call-overload]

    def _answers(self) -> bool:
        engine = create_engine(make_url(self.url))
        try:
            with engine.connect():
                return True
        except OperationalError:
            return False
        finally:
            engine.dispose()


@contextlib.contextmanager
def own_postgresql() -> Iterator[OwnPostgreSQL | None]:
    """One for the length of a block; None where its programs are not installed."""
    found = shutil.which("pg_ctl") or next(map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))), None)
    if found is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        server = OwnPostgreSQL(Path(folder), Path(found).parent)
        try:
            yield server
        finally:
            server.stop()


@contextlib.contextmanager
def own_redis() -> Iterator[OwnRedis]:
    """One for the length of a block."""
    with tempfile.TemporaryDirectory() as folder:
        server = OwnRedis(Path(folder))
        try:
            yield server
        finally:
            server.stop()
