"""PostgreSQL connections that never wait longer than a limit for a server that went silent."""

from typing import Any

import psycopg
from psycopg import errors

ANSWER_TIMEOUT = "answer_timeout_s"


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that gives up, and closes, when no answer comes: neither libpq nor the server can tell by itself."""

    answer_timeout_s = 30.0

    @classmethod
    def connected(cls, *arguments: Any, **named: Any) -> "BoundedConnection":
        """As `connect`, with `answer_timeout_s` besides its arguments."""
        limit = named.pop(ANSWER_TIMEOUT, cls.answer_timeout_s)
        connection = cls.connect(*arguments, **named)
        connection.answer_timeout_s = limit
        return connection

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Carry out one exchange with the server. Raises OperationalError when it takes too long."""
        try:
            return super().wait(gen, interval, self.answer_timeout_s if timeout is None else timeout)
        except errors._WaitTimeout:  # psycopg has no public name for it
            self.pgconn.finish()
            raise psycopg.OperationalError("the server did not answer in time") from None
