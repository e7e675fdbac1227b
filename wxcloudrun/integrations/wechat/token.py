"""Access tokens from WeChat: one fetch for all threads and processes, renewed in time, counted."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wxcloudrun.integrations.wechat.config import Clock, Sleep
from wxcloudrun.integrations.wechat.errors import Unavailable, WeChatError
from wxcloudrun.integrations.wechat.token_source import OPERATION, Grant
from wxcloudrun.integrations.wechat.token_store import (
    LONG_AGO,
    StoredToken,
    TokenStore,
    TokenStoreUnavailable,
)

log = logging.getLogger(__name__)

RENEW_BEFORE = timedelta(minutes=5)
_CACHE_FOR = timedelta(seconds=60)
_GRACE = timedelta(seconds=10)
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class FetchedToken:
    """WeChat's answer: the token and the seconds it has left."""

    token: str = field(repr=False)
    seconds: int


Fetch = Callable[[bool], FetchedToken]
"""Asks WeChat for a token; True kills the one before (stable mode only)."""


class ManagedTokens:
    """One app's access token.

    Kept in this process for up to a minute, in front of the store. Renewed when less than five minutes remain, by
    one thread of one process: the lease in the store decides which, the others keep the old token while it lasts or
    ask the store until the new one is there. Without a store each process keeps a token of its own for its whole
    life. Fetches are counted, so that no fault can use up the day's quota.
    """

    parameter = "access_token"

    def __init__(
        self,
        appid: str,
        mode: str,
        fetch: Fetch,
        store: TokenStore,
        clock: Clock,
        sleep: Sleep,
        lease_seconds: float = 15.0,
    ) -> None:
        self._key = (appid, mode)
        self._fetch = fetch
        self._store = store
        self._clock = clock
        self._sleep = sleep
        self._lease = timedelta(seconds=lease_seconds)
        self._polls = round((lease_seconds + 1) / _POLL_SECONDS)
        self._budget = FetchBudget(clock)
        self._lock = threading.Lock()
        self._held: StoredToken | None = None
        self._hold_until = LONG_AGO

    def get(self) -> Grant:
        """A token that should be good. Raises what the token call raises, or Unavailable after too many fetches."""
        held = self._held
        if held is None or self._clock.now() >= self._hold_until:
            with self._lock:
                held = self._current()
        return Grant(held.token, held.version)

    def replace(self, refused: Grant) -> Grant:
        """Declare a token dead unless a newer one is there already, and return the one that follows it."""
        with self._lock:
            if self._held is None or self._held.version == refused.version:
                self._forget(refused)
            held = self._current()
        return Grant(held.token, held.version)

    def force_refresh(self) -> None:
        """Let WeChat kill the present token, after a leak: two calls 30 seconds apart kill it at once.

        Twenty a day in stable mode; calls under way may meet a refused token and are sent once more.
        """
        with self._lock:
            stored = self._load_or_none() or self._held
            self._fetch_and_save(stored, force=True)

    def _current(self) -> StoredToken:
        if self._held is not None and self._clock.now() < self._hold_until:
            return self._held
        try:
            return self._from_store()
        except TokenStoreUnavailable:
            log.warning("wechat token store is unavailable", extra={"event": "wechat_token_store_unavailable"})
        return self._without_store()

    def _from_store(self) -> StoredToken:
        stored = self._store.load(*self._key)
        for _ in range(self._polls):
            if stored is not None and self._fresh(stored):
                return self._hold(stored)
            if self._begin(stored):
                return self._renew(stored)
            if stored is not None and self._alive(stored):
                return self._hold(stored)
            self._sleep(_POLL_SECONDS)
            stored = self._store.load(*self._key)
        raise Unavailable(OPERATION, maybe_sent=False, reason="another process is fetching the token")

    def _begin(self, stored: StoredToken | None) -> bool:
        now = self._clock.now()
        version = stored.version if stored else 0
        return self._store.try_begin_refresh(*self._key, version, now=now, until=now + self._lease)

    def _renew(self, stored: StoredToken | None) -> StoredToken:
        try:
            return self._fetch_and_save(stored)
        except WeChatError as fault:
            self._give_up(stored)
            if stored is None or not self._alive(stored):
                raise
            failed = type(fault).__name__
        log.warning("wechat token not renewed", extra={"event": "wechat_token_not_renewed", "error": failed})
        return self._hold(stored)

    def _without_store(self) -> StoredToken:
        held = self._held
        if held is not None and self._fresh(held):
            return self._hold(held)
        return self._renew(held)

    def _fetch_and_save(self, stored: StoredToken | None, force: bool = False) -> StoredToken:
        if not self._budget.take():
            raise Unavailable(OPERATION, maybe_sent=False, reason="too many token fetches")
        fetched = self._fetch(force)
        now = self._clock.now()
        version = stored.version + 1 if stored else 1
        token = StoredToken(fetched.token, now + timedelta(seconds=fetched.seconds), now, version)
        try:
            self._store.save(*self._key, token)
        except TokenStoreUnavailable:
            log.warning("wechat token not stored", extra={"event": "wechat_token_not_stored"})
        return self._hold(token)

    def _give_up(self, stored: StoredToken | None) -> None:
        try:
            self._store.give_up_refresh(*self._key, stored.version if stored else 0)
        except TokenStoreUnavailable:
            log.warning("wechat token lease not ended", extra={"event": "wechat_token_lease_not_ended"})

    def _forget(self, refused: Grant) -> None:
        self._hold_until = LONG_AGO
        if self._held is not None:
            self._held = StoredToken(self._held.token, LONG_AGO, self._held.fetched_at, self._held.version)
        try:
            self._store.expire_if_current(*self._key, refused.version)
        except TokenStoreUnavailable:
            log.warning("wechat token not expired", extra={"event": "wechat_token_not_expired"})

    def _load_or_none(self) -> StoredToken | None:
        try:
            return self._store.load(*self._key)
        except TokenStoreUnavailable:
            return None

    def _hold(self, token: StoredToken) -> StoredToken:
        now = self._clock.now()
        renew_at = token.expires_at - RENEW_BEFORE
        # A token in its last five minutes is kept for a moment only: the next look may find its successor.
        self._hold_until = min(now + _CACHE_FOR, renew_at) if renew_at > now else now + _GRACE
        self._held = token
        return token

    def _fresh(self, token: StoredToken) -> bool:
        return token.expires_at - RENEW_BEFORE > self._clock.now()

    def _alive(self, token: StoredToken) -> bool:
        return token.expires_at - _GRACE > self._clock.now()


class FetchBudget:
    """At most 6 fetches a minute and 60 an hour: below the old interface's daily cap, said to be 2000."""

    _LIMITS = ((timedelta(minutes=1), 6), (timedelta(hours=1), 60))

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._fetches: deque[datetime] = deque(maxlen=60)

    def take(self) -> bool:
        """Count one fetch; false if it must not be made."""
        now = self._clock.now()
        for span, limit in self._LIMITS:
            if sum(1 for moment in self._fetches if now - moment < span) >= limit:
                return False
        self._fetches.append(now)
        return True
