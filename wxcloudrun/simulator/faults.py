"""Faults on request: what can go wrong on the way, when it happens, and how a caller is left hanging."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Event

from wxcloudrun.simulator.wire import JSON, Answer


class FaultKind(StrEnum):
    """How a request is spoilt. The `consume_then_*` kinds carry the request out first and lose the answer."""

    HTTP500 = "http500"
    HTTP502 = "http502"
    TIMEOUT = "timeout"
    RESET = "reset"
    GARBAGE = "garbage"
    EMPTY = "empty"
    ERRCODE = "errcode"
    SLOW = "slow"
    CONSUME_THEN_TIMEOUT = "consume_then_timeout"
    CONSUME_THEN_RESET = "consume_then_reset"


@dataclass(frozen=True)
class Fault:
    """A spoilt answer for a path (a trailing `*` matches any rest).

    It begins at the `nth` matching request from now on (1 is the next) and lasts for `times` requests; 0 is for ever.
    `value` is the errcode of ERRCODE, milliseconds of SLOW, and the seconds that a timeout holds the caller.
    """

    path: str
    kind: FaultKind
    nth: int = 1
    times: int = 1
    value: float | None = None

    def matches(self, path: str) -> bool:
        """Whether the fault is meant for this path."""
        return path.startswith(self.path[:-1]) if self.path.endswith("*") else path == self.path


class FaultList:
    """The faults in waiting. Not thread safe by itself: the state's lock is held around it."""

    def __init__(self) -> None:
        self._faults: list[tuple[Fault, int]] = []  # a fault and how many matching requests it has seen

    def add(self, fault: Fault) -> None:
        """Wait for requests to spoil."""
        self._faults.append((fault, 0))

    def clear(self) -> None:
        """Spoil nothing any more."""
        self._faults.clear()

    def take(self, path: str) -> Fault | None:
        """Count this request for every matching fault; the first one that is due is the one to carry out."""
        due: Fault | None = None
        for index, (fault, seen) in enumerate(self._faults):
            if not fault.matches(path):
                continue
            self._faults[index] = (fault, seen + 1)
            if due is None and seen + 1 >= fault.nth and (not fault.times or seen + 1 < fault.nth + fault.times):
                due = fault
        return due


class DroppedConnectionError(ConnectionError):
    """The connection ends without an answer; with `abort` as a TCP reset, else as a plain close."""

    def __init__(self, abort: bool) -> None:
        super().__init__("the simulator was told to drop this connection")
        self.abort = abort


def spoil(fault: Fault, carry_out: Callable[[], Answer], refuse: Callable[[int], Answer], gate: "Hold") -> Answer:
    """The spoilt answer to a request; raises DroppedConnectionError where there is none."""
    match fault.kind:
        case FaultKind.HTTP500 | FaultKind.HTTP502:
            return _gateway_page(500 if fault.kind is FaultKind.HTTP500 else 502)
        case FaultKind.GARBAGE:
            return Answer(b'{"errcode":0,"openid":\xff\xfe<html>', JSON)
        case FaultKind.EMPTY:
            return Answer(b"", JSON)
        case FaultKind.ERRCODE:
            return refuse(int(fault.value if fault.value is not None else -1))
        case FaultKind.SLOW:
            time.sleep((fault.value or 0) / 1000)
            return carry_out()
        case _:
            return _drop(fault, carry_out, gate)


@dataclass(frozen=True)
class Hold:
    """How long a caller is left waiting, and the event that ends the wait early (a reset)."""

    seconds: float
    released: Event


def _drop(fault: Fault, carry_out: Callable[[], Answer], gate: Hold) -> Answer:
    if fault.kind in (FaultKind.CONSUME_THEN_TIMEOUT, FaultKind.CONSUME_THEN_RESET):
        carry_out()
    if fault.kind in (FaultKind.TIMEOUT, FaultKind.CONSUME_THEN_TIMEOUT):
        gate.released.wait(gate.seconds if fault.value is None else fault.value)
        raise DroppedConnectionError(abort=False)
    raise DroppedConnectionError(abort=True)


def _gateway_page(status: int) -> Answer:
    page = f"<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>"
    return Answer(page.encode(), "text/html", status)
