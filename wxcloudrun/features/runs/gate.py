"""How many requests a worker has under way at once, in all and at one host, and whose is next."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from wxcloudrun.features.runs.models import Priority

if TYPE_CHECKING:
    from wxcloudrun.engine.send.sender import Sender
    from wxcloudrun.features.runs.supply import Claim

_LOOK_S = 0.1
_OLD_S = 30.0
_OLD_TURN = 8
_MOST_HOSTS = 1000


class StepGate:
    """Permits for requests. One that is given back goes to the most urgent who waits, so that an interactive run
    waits for one request of somebody else at most; inside a priority projects take turns.

    So that nobody waits for ever, who has waited for half a minute gets every eighth permit.
    """

    def __init__(self, permits: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._free = permits
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._rows: dict[Priority, OrderedDict[int, deque[_Waiter]]] = {one: OrderedDict() for one in Priority}
        self._waiting = 0
        self._given = 0  # permits that went from hand to hand

    def take(
        self, priority: Priority, project_id: int, cancel: Callable[[], bool] | None, deadline: float | None = None
    ) -> bool:
        """Get a permit, to be given back; false, and none, when `cancel` says so or `deadline` comes first."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            waiter = _Waiter(self._monotonic())
            self._rows[priority].setdefault(project_id, deque()).append(waiter)
            self._waiting += 1
        while not waiter.ready.wait(_LOOK_S):
            late = deadline is not None and self._monotonic() >= deadline
            if (late or (cancel is not None and cancel())) and self._resign(priority, project_id, waiter):
                return False
        return True

    def _resign(self, priority: Priority, project_id: int, waiter: "_Waiter") -> bool:
        """Leave the row; false when a permit came at this very moment."""
        with self._lock:
            row = self._rows[priority].get(project_id)
            if row is None or waiter not in row:
                return False
            row.remove(waiter)
            self._waiting -= 1
            if not row:
                del self._rows[priority][project_id]
            return True

    def give_back(self) -> None:
        """Hand a permit to the next one."""
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            self._given += 1
            rows = self._next_rows()
            project_id, row = rows.popitem(last=False)
            row.popleft().ready.set()
            self._waiting -= 1
            if row:
                rows[project_id] = row  # its next turn comes after everybody else's

    def is_idle(self, permits: int) -> bool:
        """True when every one of so many permits is free."""
        with self._lock:
            return self._free == permits

    def _next_rows(self) -> "OrderedDict[int, deque[_Waiter]]":
        waiting = [self._rows[one] for one in Priority if self._rows[one]]
        if len(waiting) > 1 and self._given % _OLD_TURN == 0:
            since = self._monotonic() - _OLD_S
            old = [rows for rows in waiting if min(row[0].since for row in rows.values()) <= since]
            waiting = old[-1:] or waiting
        return waiting[0]


class _Waiter:
    __slots__ = ("ready", "since")

    def __init__(self, since: float) -> None:
        self.ready = threading.Event()
        self.since = since


class HostGates:
    """A gate for each host, so that no target has more than so many requests of a worker under way, whatever the run.

    Hosts that were not called for long are forgotten.
    """

    def __init__(self, permits: int) -> None:
        self._permits = permits
        self._gates: OrderedDict[str, StepGate] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, host: str) -> StepGate:
        """The gate of a host with its port."""
        with self._lock:
            gate = self._gates.get(host)
            if gate is None:
                gate = self._gates[host] = StepGate(self._permits)
            self._gates.move_to_end(host)
            while len(self._gates) > _MOST_HOSTS and next(iter(self._gates.values())).is_idle(self._permits):
                self._gates.popitem(last=False)
        return gate


class GatedSender:
    """The engine's sender, which waits for permits before each request: of the host, then of the worker.

    `check` is asked once more after that.
    """

    def __init__(
        self,
        sender: "Sender",
        gate: StepGate,
        hosts: HostGates,
        claim: "Claim",
        check: Callable[[], None],
    ) -> None:
        self.prepare = sender.prepare
        self._sender = sender
        self._gate, self._hosts = gate, hosts
        self._priority, self._project_id = claim.priority, claim.project_id
        self._check = check

    def send(
        self,
        prepared: Any,
        *,
        jar: Any = None,
        deadline: float | None = None,
        cancel: Callable[[], bool] | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Any:
        """As the sender's; who is canceled or out of time while waiting sends nothing, and the sender says so."""
        held: list[StepGate] = []
        try:
            for gate in (self._hosts.of(prepared.draft.url.authority), self._gate):
                if gate.take(self._priority, self._project_id, cancel, deadline):
                    held.append(gate)
            self._check()
            return self._sender.send(prepared, jar=jar, deadline=deadline, cancel=cancel, headers=headers)
        finally:
            for gate in reversed(held):
                gate.give_back()

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()
