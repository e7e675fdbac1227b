"""The database: engines by dialect, the session of a request, and the one way to write a transaction."""

import functools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, Protocol

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import URL, Connection, Engine, MetaData, StaticPool, UniqueConstraint, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session, scoped_session

type AnySession = Session | scoped_session[Any]

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
_RETRIES = 5


class Base(DeclarativeBase):
    """Root of every model."""

    metadata = MetaData(naming_convention=_NAMES)
    __table_args__: Any = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci", "mysql_engine": "InnoDB"}


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


def engine_options(url: URL, *, pool_size: int, connect_timeout_s: int, statement_timeout_s: int) -> dict[str, Any]:
    """What `create_engine` needs for the URL's dialect: pool, time limits, UTC, utf8mb4, strictness."""
    if url.get_backend_name() == "sqlite":
        options: dict[str, Any] = {"connect_args": {"timeout": 5, "check_same_thread": False}}
        if url.database in {None, "", ":memory:"}:
            return options | {"poolclass": StaticPool}
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        return options | {"pool_size": pool_size}
    pool = {"pool_size": pool_size, "max_overflow": 8, "pool_timeout": 10, "pool_pre_ping": True, "pool_recycle": 280}
    if url.get_backend_name() in {"mysql", "mariadb"}:
        connect = {
            "connect_timeout": connect_timeout_s,
            "read_timeout": statement_timeout_s + 5,
            "write_timeout": statement_timeout_s + 5,
            "init_command": "SET SESSION time_zone='+00:00', sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
        }
        return pool | {"isolation_level": "READ COMMITTED", "connect_args": connect}
    settings = f"-c statement_timeout={statement_timeout_s * 1000} -c timezone=UTC"
    return pool | {"connect_args": {"connect_timeout": connect_timeout_s, "options": settings}}


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, record: Any) -> None:
    if type(connection).__module__.partition(".")[0] != "sqlite3":
        return
    connection.isolation_level = None  # BEGIN is ours to say
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}").close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {kind}")


@contextmanager
def transaction(session: AnySession) -> Iterator[AnySession]:
    """All that is written inside is kept together, or nothing of it; an inner block joins the outer one.

    The outermost block starts on a fresh view of the data: what was read before it is not part of it.
    """
    if session.info.get("in_transaction"):
        yield session
        return
    session.rollback()
    session.info["in_transaction"] = True
    session.info["after_commit"] = []
    try:
        session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
        yield session
        session.commit()
        calls = session.info["after_commit"]
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["in_transaction"] = False
        session.info["after_commit"] = []
    for call in calls:
        call()


def after_commit(session: AnySession, call: Callable[[], object]) -> None:
    """Do this once the transaction under way has been kept; never when it was not."""
    session.info["after_commit"].append(call)


class HasSession(Protocol):
    """A service: it was given a session."""

    session: AnySession


def unit_of_work[S: HasSession, **P, R](method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Make a service's method one transaction, carried out again when the database asks for it.

    CockroachDB and PostgreSQL (40001), deadlocks and a busy SQLite all mean "nothing was kept, try again". The method
    must therefore do nothing but read and write rows: no network call, no message (see `after_commit`).
    """

    @functools.wraps(method)
    def attempt(self: S, *args: P.args, **kwargs: P.kwargs) -> R:
        if self.session.info.get("in_transaction"):
            return method(self, *args, **kwargs)

        def once() -> R:
            with transaction(self.session):
                return method(self, *args, **kwargs)

        return retrying(once)

    return attempt


def retrying[R](work: Callable[[], R]) -> R:
    """Carry out `work` (a whole transaction), again with growing random pauses while the database asks for it."""
    for attempt in range(_RETRIES):
        try:
            return work()
        except DBAPIError as error:
            if attempt == _RETRIES - 1 or not asks_for_retry(error):
                raise
        time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - spreads retries, guards nothing
    raise AssertionError("unreachable")


def asks_for_retry(error: DBAPIError) -> bool:
    """True when the database rolled everything back and the same transaction may succeed the next time."""
    if getattr(error.orig, "sqlstate", None) in {"40001", "40P01"}:
        return True
    if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in {5, 6}:  # SQLITE_BUSY, SQLITE_LOCKED
        return True
    arguments: tuple[object, ...] = getattr(error.orig, "args", ())
    return bool(arguments) and arguments[0] in {1205, 1213, 1020}  # lock wait, deadlock, record changed


def violates(error: IntegrityError, constraint: UniqueConstraint) -> bool:
    """True when it was this unique constraint that said no."""
    text = str(error.orig)
    columns = ", ".join(f"{constraint.table.name}.{column.name}" for column in constraint.columns)
    return (constraint.name is not None and str(constraint.name) in text) or text.endswith(f"failed: {columns}")
