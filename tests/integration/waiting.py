"""Whether somebody waits for a lock; asked of the server, so that no test has to sleep."""

from concurrent.futures import Future
from typing import Any

from sqlalchemy import Connection, column, func, select, table

_TRIES = 20_000  # questions to the database, until what is awaited is there
_ACTIVITY = table("pg_stat_activity", column("wait_event_type"), column("datname"))
_OF_POSTGRESQL = (
    select(func.count())
    .select_from(_ACTIVITY)
    .where(_ACTIVITY.c.wait_event_type == "Lock", _ACTIVITY.c.datname == func.current_database())
)
# Of the whole server: the table of transactions, which tells more, is only renewed when nobody asks for a while.
_OF_MARIADB = "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'"


def waits(connection: Connection, answer: Future[Any]) -> bool:
    """True when somebody waits for a lock before the answer is there. SQLite, which has one writer, tells of nobody."""
    for _ in range(_TRIES):
        if _waiting(connection):
            return True
        if answer.done():
            return False
    return False


def _waiting(connection: Connection) -> int:
    if connection.dialect.name == "postgresql":
        return connection.scalar(_OF_POSTGRESQL) or 0
    return int(connection.exec_driver_sql(_OF_MARIADB).one()[1])
