"""Texts with `{{placeholders}}`: parsed once, kept, and turned into values by whoever knows the names."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError

MAX_RENDERED = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What stands between two pairs of braces: a name with a path into its value, or a dynamic variable."""

    text: str
    name: str  # "user.id", "items", "$randomInt"
    path: tuple[str | int, ...] = ()
    arguments: tuple[str, ...] = ()  # of a dynamic variable
    filters: tuple[str, ...] = ()  # "base64", 'split ","'

    @property
    def dynamic(self) -> bool:
        """True for `$uuid` and its like."""
        return self.name.startswith("$")


class Resolver(Protocol):
    """Knows the values of names."""

    limit: int

    def resolve(self, placeholder: Placeholder, field: str) -> Any:
        """The value; raises `StepError` when there is none."""


class Template:
    """A compiled value that still has names to be put in."""

    __slots__ = ()

    def render(self, names: Resolver) -> Any:
        """The value with its names put in; raises `StepError` for a name without value."""
        raise NotImplementedError

    def placeholders(self) -> list[tuple[str, Placeholder]]:
        """Every placeholder with the field it stands in."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Text(Template):
    """A string with at least one placeholder, and where it stands in the definition."""

    source: str
    parts: tuple[str | Placeholder, ...]
    field: str

    def render(self, names: Resolver) -> Any:
        """The string with its values put in; a string that is one placeholder keeps the value's type."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Placeholder):
            return names.resolve(self.parts[0], self.field)
        return self._joined(names)

    def placeholders(self) -> list[tuple[str, Placeholder]]:
        """Every placeholder with the field it stands in."""
        return [(self.field, part) for part in self.parts if isinstance(part, Placeholder)]

    def _joined(self, names: Resolver) -> str:
        texts = [part if isinstance(part, str) else as_text(names.resolve(part, self.field)) for part in self.parts]
        size = sum(map(len, texts))  # before they are joined: a text over the limit is never made
        if size > names.limit:
            raise StepError(
                ErrorClass.VARIABLE,
                f"{self.field}: the rendered text has {size} characters, the limit is {names.limit}",
            )
        return "".join(texts)


@dataclass(frozen=True, slots=True)
class Object(Template):
    """A JSON object with a placeholder somewhere in it."""

    items: tuple[tuple[Any, Any], ...]

    def render(self, names: Resolver) -> dict[str, Any]:
        """The object with its values put in; names of members are templates too."""
        return {
            key if type(key) is str else as_text(key.render(names)): (
                value.render(names) if isinstance(value, Template) else value
            )
            for key, value in self.items
        }

    def placeholders(self) -> list[tuple[str, Placeholder]]:
        """Every placeholder with the field it stands in."""
        return [found for pair in self.items for item in pair for found in placeholders(item)]


@dataclass(frozen=True, slots=True)
class Array(Template):
    """A JSON array with a placeholder somewhere in it."""

    items: tuple[Any, ...]

    def render(self, names: Resolver) -> list[Any]:
        """The array with its values put in."""
        return [render(value, names) for value in self.items]

    def placeholders(self) -> list[tuple[str, Placeholder]]:
        """Every placeholder with the field it stands in."""
        return [found for item in self.items for found in placeholders(item)]


def compile_tree(value: Any, field: str) -> Any:
    """A JSON value made ready: a `Template` where it holds placeholders, else the plain value itself.

    Raises `DefinitionError` (field and position) for braces that are not closed and names that cannot be read.
    """
    if isinstance(value, str):
        return compile_text(value, field)
    if isinstance(value, dict):
        items = tuple((compile_text(key, field), compile_tree(item, f"{field}.{key}")) for key, item in value.items())
        changed = any(type(key) is not str or is_template(item) for key, item in items)
        return Object(items) if changed else {key: item for key, item in items}
    if isinstance(value, list | tuple):
        parts = tuple(compile_tree(item, f"{field}.{index}") for index, item in enumerate(value))
        return Array(parts) if any(is_template(part) for part in parts) else list(parts)
    return value


def compile_text(text: str, field: str) -> "Text | str":
    """A string made ready; without placeholders it is a string again (with `\\{{` turned into `{{`)."""
    if "{{" not in text:
        return text
    try:
        parts = _parse(text)
    except _ParseError as fault:
        raise DefinitionError(field, fault.reason, fault.position) from None
    if all(isinstance(part, str) for part in parts):
        return "".join(str(part) for part in parts)
    return Text(text, parts, field)


def render(value: Any, names: Resolver) -> Any:
    """A compiled value with its names put in; a value without placeholders is handed back as it is."""
    return value.render(names) if isinstance(value, Template) else value


