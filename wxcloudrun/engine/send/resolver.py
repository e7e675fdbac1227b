"""Looking a name up with a limit: the system's resolver knows none, so it works in a thread that may be left behind."""

import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence

from wxcloudrun.engine.errors import ErrorClass, StepError

type Lookup = Callable[[str], Sequence[str]]
type Cancel = Callable[[], bool]

_SLOTS = threading.BoundedSemaphore(32)
_TICK = 0.05


def system_lookup(host: str) -> list[str]:
    """Every address of a name, as the system's resolver orders them. Raises `OSError` when there is none."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def bounded_lookup(lookup: Lookup, host: str, timeout: float, cancel: Cancel) -> list[str]:
    """The addresses of `host` within `timeout` seconds.

    Raises `StepError`: resolve (no such name, or the resolver is overloaded), timeout, canceled. A look-up that takes
    longer goes on in its thread until the system gives up; at most 32 of them exist at once.
    """
    if not _SLOTS.acquire(timeout=max(timeout, 0)):
        raise StepError(ErrorClass.RESOLVE, f"{host} could not be looked up: 32 look-ups are already waiting")
    answer: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()
    threading.Thread(target=_look_up, args=(lookup, host, answer), name="name-lookup", daemon=True).start()
    found = _wait(answer, host, timeout, cancel)
    if isinstance(found, OSError) or not found:
        words = str(found) if isinstance(found, OSError) else None
        raise StepError(ErrorClass.RESOLVE, f"{host} has no address; check the host name", words)
    return found


def _look_up(lookup: Lookup, host: str, answer: "queue.SimpleQueue[list[str] | OSError]") -> None:
    try:
        answer.put(list(lookup(host)))
    except (OSError, UnicodeError) as error:
        answer.put(error if isinstance(error, OSError) else OSError(str(error)))
    finally:
        _SLOTS.release()


def _wait(
    answer: "queue.SimpleQueue[list[str] | OSError]", host: str, timeout: float, cancel: Cancel
) -> list[str] | OSError:
    ends = time.monotonic() + timeout
    while True:
        if cancel():
            raise StepError(ErrorClass.CANCELED, f"the run was canceled while {host} was looked up")
        left = ends - time.monotonic()
        if left <= 0:
            raise StepError(ErrorClass.TIMEOUT, f"{host} could not be looked up within {timeout * 1000:.0f} ms")
        try:
            return answer.get(timeout=min(left, _TICK))
        except queue.Empty:
            continue
