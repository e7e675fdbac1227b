"""Fills a database for the listing benchmark, fast: rows in the order of their keys, other indexes afterwards."""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table, insert
from sqlalchemy.orm import Session

from benchmarks.listing_rows import ASKER, MEMBERS, PROJECT, case
from wxcloudrun.core.catalogue_entry import gram_rows, term_rows, text_row
from wxcloudrun.core.db import Base
from wxcloudrun.features.cases.models import Case, CaseGram, CaseTerm, CaseText
from wxcloudrun.features.cases.records import entry as entry_of
from wxcloudrun.features.projects.models import MemberRole, Project, ProjectMember
from wxcloudrun.features.users.models import User

_BATCH = 200_000


def fill(engine: Engine, count: int) -> None:
    """A project with a thousand members and `count` cases, in an empty database."""
    Base.metadata.create_all(engine)
    _people(engine)
    terms: list[tuple[Any, ...]] = []
    grams: list[tuple[Any, ...]] = []
    texts: list[tuple[Any, ...]] = []
    rows: list[tuple[Any, ...]] = []
    columns = [column.name for column in Case.__table__.columns]
    for number in range(1, count + 1):
        values = case(number, count)
        entry = entry_of(values)
        terms += [tuple(row.values()) for row in term_rows(number, entry)]
        grams += [tuple(row.values()) for row in gram_rows(number, entry)]
        texts.append(tuple(text_row(number, entry).values()))
        rows.append(tuple(values.get(name) for name in columns))
    for table, content in ((Case, rows), (CaseText, texts), (CaseTerm, terms), (CaseGram, grams)):
        _load(engine, table.__table__, content)  # type: ignore[arg-type]  # a model's table is a Table
        content.clear()
    _settle(engine)


def _people(engine: Engine) -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    with Session(engine) as session:
        people = [{"id": number, "created_at": at, "updated_at": at} for number in range(1, MEMBERS + 1)]
        session.execute(insert(User), people)
        session.execute(insert(Project), {"id": PROJECT, "name": "listed", "created_at": at, "updated_at": at})
        members = [
            {
                "project_id": PROJECT,
                "user_id": number,
                "joined_at": at,
                "role": MemberRole.OWNER if number == ASKER else MemberRole.EDITOR,
            }
            for number in range(1, MEMBERS + 1)
        ]
        session.execute(insert(ProjectMember), members)
        session.commit()


def _load(engine: Engine, table: Table, rows: list[tuple[Any, ...]]) -> None:
    names = [column.name for column in table.columns]
    keys = [names.index(column.name) for column in table.primary_key]
    rows.sort(key=lambda row: tuple(row[key] for key in keys))
    indexes = [] if table.name == "cases" else list(table.indexes)
    for index in indexes:
        index.drop(engine)
    connection = engine.raw_connection()
    try:
        if engine.dialect.name == "sqlite":
            _into_sqlite(connection.driver_connection, table.name, names, rows)
        elif engine.dialect.name == "postgresql":
            _into_postgresql(connection, table.name, names, rows)
        else:
            _into_mariadb(connection, table.name, names, rows)
    finally:
        connection.close()
    for index in indexes:
        index.create(engine)


def _into_sqlite(connection: Any, table: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    sqlite3.register_adapter(datetime, lambda at: at.replace(tzinfo=None).isoformat(" ", "microseconds"))
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    marks = ",".join("?" * len(names))
    connection.executemany(f"INSERT INTO {table} ({','.join(names)}) VALUES ({marks})", rows)
    connection.execute("COMMIT")


def _into_postgresql(connection: Any, table: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({','.join(names)}) FROM STDIN") as copy:
        for lines in _lines(rows):
            copy.write(lines)
    connection.commit()


def _into_mariadb(connection: Any, table: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file, connection.cursor() as cursor:
        file.writelines(_lines(rows))
        file.flush()
        path = str(Path(file.name))
        cursor.execute(f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE {table} CHARACTER SET utf8mb4 ({','.join(names)})")
    connection.commit()


def _lines(rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    source = iter(rows)
    while batch := list(islice(source, _BATCH)):
        yield "".join("\t".join(map(_cell, row)) + "\n" for row in batch)


def _cell(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value).replace("\n", "\\n")


def _settle(engine: Engine) -> None:
    """Let the database look at what it holds, as it does by itself after a while."""
    tables = ", ".join(table.__tablename__ for table in (Case, CaseText, CaseTerm, CaseGram))
    statement = {"sqlite": None, "postgresql": f"VACUUM ANALYZE {tables}"}.get(
        engine.dialect.name, f"ANALYZE TABLE {tables}"
    )
    if statement:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement).close()