def is_template(value: object) -> bool:
    """True for what `compile_tree` made of a value with placeholders."""
    return isinstance(value, Template)


def placeholders(value: Any) -> list[tuple[str, Placeholder]]:
    """Every placeholder of a compiled value with the field it stands in."""
    return value.placeholders() if isinstance(value, Template) else []


def as_text(value: Any) -> str:
    """A value inside a longer string: strings as they are, everything else as compact JSON."""
    if type(value) is str:
        return value
    try:
        return _COMPACT.encode(value)
    except TypeError:
        return _exact(value)


def _exact(value: Any) -> str:
    """JSON with numbers that a double cannot hold."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_COMPACT.encode(str(key))}:{_exact(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_exact(item) for item in value) + "]"
    return _COMPACT.encode(value)


_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_NAME = re.compile(r"[^\W\d][\w.\-]*")
_STEP = re.compile(r"""\[\s*(?:(?P<index>-?\d+)|"(?P<double>[^"]*)"|'(?P<single>[^']*)')\s*\]|\.(?P<key>[\w\-]+)""")
_DYNAMIC = re.compile(r"\$[A-Za-z]\w*")
_ARGUMENT = re.compile(r"""\s*,?\s*(?:"([^"]*)"|'([^']*)'|([^\s,()"']+))""")


class _ParseError(Exception):
    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


@lru_cache(maxsize=8192)
def _parse(text: str) -> tuple[str | Placeholder, ...]:
    parts: list[str | Placeholder] = []
    literal = ""
    at = 0
    while (braces := text.find("{{", at)) >= 0:
        before = text[at:braces].rstrip("\\")
        slashes = braces - at - len(before)
        literal += before + "\\" * (slashes // 2)
        if slashes % 2:
            literal += "{{"
            at = braces + 2
            continue
        end = text.find("}}", braces + 2)
        if end < 0:
            raise _ParseError("`{{` is not closed; write `\\{{` for the braces themselves", braces)
        if literal:
            parts.append(literal)
            literal = ""
        parts.append(_placeholder(text[braces + 2 : end], braces + 2))
        at = end + 2
    literal += text[at:]
    if literal:
        parts.append(literal)
    return tuple(parts)


def _placeholder(inside: str, position: int) -> Placeholder:
    first, *filters = _between_pipes(inside)
    content = first.strip()
    position += len(first) - len(first.lstrip())
    if not content:
        raise _ParseError("a name is missing between `{{` and `}}`", position)
    cleaned = tuple(one.strip() for one in filters)
    if content.startswith("$"):
        return _dynamic(content, position, cleaned)
    name = _NAME.match(content)
    if name is None:
        raise _ParseError(f"`{content}` is not a name; write `\\{{{{` for the braces themselves", position)
    return Placeholder(inside.strip(), name.group().rstrip("."), _path(content, name.end(), position), filters=cleaned)


def _between_pipes(text: str) -> list[str]:
    """The parts between the pipes; none is one that stands in quotes, or before a quote that is never closed.

    One way from the end, however many pipes and quotes there are.
    """
    if "|" not in text:
        return [text]
    closed = [True] * (len(text) + 1)  # at each place: every quote from here on is closed
    following = {'"': -1, "'": -1}
    cuts = [len(text)]
    for at in range(len(text) - 1, -1, -1):
        one = text[at]
        closed[at] = closed[at + 1]
        if one in following:
            closed[at] = following[one] >= 0 and closed[following[one] + 1]
            following[one] = at
        elif one == "|" and closed[at + 1]:
            cuts.append(at)
    cuts.reverse()
    return [text[start:end] for start, end in zip([0, *(cut + 1 for cut in cuts)], cuts, strict=False)]


def _path(content: str, at: int, position: int) -> tuple[str | int, ...]:
    path: list[str | int] = []
    while at < len(content):
        step = _STEP.match(content, at)
        if step is None:
            raise _ParseError(f"`{content[at:]}` cannot follow a name; use `.key` or `[0]`", position + at)
        if step["index"] is not None:
            path.append(int(step["index"]))
        else:
            path.append(next(step[group] for group in ("double", "single", "key") if step[group] is not None))
        at = step.end()
    return tuple(path)


def _dynamic(content: str, position: int, filters: tuple[str, ...]) -> Placeholder:
    name = _DYNAMIC.match(content)
    if name is None:
        raise _ParseError(f"`{content}` is not the name of a dynamic variable", position)
    rest = content[name.end() :].strip().removeprefix("(").removesuffix(")")
    arguments = tuple(next(group for group in one.groups() if group is not None) for one in _ARGUMENT.finditer(rest))
    return Placeholder(content, name.group(), arguments=arguments, filters=filters)
