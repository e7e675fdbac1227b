"""The database: engines by dialect, the session of a request, and the one way to write a transaction."""

import functools
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, Protocol, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import URL, Connection, Dialect, Engine, Executable, MetaData, Row, StaticPool, UniqueConstraint, event
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
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
_BEGINS = "begins_transactions"


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
    pool: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 8, "pool_timeout": 10, "pool_recycle": 280}
    pool["execution_options"] = {_BEGINS: True}
    if url.get_backend_name() in {"mysql", "mariadb"}:
        connect = {
            "autocommit": True,
            "connect_timeout": connect_timeout_s,
            "read_timeout": statement_timeout_s + 5,
            "write_timeout": statement_timeout_s + 5,
            "init_command": "SET SESSION time_zone='+00:00', sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
        }
        return pool | {"connect_args": connect}
    settings = f"-c statement_timeout={statement_timeout_s * 1000} -c timezone=UTC"
    connect = {"autocommit": True, "connect_timeout": connect_timeout_s, "options": settings}
    return pool | {"connect_args": connect | {"answer_timeout_s": statement_timeout_s + 5}}


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Dialect, record: Any, arguments: list[Any], named: dict[str, Any]) -> Any:
    """Connections that cost no round trip too many and bound every wait; None leaves it to the driver."""
    if dialect.driver == "psycopg":
        from wxcloudrun.core.postgresql import BoundedConnection  # noqa: PLC0415 - only where there is a PostgreSQL

        return BoundedConnection.connected(*arguments, **named)
    if dialect.driver == "pymysql":
        from wxcloudrun.core.mysql import QuietConnection  # noqa: PLC0415 - only where there is a MySQL

        return QuietConnection(*arguments, **named)
    return None


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    """Begin a transaction, unless it is for one question alone: that would cost two more round trips."""
    if connection.get_execution_options().get(_BEGINS):
        connection.exec_driver_sql("BEGIN")


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, record: Any) -> None:
    if type(connection).__module__.partition(".")[0] != "sqlite3":
        return
    connection.isolation_level = None  # BEGIN is for `transaction` to say; a question alone needs none
    for pragma in ("busy_timeout=5000", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()
    _write_ahead(connection)


def _write_ahead(connection: Any) -> None:
    """Let readers go on beside a writer. Where several open a new file at once, SQLite refuses instead of waiting."""
    import sqlite3  # noqa: PLC0415 - only called where it is loaded

    deadline = time.monotonic() + 5
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        else:
            return
        time.sleep(random.uniform(0, 0.05))  # noqa: S311 - spreads retries, guards nothing


@contextmanager
def transaction(session: AnySession) -> Iterator[AnySession]:
    """All that is written inside is kept together, or nothing of it; an inner block joins the outer one.

    The outermost block starts on a fresh view of the data: what was read before it is not part of it.
    """
    own = session() if isinstance(session, scoped_session) else session
    if own.info.get("in_transaction"):
        yield own
        return
    own.rollback()
    calls: list[Callable[[], object]] = []
    own.info.update(in_transaction=True, after_commit=calls)
    try:
        _begin_writing(own)
        yield own
        own.commit()
    except BaseException:
        own.rollback()
        raise
    finally:
        own.info["in_transaction"] = False
    for call in calls:
        call()


def fetch(
    session: AnySession, statement: Executable, parameters: Mapping[str, object] | None = None
) -> Sequence[Row[Any]]:
    """The rows that answer a question.

    In a transaction the question is part of it. Outside of one its connection goes back at once: nothing is held while
    a request does other things, and a session that only reads costs nothing.
    """
    if isinstance(session, scoped_session):
        if not (session.registry.has() and session.registry().info.get("in_transaction")):
            return _alone(db.engine, statement, parameters)
    elif not session.info.get("in_transaction"):
        return _alone(cast(Engine, session.get_bind()), statement, parameters)
    return session.connection().execute(statement, parameters).fetchall()


def _alone(engine: Engine, statement: Executable, parameters: Mapping[str, object] | None) -> Sequence[Row[Any]]:
    """Asked again on a new connection where the one from the pool turns out to be dead: nothing looks before."""
    try:
        return _asked(engine, statement, parameters)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    return _asked(engine, statement, parameters)


def _asked(engine: Engine, statement: Executable, parameters: Mapping[str, object] | None) -> Sequence[Row[Any]]:
    with engine.connect() as connection:
        return connection.execution_options(**{_BEGINS: False}).execute(statement, parameters).fetchall()


def _begin_writing(session: Session) -> None:
    """Open the transaction; SQLite is told at once that somebody is going to write, and so cannot find out too late.

    A connection from the pool that turns out to be dead is left for a new one.
    """
    try:
        connection = session.connection()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        session.rollback()
        connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.connection.driver_connection.execute("BEGIN IMMEDIATE").close()  # type: ignore[union-attr]


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


def database_gone(error: Exception) -> bool:
    """True when the database, not what was asked of it, is what failed."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def violates(error: IntegrityError, constraint: UniqueConstraint) -> bool:
    """True when it was this unique constraint that said no."""
    text = str(error.orig)
    columns = ", ".join(f"{constraint.table.name}.{column.name}" for column in constraint.columns)
    named = constraint.name is not None and str(constraint.name) in text
    return named or text.endswith(f"UNIQUE constraint failed: {columns}")  # SQLite names columns, also of NOT NULL
