"""A transaction is kept whole or not at all, and is carried out again when the database asks for it."""

import sqlite3
from types import SimpleNamespace

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from wxcloudrun.core import db
from wxcloudrun.core.db import after_commit, asks_for_retry, retrying, transaction, unit_of_work
from wxcloudrun.features.counter.models import Counter


@pytest.fixture
def session():
    engine = create_engine("sqlite://")
    Counter.metadata.create_all(engine, tables=[Counter.__table__])
    with Session(engine, expire_on_commit=False) as session:
        session.add(Counter(id=1, value=0))
        session.commit()
        yield session
    engine.dispose()


def _value(session: Session) -> int:
    session.rollback()
    return session.get_one(Counter, 1, populate_existing=True).value


def _error(**facts: object) -> DBAPIError:
    """What SQLAlchemy raises for a driver's error with these marks."""
    original = type("DriverError", (Exception,), facts)(*facts.pop("args", ()))
    return OperationalError("UPDATE", {}, original)


SERIALIZATION = {"sqlstate": "40001"}


class Service:
    """A service whose method fails a given number of times first."""

    def __init__(self, session: Session, failures: int, error: DBAPIError) -> None:
        self.session = session
        self.failures = failures
        self.error = error
        self.calls = 0

    @unit_of_work
    def add(self) -> int:
        self.calls += 1
        self.session.get_one(Counter, 1).value += 1
        self.session.flush()
        if self.calls <= self.failures:
            raise self.error
        return self.calls

    @unit_of_work
    def outer(self) -> int:
        return self.add()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(db.time, "sleep", lambda _: None)


def test_what_a_block_writes_is_kept(session):
    with transaction(session):
        session.get_one(Counter, 1).value = 5
    assert _value(session) == 5


def test_a_block_that_fails_leaves_nothing(session):
    with pytest.raises(ZeroDivisionError), transaction(session):  # noqa: PT012 - both belong to the block
        session.get_one(Counter, 1).value = 5
        session.flush()
        raise ZeroDivisionError
    assert _value(session) == 0
    with transaction(session):
        session.get_one(Counter, 1).value = 6
    assert _value(session) == 6, "the session is as good as new"


def test_an_inner_block_joins_the_outer_one(session):
    with pytest.raises(ZeroDivisionError), transaction(session):  # noqa: PT012 - both belong to the block
        with transaction(session):
            session.get_one(Counter, 1).value = 5
        raise ZeroDivisionError
    assert _value(session) == 0


def test_calls_wait_for_the_commit_and_never_happen_without_one(session):
    seen: list[int] = []
    with transaction(session):
        session.get_one(Counter, 1).value = 5
        after_commit(session, lambda: seen.append(_value(session)))
        assert seen == []
    assert seen == [5]
    with pytest.raises(ZeroDivisionError), transaction(session):  # noqa: PT012 - both belong to the block
        after_commit(session, lambda: seen.append(0))
        raise ZeroDivisionError
    with transaction(session):
        pass
    assert seen == [5]


def test_a_serialization_failure_is_tried_again_until_it_succeeds(session):
    service = Service(session, 4, _error(**SERIALIZATION))
    assert service.add() == 5
    assert _value(session) == 1, "only the attempt that succeeded counts"


def test_five_serialization_failures_are_given_up_and_leave_nothing(session):
    service = Service(session, 99, _error(**SERIALIZATION))
    with pytest.raises(OperationalError):
        service.add()
    assert service.calls == 5
    assert _value(session) == 0


def test_only_the_outermost_method_is_tried_again(session):
    service = Service(session, 2, _error(**SERIALIZATION))
    assert service.outer() == 3
    assert _value(session) == 1


def test_an_error_that_asks_for_nothing_is_not_tried_again(session):
    service = Service(session, 1, IntegrityError("INSERT", {}, ValueError("taken")))
    with pytest.raises(IntegrityError):
        service.add()
    assert service.calls == 1


@pytest.mark.parametrize(
    ("facts", "again"),
    [
        ({"sqlstate": "40001"}, True),
        ({"sqlstate": "40P01"}, True),
        ({"sqlstate": "23505"}, False),
        ({"sqlite_errorcode": 5}, True),
        ({"sqlite_errorcode": 261}, True),
        ({"sqlite_errorcode": 517}, True),
        ({"sqlite_errorcode": 19}, False),
        ({"args": (1213, "Deadlock found")}, True),
        ({"args": (1205, "Lock wait timeout")}, True),
        ({"args": (2006, "gone away")}, False),
        ({}, False),
    ],
    ids=str,
)
def test_which_errors_ask_for_another_try(facts, again):
    assert asks_for_retry(_error(**facts)) is again


def test_pauses_between_tries_grow(monkeypatch):
    pauses: list[float] = []
    monkeypatch.setattr(db.time, "sleep", pauses.append)
    monkeypatch.setattr(db.random, "uniform", lambda low, high: high)

    def fail() -> None:
        raise _error(**SERIALIZATION)

    with pytest.raises(OperationalError):
        retrying(fail)
    assert pauses == sorted(pauses)
    assert len(pauses) == 4
    assert sum(pauses) < 1


def test_sqlite_takes_the_write_lock_when_a_transaction_begins(session):
    begun: list[str] = []
    session.connection().connection.driver_connection.set_trace_callback(begun.append)
    session.rollback()
    begun.clear()
    with transaction(session):
        session.get_one(Counter, 1)
    assert begun[0] == "BEGIN IMMEDIATE"


def test_a_driver_error_without_an_original_asks_for_nothing():
    assert asks_for_retry(DBAPIError("SELECT", {}, SimpleNamespace())) is False  # type: ignore[arg-type]


class BusyFile:
    """A connection to a new file that another start is just setting up."""

    def __init__(self, refusals: int, code: int = sqlite3.SQLITE_BUSY) -> None:
        self.refusals, self.code, self.asked = refusals, code, 0

    def execute(self, statement: str) -> SimpleNamespace:
        self.asked += 1
        if self.asked <= self.refusals:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = self.code
            raise error
        return SimpleNamespace(close=lambda: None)


def test_a_new_file_that_another_start_sets_up_is_waited_for():
    file = BusyFile(3)
    db._write_ahead(file)
    assert file.asked == 4


def test_any_other_trouble_with_a_file_is_told_at_once():
    file = BusyFile(3, sqlite3.SQLITE_IOERR)
    with pytest.raises(sqlite3.OperationalError):
        db._write_ahead(file)
    assert file.asked == 1
