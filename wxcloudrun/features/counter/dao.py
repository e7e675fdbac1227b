"""The counter's row; a migration seeds it."""

from typing import Any

from sqlalchemy import bindparam, select, update

from wxcloudrun.core.db import AnySession, fetch
from wxcloudrun.features.counter.models import Counter

_ONLY = 1
_TABLE: Any = Counter.__table__
_VALUE = select(_TABLE.c.value).where(_TABLE.c.id == _ONLY)
# Written once: building a statement costs more than carrying it out.
_ADD = update(_TABLE).where(_TABLE.c.id == _ONLY).values(value=_TABLE.c.value + bindparam("step"))
_SET = update(_TABLE).where(_TABLE.c.id == _ONLY).values(value=bindparam("new"))


class CounterDao:
    """Questions about the one counter."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def value(self) -> int:
        """The stored count."""
        return int(fetch(self._session, _VALUE)[0].value)

    def add(self, step: int) -> None:
        """Add in the database, in one statement: two at once both count."""
        self._session.connection().execute(_ADD, {"step": step})

    def set(self, value: int) -> None:
        """Replace the count."""
        self._session.connection().execute(_SET, {"new": value})
