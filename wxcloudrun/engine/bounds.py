"""Until when a part of a run may go on: canceled from outside, or out of time."""

import threading
from typing import Protocol

from wxcloudrun.engine.clock import Clock
from wxcloudrun.engine.errors import ErrorClass, StepError


class Cancel(Protocol):
    """Tells a run to stop; `threading.Event` is one."""

    def is_set(self) -> bool:
        """True once the run shall stop."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, at most `timeout` seconds; True when it is set."""


class Bounds:
    """The cancel flag and the moment (monotonic seconds) at which this part of the run has to end."""

    __slots__ = ("_cancel", "_clock", "until")

    def __init__(self, cancel: Cancel, clock: Clock, until: float) -> None:
        self._cancel = cancel
        self._clock = clock
        self.until = until

    def is_canceled(self) -> bool:
        """True when somebody canceled the run."""
        return self._cancel.is_set()

    @property
    def reason(self) -> str | None:
        """Why nothing more may begin, or None."""
        if self._cancel.is_set():
            return "the run was canceled"
        if self._clock.monotonic() >= self.until:
            return "the run's time is used up"
        return None

    def is_set(self) -> bool:
        """True when nothing more may begin."""
        return self.reason is not None

    def remaining(self) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self.until - self._clock.monotonic())

    def check(self) -> None:
        """Raises `StepError` (canceled, timeout) when nothing more may begin."""
        reason = self.reason
        if reason is not None:
            raise StepError(ErrorClass.CANCELED if self.is_canceled() else ErrorClass.TIMEOUT, reason)

    def wait(self, seconds: float) -> None:
        """Wait; raises `StepError` (canceled, timeout) when the time ends or the run is canceled meanwhile."""
        self.check()
        if seconds <= 0:
            return
        pause = min(seconds, self.remaining())
        self._cancel.wait(pause)
        if seconds > pause or self.is_canceled():
            self.check()
            raise StepError(ErrorClass.TIMEOUT, "the run's time is used up")

    def wider(self, until: float) -> "Bounds":
        """Bounds of a teardown: not canceled by what ended the rest, with an end of their own."""
        return Bounds(_NeverCanceled(), self._clock, until)


class _NeverCanceled:
    """A cancel flag for teardown: time passes, and it stays unset."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float | None = None) -> bool:
        return self._event.wait(timeout)
