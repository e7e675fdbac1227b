"""Filters: small steps that turn what was read into what is wanted, checked and compiled before a run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import Any, Final

from pydantic import Field, JsonValue

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.filter_date import DATE_FILTERS
from wxcloudrun.engine.judge.filter_kinds import REQUIRED, Change, FilterError, FilterKind
from wxcloudrun.engine.judge.filter_list import LIST_FILTERS
from wxcloudrun.engine.judge.filter_query import QUERY_FILTERS
from wxcloudrun.engine.judge.filter_text import TEXT_FILTERS
from wxcloudrun.engine.judge.filter_value import VALUE_FILTERS
from wxcloudrun.engine.judge.kinds import KINDS
from wxcloudrun.engine.judge.nearness import closest
from wxcloudrun.engine.judge.outcome import Found, Missing, Unreadable
from wxcloudrun.engine.judge.values import with_article
from wxcloudrun.engine.shape import Part

MAX_FILTERS: Final = 30

FILTERS: Final[dict[str, FilterKind]] = {
    **LIST_FILTERS,
    **TEXT_FILTERS,
    **VALUE_FILTERS,
    **DATE_FILTERS,
    **QUERY_FILTERS,
}
"""Every filter by name, with its parameters."""


class Filter(Part):
    """One filter and its arguments in order."""

    name: str = Field(max_length=40)
    args: tuple[JsonValue, ...] = Field(default=(), max_length=5)


@dataclass(frozen=True, slots=True)
class CompiledFilter:
    """A filter with its arguments."""

    name: str
    change: Change

    def apply(self, value: Any) -> Any:
        """The changed value, or Missing; raises Unreadable that names the filter and the type it got."""
        try:
            return self.change(value)
        except FilterError as error:
            raise Unreadable(f"filter {self.name}: {error}") from error


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Filters one after the other.

    Nothing stays nothing, with two exceptions: `default` gives its value, and `count` of a query that could have
    matched several places gives 0.
    """

    filters: tuple[CompiledFilter, ...] = ()

    def apply(self, found: Found | Missing) -> Found | Missing:
        """What comes out at the end; raises Unreadable."""
        for one in self.filters:
            if isinstance(found, Missing):
                if one.name == "default":
                    found = Found(one.apply(None), found.where)
                elif one.name == "count" and found.many:
                    found = Found(0, found.where)
                continue
            value = found.value if one.name == "default" else one.apply(found.value)
            found = value if isinstance(value, Missing) else Found(value, found.where)
        return found


def compile_filter(name: str, args: Sequence[Any] = (), field: str = "filter") -> CompiledFilter:
    """A filter ready to use; raises DefinitionError for an unknown name or wrong arguments."""
    kind = FILTERS.get(name)
    if kind is None:
        raise DefinitionError(f"{field}.name", f"there is no filter {name}{closest(name, FILTERS)}")
    least = sum(one.default is REQUIRED for one in kind.parameters)
    if not least <= len(args) <= len(kind.parameters):
        names = ", ".join(one.name for one in kind.parameters) or "nothing"
        raise DefinitionError(f"{field}.args", f"{name} takes {names}; {len(args)} arguments are given")
    values: list[Any] = []
    for at, parameter in enumerate(kind.parameters):
        value = args[at] if at < len(args) else parameter.default
        if at < len(args) and parameter.kind != "any" and not KINDS[parameter.kind](value):
            raise DefinitionError(f"{field}.args.{at}", f"{parameter.name} of {name} is {with_article(parameter.kind)}")
        values.append(value)
    try:
        return CompiledFilter(name, kind.make(*values))
    except DefinitionError as error:
        raise DefinitionError(f"{field}.args.0", f"{name}: {error.reason}", error.position) from error


def compile_filters(
    filters: Sequence[Filter], field: str = "filters", skip: Callable[[Any], bool] | None = None
) -> Pipeline:
    """The filters in order; those whose arguments `skip` names are left out (they hold placeholders yet)."""
    if len(filters) > MAX_FILTERS:
        raise DefinitionError(field, f"there are {len(filters)} filters; {MAX_FILTERS} are allowed")
    return Pipeline(
        tuple(
            compile_filter(one.name, one.args, f"{field}.{at}")
            for at, one in enumerate(filters)
            if skip is None or not skip(list(one.args))
        )
    )


def parse_filter(text: str, field: str = "filter") -> CompiledFilter:
    """A filter written in one line: its name, then its arguments as JSON, as in `replace "a" "b"` or `nth 0`.

    Raises DefinitionError, with the position of an argument that is not JSON.
    """
    name, _, rest = text.strip().partition(" ")
    args: list[Any] = []
    decoder = JSONDecoder()
    position = 0
    while position < len(rest):
        if rest[position] in " ,\t":
            position += 1
            continue
        try:
            value, position = decoder.raw_decode(rest, position)
        except JSONDecodeError as error:
            raise DefinitionError(field, f"an argument of {name} is not JSON", len(name) + 1 + error.pos) from error
        args.append(value)
    return compile_filter(name, args, field)


__all__ = [
    "FILTERS",
    "CompiledFilter",
    "Filter",
    "FilterError",
    "Pipeline",
    "compile_filter",
    "compile_filters",
    "parse_filter",
]
