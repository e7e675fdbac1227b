"""The functions of the expression language: pure, each charged to the budget by the size of what it reads and makes."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from time import time
from typing import Any, Final

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.expression_budget import Budget, BudgetUsedUp, ExpressionError
from wxcloudrun.engine.judge.expression_operators import apply_operator, checked_number, truth
from wxcloudrun.engine.judge.expression_tree import Call, Literal, Tree
from wxcloudrun.engine.judge.json_text import NotJsonError, parse_json, write_json
from wxcloudrun.engine.judge.jsonpath import compile_jsonpath
from wxcloudrun.engine.judge.kinds import KINDS
from wxcloudrun.engine.judge.nearness import closest
from wxcloudrun.engine.judge.outcome import Found
from wxcloudrun.engine.judge.patterns import PatternTooCostlyError, compile_pattern
from wxcloudrun.engine.judge.reading import ResponseView
from wxcloudrun.engine.judge.values import a_type, brief, is_json, is_number, number_less, type_name, with_article


@dataclass(slots=True)
class Context:
    """What a function may use besides its arguments."""

    view: ResponseView | None
    budget: Budget
    position: int

    def fail(self, reason: str) -> ExpressionError:
        """The error to raise, with the place of the call."""
        return ExpressionError(reason, self.position)

    def needs(self, value: Any, *kinds: str) -> Any:
        """The value, when it is of one of those kinds."""
        if any(KINDS[kind](value) for kind in kinds):
            return value
        raise self.fail(f"{with_article(' or '.join(kinds))} is expected, not {a_type(value)}")


@dataclass(frozen=True, slots=True)
class Function:
    """How many arguments a function takes, and what it does."""

    least: int
    most: int
    apply: Callable[..., Any]


def check_calls(tree: Tree, field: str) -> None:
    """Refuse unknown functions, wrong counts of arguments, and paths and patterns that cannot be compiled."""
    for node in _walk(tree):
        if not isinstance(node, Call):
            continue
        function = FUNCTIONS.get(node.name)
        if function is None:
            near = closest(node.name, FUNCTIONS)
            raise DefinitionError(field, f"there is no function {node.name}{near}", node.position)
        if not function.least <= len(node.arguments) <= function.most:
            wanted = f"{function.least}" if function.least == function.most else f"{function.least} to {function.most}"
            raise DefinitionError(
                field, f"{node.name} takes {wanted} arguments, not {len(node.arguments)}", node.position
            )
        _check_text(node, field)


def _check_text(call: Call, field: str) -> None:
    compilers: dict[str, Callable[[str, str], object]] = {"jsonpath": compile_jsonpath, "matches": compile_pattern}
    compiler = compilers.get(call.name)
    if compiler is None:
        return
    argument = call.arguments[0 if call.name == "jsonpath" else 1]
    if isinstance(argument, Literal) and isinstance(argument.value, str):
        try:
            compiler(argument.value, field)
        except DefinitionError as error:
            position = argument.position + 1 + (error.position or 0)
            raise DefinitionError(field, error.reason, position) from error


def _walk(tree: Any) -> Iterator[Any]:
    stack = [tree]
    while stack:
        node = stack.pop()
        if is_dataclass(node):
            yield node
            stack.extend(getattr(node, one.name) for one in fields(node) if one.name != "value")
        elif isinstance(node, tuple):
            stack.extend(node)


def call_function(name: str, arguments: list[Any], view: ResponseView | None, budget: Budget, position: int) -> Any:
    """The function's value; raises ExpressionError or Unreadable."""
    for argument in arguments:
        if isinstance(argument, str | list | dict):
            budget.step(position, len(argument) // (100 if isinstance(argument, str) else 1))
    return FUNCTIONS[name].apply(Context(view, budget, position), *arguments)


def _len(context: Context, value: Any) -> int:
    return len(context.needs(value, "string", "array", "object"))


def _text_function(change: Callable[[str], str]) -> Callable[[Context, Any], str]:
    def apply(context: Context, value: Any) -> str:
        text = context.needs(value, "string")
        context.budget.memory(len(text), context.position)
        return change(text)

    return apply


def _contains(context: Context, container: Any, item: Any) -> Any:
    return apply_operator("in", item, container, context.budget, context.position)


def _affix(test: Callable[[str, str], bool]) -> Callable[[Context, Any, Any], bool]:
    return lambda context, text, part: test(context.needs(text, "string"), context.needs(part, "string"))


def _matches(context: Context, text: Any, pattern: Any) -> bool:
    context.needs(text, "string")
    try:
        return compile_pattern(context.needs(pattern, "string")).search(text) is not None
    except (DefinitionError, PatternTooCostlyError) as error:
        raise context.fail(str(error)) from error


def _to_number(context: Context, value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, list | dict):
        raise context.fail(f"{a_type(value)} is no number")
    if is_number(value):
        return value
    try:
        number = parse_json(value.strip().removeprefix("+"))
    except NotJsonError as error:
        raise context.fail(f"{brief(value)} is no number") from error
    return context.needs(number, "number")


def _int(context: Context, value: Any) -> int:
    number = _to_number(context, value)
    if isinstance(number, Decimal) and number.adjusted() > 1_000:
        raise context.fail("the number is too large")
    return int(checked_number(lambda: math.trunc(number), context.position))


def _float(context: Context, value: Any) -> float:
    number = _to_number(context, value)
    return float(checked_number(lambda: float(number), context.position))


def _str(context: Context, value: Any) -> str:
    if isinstance(value, list | dict) and not is_json(value, max(context.budget.memory_left, 0)):
        raise BudgetUsedUp("budget used up: the value is too large to be written out", context.position)
    text = value if isinstance(value, str) else write_json(value)
    context.budget.memory(len(text), context.position)
    return text


def _round(context: Context, value: Any, digits: Any = 0) -> Any:
    context.needs(value, "number")
    if type(digits) is not int or not -20 <= digits <= 20:
        raise context.fail("digits is a whole number from -20 to 20")
    return checked_number(lambda: round(value, digits) if digits else round(value), context.position)


def _abs(context: Context, value: Any) -> Any:
    return abs(context.needs(value, "number"))


def _extreme(wanted_less: bool) -> Callable[..., Any]:
    def apply(context: Context, *values: Any) -> Any:
        items = context.needs(values[0], "array") if len(values) == 1 else values
        if not items:
            raise context.fail("the array is empty")
        best = context.needs(items[0], "number")
        for item in items[1:]:
            if number_less(context.needs(item, "number"), best) == wanted_less:
                best = item
        return best

    return apply


def _sum(context: Context, values: Any) -> Any:
    total: Any = 0
    for value in context.needs(values, "array"):
        total = apply_operator("+", total, context.needs(value, "number"), context.budget, context.position)
    return total


def _jsonpath(context: Context, path: Any, *default: Any) -> Any:
    if context.view is None:
        raise context.fail("there is no response here")
    try:
        compiled = compile_jsonpath(context.needs(path, "string"))
    except DefinitionError as error:
        raise context.fail(error.reason) from error
    found = compiled.read(context.view.json())
    if isinstance(found, Found):
        return found.value
    if default:
        return default[0]
    raise context.fail(f"{found.reason}; {found.nearest or ''}".rstrip("; "))


def _header(context: Context, name: Any, *default: Any) -> Any:
    if context.view is None:
        raise context.fail("there is no response here")
    value = context.view.response.header(context.needs(name, "string"))
    if value is None and not default:
        raise context.fail(f"there is no header {name}")
    return default[0] if value is None else value


def _get(context: Context, value: Any, key: Any, default: Any = None) -> Any:
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key, default)
    if isinstance(value, list) and type(key) is int:
        return value[key] if -len(value) <= key < len(value) else default
    return default


