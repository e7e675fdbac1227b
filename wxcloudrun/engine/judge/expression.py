"""The expression language: arithmetic, comparison, logic and functions over JSON values, under a budget of steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.judge.expression_budget import Budget, BudgetUsedUp, ExpressionError
from wxcloudrun.engine.judge.expression_functions import FUNCTIONS, call_function, check_calls
from wxcloudrun.engine.judge.expression_operators import apply_operator, negative, truth
from wxcloudrun.engine.judge.expression_parser import parse_expression
from wxcloudrun.engine.judge.expression_tree import (
    Access,
    Array,
    Call,
    Chain,
    Conditional,
    Literal,
    Name,
    Object,
    Tree,
    Unary,
)
from wxcloudrun.engine.judge.nearness import closest, describe_container
from wxcloudrun.engine.judge.outcome import Unreadable
from wxcloudrun.engine.judge.reading import ResponseView
from wxcloudrun.engine.judge.values import a_type, brief

RESPONSE_NAMES: Final = ("status", "body", "text", "headers", "cookies", "duration", "size", "url")
"""Names that mean the response where there is one; `var("status")` reads a variable of such a name."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression."""

    text: str
    tree: Tree

    def evaluate(self, names: Mapping[str, Any], view: ResponseView | None = None, budget: Budget | None = None) -> Any:
        """Its value, a JSON value. `names` are the variables; `view` is the response, where there is one.

        Raises StepError(EXPRESSION) with the place of the fault, also when the budget is used up.
        """
        try:
            return self.compute(names, view, budget)
        except (ExpressionError, Unreadable) as error:
            raise StepError(ErrorClass.EXPRESSION, str(error), self.where(error)) from error

    def holds(self, names: Mapping[str, Any], view: ResponseView | None = None, budget: Budget | None = None) -> bool:
        """Whether its value counts as true: false, null, 0, "", [] and {} do not. Raises as `evaluate`."""
        return truth(self.evaluate(names, view, budget))

    def compute(self, names: Mapping[str, Any], view: ResponseView | None, budget: Budget | None = None) -> Any:
        """As `evaluate`, but raises ExpressionError or Unreadable."""
        return _Evaluation(names, view, budget or Budget()).of(self.tree)

    def where(self, error: Exception) -> str:
        """The expression with a caret under the fault, where the place is known."""
        position = getattr(error, "position", None)
        if position is None or "\n" in self.text:
            return self.text[:200]
        start = max(0, position - 60)
        return f"{self.text[start : start + 120]}\n{' ' * (position - start)}^"


@lru_cache(maxsize=1_024)
def compile_expression(text: str, field: str = "expression") -> Expression:
    """An expression; raises DefinitionError with the position of a fault, an unknown function or wrong arguments."""
    tree = parse_expression(text, field)
    check_calls(tree, field)
    return Expression(text, tree)


class _Evaluation:
    """One evaluation: the names, the response and what is left of the budget."""

    def __init__(self, names: Mapping[str, Any], view: ResponseView | None, budget: Budget) -> None:
        self.names = names
        self.view = view
        self.budget = budget

    def of(self, tree: Tree) -> Any:
        self.budget.step(tree.position)
        if isinstance(tree, Literal):
            return tree.value
        return _EVALUATIONS[type(tree)](self, tree)

    def _unary(self, tree: Unary) -> Any:
        value = self.of(tree.operand)
        return not truth(value) if tree.operator == "not" else negative(value, tree.position)

    def _conditional(self, tree: Conditional) -> Any:
        return self.of(tree.yes if truth(self.of(tree.condition)) else tree.no)

    def _array(self, tree: Array) -> list[Any]:
        self.budget.memory(len(tree.items), tree.position)
        return [self.of(item) for item in tree.items]

    def _object(self, tree: Object) -> dict[str, Any]:
        self.budget.memory(len(tree.entries), tree.position)
        return {key: self.of(value) for key, value in tree.entries}

    def _name(self, tree: Name) -> Any:
        if self.view is not None and tree.name in RESPONSE_NAMES:
            return response_value(tree.name, self.view)
        if tree.name in self.names:
            return self.names[tree.name]
        near = closest(tree.name, [*self.names, *(RESPONSE_NAMES if self.view is not None else ())])
        raise ExpressionError(f"{tree.name} has no value{near}", tree.position)

    def _access(self, tree: Access) -> Any:
        value = self.of(tree.target)
        for key in tree.keys:
            value = _item(value, self.of(key), key.position)
        return value

    def _chain(self, tree: Chain) -> Any:
        value = self.of(tree.first)
        if tree.rest[0][0] in ("and", "or"):
            wanted = tree.rest[0][0] == "or"
            return wanted if truth(value) == wanted else self._any(tree, wanted)
        for operator, operand in tree.rest:
            value = apply_operator(operator, value, self.of(operand), self.budget, tree.position)
        return value

    def _any(self, tree: Chain, wanted: bool) -> bool:
        found = any(truth(self.of(operand)) == wanted for _, operand in tree.rest)
        return wanted if found else not wanted

    def _call(self, tree: Call) -> Any:
        if tree.name == "exists":
            return self.of(tree.arguments[0]) in self.names
        arguments = [self.of(argument) for argument in tree.arguments]
        if tree.name == "var":
            return self._variable(arguments, tree.position)
        return call_function(tree.name, arguments, self.view, self.budget, tree.position)

    def _variable(self, arguments: list[Any], position: int) -> Any:
        name = arguments[0]
        if isinstance(name, str) and name in self.names:
            return self.names[name]
        if len(arguments) > 1:
            return arguments[1]
        raise ExpressionError(f"the variable {brief(name)} has no value{closest(name, self.names)}", position)


_EVALUATIONS: dict[type, Callable[[_Evaluation, Any], Any]] = {
    Name: _Evaluation._name,
    Access: _Evaluation._access,
    Chain: _Evaluation._chain,
    Unary: _Evaluation._unary,
    Conditional: _Evaluation._conditional,
    Call: _Evaluation._call,
    Array: _Evaluation._array,
    Object: _Evaluation._object,
}


def response_value(name: str, view: ResponseView) -> Any:
    """One of RESPONSE_NAMES; raises Unreadable."""
    response = view.response
    match name:
        case "body":
            return view.json("an expression")
        case "text":
            return view.text()
        case "headers":
            return Headers({key.lower(): value for key, value in reversed(response.headers)})
        case "cookies":
            return {cookie.name: cookie.value for cookie in response.cookies}
        case "duration":
            return response.timing.total_ms
        case "size":
            return response.body.size
        case "url":
            return response.url
    return response.status


class Headers(dict[str, str]):
    """Headers by lower-case name; a look-up ignores case. Of several headers of one name it holds the first."""


def _item(value: Any, key: Any, position: int) -> Any:
    if isinstance(value, dict) and isinstance(key, str):
        key = key.lower() if isinstance(value, Headers) else key
        if key in value:
            return value[key]
        near = describe_container("", [value], key).replace("``", "the value", 1)
        raise ExpressionError(f"{key} is not there; {near}", position)
    if isinstance(value, list | str) and type(key) is int:
        if -len(value) <= key < len(value):
            return value[key]
        raise ExpressionError(
            f"index {key} is outside {'an array' if isinstance(value, list) else 'a text'} of {len(value)}", position
        )
    raise ExpressionError(f"{a_type(value)} has no {brief(key)}", position)


__all__ = [
    "FUNCTIONS",
    "RESPONSE_NAMES",
    "Budget",
    "BudgetUsedUp",
    "Expression",
    "ExpressionError",
    "compile_expression",
]
