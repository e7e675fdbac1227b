"""JSONPath by RFC 9535: compile once, find nodes with their places, or say where a path stopped."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError, JSONPathRecursionError
from jsonpath_rfc9535._ast import CHILD_SEGMENT, INDEX_SELECTOR, NAME_SELECTOR, Segment
from jsonpath_rfc9535._tokens import TOKEN_EOI

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.jsonpath_nodes import BudgetError, Node, Step, Walk, build_steps, normalized_path, select
from wxcloudrun.engine.judge.jsonpath_parser import StrictParser
from wxcloudrun.engine.judge.nearness import describe_container
from wxcloudrun.engine.judge.outcome import Found, Missing, Unreadable

MAX_PATH: Final = 4_000
"""Characters of a path."""

__all__ = ["BudgetError", "JsonPath", "Node", "compile_jsonpath", "normalized_path"]

_MAX_NESTING = 60
_PLACES_SHOWN = 10
_ENVIRONMENT = JSONPathEnvironment(max_expression_depth=100_000, parser=StrictParser)


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A compiled path. `singular`: it can match one place at most (names and indexes only), and reads as that value;
    any other reads as the list of its matches in document order."""

    text: str
    singular: bool
    keys: tuple[str | int, ...]  # of a singular path
    steps: tuple[Step, ...]
    spans: tuple[tuple[int, int], ...]  # of each segment, in the text

    def find(self, document: Any) -> list[Node]:
        """Every match, in order; BudgetError when the path visits too many places."""
        return select(self.steps, Node(document), Walk(document))

    def values(self, document: Any) -> list[Any]:
        """The value of every match, in order; BudgetError as `find`."""
        return [node.value for node in self.find(document)]

    def read(self, document: Any) -> Found | Missing:
        """The path's one value (see the class), or where it stopped and what was there; raises Unreadable."""
        if self.singular:
            return self._read_singular(document)
        try:
            nodes = self.find(document)
        except BudgetError as error:
            raise Unreadable(f"{self.text}: {error}") from error
        if not nodes:
            return self._explain(document)
        return Found([node.value for node in nodes], _places(nodes))

    def _read_singular(self, document: Any) -> Found | Missing:
        value = document
        for index, key in enumerate(self.keys):
            if isinstance(key, str):
                if type(value) is not dict or key not in value:
                    return self._stopped(index, [Node(value)])
            elif type(value) is not list or not -len(value) <= key < len(value):
                return self._stopped(index, [Node(value)])
            value = value[key]
        return Found(value, self.text)

    def _explain(self, document: Any) -> Missing:
        walk = Walk(document)
        nodes = [Node(document)]
        for index, step in enumerate(self.steps):
            try:
                following = select((step,), nodes[0], walk, nodes)
            except BudgetError:
                break
            if not following:
                return self._stopped(index, nodes)
            nodes = following
        return Missing(f"{self.text} matches nothing", many=True)

    def _stopped(self, index: int, nodes: list[Node]) -> Missing:
        start, end = self.spans[index]
        reached = self.text[:start].rstrip()
        segment = self.text[start:end]
        key = self.keys[index] if self.singular else None
        return Missing(
            f"{self.text} matches nothing: `{segment}` is not there",
            nearest=describe_container(reached, [node.value for node in nodes], key),
            where=f"{self.text}\n{' ' * start}^ nothing here",
            many=not self.singular,
        )


@lru_cache(maxsize=2_048)
def compile_jsonpath(text: str, field: str = "argument") -> JsonPath:
    """A path in RFC 9535's syntax; raises DefinitionError with the position of the fault."""
    if len(text) > MAX_PATH:
        raise DefinitionError(field, f"the path has {len(text)} characters; {MAX_PATH} are allowed")
    _refuse_nesting(text, field)
    surrogate = next((at for at, character in enumerate(text) if "\ud800" <= character <= "\udfff"), None)
    if surrogate is not None:
        raise DefinitionError(field, "a lone surrogate is no character", surrogate)
    try:
        segments = _ENVIRONMENT.compile(text).segments
    except JSONPathRecursionError as error:
        raise DefinitionError(field, "the path is nested too deep") from error
    except JSONPathError as error:
        raise _located(text, field, error) from error
    except RecursionError as error:
        raise DefinitionError(field, "the path is nested too deep") from error
    keys = tuple(_key(segment) for segment in segments)
    singular = None not in keys
    return JsonPath(
        text=text,
        singular=singular,
        keys=tuple(key for key in keys if key is not None) if singular else (),
        steps=build_steps(segments),
        spans=_spans(text, segments),
    )


def _key(segment: Segment) -> str | int | None:
    kind, _, selectors = segment
    if kind != CHILD_SEGMENT or len(selectors) != 1:
        return None
    selector = selectors[0]
    return selector[2] if selector[0] in (NAME_SELECTOR, INDEX_SELECTOR) else None


def _spans(text: str, segments: tuple[Segment, ...]) -> tuple[tuple[int, int], ...]:
    starts = [segment[1][1] for segment in segments]
    ends = [*starts, len(text)][1:]
    return tuple((start, start + len(text[start:end].rstrip())) for start, end in zip(starts, ends, strict=True))


def _located(text: str, field: str, error: JSONPathError) -> DefinitionError:
    token = getattr(error, "token", None)
    position = None if token is None else len(text) if token[0] == TOKEN_EOI else token[1]
    return DefinitionError(field, f"not a JSONPath (RFC 9535): {getattr(error, 'message', error)}", position)


def _refuse_nesting(text: str, field: str) -> None:
    level = 0
    quote = ""
    escaped = False
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote and not escaped else quote
            escaped = character == "\\" and not escaped
        elif character in "'\"":
            quote = character
        elif character in "([":
            level += 1
            if level > _MAX_NESTING:
                raise DefinitionError(field, "the path is nested too deep", position)
        elif character in ")]":
            level -= 1


def _places(nodes: list[Node]) -> str:
    shown = ", ".join(normalized_path(node) for node in nodes[:_PLACES_SHOWN])
    return shown if len(nodes) <= _PLACES_SHOWN else f"{shown}, … {len(nodes)} places in all"
