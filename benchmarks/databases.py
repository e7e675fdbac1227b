"""Databases of a benchmark's own, which are dropped afterwards."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.exc import OperationalError

KINDS: Final = "sqlite,mariadb,postgresql"
_SERVERS = {
    "mariadb": os.environ.get("TEST_MYSQL_URL", "mysql+pymysql://root@127.0.0.1:3306/?charset=utf8mb4"),
    "postgresql": os.environ.get("TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
}


@contextlib.contextmanager
def new_database(kind: str, server_url: str | None = None) -> Iterator[URL | None]:
    """The address of a new, empty one, on `server_url` where that is given; None where there is no such server."""
    name = f"wxcloudrun_test_bench_{secrets.token_hex(4)}"
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield make_url(f"sqlite:///{Path(folder) / name}.sqlite3")
        return
    url = make_url(server_url or _SERVERS[kind])
    server = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 2})
    try:
        with server.connect() as connection:
            extra = " CHARACTER SET utf8mb4" if kind == "mariadb" else ""
            connection.exec_driver_sql(f"CREATE DATABASE {name}{extra}")
    except OperationalError:
        yield None
        return
    server.dispose()  # what is done with the server meanwhile is no business of its connections
    try:
        yield url.set(database=name)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}" + (" WITH (FORCE)" if kind == "postgresql" else ""))
        server.dispose()