def _split(context: Context, text: Any, separator: Any) -> list[str]:
    if not context.needs(separator, "string"):
        raise context.fail("the separator is empty")
    context.budget.memory(context.needs(text, "string").count(separator) + len(text), context.position)
    return list(text.split(separator))


def _join(context: Context, items: Any, separator: Any = "") -> str:
    texts = [_str(context, context.needs(item, "string", "number")) for item in context.needs(items, "array")]
    context.needs(separator, "string")
    context.budget.memory(sum(map(len, texts)) + len(separator) * len(texts), context.position)
    return str(separator.join(texts))


def _replace(context: Context, text: Any, old: Any, new: Any) -> str:
    for one in (text, old, new):
        context.needs(one, "string")
    context.budget.memory(len(text) + text.count(old) * len(new), context.position)
    return str(text.replace(old, new))


def _keys(context: Context, value: Any) -> list[str]:
    context.budget.memory(len(context.needs(value, "object")), context.position)
    return list(value)


def _values(context: Context, value: Any) -> list[Any]:
    context.budget.memory(len(context.needs(value, "object")), context.position)
    return list(value.values())


def _now(context: Context) -> str:
    return datetime.fromtimestamp(int(time()), UTC).isoformat().replace("+00:00", "Z")


FUNCTIONS: Final[dict[str, Function]] = {
    "len": Function(1, 1, _len),
    "lower": Function(1, 1, _text_function(str.lower)),
    "upper": Function(1, 1, _text_function(str.upper)),
    "trim": Function(1, 1, _text_function(str.strip)),
    "contains": Function(2, 2, _contains),
    "starts_with": Function(2, 2, _affix(str.startswith)),
    "ends_with": Function(2, 2, _affix(str.endswith)),
    "matches": Function(2, 2, _matches),
    "replace": Function(3, 3, _replace),
    "split": Function(2, 2, _split),
    "join": Function(1, 2, _join),
    "int": Function(1, 1, _int),
    "float": Function(1, 1, _float),
    "str": Function(1, 1, _str),
    "bool": Function(1, 1, lambda context, value: truth(value)),
    "type": Function(1, 1, lambda context, value: type_name(value)),
    "round": Function(1, 2, _round),
    "abs": Function(1, 1, _abs),
    "min": Function(1, 20, _extreme(True)),
    "max": Function(1, 20, _extreme(False)),
    "sum": Function(1, 1, _sum),
    "all": Function(1, 1, lambda context, items: all(truth(item) for item in context.needs(items, "array"))),
    "any": Function(1, 1, lambda context, items: any(truth(item) for item in context.needs(items, "array"))),
    "keys": Function(1, 1, _keys),
    "values": Function(1, 1, _values),
    "get": Function(2, 3, _get),
    "jsonpath": Function(1, 2, _jsonpath),
    "header": Function(1, 2, _header),
    "exists": Function(1, 1, lambda context, name: False),
    "var": Function(1, 2, lambda context, name, *default: None),
    "now": Function(0, 0, _now),
    "timestamp": Function(0, 0, lambda context: int(time())),
}
"""Every function by name; `exists` and `var` read the variables and are answered by the evaluation itself."""
