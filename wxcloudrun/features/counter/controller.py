"""The counter over HTTP."""

from wxcloudrun.features.counter.schemas import CountChange
from wxcloudrun.features.counter.service import CounterService


def read(counter: CounterService) -> int:
    """Read the counter."""
    return counter.read()


def change(body: CountChange, counter: CounterService) -> int:
    """Add one to the counter, or set it to zero."""
    return counter.increment() if body.action == "inc" else counter.clear()
