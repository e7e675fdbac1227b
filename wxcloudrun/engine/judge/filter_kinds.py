"""What every filter is made of: its parameters, the function that builds it, and the error it raises."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from wxcloudrun.engine.judge.kinds import KINDS
from wxcloudrun.engine.judge.values import type_name

MAX_TEXT: Final = 20_000_000
"""Characters that a filter may make."""

MAX_PARTS: Final = 1_000_000
"""Parts that `split` makes and `join` takes."""

REQUIRED: Final = object()

type Change = Callable[[Any], Any]


class FilterError(Exception):
    """A value that a filter cannot work on: a sentence without the filter's name."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument: its name, the kind of value (`any` for all), and its value when it is left out."""

    name: str
    kind: str
    default: Any = REQUIRED


@dataclass(frozen=True, slots=True)
class FilterKind:
    """A filter: `make(*arguments)` gives the function; it may raise DefinitionError."""

    make: Callable[..., Change]
    parameters: tuple[Parameter, ...] = ()


def needs(value: Any, *kinds: str) -> Any:
    """The value, when it is of one of those kinds; raises FilterError with the type it is."""
    if any(KINDS[kind](value) for kind in kinds):
        return value
    raise FilterError(f"it works on {' or '.join(kinds)}, not on {type_name(value)}")


def bounded(length: int) -> None:
    """Refuse a text of that length before it is made."""
    if length > MAX_TEXT:
        raise FilterError(f"the text would have {length} characters; {MAX_TEXT} are allowed")


def simple(change: Change) -> FilterKind:
    """A filter without parameters."""
    return FilterKind(lambda: change)
