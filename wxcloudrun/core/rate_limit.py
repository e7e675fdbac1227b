"""Limits on how often a route is called; when their shared store fails they go on in this process's memory."""

import hashlib
import logging
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from wxcloudrun.core.errors import TooManyRequests
from wxcloudrun.core.logging import log

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.strategies import RateLimiter as Strategy

_logger = logging.getLogger("wxcloudrun.rate_limit")
_STORE_REST_S = 10.0


class Limited(Protocol):
    """What is limited: a route."""

    @property
    def method(self) -> str:
        """GET, POST ..."""
        ...

    @property
    def path(self) -> str:
        """The route's rule."""
        ...


class RateLimiter:
    """Counts calls by a sliding window, in `storage` (memory:// or redis://...), and in memory while that is down."""

    def __init__(self, storage: str, *, enabled: bool = True) -> None:
        self._storage = storage
        self._enabled = enabled
        self._lock = threading.Lock()
        self._shared: Strategy | None = None
        self._own: Strategy | None = None
        self._resting_until = 0.0

    def check(self, route: Limited, scope: str, who: str, rule: str | None) -> None:
        """Count one call of `who`. Raises TooManyRequests with the seconds to wait."""
        if rule is None or not self._enabled:
            return
        from limits import parse  # noqa: PLC0415 - the first limited request pays, not the start

        item = parse(rule)
        key = (route.method, route.path, scope, hashlib.sha256(who.encode()).hexdigest()[:24])
        try:
            wait = self._hit(self._strategy(), item, key)
        except Exception as error:  # noqa: BLE001 - each store has errors of its own; none may fail a request
            self._rest(error)
            wait = self._hit(self._strategy(), item, key)
        if wait is not None:
            raise TooManyRequests(retry_after=wait)

    def _hit(self, strategy: "Strategy", item: "RateLimitItem", key: tuple[str, ...]) -> int | None:
        """Count a call; the seconds to wait where it is one too many."""
        if strategy.hit(item, *key):
            return None
        return max(1, min(item.get_expiry(), int(strategy.get_window_stats(item, *key).reset_time - time.time()) + 1))

    def _strategy(self) -> "Strategy":
        from limits.storage import storage_from_string  # noqa: PLC0415 - as above
        from limits.strategies import MovingWindowRateLimiter  # noqa: PLC0415 - as above

        with self._lock:
            if self._own is None:
                self._own = MovingWindowRateLimiter(storage_from_string("memory://"))
            if self._storage == "memory://" or time.monotonic() < self._resting_until:
                return self._own
            if self._shared is None:
                self._shared = MovingWindowRateLimiter(storage_from_string(self._storage, **_impatient()))
            return self._shared

    def _rest(self, error: Exception) -> None:
        """Leave the failing store alone for a while."""
        log(_logger, "store of rate limits failed; counting here", logging.WARNING, error=type(error).__name__)
        with self._lock:
            self._resting_until = time.monotonic() + _STORE_REST_S


def _impatient() -> dict[str, Any]:
    """Options of a Redis client that gives up at its first failure: by itself it would try again for seconds."""
    from redis.backoff import NoBackoff  # noqa: PLC0415 - only who shares limits needs it
    from redis.retry import Retry  # noqa: PLC0415 - as above

    never = Retry(NoBackoff(), 0)
    return {"socket_connect_timeout": 0.5, "socket_timeout": 0.5, "retry": never}
