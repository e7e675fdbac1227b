"""The runs' tables for the threads of a worker, which no request gave a session."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from wxcloudrun.core.db import transaction
from wxcloudrun.features.runs.dao import RunDao


@dataclass(frozen=True, slots=True)
class RunTables:
    """The runs' tables for threads that have no request: each block has a session of its own, for as long as it lasts.

    `now` is the database's clock; a test may hand in another. `told` are the names of those who are told of every run
    that ended.
    """

    sessions: Callable[[], Session]
    now: ColumnElement[datetime] | None = None
    told: Collection[str] = ()

    @contextmanager
    def reading(self) -> Iterator[RunDao]:
        """Ask questions; each has its connection only while it is answered."""
        with self.sessions() as session:
            yield RunDao(session, self.now, self.told)

    @contextmanager
    def writing(self) -> Iterator[RunDao]:
        """One transaction."""
        with self.sessions() as session, transaction(session):
            yield RunDao(session, self.now, self.told)
