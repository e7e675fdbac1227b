"""Gives encrypted columns the newest key, batch by batch, while the service goes on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Column, LargeBinary, MetaData, Row, Table, func, select, tuple_, update

from wxcloudrun.core.crypto import KeyRing, UnreadableSecret
from wxcloudrun.core.db import AnySession, fetch, retrying, transaction

BATCH = 200
_PASSES = 5


@dataclass(frozen=True)
class Rotated:
    """What became of one column (`table.column`): values that have the newest key now, and such as no key opens."""

    column: str
    renewed: int
    unreadable: int
    left: int  # changed by others all the time, with an older key: some process still starts with that one


class Rotation:
    """Finds the columns that are marked as encrypted, and renews what an older key has encrypted.

    Stopped half way and begun again, it goes on with what is left. Each value is exchanged only if nobody changed it
    meanwhile; whoever does must know the newest key already, or the next pass renews that too.
    """

    def __init__(self, session: AnySession, keys: KeyRing, metadata: MetaData) -> None:
        """Raises ValueError for keys whose names differ in case only: some databases take them for one."""
        names = [name.casefold() for name, _ in keys.keys]
        if len(set(names)) != len(names):
            raise ValueError("ENCRYPTION_KEYS: two keys have the same name")
        self._session = session
        self._keys = keys
        self._metadata = metadata

    @property
    def newest(self) -> str:
        """The name of the key that everything gets."""
        return self._keys.keys[0][0]

    def columns(self) -> list[Column[Any]]:
        """Every encrypted column, tables by name."""
        tables = sorted(self._metadata.tables.values(), key=lambda table: table.name)
        return [column for table in tables for column in table.columns if column.info.get("encrypted")]

    def run(self, tell: Callable[[Rotated], object] = lambda rotated: None) -> list[Rotated]:
        """Renew everything; `tell` hears of each column when it is done."""
        found = []
        for column in self.columns():
            found.append(self._column(column))
            tell(found[-1])
        return found

    def _column(self, column: Column[Any]) -> Rotated:
        renewed = unreadable = 0
        for _ in range(_PASSES):
            done, unreadable, missed = self._pass(column)
            renewed += done
            if not missed:
                return Rotated(f"{column.table.name}.{column.name}", renewed, unreadable, 0)
        return Rotated(f"{column.table.name}.{column.name}", renewed, unreadable, missed)

    def _pass(self, column: Column[Any]) -> tuple[int, int, int]:
        """Once through the table: renewed, unreadable, and changed by somebody else meanwhile."""
        renewed = unreadable = missed = 0
        for rows in self._batches(column):
            fresh = [(row, self._renewed(row, column)) for row in rows]
            unreadable += sum(value is None for _, value in fresh)
            exchanges = [(row, value) for row, value in fresh if value is not None]
            kept = retrying(partial(self._exchange, column, exchanges))
            renewed += kept
            missed += len(exchanges) - kept
        return renewed, unreadable, missed

    def _batches(self, column: Column[Any]) -> Iterator[Sequence[Row[Any]]]:
        keys = list(_table(column).primary_key.columns)
        newest = f"{self.newest}."
        old = column.is_not(None) & (func.substr(column, 1, len(newest)) != _as_kept(newest, column))
        query = select(*keys, column.label("stored")).where(old).order_by(*keys).limit(BATCH)
        last: Sequence[Any] | None = None
        while rows := fetch(self._session, query if last is None else query.where(_behind(keys, last))):
            yield rows
            last = list(rows[-1])[: len(keys)]

    def _renewed(self, row: Row[Any], column: Column[Any]) -> str | bytes | None:
        context = f"{column.table.name}.{column.name}"
        stored = row.stored.decode() if isinstance(row.stored, bytes) else row.stored
        try:
            return _as_kept(self._keys.encrypt(self._keys.decrypt(stored, context), context), column)
        except UnreadableSecret:
            return None

    def _exchange(self, column: Column[Any], exchanges: Sequence[tuple[Row[Any], str | bytes]]) -> int:
        """How many of them are kept."""
        keys = list(_table(column).primary_key.columns)
        kept = 0
        with transaction(self._session) as session:
            for row, value in exchanges:
                same = [key == part for key, part in zip(keys, list(row), strict=False)]
                statement = update(_table(column)).where(*same, column == row.stored)
                values: Mapping[str, str | bytes] = {column.name: value}
                kept += session.connection().execute(statement.values(**values)).rowcount
        return kept


def _table(column: Column[Any]) -> Table:
    table = column.table
    if not isinstance(table, Table):
        raise TypeError("an encrypted column stands in a table")
    return table


def _behind(keys: Sequence[Column[Any]], last: Sequence[Any]) -> Any:
    return keys[0] > last[0] if len(keys) == 1 else tuple_(*keys) > tuple_(*last)


def _as_kept(text: str, column: Column[Any]) -> str | bytes:
    """In what the column keeps: text or bytes."""
    return text.encode() if isinstance(column.type, LargeBinary) else text
