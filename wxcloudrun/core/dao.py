"""What every DAO asks its questions with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CursorResult, Row, Select, Table, UniqueConstraint, insert
from sqlalchemy.exc import IntegrityError

from wxcloudrun.core.db import AnySession, fetch, violates


@dataclass(frozen=True, slots=True)
class Question:
    """A statement and its parameters, not asked yet."""

    statement: Select[Any]
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Unique:
    """A unique constraint, and what is raised when it says no."""

    constraint: UniqueConstraint
    error: type[Exception]


def unique(table: Table, error: type[Exception], *columns: str) -> Unique:
    """That of a table, or, where it has several, that of these columns."""
    constraints = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    if columns:
        constraints = [one for one in constraints if tuple(column.name for column in one.columns) == columns]
    (constraint,) = constraints
    return Unique(constraint, error)


class Dao:
    """Questions about some tables. Only inside of a transaction is anything written."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def _one(self, statement: Any, parameters: Mapping[str, object] | None = None) -> Row[Any] | None:
        """The first row, None where there is none."""
        rows = fetch(self._session, statement, parameters)
        return rows[0] if rows else None

    def _run(
        self, statement: Any, values: Mapping[str, object] | None = None, judge: Unique | None = None
    ) -> CursorResult[Any]:
        """Carry a statement out. Raises the error of `judge` where that says no."""
        try:
            return self._session.connection().execute(statement, values)
        except IntegrityError as error:
            if judge is not None and violates(error, judge.constraint):
                raise judge.error from None
            raise

    def _add(self, table: Table, values: Mapping[str, object], judge: Unique | None = None) -> int:
        """A new row; its number. Raises as `_run` does."""
        added = self._run(insert(table), dict(values), judge)
        return int(added.inserted_primary_key[0])  # type: ignore[index]  # an insert of one row has one
