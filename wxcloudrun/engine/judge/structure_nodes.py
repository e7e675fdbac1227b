"""What the parts of a structural match share: the mismatch, the report that collects them, and paths."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

MAX_MISMATCHES: Final = 50
"""Mismatches that a report lists."""

_MAX_STEPS = 2_000_000
_SIMPLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Absent:
    """Stands for a key that is not there."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One place that differs. `expected` is a value or the marker's text; `actual` may be ABSENT."""

    path: str
    expected: Any
    actual: Any
    reason: str


class Report:
    """Collects mismatches and counts the work."""

    __slots__ = ("mismatches", "steps")

    def __init__(self, steps: int = 0) -> None:
        self.mismatches: list[Mismatch] = []
        self.steps = steps

    def add(self, path: str, expected: Any, actual: Any, reason: str) -> None:
        """Note a mismatch."""
        self.mismatches.append(Mismatch(path, expected, actual, reason))

    @property
    def full(self) -> bool:
        """True when further mismatches would not be shown, or the work is used up."""
        return len(self.mismatches) >= MAX_MISMATCHES or self.steps > _MAX_STEPS

    def spend(self, path: str) -> bool:
        """Count one step; False, with a mismatch noted once, when the work is used up."""
        self.steps += 1
        if self.steps == _MAX_STEPS + 1:
            self.add(path, "a match", ABSENT, f"the comparison takes more than {_MAX_STEPS} steps")
        return self.steps <= _MAX_STEPS

    def matches(self, part: "Part", actual: Any, path: str) -> bool:
        """Whether `part` matches, without noting anything; its work counts here."""
        trial = Report(self.steps)
        part(actual, path, trial)
        self.steps = trial.steps
        return not trial.mismatches


type Part = Callable[[Any, str, Report], None]
"""Compares an actual value (or ABSENT) at a path and notes what differs."""


def below(path: str, key: str | int) -> str:
    """The path of a key or index under `path`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if _SIMPLE_NAME.fullmatch(key) else f"{path}['{key[:100]}']"
