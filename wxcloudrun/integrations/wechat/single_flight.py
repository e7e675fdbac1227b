"""One exchange for a one-time code, however many ask for it at the same moment in this process."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from copy import copy
from datetime import datetime, timedelta

from wxcloudrun.integrations.wechat.config import Clock
from wxcloudrun.integrations.wechat.errors import WeChatError

_MOST_REMEMBERED = 1000


class SingleFlight[T]:
    """Shares the outcome of a call by code.

    Who asks while the call is under way waits for it and gets its outcome, failure included; who asks within
    `remember_seconds` after a success gets the same result; a failure is not remembered. Codes are kept as digests.
    """

    def __init__(self, clock: Clock, remember_seconds: float) -> None:
        self._clock = clock
        self._remember = timedelta(seconds=remember_seconds)
        self._lock = threading.Lock()
        self._flights: OrderedDict[str, tuple[datetime, Future[T]]] = OrderedDict()

    def run(self, code: str, call: Callable[[], T]) -> T:
        """The outcome of `call`, made by this caller or by another."""
        key = hashlib.sha256(code.encode()).hexdigest()
        future, first = self._join(key)
        if not first:
            return self._outcome(future)
        try:
            future.set_result(call())
        except BaseException as fault:
            self._leave(key)
            future.set_exception(fault)
            raise
        if not self._remember:
            self._leave(key)
        return future.result()

    def _join(self, key: str) -> tuple[Future[T], bool]:
        now = self._clock.now()
        with self._lock:
            self._drop_old(now)
            if key in self._flights:
                return self._flights[key][1], False
            self._flights[key] = (now, Future())
            return self._flights[key][1], True

    def _drop_old(self, now: datetime) -> None:
        old = [key for key, (begun, future) in self._flights.items() if future.done() and now - begun >= self._remember]
        for key in old:
            del self._flights[key]
        while len(self._flights) >= _MOST_REMEMBERED:
            self._flights.popitem(last=False)

    def _leave(self, key: str) -> None:
        with self._lock:
            self._flights.pop(key, None)

    def _outcome(self, future: Future[T]) -> T:
        fault = future.exception()
        if isinstance(fault, WeChatError):
            # Each thread raises an exception of its own: a shared one would gather everybody's tracebacks.
            raise copy(fault)
        return future.result()
