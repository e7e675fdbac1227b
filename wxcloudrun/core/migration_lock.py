"""Lets one start at a time migrate a database, whatever number of them begin at once."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, func, select

_NAME = "wxcloudrun-migration"
_NUMBER = 7_239_114_006
_PATIENCE_S = 120


class MigrationLockTimeout(RuntimeError):
    """Another start has been migrating for longer than anybody waits."""


@contextlib.contextmanager
def migration_lock(connection: Connection) -> Iterator[None]:
    """Hold the lock of this database: a file beside SQLite, the server's own lock elsewhere.

    CockroachDB has neither: there, migrate by one job before the servers start. Raises MigrationLockTimeout.
    """
    name = connection.dialect.name
    database = connection.engine.url.database
    if name == "sqlite" and database not in {None, "", ":memory:"}:
        with _file_lock(Path(f"{database}.migrating")):
            yield
    elif name in {"mysql", "mariadb"}:
        with _mysql_lock(connection):
            yield
    elif name == "postgresql":
        with _postgresql_lock(connection):
            yield
    else:
        yield


@contextlib.contextmanager
def _mysql_lock(connection: Connection) -> Iterator[None]:
    with connection.engine.connect() as holder:
        if holder.scalar(select(func.get_lock(_NAME, _PATIENCE_S))) != 1:
            raise MigrationLockTimeout("another start is migrating this database")
        try:
            yield
        finally:
            holder.scalar(select(func.release_lock(_NAME)))


@contextlib.contextmanager
def _postgresql_lock(connection: Connection) -> Iterator[None]:
    with connection.engine.connect() as holder:
        deadline = time.monotonic() + _PATIENCE_S
        while not holder.scalar(select(func.pg_try_advisory_lock(_NUMBER))):
            if time.monotonic() > deadline:
                raise MigrationLockTimeout("another start is migrating this database")
            time.sleep(0.1)
        holder.commit()
        try:
            yield
        finally:
            holder.scalar(select(func.pg_advisory_unlock(_NUMBER)))
            holder.commit()


@contextlib.contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    """A lock that the system gives back when its holder dies, by flock or, on Windows, by locking the first byte."""
    with path.open("a+b") as file:
        deadline = time.monotonic() + _PATIENCE_S
        while not _try_lock(file.fileno()):
            if time.monotonic() > deadline:
                raise MigrationLockTimeout("another start is migrating this database")
            time.sleep(0.05)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        return _try_lock_on_windows(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _try_lock_on_windows(descriptor: int) -> bool:
    import msvcrt  # noqa: PLC0415 - only on Windows

    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # only there on Windows
    except OSError:
        return False
    return True
