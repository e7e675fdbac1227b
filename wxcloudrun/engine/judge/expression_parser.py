"""Parses the expression language into a tree: every fault with its position, depth and length bounded."""

import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from wxcloudrun.engine.errors import DefinitionError
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
from wxcloudrun.engine.judge.json_text import NotJsonError, parse_json

MAX_LENGTH: Final = 10_000
MAX_NESTING: Final = 60


_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w])
      | (?P<name>[^\W\d]\w*)
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<mark>==|!=|<=|>=|&&|\|\||//|[-+*/%<>!?:.,()\[\]{}])
    )""",
    re.VERBOSE | re.DOTALL,
)
_RANKS: Final = {
    "or": 1, "and": 2, "==": 4, "!=": 4, "<": 4, "<=": 4, ">": 4, ">=": 4, "in": 4, "not in": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6,
}  # fmt: skip
_COMPARISON, _UNARY = 4, 7
_NOT = 3
_SPELLINGS = {"&&": "and", "||": "or", "!": "not"}
_WORDS = {"true": True, "false": False, "null": None}
_RESERVED = {*_WORDS, "and", "or", "not", "in"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def parse_expression(text: str, field: str = "expression") -> Tree:
    """The tree of an expression; raises DefinitionError with the position of the fault."""
    if len(text) > MAX_LENGTH:
        raise DefinitionError(field, f"the expression has {len(text)} characters; {MAX_LENGTH} are allowed")
    return _Parser(_tokens(text, field), field).whole()


def _tokens(text: str, field: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            at = position + len(text[position:]) - len(text[position:].lstrip())
            what = "a text that does not end" if text[at] in "\"'" else f"unexpected {text[at]!r}"
            raise DefinitionError(field, what, at)
        kind = match.lastgroup or ""
        token = match[kind]
        tokens.append(_Token(kind, _SPELLINGS.get(token, token) if kind == "mark" else token, match.start(kind)))
        position = match.end()
    tokens.append(_Token("end", "", len(text)))
    return tokens


class _Parser:
    def __init__(self, tokens: list[_Token], field: str) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._field = field

    def whole(self) -> Tree:
        tree = self._expression()
        if self._token.kind != "end":
            self._refuse(f"unexpected {self._token.text}")
        return tree

    @property
    def _token(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._token
        self._at += 1
        return token

    def _refuse(self, reason: str, token: _Token | None = None) -> NoReturn:
        token = token or self._token
        reason = "the expression ends too early" if token.kind == "end" else reason
        raise DefinitionError(self._field, reason, token.position)

    def _take(self, mark: str) -> _Token:
        if self._token.kind != "mark" or self._token.text != mark:
            self._refuse(f"expected {mark}, found {self._token.text}")
        return self._next()

    def _expression(self) -> Tree:
        self._depth += 1
        if self._depth > MAX_NESTING:
            self._refuse(f"the expression is nested deeper than {MAX_NESTING} levels")
        tree = self._ranked(1)
        if self._token.text == "?" and self._token.kind == "mark":
            position = self._next().position
            yes = self._expression()
            self._take(":")
            tree = Conditional(position, tree, yes, self._expression())
        self._depth -= 1
        return tree

    def _ranked(self, least: int) -> Tree:
        left = self._operand()
        chained = 0  # the rank of the chain that `left` is, when it was begun here
        while True:
            operator, position = self._operator()
            rank = _RANKS.get(operator, 0)
            if rank < least:
                return left
            if rank == chained == _COMPARISON:
                self._refuse("comparisons cannot be chained; join two with `and`")
            self._at += 2 if operator == "not in" else 1
            pair = (operator, self._ranked(rank + 1))
            if chained == rank and isinstance(left, Chain):
                left = Chain(left.position, left.first, (*left.rest, pair))
            else:
                left = Chain(position, left, (pair,))
            chained = rank

    def _operator(self) -> tuple[str, int]:
        token = self._token
        if token.text == "not" and self._tokens[min(self._at + 1, len(self._tokens) - 1)].text == "in":
            return "not in", token.position
        return (token.text if token.kind in ("mark", "name") else ""), token.position

    def _operand(self) -> Tree:
        token = self._token
        if token.kind in ("mark", "name") and token.text in ("-", "not"):
            self._next()
            self._depth += 1
            if self._depth > MAX_NESTING:
                self._refuse(f"the expression is nested deeper than {MAX_NESTING} levels")
            operand = self._ranked(_UNARY if token.text == "-" else _NOT)
            self._depth -= 1
            return Unary(token.position, token.text, operand)
        return self._accessed(self._primary())

    def _accessed(self, tree: Tree) -> Tree:
        keys: list[Tree] = []
        position = self._token.position
        while self._token.kind == "mark" and self._token.text in (".", "["):
            if self._next().text == "[":
                keys.append(self._expression())
                self._take("]")
                continue
            if self._token.kind != "name":
                self._refuse(f"expected a name after the point, found {self._token.text}")
            name = self._next()
            keys.append(Literal(name.position, name.text))
        return Access(position, tree, tuple(keys)) if keys else tree

    def _primary(self) -> Tree:
        token = self._next()
        match token.kind, token.text:
            case "number", text:
                return Literal(token.position, self._json(text, token))
            case "text", text:
                return Literal(token.position, self._json(_as_json(text), token))
            case "name", word if word in _WORDS:
                return Literal(token.position, _WORDS[word])
            case "name", name if name not in _RESERVED:
                return self._name(name, token)
        return self._bracketed(token)

    def _bracketed(self, token: _Token) -> Tree:
        if token.kind == "mark" and token.text == "[":
            return Array(token.position, self._list("]"))
        if token.kind == "mark" and token.text == "{":
            return Object(token.position, self._entries())
        if token.kind != "mark" or token.text != "(":
            self._refuse(f"unexpected {token.text}", token)
        tree = self._expression()
        self._take(")")
        return tree

    def _name(self, name: str, token: _Token) -> Tree:
        if self._token.kind == "mark" and self._token.text == "(":
            self._next()
            return Call(token.position, name, self._list(")"))
        return Name(token.position, name)

    def _json(self, text: str, token: _Token) -> Any:
        try:
            return parse_json(text)
        except NotJsonError:
            self._refuse(f"{token.text[:40]} is not a number or text as JSON has it", token)

    def _list(self, end: str) -> tuple[Tree, ...]:
        items: list[Tree] = []
        while not (self._token.kind == "mark" and self._token.text == end):
            if items:
                self._take(",")
            items.append(self._expression())
        self._next()
        return tuple(items)

    def _entries(self) -> tuple[tuple[str, Tree], ...]:
        entries: list[tuple[str, Tree]] = []
        while not (self._token.kind == "mark" and self._token.text == "}"):
            if entries:
                self._take(",")
            token = self._next()
            if token.kind not in ("text", "name"):
                self._refuse("a key is a text or a name", token)
            key = token.text if token.kind == "name" else str(self._json(_as_json(token.text), token))
            self._take(":")
            entries.append((key, self._expression()))
        self._next()
        return tuple(entries)


def _as_json(text: str) -> str:
    """A text in single quotes as JSON writes it; `\\'` is a quote in both."""
    inner = text[1:-1].replace("\\'", "'")
    if text[0] == "'":
        inner = re.sub(r'\\.|"', lambda match: '\\"' if match[0] == '"' else match[0], inner, flags=re.DOTALL)
    escapes = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(escapes.get(character, character) for character in inner) + '"'
