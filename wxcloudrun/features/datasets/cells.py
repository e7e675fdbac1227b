"""Columns of a file of datasets: where what stands in them goes, and what text becomes under a declared type."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from wxcloudrun.core import json_body

_SPECIAL: Final = {"key": "string", "name": "string", "enabled": "boolean", "default": "boolean"}
_PREFIXES: Final = {
    "variable": "variables",
    "query": "query",
    "header": "headers",
    "cookie": "cookies",
    "expected": "expected",
    "body": "body",
}
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,39})(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?")
_DEEPEST: Final = 30


class Refused(ValueError):
    """Why a column or a cell was refused; `detail` is a sentence."""

    def __init__(self, reason: str, detail: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name without the type, the path of its values in a dataset, and how its text is read."""

    label: str
    path: tuple[str, ...]
    kind: str = "string"
    nullable: bool = False

    def value(self, text: str) -> Any:
        """What stands in a cell. Raises Refused."""
        if text == "" and (self.nullable or self.path in (("enabled",), ("is_default",), ("key",))):
            return None
        if self.kind == "string":
            return text
        if text.strip() == "":
            raise Refused("empty", f"write `{self.label}:{self.kind}?` where an empty cell shall be null")
        return _TYPES[self.kind](text.strip())

    def put(self, values: dict[str, Any], value: Any) -> None:
        """Set it in a dataset; of what a row need not say, nothing is set."""
        if value is None and len(self.path) == 1:
            return
        for name in self.path[:-1]:
            values = values.setdefault(name, {})
        values[self.path[-1]] = value


class Columns:
    """The columns of one header, or the members of one object: no two may give the same value, or a part of it."""

    def __init__(self) -> None:
        self.listed: list[Column] = []
        self._labels: dict[tuple[str, ...], str] = {}
        self._inner: dict[tuple[str, ...], str] = {}  # paths that lead to columns

    def add(self, column: Column) -> Column:
        """One more. Raises Refused."""
        path = column.path
        if path in self._labels:
            raise Refused("given_twice", f"`{column.label}` is there already")
        above = [path[:length] for length in range(1, len(path))]
        other = next((self._labels[one] for one in above if one in self._labels), self._inner.get(path))
        if other is not None:
            raise Refused("conflict", f"`{other}` and `{column.label}` cannot both be given")
        self._labels[path] = column.label
        self._inner |= dict.fromkeys(above, column.label)
        self.listed.append(column)
        return column


def parse_column(text: str, *, typed: bool = True) -> Column:
    """The column of a header's cell, `name` or `name:type` or `name:type?`. Raises Refused."""
    label, mark, kind = text.strip().rpartition(":") if typed else (text, "", "")
    if not mark:
        label, kind = (text.strip() if typed else text), ""
    label, kind = label.strip(), kind.strip().lower()
    nullable, kind = kind.endswith("?"), kind.removesuffix("?") or "string"
    if kind not in _TYPES:
        raise Refused("unknown_type", f"the types are {', '.join(_TYPES)}")
    if not label:
        raise Refused("missing", "the column has no name")
    if label in _SPECIAL:
        if mark and kind != _SPECIAL[label]:
            raise Refused("wrong_type", f"`{label}` is a {_SPECIAL[label]}")
        return Column(label, ("is_default" if label == "default" else label,), _SPECIAL[label])
    return Column(label, _path(label), kind, nullable)


def _path(label: str) -> tuple[str, ...]:
    prefix, dot, rest = label.partition(".")
    if not dot or prefix not in _PREFIXES:
        return ("variables", label)
    if not rest:
        raise Refused("missing", f"`{label}` needs a name behind the dot")
    if prefix != "body":
        return (_PREFIXES[prefix], rest)
    names = rest.split(".")
    if not all(names) or len(names) > _DEEPEST:
        raise Refused("not_a_path", f"names with dots between them are expected, at most {_DEEPEST}")
    return ("body", *names)


def _number(text: str) -> int | float:
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise Refused("not_a_number", "numbers are written as in JSON: 12, -0.5, 1e3; text stays text without a type")
    if found[1] is None and found[2] is None:
        return int(text)
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise Refused("number_out_of_range")
    return number


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise Refused("not_a_boolean", "write true or false")
    return text.lower() == "true"


def _json(text: str) -> Any:
    try:
        return json_body.parse(text.encode())
    except json_body.JsonFault as fault:
        raise Refused(fault.reason, "the cell is no JSON") from None


_TYPES: Final[dict[str, Callable[[str], Any]]] = {"string": str, "number": _number, "boolean": _boolean, "json": _json}
