"""The tree of an expression: what the parser makes and the evaluation walks."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text, true, false or null."""

    position: int
    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    """A variable or one of the response's names."""

    position: int
    name: str


@dataclass(frozen=True, slots=True)
class Access:
    """`target.key[0]…`: the keys one after the other."""

    position: int
    target: "Tree"
    keys: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments)`."""

    position: int
    name: str
    arguments: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `not x`."""

    position: int
    operator: str
    operand: "Tree"


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one rank, from left to right: `a - b + c`, `a and b and c`."""

    position: int
    first: "Tree"
    rest: tuple[tuple[str, "Tree"], ...]


@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? yes : no`."""

    position: int
    condition: "Tree"
    yes: "Tree"
    no: "Tree"


@dataclass(frozen=True, slots=True)
class Array:
    """`[a, b]`."""

    position: int
    items: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Object:
    """`{"key": value}`."""

    position: int
    entries: tuple[tuple[str, "Tree"], ...]


Tree = Literal | Name | Access | Call | Unary | Chain | Conditional | Array | Object
