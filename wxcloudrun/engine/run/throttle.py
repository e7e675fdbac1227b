"""Bounds on requests: how many a second in an environment, how many at once in a run and to a host."""

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from wxcloudrun.engine.bounds import Bounds

Gate = queue.SimpleQueue[None]
"""One entry for each free place. A semaphore does the same, ten times as slowly: it is written in Python."""


class Throttle(Protocol):
    """Says how long to wait before the next request of an environment; workers may share one."""

    def reserve(self, key: str, rate_per_second: float) -> float:
        """Take the next place in the row of `key`; the seconds until it comes."""


class LocalThrottle:
    """A throttle inside this process: requests are spaced evenly, with a burst of one."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def reserve(self, key: str, rate_per_second: float) -> float:
        """Take the next place in the row of `key`; the seconds until it comes."""
        now = time.monotonic()
        with self._lock:
            at = max(now, self._next.get(key, now))
            self._next[key] = at + 1.0 / rate_per_second
        return at - now


class Gates:
    """Requests under way: at most so many in the run, and so many to one host."""

    def __init__(self, total: int, per_host: int) -> None:
        self._total = _gate(total)
        self._per_host = per_host
        self._hosts: dict[str, Gate] = {}
        self._lock = threading.Lock()

    @contextmanager
    def through(self, host: str, bounds: Bounds) -> Iterator[bool]:
        """Hold a place while the request is under way; gives False when the bounds ended before there was one."""
        gates = (self._host(host), self._total)
        held = []
        for gate in gates:
            if not _take(gate, bounds):
                break
            held.append(gate)
        try:
            yield len(held) == len(gates)
        finally:
            for gate in held:
                gate.put(None)

    def _host(self, host: str) -> Gate:
        gate = self._hosts.get(host)
        if gate is None:
            with self._lock:
                gate = self._hosts.setdefault(host, _gate(self._per_host))
        return gate


def _gate(places: int) -> Gate:
    gate: Gate = queue.SimpleQueue()
    for _ in range(places):
        gate.put(None)
    return gate


def _take(gate: Gate, bounds: Bounds) -> bool:
    try:
        gate.get_nowait()
        return True
    except queue.Empty:
        pass
    while not bounds.is_set():
        try:
            gate.get(timeout=0.2)
            return True
        except queue.Empty:
            continue
    return False
