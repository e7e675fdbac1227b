"""The library's JSONPath parser, made to refuse what RFC 9535's grammar does not have and the library lets pass."""

import re
from typing import Any

from jsonpath_rfc9535 import JSONPathSyntaxError, StandardParser
from jsonpath_rfc9535._ast import (
    ABSOLUTE_QUERY_EXPR,
    BOOL_EXPR,
    FLOAT_EXPR,
    FUNCTION_EXPR,
    INT_EXPR,
    NOT_EXPR,
    NULL_EXPR,
    RELATIVE_QUERY_EXPR,
    STRING_EXPR,
    Expression,
    FloatExpression,
    FunctionExpression,
    IntExpression,
)
from jsonpath_rfc9535._tokens import (
    TOKEN_COMMA,
    TOKEN_LEFT_PAREN,
    TOKEN_RIGHT_PAREN,
    TOKEN_TRIVIA,
    Token,
    span,
    token_value,
)

from wxcloudrun.engine.judge.json_text import NotJsonError, parse_json

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_LITERALS = frozenset({BOOL_EXPR, FLOAT_EXPR, INT_EXPR, NULL_EXPR, STRING_EXPR})
_COMPARABLE = _LITERALS | {ABSOLUTE_QUERY_EXPR, FUNCTION_EXPR, RELATIVE_QUERY_EXPR}


class StrictParser(StandardParser):
    """Compares only literals, singular queries and functions; `!` stands once; numbers keep all their digits."""

    def __init__(self, env: Any, source: str, tokens: Any) -> None:
        super().__init__(env, source, tokens)
        self._grouped: dict[int, Expression] = {}  # by identity: the tree forgets parentheses

    def parse_grouped_expression(self) -> Expression:
        """`(…)`, remembered as such."""
        expression = super().parse_grouped_expression()
        self.raise_for_not_compared(expression, expression[1])
        self._grouped[id(expression)] = expression
        return expression

    def parse_infix_expression(self, left: Expression, kind: int) -> Expression:
        """A comparison's sides are literals, singular queries or functions, without parentheses around them."""
        compares = self.INFIX_OPERATORS[kind]
        if compares:
            self._refuse_operand(left)
        expression: Any = super().parse_infix_expression(left, kind)
        if compares:
            self._refuse_operand(expression[3])
        return expression  # type: ignore[no-any-return]  # the library's own tuple

    def _refuse_operand(self, operand: Expression) -> None:
        if operand[0] not in _COMPARABLE or id(operand) in self._grouped:
            self._refuse("only literals, singular queries and functions can be compared", operand[1])

    def parse_prefix_expression(self) -> Expression:
        """`!` before parentheses, a query or a function."""
        expression: Any = super().parse_prefix_expression()
        operand = expression[2]
        self.raise_for_not_compared(operand, operand[1])
        if operand[0] == NOT_EXPR and id(operand) not in self._grouped:
            self._refuse("`!` cannot follow `!`", operand[1])
        return expression  # type: ignore[no-any-return]  # the library's own tuple

    def parse_function_expression(self, name: str) -> FunctionExpression:
        """Arguments are separated by commas, none at the end, and never in parentheses of their own."""
        name_token = self.next()
        self.eat(TOKEN_LEFT_PAREN)
        arguments: list[Expression] = []
        self.skip(TOKEN_TRIVIA)
        while self.kind() != TOKEN_RIGHT_PAREN:
            if arguments:
                self.eat(TOKEN_COMMA, message="expected a comma or a closing parenthesis")
            arguments.append(self.parse_filter_expression())
            if id(arguments[-1]) in self._grouped:
                self._refuse("an argument cannot be in parentheses", arguments[-1][1])
            self.skip(TOKEN_TRIVIA)
        end = self.eat(TOKEN_RIGHT_PAREN)
        self.validate_function_signature(name_token, name, arguments)
        return (FUNCTION_EXPR, span(name_token, end), name, tuple(arguments))

    def parse_integer_literal(self) -> IntExpression:
        """A number as JSON writes it."""
        token, value = self._number()
        return (INT_EXPR, token, value)

    def parse_float_literal(self) -> FloatExpression:
        """A number as JSON writes it."""
        token, value = self._number()
        return (FLOAT_EXPR, token, value)

    def _number(self) -> tuple[Token, Any]:
        token = self.next()
        text = token_value(token, self.source)
        if not _NUMBER.fullmatch(text):
            self._refuse(f"{text} is not a number", token)
        try:
            return token, parse_json(text)
        except NotJsonError as error:
            raise JSONPathSyntaxError(f"{text} is out of range", token, self.source) from error

    def _refuse(self, reason: str, token: Token) -> None:
        raise JSONPathSyntaxError(reason, token, self.source)
