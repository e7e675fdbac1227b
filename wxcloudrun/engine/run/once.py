"""A cache for "log in once": the first one fills it, the others wait for that one instead of doing it again."""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol


class Cache(Protocol):
    """Keeps the outputs of a scenario for a while; workers may share one (its values are secrets)."""

    def get_or_make(self, key: str, ttl_ms: int, make: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
        """The outputs kept under `key`, else what `make` gives, kept for `ttl_ms`. None is handed on and not kept.

        Only one caller makes at a time; the others wait for it.
        """


class LocalCache:
    """A cache inside this process."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}
        self._making: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def get_or_make(self, key: str, ttl_ms: int, make: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
        """The outputs kept under `key`, else what `make` gives, kept for `ttl_ms`. None is handed on and not kept."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            kept = self._kept.get(key)
            if kept is not None and kept[0] > self._now():
                return kept[1]
            made = make()
            if made is not None:
                self._kept[key] = (self._now() + ttl_ms / 1000, made)
            return made
