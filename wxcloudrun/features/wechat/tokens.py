"""WeChat's access token in the database, for all processes; encrypted."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.exc import DBAPIError, IntegrityError

from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, retrying, transaction
from wxcloudrun.features.wechat.dao import TokenDao
from wxcloudrun.integrations.wechat.token_store import LONG_AGO, StoredToken, TokenStoreUnavailable

_TOKEN = "wechat_tokens.token"  # noqa: S105 - the column's name


class DatabaseTokenStore:
    """The TokenStore of integrations/wechat; each method is one short transaction."""

    def __init__(self, session: AnySession, keys: KeyRing, tokens: TokenDao | None = None) -> None:
        self._session = session
        self._keys = keys
        self._tokens = tokens or TokenDao(session)

    def load(self, appid: str, mode: str) -> StoredToken | None:
        """The token saved last, expired or not."""
        row = self._do(partial(self._tokens.get, appid, mode))
        if row is None or row.token is None:
            return None
        return StoredToken(self._keys.decrypt(row.token, _TOKEN), row.expires_at, row.fetched_at, row.version)

    def try_begin_refresh(self, appid: str, mode: str, version: int, *, now: datetime, until: datetime) -> bool:
        """Take the lease for fetching the next token."""
        if self._do(partial(self._tokens.lease, appid, mode, version, now=now, until=until)):
            return True
        return version == 0 and self._added(appid, mode, until)

    def save(self, appid: str, mode: str, token: StoredToken) -> bool:
        """Keep a new token and end the lease."""
        values = {
            "token": self._keys.encrypt(token.token, _TOKEN),
            "expires_at": token.expires_at,
            "fetched_at": token.fetched_at,
            "version": token.version,
            "lease_until": None,
        }
        change = partial(self._tokens.change, appid, mode, token.version - 1, values)
        if self._do(change):
            return True
        # A forced refresh asks for no lease, so the first token of all may come before its row.
        return token.version == 1 and self._added(appid, mode, token.fetched_at) and self._do(change)

    def give_up_refresh(self, appid: str, mode: str, version: int) -> None:
        """End the lease without a new token."""
        self._do(partial(self._tokens.change, appid, mode, version, {"lease_until": None}))

    def expire_if_current(self, appid: str, mode: str, version: int) -> bool:
        """Mark the token as refused by WeChat, unless a newer one is there."""
        return self._do(partial(self._tokens.change, appid, mode, version, {"expires_at": LONG_AGO}))

    def _added(self, appid: str, mode: str, lease_until: datetime) -> bool:
        """True when there was no row and this made it."""
        if self._do(partial(self._tokens.get, appid, mode)) is not None:
            return False
        try:
            self._do(partial(self._tokens.add, appid, mode, lease_until))
        except IntegrityError:
            return False
        return True

    def _do[R](self, work: Callable[[], R]) -> R:
        try:
            return retrying(partial(self._once, work))
        except IntegrityError:
            raise
        except DBAPIError:
            raise TokenStoreUnavailable from None

    def _once[R](self, work: Callable[[], R]) -> R:
        with transaction(self._session):
            return work()
