"""Compares what two runs gave, step by step: what fails now, what does no longer, what is new, gone, or slower."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

type Name = tuple[object, ...]
"""What tells a step from the others in any run."""

LEAST_HISTORY: Final = 5
_DEVIATIONS: Final = 4.0
_SCALE: Final = 1.4826  # makes a median deviation comparable with a standard one
_LEAST_SLOWER_MS: Final = 20.0
_LEAST_SLOWER: Final = 1.2


@dataclass(frozen=True, slots=True)
class StepSeen:
    """What a run gave of one step. `cause`: the key of what made it fail; None where it is not known."""

    name: Name
    wrong: bool
    duration_ms: float | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Slower:
    """A step that takes longer than it used to: its median before, what it may take at most, and what it took now."""

    name: Name
    usual_ms: float
    limit_ms: float
    now_ms: float


@dataclass(frozen=True, slots=True)
class Compared:
    """What is different; each list in the order in which the later run gave the steps."""

    new_failures: list[Name] = field(default_factory=list)
    fixed: list[Name] = field(default_factory=list)
    still_failing: list[Name] = field(default_factory=list)
    other_cause: list[Name] = field(default_factory=list)
    added: list[Name] = field(default_factory=list)
    removed: list[Name] = field(default_factory=list)
    slower: list[Slower] = field(default_factory=list)


def compared(
    now: Iterable[StepSeen], then: Iterable[StepSeen], history: Mapping[Name, Sequence[float]] | None = None
) -> Compared:
    """What the run `now` gave that `then` did not. Of steps with one name, one that went wrong speaks for all.

    A step that fails and was not there before is a new failure and added. `other_cause` are those that fail as before,
    for another cause; they are not among `still_failing`. `history`: earlier durations of steps in milliseconds.
    """
    after, before = _by_name(now), _by_name(then)
    found = Compared(removed=[name for name in before if name not in after])
    for name, step in after.items():
        old = before.get(name)
        if old is None:
            found.added.append(name)
        if step.wrong:
            _failing(found, step, old)
        elif old is not None and old.wrong:
            found.fixed.append(name)
    for name, step in after.items():
        slow = _slower(step, (history or {}).get(name, ()))
        if slow is not None:
            found.slower.append(slow)
    return found


def _failing(found: Compared, step: StepSeen, old: StepSeen | None) -> None:
    if old is None or not old.wrong:
        found.new_failures.append(step.name)
    elif step.cause is not None and old.cause is not None and step.cause != old.cause:
        found.other_cause.append(step.name)
    else:
        found.still_failing.append(step.name)


def _by_name(steps: Iterable[StepSeen]) -> dict[Name, StepSeen]:
    seen: dict[Name, StepSeen] = {}
    for step in steps:
        if step.name not in seen or (step.wrong and not seen[step.name].wrong):
            seen[step.name] = step
    return seen


def _slower(step: StepSeen, history: Sequence[float]) -> Slower | None:
    """Whether a step that did not fail took longer than its history allows; never by one earlier run alone."""
    if step.wrong or step.duration_ms is None or len(history) < LEAST_HISTORY:
        return None
    usual = statistics.median(history)
    spread = statistics.median(abs(one - usual) for one in history) * _SCALE
    limit = max(usual + _DEVIATIONS * spread, usual * _LEAST_SLOWER, usual + _LEAST_SLOWER_MS)
    return Slower(step.name, usual, limit, step.duration_ms) if step.duration_ms > limit else None
