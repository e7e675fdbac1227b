"""What a question and a transaction cost at a server: each round trip is paid for by everybody who waits."""

from collections.abc import Iterator

import pytest
from pymysql.connections import Connection
from sqlalchemy import Column, Engine, Integer, MetaData, Table, create_engine, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.conftest import database_urls
from wxcloudrun.core.db import engine_options, fetch, transaction
from wxcloudrun.core.postgresql import BoundedConnection

NOTES = Table("notes", MetaData(), Column("number", Integer, primary_key=True))
NUMBERS = select(NOTES.c.number)


@pytest.fixture(params=["mariadb", "postgresql"])
def engine(request, tmp_path) -> Iterator[Engine]:
    for url in database_urls(tmp_path, request.param):
        made = create_engine(url, **engine_options(url, pool_size=1, connect_timeout_s=2, statement_timeout_s=5))
        NOTES.create(made)
        yield made
        NOTES.drop(made)
        made.dispose()


@pytest.fixture
def trips(engine, monkeypatch) -> list[str]:
    """One for each time that the server was asked and waited for."""
    counted: list[str] = []
    if engine.dialect.name == "postgresql":
        wait = BoundedConnection.wait
        monkeypatch.setattr(BoundedConnection, "wait", lambda self, *rest: (counted.append("x"), wait(self, *rest))[1])
    else:
        send = Connection._execute_command

        def count(self, command, sql) -> None:
            counted.append(sql if isinstance(sql, str) else sql.decode())
            send(self, command, sql)

        monkeypatch.setattr(Connection, "_execute_command", count)
    return counted


def test_a_question_is_one_round_trip(engine, trips):
    with Session(engine) as session:
        fetch(session, NUMBERS)
        trips.clear()
        assert fetch(session, NUMBERS) == []
    if engine.dialect.name == "postgresql":
        assert len(trips) == 2, "the question, and a rollback for which the driver asks nobody"
    else:
        assert [one.split()[0] for one in trips] == ["SELECT"]


def test_a_transaction_is_two_round_trips_more_than_what_is_done_in_it(engine, trips):
    with Session(engine) as session:
        trips.clear()
        with transaction(session):
            session.execute(insert(NOTES).values(number=1))
            session.execute(insert(NOTES).values(number=2))
    if engine.dialect.name == "postgresql":
        assert len(trips) == 5, "and a rollback for which the driver asks nobody"
    else:
        assert [one.split()[0] for one in trips] == ["BEGIN", "INSERT", "INSERT", "COMMIT"]


def wrong(session: Session, number: int) -> None:
    """A second row with the same key."""
    with transaction(session):
        for _ in range(2):
            session.execute(insert(NOTES).values(number=number))


def test_a_transaction_that_fails_keeps_nothing(engine):
    with Session(engine) as session:
        with pytest.raises(IntegrityError):
            wrong(session, 1)
        assert fetch(session, NUMBERS) == []
        with transaction(session):
            session.execute(insert(NOTES).values(number=3))
    with engine.connect() as other:
        assert other.execute(NUMBERS).scalars().all() == [3]


def test_what_is_not_committed_is_seen_by_nobody(engine):
    with engine.connect() as one, engine.connect() as two:
        one.execute(insert(NOTES).values(number=1))
        assert two.execute(select(func.count()).select_from(NOTES)).scalar_one() == 0
        one.commit()
        assert two.execute(select(func.count()).select_from(NOTES)).scalar_one() == 1


@pytest.mark.parametrize("inside", [False, True], ids=["question", "transaction"])
def test_a_dead_connection_in_the_pool_is_nobodys_error(engine, inside):
    with engine.connect() as connection:
        number = connection.connection.driver_connection
        number = number.info.backend_pid if engine.dialect.name == "postgresql" else number.thread_id()
    killer = create_engine(engine.url)
    with killer.connect() as connection:
        kill = "SELECT pg_terminate_backend({})" if engine.dialect.name == "postgresql" else "KILL {}"
        connection.exec_driver_sql(kill.format(number))
    killer.dispose()
    with Session(engine) as session:
        if not inside:
            assert fetch(session, NUMBERS) == []
            return
        with transaction(session):
            session.execute(insert(NOTES).values(number=1))
        assert len(fetch(session, NUMBERS)) == 1
