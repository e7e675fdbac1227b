"""The conditions of JSONPath's `[?…]`: comparisons, logic and the five functions of RFC 9535, section 2.4."""

from collections.abc import Callable
from typing import Any, Final

from jsonpath_rfc9535 import _ast
from jsonpath_rfc9535._ast import Expression, Segment

from wxcloudrun.engine.judge.jsonpath_nodes import BudgetError, Node, Walk, build_steps, select
from wxcloudrun.engine.judge.patterns import PatternTooCostlyError, compile_iregexp
from wxcloudrun.engine.judge.values import equal, is_number, number_less

type Condition = Callable[[Any, Walk], bool]
type Operand = Callable[[Any, Walk], Any]

NOTHING: Final = object()
"""What a query that selects no node is in a comparison; it equals only itself."""


def build_condition(expression: Expression) -> Condition:
    """A filter expression as a function of the current value."""
    match expression:
        case (_ast.AND_EXPR | _ast.OR_EXPR as kind, _, _, _):
            return _joined(kind, [build_condition(part) for part in _chain(kind, expression)])
        case (_ast.NOT_EXPR, _, inner):
            condition = build_condition(inner)
            return lambda value, walk: not condition(value, walk)
        case (_ast.ABSOLUTE_QUERY_EXPR | _ast.RELATIVE_QUERY_EXPR, _, _):
            nodes = _nodes(expression)
            return lambda value, walk: bool(nodes(value, walk))
        case (_ast.FUNCTION_EXPR, _, _, _):
            function = _function(expression)
            return lambda value, walk: function(value, walk) is True
    return _comparison(expression)


def _chain(kind: int, expression: Any) -> list[Expression]:
    """The parts of `a && b && c`; the tree leans to the right."""
    parts: list[Expression] = []
    while expression[0] == kind:
        parts.append(expression[2])
        expression = expression[3]
    return [*parts, expression]


def _joined(kind: int, parts: list[Condition]) -> Condition:
    if kind == _ast.AND_EXPR:
        return lambda value, walk: all(part(value, walk) for part in parts)
    return lambda value, walk: any(part(value, walk) for part in parts)


def _comparison(expression: Any) -> Condition:
    kind, _, first, second = expression
    left, right = _operand(first), _operand(second)
    compare = _COMPARISONS[kind]
    return lambda value, walk: compare(left(value, walk), right(value, walk), walk)


def _equal(left: Any, right: Any, walk: Walk) -> bool:
    if left is NOTHING or right is NOTHING:
        return left is right
    return equal(left, right, walk.spend)


def _less(left: Any, right: Any, _: Walk) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and left < right
    return is_number(left) and is_number(right) and number_less(left, right)


_COMPARISONS: dict[int, Callable[[Any, Any, Walk], bool]] = {
    _ast.EQ_EXPR: _equal,
    _ast.NE_EXPR: lambda left, right, walk: not _equal(left, right, walk),
    _ast.LT_EXPR: _less,
    _ast.LE_EXPR: lambda left, right, walk: _less(left, right, walk) or _equal(left, right, walk),
    _ast.GT_EXPR: lambda left, right, walk: _less(right, left, walk),
    _ast.GE_EXPR: lambda left, right, walk: _less(right, left, walk) or _equal(left, right, walk),
}


def _operand(expression: Any) -> Operand:
    match expression:
        case (_ast.NULL_EXPR, _):
            return lambda value, walk: None
        case (_ast.ABSOLUTE_QUERY_EXPR | _ast.RELATIVE_QUERY_EXPR as kind, _, segments):
            return _singular(kind == _ast.ABSOLUTE_QUERY_EXPR, segments)
        case (_ast.FUNCTION_EXPR, _, _, _):
            return _function(expression)
    literal = expression[2]
    return lambda value, walk: literal


def _singular(absolute: bool, segments: tuple[Segment, ...]) -> Operand:
    keys: list[Any] = [selectors[0][2] for _, _, selectors in segments]  # type: ignore[misc]  # names and indexes only: the parser saw to it

    def dig(value: Any, walk: Walk) -> Any:
        value = walk.root if absolute else value
        for key in keys:
            if type(key) is str:
                if type(value) is not dict or key not in value:
                    return NOTHING
            elif type(value) is not list or not -len(value) <= key < len(value):
                return NOTHING
            value = value[key]
        return value

    return dig


def _nodes(expression: Any) -> Callable[[Any, Walk], list[Node]]:
    absolute = expression[0] == _ast.ABSOLUTE_QUERY_EXPR
    steps = build_steps(expression[2])
    return lambda value, walk: select(steps, Node(walk.root if absolute else value), walk)


def _function(expression: Any) -> Operand:
    _, _, name, arguments = expression
    if name in ("count", "value"):
        nodes = _nodes(arguments[0])
        take = _count if name == "count" else _value
        return lambda value, walk: take(nodes(value, walk))
    if name == "length":
        operand = _operand(arguments[0])
        return lambda value, walk: _length(operand(value, walk))
    text, pattern = _operand(arguments[0]), _operand(arguments[1])
    whole = name == "match"
    return lambda value, walk: _matches(text(value, walk), pattern(value, walk), whole)


def _count(nodes: list[Node]) -> int:
    return len(nodes)


def _value(nodes: list[Node]) -> Any:
    return nodes[0].value if len(nodes) == 1 else NOTHING


def _length(value: Any) -> Any:
    return len(value) if isinstance(value, str | list | dict) else NOTHING


def _matches(text: Any, pattern: Any, whole: bool) -> bool:
    if not isinstance(text, str) or not isinstance(pattern, str):
        return False
    compiled = compile_iregexp(pattern)
    if compiled is None:
        return False
    try:
        return compiled.full_match(text) if whole else compiled.search(text) is not None
    except PatternTooCostlyError as error:
        raise BudgetError(str(error)) from error
