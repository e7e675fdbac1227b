"""The database's own clock as SQL: the one clock that all processes share, whatever their machines' clocks say."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from wxcloudrun.core.columns import UtcDateTime


class utc_now(FunctionElement[datetime]):  # noqa: N801 - reads as the SQL function that it is
    """The moment at which the statement runs, in UTC, as `UtcDateTime` columns hold it."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(utc_now, "mysql")
@compiles(utc_now, "mariadb")
def _mysql(element: utc_now, compiler: SQLCompiler, **_: Any) -> str:
    return "UTC_TIMESTAMP(6)"


@compiles(utc_now, "postgresql")
@compiles(utc_now, "cockroachdb")
def _postgresql(element: utc_now, compiler: SQLCompiler, **_: Any) -> str:
    return "timezone('utc', clock_timestamp())"  # now() would be the moment at which the transaction began


@compiles(utc_now, "sqlite")
def _sqlite(element: utc_now, compiler: SQLCompiler, **_: Any) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"  # three digits of the six that SQLAlchemy writes
