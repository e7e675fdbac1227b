"""Column types that behave alike on SQLite, MySQL, MariaDB, PostgreSQL and CockroachDB."""

from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Identity, Integer, String, Text, TypeDecorator
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column

# Row numbers stay below 2^53 everywhere, since JavaScript reads them: an identity counts up from one, also on
# CockroachDB, whose own default would be a number near 2^63.
ROW_ID = BigInteger().with_variant(Integer(), "sqlite")


def row_id() -> Mapped[int]:
    """The primary key of a table."""
    return mapped_column(ROW_ID, Identity(), primary_key=True, autoincrement=True)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python, plain DATETIME with microseconds in the table. Refuses naive values."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """MySQL and MariaDB need to be told that a second has a fraction."""
        kind = mysql.DATETIME(fsp=6) if dialect.name in {"mysql", "mariadb"} else DateTime()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Python -> table."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored; take it from the clock")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Table -> Python."""
        return None if value is None else value.replace(tzinfo=UTC)


class IntEnumColumn[E: IntEnum](TypeDecorator[E]):
    """An IntEnum, stored as its integer."""

    impl = Integer
    cache_ok = True

    def __init__(self, kind: type[E]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: E | None, dialect: Dialect) -> int | None:
        """Python -> table."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> E | None:
        """Table -> Python."""
        return None if value is None else self.kind(value)


# A column whose texts KeyRing has encrypted, in the context `table.column`; `flask secrets rotate` finds it by this.
ENCRYPTED = {"encrypted": True}
LONG_TEXT = Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")  # MySQL's TEXT ends at 64 KiB


def code(length: int) -> String:
    """Text that programs compare (keys, hashes, names of states): case and trailing blanks count on every server."""
    return String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb")
