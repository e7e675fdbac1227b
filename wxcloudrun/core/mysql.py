"""MySQL connections that end no transaction that was not begun: one round trip less for each question."""

from typing import Any

from pymysql.connections import Connection
from pymysql.constants import SERVER_STATUS

_ISOLATION = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"


class QuietConnection(Connection):
    """Commit and rollback cost nothing where there is no transaction."""

    def connect(self, sock: Any = None) -> None:
        """Connect, and read what others have committed. Raises OperationalError."""
        super().connect(sock)
        self.query(_ISOLATION)

    def commit(self) -> None:
        """End the transaction, if there is one, and keep it."""
        if self._is_in_transaction:
            super().commit()

    def rollback(self) -> None:
        """End the transaction, if there is one, and keep nothing of it."""
        if self._is_in_transaction:
            super().rollback()

    @property
    def _is_in_transaction(self) -> bool:
        """As the server said with its last answer."""
        return bool(self.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)
