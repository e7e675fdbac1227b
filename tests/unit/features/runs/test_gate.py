"""Permits for requests: who waits for whom."""

import threading
import time
from collections import deque
from contextlib import contextmanager

import pytest

from wxcloudrun.features.runs.gate import HostGates, StepGate
from wxcloudrun.features.runs.models import Priority

INTERACTIVE, CI, SCHEDULE = Priority.INTERACTIVE, Priority.CI, Priority.SCHEDULE


def never():
    return False


class Time:
    now = 0.0

    def __call__(self):
        return self.now


class Queue:
    """Threads that wait for a permit; each notes its name when it has one and keeps it until told."""

    def __init__(self, gate):
        self.gate = gate
        self.order = []
        self.threads = []
        self.go = deque()

    def wait(self, name, priority=CI, project=1, stop=never):
        let_go = threading.Event()

        def work():
            with permit(self.gate, priority, project, stop) as held:
                self.order.append(name if held else f"{name} gave up")
                self.go.append(let_go)
                let_go.wait(10)

        before = self.waiting()
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self.threads.append(thread)
        until(lambda: self.waiting() > before or len(self.order) == len(self.threads))

    def waiting(self):
        return sum(len(row) for rows in self.gate._rows.values() for row in rows.values())

    def finish(self):
        """Each gives its permit back as soon as it has it; the order in which they had it."""
        for _ in self.threads:
            until(lambda: self.go)
            self.go.popleft().set()
        for thread in self.threads:
            thread.join(5)
        return self.order


def until(true):
    ends = time.monotonic() + 5
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.001)


@contextmanager
def permit(gate, priority, project, cancel):
    held = gate.take(priority, project, cancel)
    try:
        yield held
    finally:
        if held:
            gate.give_back()


def taken(gate):
    return permit(gate, CI, 9, never)


def test_an_interactive_run_waits_for_one_request_of_somebody_else_at_most():
    gate = StepGate(1)
    queue = Queue(gate)
    with taken(gate):
        for number in range(5):
            queue.wait(f"ci{number}", project=number)
        queue.wait("interactive", INTERACTIVE)
    assert queue.finish()[0] == "interactive"


def test_each_of_its_steps_gets_the_first_permit_that_comes_back():
    gate = StepGate(2)
    queue = Queue(gate)
    for number in range(8):
        queue.wait(f"other{number}", SCHEDULE, project=number)
    for round_number in range(6):
        queue.wait(f"step{round_number}", INTERACTIVE, project=99)
        until(lambda: queue.go)
        queue.go.popleft().set()
        until(lambda wanted=f"step{round_number}": wanted in queue.order)
        assert queue.order[-1] == f"step{round_number}"
    queue.threads = queue.threads[6:]
    queue.finish()


def test_projects_take_turns():
    gate = StepGate(1)
    queue = Queue(gate)
    with taken(gate):
        for name in ("a1", "a2", "a3", "a4"):
            queue.wait(name, project=1)
        queue.wait("b1", project=2)
        queue.wait("c1", project=3)
        queue.wait("b2", project=2)
    assert queue.finish() == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


def test_who_is_canceled_while_waiting_gets_no_permit_and_keeps_none():
    gate = StepGate(1)
    queue = Queue(gate)
    canceled = threading.Event()
    with taken(gate):
        queue.wait("first", stop=canceled.is_set)
        queue.wait("second")
        canceled.set()
        until(lambda: queue.order == ["first gave up"])
    assert queue.finish() == ["first gave up", "second"]
    with permit(gate, CI, 1, lambda: True) as held:
        assert held, "every permit came back"


def test_who_has_waited_very_long_gets_a_turn_among_more_urgent_ones():
    clock = Time()
    gate = StepGate(1, clock)
    queue = Queue(gate)
    with taken(gate):
        queue.wait("old", SCHEDULE)
        clock.now = 31.0
        for number in range(10):
            queue.wait(f"i{number}", INTERACTIVE)
    order = queue.finish()
    assert "old" in order[:8]
    assert order.index("old") > 0


def test_who_is_out_of_time_while_waiting_gets_none():
    clock = Time()
    gate = StepGate(1, clock)
    with taken(gate):
        assert gate.take(CI, 1, None, deadline=0.0) is False


def test_no_more_than_the_permits_are_out_at_once():
    gate = StepGate(3)
    out, most, lock = [0], [0], threading.Lock()

    def work(number):
        for _ in range(100):
            with permit(gate, Priority(1 + number % 3), number, never):
                with lock:
                    out[0] += 1
                    most[0] = max(most[0], out[0])
                with lock:
                    out[0] -= 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert most[0] <= 3
    assert gate._free == 3


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_a_fault_gives_the_permit_back(fault):
    gate = StepGate(1)
    with pytest.raises(fault), permit(gate, CI, 1, never):
        raise fault
    with permit(gate, CI, 1, lambda: True) as held:
        assert held


def test_a_host_has_a_gate_of_its_own_whatever_the_run():
    hosts = HostGates(1)
    assert hosts.of("a.example:80") is hosts.of("a.example:80")
    with permit(hosts.of("a.example:80"), CI, 1, never):
        assert hosts.of("a.example:80").take(CI, 2, lambda: True) is False
        with permit(hosts.of("b.example:80"), CI, 2, never) as held:
            assert held


def test_hosts_that_were_not_called_for_long_are_forgotten_but_none_that_is_called():
    hosts = HostGates(1)
    with permit(hosts.of("old.example:80"), CI, 1, never):
        for number in range(2000):
            hosts.of(f"{number}.example:80")
        assert hosts.of("old.example:80").take(CI, 2, lambda: True) is False
    for number in range(2000, 2100):
        hosts.of(f"{number}.example:80")
    assert len(hosts._gates) <= 1001
