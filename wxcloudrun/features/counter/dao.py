"""The counter's row; a migration seeds it."""

from sqlalchemy import select, update

from wxcloudrun.core.db import AnySession
from wxcloudrun.features.counter.models import Counter

_ONLY = 1
_TABLE = Counter.__table__
_VALUE = select(_TABLE.c.value).where(_TABLE.c.id == _ONLY)
_ADD = update(Counter).where(Counter.id == _ONLY)


class CounterDao:
    """Questions about the one counter."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def value(self) -> int:
        """The stored count."""
        return int(self._session.connection().execute(_VALUE).scalar_one())

    def add(self, step: int) -> None:
        """Add in the database, in one statement: two at once both count."""
        self._session.connection().execute(_ADD.values(value=Counter.value + step))

    def set(self, value: int) -> None:
        """Replace the count."""
        self._session.connection().execute(_ADD.values(value=value))
