"""How long something takes, measured so that neither a busy machine nor the measuring of coverage changes the answer."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_IDLE_S = 0.0072  # what `_yardstick` takes on the machine for which the limits were written


@contextmanager
def soon(seconds: float) -> Iterator[None]:
    """Work: what happens inside takes this process less than that many seconds of a processor.

    The time spent waiting for other programs does not count, coverage is not measured, and a slower machine gets more.
    """
    with _untraced():
        began = time.process_time()
        yield
        took = time.process_time() - began
    if took >= seconds:
        assert took < seconds * slowness(), f"{took:.1f} s of a processor, {seconds} s are allowed"


@contextmanager
def promptly(seconds: float) -> Iterator[None]:
    """Waiting: what happens inside takes less than that many seconds on an idle machine, or so much more on a busy one.

    For what would take far longer if it went wrong: a minute where a second is allowed.
    """
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    assert took < seconds * patience(), f"{took:.1f} s, {seconds} s are allowed on an idle machine"


def slowness() -> float:
    """How many times longer than the machine of the limits this one works just now; at least 1."""
    return max(1.0, *(_yardstick() / _IDLE_S for _ in range(5)))


def patience() -> float:
    """How many times longer than on an idle machine something may wait: at least 2, more where programs queue."""
    return 2.0 + os.getloadavg()[0] / (os.cpu_count() or 1)


@contextmanager
def _untraced() -> Iterator[None]:
    """Without the tracer of coverage or of a debugger, which makes Python several times slower."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


def _yardstick() -> float:
    """Seconds of a processor for a fixed piece of plain Python."""
    with _untraced():
        began = time.thread_time()
        sum(len(str(number)) for number in range(100_000))
        return time.thread_time() - began
