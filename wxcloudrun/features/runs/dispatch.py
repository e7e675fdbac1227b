"""Tells workers elsewhere which runs wait, by messages; every one of them may get lost, since the row is the truth."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

from wxcloudrun.core.logging import log
from wxcloudrun.features.runs.models import Priority, RunState
from wxcloudrun.features.runs.supply import RunSupply

_logger = logging.getLogger("wxcloudrun.runs")
_MOST_UNSENT = 1000
_MOST_AGAIN = 20
_PATIENCE = timedelta(seconds=2)
_LONGEST_REST_S = 30.0


class BrokerGone(Exception):
    """The broker cannot be reached, or did not take a message in time."""


class Messages(Protocol):
    """A broker, with a queue for each priority. Methods raise BrokerGone, after a few seconds at most."""

    def send(self, run_id: int, priority: Priority) -> None:
        """Put a message into the queue: this run waits."""

    def depth(self, priority: Priority) -> int:
        """How many messages nobody has taken yet."""

    def ping(self) -> None:
        """Connect anew."""


class RunDispatch:
    """Sends messages about runs that wait: at once when they are queued, and again when nobody took them.

    After a failure it rests for 1, 2, 4 ... at most 30 seconds; meanwhile messages are left out.
    """

    def __init__(
        self, supply: RunSupply, messages: Messages | None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Without `messages` nothing is sent."""
        self._supply, self._messages, self._monotonic = supply, messages, monotonic
        self._unsent: deque[tuple[int, Priority]] = deque()
        self._sending = False
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until = float("-inf")

    def soon(self, run_id: int, priority: Priority) -> None:
        """Send a message from another thread. Never waits and never fails."""
        if self._messages is None or self._resting:
            return
        with self._lock:
            if len(self._unsent) < _MOST_UNSENT:
                self._unsent.append((run_id, priority))
            if self._sending:
                return
            self._sending = True
        # Not a daemon: a command that queued a run ends when its message has left.
        threading.Thread(target=self._send_all, name="runs-messages", daemon=False).start()

    def answers(self) -> bool:
        """True when the broker can be reached, and where there is none to be reached."""
        try:
            if self._messages is not None:
                self._messages.ping()
        except BrokerGone:
            return False
        return True

    def again(self) -> int:
        """Send messages for runs that may begin and that nobody took, where their queue is empty; how many."""
        if self._messages is None or self._resting:
            return 0
        left = [run for run in self._supply.ready() if _is_left(run)]
        sent = 0
        for priority in sorted({run.priority for run in left}):
            sent += self._again(self._messages, priority, [run.id for run in left if run.priority is priority])
        return sent

    def _again(self, messages: Messages, priority: Priority, runs: list[int]) -> int:
        """As long as messages lie in the queue, workers are busy or away, and more of them would change nothing."""
        sent = 0
        try:
            for run_id in runs[:_MOST_AGAIN] if messages.depth(priority) == 0 else ():
                messages.send(run_id, priority)
                sent += 1
        except BrokerGone as error:
            self._rest(error)
        else:
            self._works()
        return sent

    def _send_all(self) -> None:
        """Send until nothing is left."""
        while (one := self._next()) is not None:
            try:
                self._messages.send(*one)  # type: ignore[union-attr]  # without messages nothing is queued
            except BrokerGone as error:
                self._rest(error)
            else:
                self._works()

    def _next(self) -> tuple[int, Priority] | None:
        with self._lock:
            if self._unsent and not self._resting:
                return self._unsent.popleft()
            self._unsent.clear()
            self._sending = False
            return None

    @property
    def _resting(self) -> bool:
        return self._monotonic() < self._rests_until

    def _rest(self, error: BrokerGone) -> None:
        self._failures += 1
        self._rests_until = self._monotonic() + min(2.0 ** min(self._failures - 1, 10), _LONGEST_REST_S)
        if self._failures == 1:
            log(_logger, "broker unavailable", logging.WARNING, error=type(error.__cause__).__name__)

    def _works(self) -> None:
        if self._failures:
            log(_logger, "broker is back")
        self._failures = 0


def _is_left(run: Any) -> bool:
    """True for a run whose worker is lost, and for one that waits for longer than a message takes.

    One that was queued in the future counts too: some clock went back.
    """
    return run.state is RunState.RUNNING or abs(run.now - run.created_at) >= _PATIENCE
