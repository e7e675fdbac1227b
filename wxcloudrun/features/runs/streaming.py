"""A run as a stream of events, for browsers: its numbers and results as they come, and its end."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.db import AnySession
from wxcloudrun.core.errors import ApiError, TooManyRequests
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.runs.access import seen
from wxcloudrun.features.runs.questions import RunQuestions, first_row, viewing
from wxcloudrun.features.runs.schemas import ResultLine
from wxcloudrun.features.runs.service import run_view

_LOOK_S: Final = 1.0
_SIGN_S: Final = 15.0
_LONGEST_S: Final = 600.0
_AT_ONCE: Final = 100
_AGAIN_MS: Final = 2000


@dataclass(slots=True)
class Seats:
    """How many streams a process serves at once, each of which keeps a thread: `most` in all, `each` for one person."""

    most: int
    each: int = 3
    _taken: Counter[int] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def taken(self, person: int) -> Iterator[None]:
        """Take a seat for the length of a block. Raises TooManyRequests."""
        with self._lock:
            if self._taken.total() >= self.most or self._taken[person] >= self.each:
                raise TooManyRequests(retry_after=5)
            self._taken[person] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[person] -= 1


class RunStream:
    """Tells what happens to a run, for ten minutes at most; whoever comes back goes on where they were.

    While there is nothing to tell it asks one question a second and holds no connection to the database.
    """

    def __init__(
        self,
        session: AnySession,
        access: ProjectAccess,
        seats: Seats,
        questions: RunQuestions | None = None,
        wait: Callable[[float], object] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._access = access
        self._seats = seats
        self._questions = questions or RunQuestions(session)
        self._wait, self._monotonic = wait or threading.Event().wait, monotonic

    def events(self, actor: Actor, project_id: int, run_id: int, after: int) -> Iterator[str]:
        """Events (`progress`, `result`, `end`) behind the result number `after`; -1: from the first one.

        Raises ProjectNotFound, RunNotFound and TooManyRequests when the first piece is asked for.
        """
        with self._seats.taken(actor.user_id or 0):
            yield f"retry: {_AGAIN_MS}\n\n"
            yield from self._told(actor, project_id, run_id, after)

    def _told(self, actor: Actor, project_id: int, run_id: int, after: int) -> Iterator[str]:
        began = sign = self._monotonic()
        self._check(actor, project_id, run_id)
        before: dict[str, Any] | None = None
        while self._monotonic() - began < _LONGEST_S:
            row = self._questions.view(project_id, run_id)
            if row is None:  # removed meanwhile
                yield _event("end", {"state": None})
                return
            run = run_view(row).model_dump(exclude={"summary"})
            lines = self._lines(project_id, run_id, after) if row.stored > after + 1 else []
            for line in lines:
                yield _event("result", line.model_dump(), line.seq)
            after = lines[-1].seq if lines else after
            if run != before:
                yield _event("progress", run)
                before = run
            if row.state.final and len(lines) < _AT_ONCE:
                yield _event("end", {"state": run["state"]})
                return
            if self._monotonic() - sign >= _SIGN_S:
                sign = self._monotonic()
                self._check(actor, project_id, run_id)
                yield ": still here\n\n"
            if not lines:
                self._wait(_LOOK_S)

    def _check(self, actor: Actor, project_id: int, run_id: int) -> None:
        """Raises ProjectNotFound, RunNotFound: also while it goes on, for somebody who is no member any more."""
        question = viewing(project_id, run_id)
        membership, rows = self._access.require_beside(actor, project_id, Right.VIEW, question)
        seen(actor, membership, first_row(rows))

    def _lines(self, project_id: int, run_id: int, after: int) -> list[ResultLine]:
        return [ResultLine.of(row) for row in self._questions.results(project_id, run_id, after, _AT_ONCE)]


def opened(events: Iterator[str]) -> Iterator[str]:
    """The same after its first two pieces were asked for: whatever refuses the stream is raised here."""
    first = next(events)
    second = next(events, "")

    def rest() -> Iterator[str]:
        yield first
        yield second
        try:
            yield from events
        except ApiError as error:  # the answer has begun: the stream ends with the refusal's name
            yield f'event: end\ndata: {{"error": "{error.name()}"}}\n\n'

    return rest()


def _event(name: str, data: Any, number: int | None = None) -> str:
    """One event; JSON has no line breaks of its own."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"{'' if number is None else f'id: {number}\n'}event: {name}\ndata: {text}\n\n"
