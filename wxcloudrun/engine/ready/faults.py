"""Gathers what is wrong with a plan while it is made ready, and shows a fault's place inside its text."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.plan.plan import Plan
from wxcloudrun.engine.shape import Faults

_BEFORE, _AFTER = 60, 60
_POINTED = re.compile(r"(^|\.)(argument|expression|condition|until|fail_if|expected|filters\..+)$")


class Gathering:
    """Keeps the faults of attempts that failed, so that a person sees all of them at once."""

    def __init__(self) -> None:
        self.faults: list[DefinitionError] = []
        self._seen: set[tuple[str, str]] = set()  # of each fault its field and reason

    def attempt[**P, T](self, make: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T | None:
        """What `make` gives, or None when it found a fault, which is kept."""
        try:
            return make(*arguments, **named)
        except DefinitionError as fault:
            self.add(fault)
        return None

    def add(self, fault: DefinitionError) -> None:
        """Keep a fault, or each of several."""
        for one in fault.faults if isinstance(fault, Faults) else (fault,):
            if (one.field, one.reason) not in self._seen:
                self._seen.add((one.field, one.reason))
                self.faults.append(one)

    def refuse(self, plan: Plan | None = None) -> None:
        """Raise `Faults` when there are any; with the plan each is shown in its text."""
        if self.faults:
            raise Faults(self.faults, [told(plan, one) for one in self.faults] if plan is not None else ())


def told(plan: Plan, fault: DefinitionError) -> str:
    """A fault as a person reads it: for a path, a pattern or an expression with a caret under its place."""
    position = fault.position
    text = _at(plan, fault.field) if position is not None and _POINTED.search(fault.field) else None
    if not isinstance(text, str) or position is None or position > len(text):
        return str(fault)
    start = max(0, position - _BEFORE)
    line = "".join(one if one.isprintable() else " " for one in text[start : position + _AFTER])
    return f"{fault}\n  {line}\n  {' ' * (position - start)}^"


def _at(value: Any, field: str) -> Any:
    """What stands at a dotted path of a plan; None when the path leads nowhere."""
    for name in field.split("."):
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list | tuple):
            value = value[int(name)] if name.isdecimal() and int(name) < len(value) else None
        else:
            value = getattr(value, name, None)
    return value
