"""Evaluates a parsed JSONPath: segments, selectors and filters over one document, without recursion into its depth."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jsonpath_rfc9535 import _ast
from jsonpath_rfc9535._ast import DESCENDANT_SEGMENT, Segment, Selector

from wxcloudrun.engine.judge.allowance import MAX_VISITS, OverdrawnError, current

MAX_MATCHES: Final = 100_000


class BudgetError(Exception):
    """A path that visits too many places, such as `$..*..*` on a large document."""


class Node:
    """A value and its place: the key under its parent."""

    __slots__ = ("key", "parent", "value")

    def __init__(self, value: Any, parent: "Node | None" = None, key: str | int = "") -> None:
        self.value = value
        self.parent = parent
        self.key = key


class Walk:
    """One evaluation: the document's root and the visits that are left to it and the step's other checks."""

    __slots__ = ("_allowance", "root")

    def __init__(self, root: Any) -> None:
        self.root = root
        self._allowance = current()

    def spend(self, visits: int) -> None:
        """Count visits; BudgetError when none are left, StepError when the run is over."""
        try:
            self._allowance.spend(visits)
        except OverdrawnError:
            raise BudgetError(f"the paths of the step visit more than {MAX_VISITS} places") from None


type Select = Callable[[Node, Walk, list[Node]], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One segment: its selectors, applied to the nodes or (`..`) to them and everything below."""

    descend: bool
    selectors: tuple[Select, ...]


def select(steps: Sequence[Step], start: Node, walk: Walk, nodes: list[Node] | None = None) -> list[Node]:
    """The nodes that the steps select from `start`, or from `nodes` where given, in document order."""
    nodes = [start] if nodes is None else nodes
    for step in steps:
        found: list[Node] = []
        for node in _descendants(nodes, walk) if step.descend else nodes:
            for selector in step.selectors:
                selector(node, walk, found)
                if len(found) > MAX_MATCHES:
                    raise _too_many()
        walk.spend(len(found) + 1)
        nodes = found
        if not nodes:
            break
    return nodes


def _too_many() -> BudgetError:
    return BudgetError(f"the path matches more than {MAX_MATCHES} places")


def _descendants(nodes: list[Node], walk: Walk) -> Iterator[Node]:
    """Each node and all arrays and objects below it, parents before children."""
    for start in nodes:
        stack = [start]
        while stack:
            node = stack.pop()
            yield node
            value = node.value
            if type(value) is dict:
                below = [Node(item, node, key) for key, item in value.items() if type(item) in (dict, list)]
            elif type(value) is list:
                below = [Node(item, node, at) for at, item in enumerate(value) if type(item) in (dict, list)]
            else:
                continue
            walk.spend(len(value) + 1)
            below.reverse()
            stack.extend(below)


def normalized_path(node: Node) -> str:
    """The node's place as RFC 9535, section 2.7, writes it: `$['a'][0]`."""
    parts: list[str] = []
    while node.parent is not None:
        parts.append(f"[{node.key}]" if isinstance(node.key, int) else f"['{_escaped(node.key)}']")
        node = node.parent
    return "$" + "".join(reversed(parts))


_ESCAPES = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 39: "\\'", 92: "\\\\"}
_ESCAPES |= {code: f"\\u{code:04x}" for code in range(32) if code not in _ESCAPES}


def _escaped(name: str) -> str:
    return name.translate(_ESCAPES)


def build_steps(segments: Sequence[Segment]) -> tuple[Step, ...]:
    """The segments of the library's syntax tree as steps."""
    return tuple(
        Step(kind == DESCENDANT_SEGMENT, tuple(_selector(selector) for selector in selectors))
        for kind, _, selectors in segments
    )


def _selector(selector: Selector) -> Select:
    match selector:
        case (_ast.NAME_SELECTOR, _, str() as name):
            return _by_name(name)
        case (_ast.INDEX_SELECTOR, _, int() as index):
            return _by_index(index)
        case (_ast.SLICE_SELECTOR, _, slice() as span):
            return _by_slice(span)
        case (_ast.FILTER_SELECTOR, _, expression):
            from wxcloudrun.engine.judge.jsonpath_filters import build_condition  # noqa: PLC0415 - filters hold paths again

            return _by_condition(build_condition(expression))
    return _every


def _by_name(name: str) -> Select:
    def select_name(node: Node, walk: Walk, found: list[Node]) -> None:
        if type(node.value) is dict and name in node.value:
            found.append(Node(node.value[name], node, name))

    return select_name


def _by_index(index: int) -> Select:
    def select_index(node: Node, walk: Walk, found: list[Node]) -> None:
        value = node.value
        if type(value) is list and -len(value) <= index < len(value):
            at = index if index >= 0 else index + len(value)
            found.append(Node(value[at], node, at))

    return select_index


def _by_slice(span: slice) -> Select:
    def select_slice(node: Node, walk: Walk, found: list[Node]) -> None:
        value = node.value
        if type(value) is list and span.step != 0:
            if len(range(*span.indices(len(value)))) + len(found) > MAX_MATCHES:
                raise _too_many()
            found.extend(Node(value[at], node, at) for at in range(*span.indices(len(value))))

    return select_slice


def _every(node: Node, walk: Walk, found: list[Node]) -> None:
    if type(node.value) in (dict, list) and len(node.value) + len(found) > MAX_MATCHES:
        raise _too_many()
    found.extend(_children(node))


def _children(node: Node) -> Iterator[Node]:
    value = node.value
    if type(value) is dict:
        return (Node(item, node, key) for key, item in value.items())
    if type(value) is list:
        return (Node(item, node, at) for at, item in enumerate(value))
    return iter(())


def _by_condition(holds: Callable[[Any, Walk], bool]) -> Select:
    def select_where(node: Node, walk: Walk, found: list[Node]) -> None:
        value = node.value
        if type(value) in (dict, list):
            walk.spend(len(value))
        found.extend([candidate for candidate in _children(node) if holds(candidate.value, walk)])

    return select_where
