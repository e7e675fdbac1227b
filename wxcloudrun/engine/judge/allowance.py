"""What the checks of one step may cost together, and the question, asked now and then, whether they may go on."""

import threading
import time
from collections.abc import Callable
from typing import Final

MAX_VISITS: Final = 5_000_000
"""Places that the paths of one step's checks may visit together."""

_ASK_EVERY: Final = 10_000
_UNASKED_SECONDS: Final = 0.1

type Ask = Callable[[], None]


class OverdrawnError(Exception):
    """The visits are used up."""


class Allowance:
    """Visits left; `ask` raises when nothing may go on. Inside its `with` block it is this thread's current one."""

    __slots__ = ("_ask", "_ask_below", "_began", "left")

    def __init__(self, ask: Ask | None = None) -> None:
        self._ask = ask
        self._began = time.monotonic()
        self.left = MAX_VISITS
        self._ask_below = MAX_VISITS - _ASK_EVERY

    def __enter__(self) -> "Allowance":
        _here.allowance = self
        return self

    def __exit__(self, *_: object) -> None:
        _here.allowance = None

    def spend(self, visits: int) -> None:
        """Count visits; raises OverdrawnError when none are left, and what `ask` raises."""
        self.left -= visits
        if self.left < self._ask_below:
            self._ask_below = self.left - _ASK_EVERY
            if self.left < 0:
                raise OverdrawnError
            if self._ask is not None:
                self._ask()

    def between(self) -> None:
        """Ask between two checks, once they have taken long enough for the question to be worth its time."""
        if self._ask is not None and time.monotonic() - self._began > _UNASKED_SECONDS:
            self._ask()


_here = threading.local()


def current() -> Allowance:
    """The allowance of the checks that this thread is at; one of its own where there are none."""
    allowance: Allowance | None = getattr(_here, "allowance", None)
    return Allowance() if allowance is None else allowance
