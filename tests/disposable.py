"""No test reaches a database that anybody could miss: its name must say that it may be dropped."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Dialect, Engine, event

from wxcloudrun.core import db as product

MARK = "wxcloudrun_test_"
DATA = Path(__file__).resolve().parent.parent / "data"
_TO_MAKE_OTHERS = {"", "postgres", "mysql"}  # what a server has anyway


class NotDisposableError(AssertionError):
    """A test wanted to use a database without the mark."""


def refuse_unmarked(dialect: Dialect, record: Any, arguments: Any, named: dict[str, Any]) -> None:
    """SQLAlchemy's question before each new connection. Raises NotDisposableError."""
    if dialect.name == "sqlite":
        path = str(arguments[0] if arguments else named.get("database", ""))
        if Path(path).is_relative_to(DATA):
            raise NotDisposableError(f"{path} is a development database")
    else:
        _check(str(named.get("database") or named.get("db") or named.get("dbname") or ""))


def refuse_unmarked_postgresql(connection: Any, record: Any) -> None:
    """The same after connecting, since the product opens PostgreSQL's connections itself. Raises NotDisposableError."""
    if type(connection).__module__.partition(".")[0] != "sqlite3" and hasattr(connection, "info"):
        _check(str(connection.info.dbname))


def _check(name: str) -> None:
    if name not in _TO_MAKE_OTHERS and not name.startswith(MARK):
        raise NotDisposableError(f"{name} may be somebody's: tests use databases named {MARK}... only")


@pytest.fixture(scope="session", autouse=True)
def only_disposable_databases() -> None:
    """Stand before every connection of the whole session, from its first test on."""
    if not event.contains(Engine, "connect", refuse_unmarked_postgresql):
        event.listen(Engine, "connect", refuse_unmarked_postgresql)
        opens = product._connect  # who opens a connection is the last to be asked
        event.remove(Engine, "do_connect", opens)
        event.listen(Engine, "do_connect", refuse_unmarked)
        event.listen(Engine, "do_connect", opens)
