"""What readiness asks the database."""

from typing import Any

from sqlalchemy import Engine, Select, String, column, literal, select, table
from sqlalchemy.exc import DatabaseError

_REVISION: Select[Any] = select(column("version_num", String)).select_from(table("alembic_version"))


class DatabaseProbe:
    """Asks on a connection of its own: a request's session is not touched."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def answers(self) -> None:
        """One round trip. Raises what the driver raises."""
        with self._engine.connect() as connection:
            connection.scalar(select(literal(1)))

    def revision(self) -> str | None:
        """The migration the tables are at; None where none was applied."""
        with self._engine.connect() as connection:
            try:
                return connection.scalars(_REVISION).one_or_none()
            except DatabaseError:
                return None
