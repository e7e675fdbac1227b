"""The operators of the expression language: exact on whole numbers, never larger than the budget allows."""

from collections.abc import Callable
from decimal import Decimal, DecimalException
from math import isfinite
from typing import Any

from wxcloudrun.engine.judge.expression_budget import Budget, BudgetUsedUp, ExpressionError
from wxcloudrun.engine.judge.values import a_type, equal, is_number, number_less

_MAX_BITS = 4_096


def truth(value: Any) -> bool:
    """What counts as true: anything but false, null, 0, "", [] and {}."""
    return bool(value)


def negative(value: Any, position: int) -> Any:
    """`-value`; raises ExpressionError."""
    if not is_number(value):
        raise ExpressionError(f"{a_type(value)} has no negative", position)
    return -value


def apply_operator(operator: str, left: Any, right: Any, budget: Budget, position: int) -> Any:
    """The value of `left operator right`; raises ExpressionError for types that do not go together."""
    if operator in ("==", "!="):
        return equal(left, right, lambda size: budget.step(position, size)) == (operator == "==")
    if operator in ("in", "not in"):
        return _within(left, right, budget, position) == (operator == "in")
    if operator in ("<", "<=", ">", ">="):
        return _ordered(operator, left, right, position)
    if operator == "+" and type(left) is type(right) and isinstance(left, str | list):
        budget.memory(len(left) + len(right), position)
        return left + right
    if not (is_number(left) and is_number(right)):
        raise ExpressionError(f"{operator} does not work on {a_type(left)} and {a_type(right)}", position)
    return checked_number(lambda: _calculate(operator, left, right), position)


def _within(left: Any, right: Any, budget: Budget, position: int) -> bool:
    if isinstance(right, list):
        budget.step(position, len(right))
        return any(equal(left, item, lambda size: budget.step(position, size)) for item in right)
    if isinstance(right, str | dict) and isinstance(left, str):
        budget.step(position, len(right) // 100)
        return left in right
    raise ExpressionError(f"{a_type(left)} cannot be in {a_type(right)}", position)


def _ordered(operator: str, left: Any, right: Any, position: int) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        less, same = left < right, left == right
    elif is_number(left) and is_number(right):
        less, same = number_less(left, right), equal(left, right)
    else:
        raise ExpressionError(f"{a_type(left)} and {a_type(right)} have no order", position)
    match operator:
        case "<":
            return less
        case "<=":
            return less or same
        case ">":
            return not less and not same
    return not less


def checked_number(calculate: Callable[[], Any], position: int) -> Any:
    """The number, or ExpressionError when it is none (division by zero, too large)."""
    try:
        value = calculate()
    except ZeroDivisionError as error:
        raise ExpressionError("division by zero", position) from error
    except (OverflowError, DecimalException) as error:
        raise ExpressionError("the number is too large", position) from error
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        raise BudgetUsedUp(f"budget used up: a number of more than {_MAX_BITS} bits", position)
    if isinstance(value, float) and not isfinite(value):
        raise ExpressionError("the number is too large", position)
    return value


def _calculate(operator: str, left: Any, right: Any) -> Any:
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        left, right = (Decimal(repr(one)) if isinstance(one, float) else Decimal(one) for one in (left, right))
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "//":
            return left // right
        case "%":
            return left % right
    exact = isinstance(left, int) and isinstance(right, int) and right != 0 and left % right == 0
    return left // right if exact else left / right
