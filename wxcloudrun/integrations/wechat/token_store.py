"""Where the access token is kept for all processes: the contract, and a store in memory."""

import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""`expires_at` of a token that WeChat refused."""


@dataclass(frozen=True)
class StoredToken:
    """One row: the token of one app in one mode.

    `version` is 1 for the first token ever saved and one more with each; it names the token without showing it.
    WeChat asks for room for at least 512 characters. Moments are aware, in UTC.
    """

    token: str = field(repr=False)
    expires_at: datetime
    fetched_at: datetime
    version: int


class TokenStoreUnavailable(Exception):  # noqa: N818 - says what is the case, like the client's own errors
    """The store cannot be asked now. A store raises this instead of its driver's errors."""


class TokenStore(Protocol):
    """Shared by processes; every method is one short transaction and may raise TokenStoreUnavailable.

    A table serves with the unique key (appid, mode) and the columns token, expires_at, fetched_at, version and
    lease_until. Each change is one UPDATE whose WHERE names the version, so that of several processes one wins.
    """

    def load(self, appid: str, mode: str) -> StoredToken | None:
        """The token saved last, expired or not; None if none was ever saved (a row with version 0 counts as none)."""
        ...

    def try_begin_refresh(self, appid: str, mode: str, version: int, *, now: datetime, until: datetime) -> bool:
        """Take the lease: true for one caller, as long as the stored version is still `version` and no lease lasts.

        UPDATE .. SET lease_until = :until WHERE version = :version AND (lease_until IS NULL OR lease_until <= :now).
        `version` is 0 if nothing was ever saved: insert the row then, and let the unique key decide.
        """
        ...

    def save(self, appid: str, mode: str, token: StoredToken) -> bool:
        """Keep a token and end the lease, if the stored version is `token.version - 1`; else false, unchanged."""
        ...

    def give_up_refresh(self, appid: str, mode: str, version: int) -> None:
        """End the lease without a new token, if the stored version is still `version`."""
        ...

    def expire_if_current(self, appid: str, mode: str, version: int) -> bool:
        """Set `expires_at` to LONG_AGO if the stored version is `version`; false if a newer one is there."""
        ...


class MemoryTokenStore:
    """A store for one process, for tests and for development."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: dict[tuple[str, str], StoredToken] = {}
        self._leases: dict[tuple[str, str], datetime] = {}

    def load(self, appid: str, mode: str) -> StoredToken | None:
        """See TokenStore."""
        with self._lock:
            return self._tokens.get((appid, mode))

    def try_begin_refresh(self, appid: str, mode: str, version: int, *, now: datetime, until: datetime) -> bool:
        """See TokenStore."""
        with self._lock:
            if self._version(appid, mode) != version or self._leases.get((appid, mode), LONG_AGO) > now:
                return False
            self._leases[appid, mode] = until
            return True

    def save(self, appid: str, mode: str, token: StoredToken) -> bool:
        """See TokenStore."""
        with self._lock:
            if self._version(appid, mode) != token.version - 1:
                return False
            self._tokens[appid, mode] = token
            self._leases.pop((appid, mode), None)
            return True

    def give_up_refresh(self, appid: str, mode: str, version: int) -> None:
        """See TokenStore."""
        with self._lock:
            if self._version(appid, mode) == version:
                self._leases.pop((appid, mode), None)

    def expire_if_current(self, appid: str, mode: str, version: int) -> bool:
        """See TokenStore."""
        with self._lock:
            stored = self._tokens.get((appid, mode))
            if stored is None or stored.version != version:
                return False
            self._tokens[appid, mode] = replace(stored, expires_at=LONG_AGO)
            return True

    def _version(self, appid: str, mode: str) -> int:
        stored = self._tokens.get((appid, mode))
        return stored.version if stored else 0
