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

    __slots__ = ("_cancel", "_canceled", "_clock", "until")

    def __init__(self, cancel: Cancel, clock: Clock, until: float, canceled: "_Canceled | None" = None) -> None:
        self._cancel = cancel
        self._clock = clock
        self._canceled = canceled or _Canceled(cancel, clock)
        self.until = until

    def is_canceled(self) -> bool:
        """True when somebody canceled the run."""
        if not self._cancel.is_set():
            return False
        self._canceled.notice()
        return True

    @property
    def reason(self) -> str | None:
        """Why nothing more may begin, or None."""
        if self.is_canceled():
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

    def wider(self, until: float, grace_s: float) -> "Bounds":
        """Bounds of a teardown: with an end of their own, and canceled `grace_s` seconds after the rest was."""
        return Bounds(_Late(self._canceled, self._clock, grace_s), self._clock, until, self._canceled)


class _Canceled:
    """When the run was canceled: the moment at which a part of it noticed, the same for all of them."""

    __slots__ = ("_clock", "cancel", "since")

    def __init__(self, cancel: Cancel, clock: Clock) -> None:
        self.cancel = cancel
        self.since: float | None = None
        self._clock = clock

    def notice(self) -> None:
        """Note the moment, if there is one."""
        if self.since is None and self.cancel.is_set():
            self.since = self._clock.monotonic()


class _Late:
    """The run's cancel flag as a teardown sees it: some seconds later."""

    def __init__(self, canceled: _Canceled, clock: Clock, grace_s: float) -> None:
        self._canceled = canceled
        self._clock = clock
        self._grace_s = grace_s
        self._never = threading.Event()

    def is_set(self) -> bool:
        if not self._canceled.cancel.is_set():
            return False
        self._canceled.notice()
        return self._clock.monotonic() >= self._ends()

    def wait(self, timeout: float | None = None) -> bool:
        until = float("inf") if timeout is None else self._clock.monotonic() + timeout
        if not self._canceled.cancel.wait(timeout):
            return False
        self._canceled.notice()
        self._never.wait(max(0.0, min(until, self._ends()) - self._clock.monotonic()))
        return self.is_set()

    def _ends(self) -> float:
        since = self._canceled.since
        return (self._clock.monotonic() if since is None else since) + self._grace_s
