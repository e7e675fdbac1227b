"""Where the benchmark puts its rows: SQLite in a temporary file, and MariaDB when there is one."""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import pymysql

Row = tuple[str, str, str, str, str, float, str, str, str]

DATABASE = "bench_engine"
_COLUMNS = "ordinal, path, name, outcome, started_at, duration_ms, request, response, checks"
_TABLE = (
    "CREATE TABLE step (ordinal VARCHAR(200), path VARCHAR(200), name VARCHAR(200), outcome VARCHAR(10),"
    " started_at CHAR(24), duration_ms DOUBLE, request MEDIUMTEXT, response MEDIUMTEXT, checks MEDIUMTEXT)"
)
_BATCH = 100


class Store(Protocol):
    """Takes rows in batches."""

    name: str

    def insert(self, rows: Iterable[Row]) -> None:
        """Stores all of them."""

    def close(self) -> None:
        """Removes what was made."""


def stores() -> Iterator[Store]:
    """Every store that can be reached."""
    yield Sqlite()
    try:
        yield MariaDb()
    except pymysql.err.OperationalError as error:
        print(f"MariaDB is not measured: {error.args[-1]}")


class Sqlite:
    """A file in WAL mode."""

    name = "SQLite"

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory()
        self._connection = sqlite3.connect(Path(self._directory.name) / "bench.db")
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute(_TABLE)

    def insert(self, rows: Iterable[Row]) -> None:
        """Stores all of them, a hundred at a time."""
        for batch in _batches(rows):
            self._connection.executemany(f"INSERT INTO step ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?)", batch)
            self._connection.commit()

    def close(self) -> None:
        """Removes the file."""
        self._connection.close()
        self._directory.cleanup()


class MariaDb:
    """A scratch database on this machine."""

    name = "MariaDB"

    def __init__(self) -> None:
        self._connection = pymysql.connect(host="127.0.0.1", port=3306, user="root", password="", connect_timeout=3)
        with self._connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
            cursor.execute(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")
            cursor.execute(f"USE {DATABASE}")
            cursor.execute(_TABLE)

    def insert(self, rows: Iterable[Row]) -> None:
        """Stores all of them, a hundred at a time."""
        for batch in _batches(rows):
            with self._connection.cursor() as cursor:
                cursor.executemany(f"INSERT INTO step ({_COLUMNS}) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s)", batch)
            self._connection.commit()

    def close(self) -> None:
        """Removes the database."""
        with self._connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {DATABASE}")
        self._connection.close()


def _batches(rows: Iterable[Row]) -> Iterator[list[Any]]:
    source = iter(rows)
    while batch := list(islice(source, _BATCH)):
        yield batch
