"""Branches side by side, on a bounded number of threads; their results come out as they happen."""

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from typing import Any

from wxcloudrun.engine.result.records import Outcome
from wxcloudrun.engine.result.result import StepResult

Steps = Generator[StepResult, None, Outcome]
Branch = Callable[[], Steps]

_AHEAD = 128
"""Results that may lie unread; the branches wait then, so that a slow reader is not buried."""

_NAP = 0.005
"""Seconds between two looks whether the reader has caught up."""


class Crew:
    """How many threads a run may have; nested groups that find none left go on in the thread they are in."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._free = size
        self._lock = threading.Lock()

    @property
    def at_work(self) -> bool:
        """True while there are branches: only then can more than one request be under way."""
        return self._free != self._size

    def take(self, wanted: int) -> int:
        """Take up to `wanted` threads; give them back with `release`."""
        with self._lock:
            granted = min(wanted, self._free)
            self._free -= granted
        return granted

    def release(self, count: int) -> None:
        """Give threads back."""
        with self._lock:
            self._free += count


def side_by_side(
    branches: Iterable[Branch], concurrency: int, crew: Crew
) -> Generator[StepResult, None, list[Outcome]]:
    """Run branches, at most `concurrency` at once. Yields results in order of completion, returns their outcomes.

    When the caller stops listening, branches end at their next result. An exception in a branch is raised here after
    the others have ended.
    """
    threads = crew.take(concurrency)
    try:
        if threads < 2:
            return (yield from _one_by_one(branches))
        return (yield from _Group(branches).run(threads))
    finally:
        crew.release(threads)


def _one_by_one(branches: Iterable[Branch]) -> Generator[StepResult, None, list[Outcome]]:
    outcomes = []
    for branch in branches:
        outcomes.append((yield from branch()))
    return outcomes


class _Group:
    def __init__(self, branches: Iterable[Branch]) -> None:
        self._todo = enumerate(branches)
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._abandoned = threading.Event()
        self._outcomes: dict[int, Outcome] = {}

    def run(self, count: int) -> Generator[StepResult, None, list[Outcome]]:
        """Start the threads, hand on what they give, wait for their end."""
        threads = [threading.Thread(target=self._work, name=f"branch-{number}", daemon=True) for number in range(count)]
        for thread in threads:
            thread.start()
        try:
            yield from self._listen(count)
        finally:
            self._abandoned.set()
            for thread in threads:
                thread.join()
        return [self._outcomes[index] for index in sorted(self._outcomes)]

    def _listen(self, running: int) -> Generator[StepResult, None, None]:
        fault: BaseException | None = None
        while running:
            kind, item = self._queue.get()
            if kind == "result":
                yield item
                continue
            running -= 1
            if item is not None and fault is None:
                fault = item
                self._abandoned.set()
        if fault is not None:
            raise fault

    def _work(self) -> None:
        fault: BaseException | None = None
        try:
            self._carry_out()
        except BaseException as error:  # noqa: BLE001  # carried to the thread that listens and raised there
            fault = error
        self._queue.put(("end", fault))

    def _carry_out(self) -> None:
        while not self._abandoned.is_set():
            with self._lock:
                index, branch = next(self._todo, (-1, None))
            if branch is None:
                return
            self._outcomes[index] = self._drain(branch())

    def _drain(self, steps: Steps) -> Outcome:
        while True:
            try:
                result = next(steps)
            except StopIteration as end:
                return Outcome(end.value)
            if not self._hand_over(result):
                steps.close()
                return Outcome.SKIPPED

    def _hand_over(self, result: StepResult) -> bool:
        """Hand a result to the reader; False when nobody reads any more.

        The queue has no bound of its own: one that has costs several times as much for each result.
        """
        while self._queue.qsize() >= _AHEAD and not self._abandoned.is_set():
            self._abandoned.wait(_NAP)
        if self._abandoned.is_set():
            return False
        self._queue.put(("result", result))
        return True
