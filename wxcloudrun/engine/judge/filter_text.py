"""Filters on texts: case, replacement, patterns, encodings and hashes."""

import base64
import binascii
import hashlib
import html
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, unquote

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.filter_kinds import (
    MAX_PARTS,
    Change,
    FilterError,
    FilterKind,
    Parameter,
    bounded,
    needs,
    simple,
)
from wxcloudrun.engine.judge.outcome import Missing
from wxcloudrun.engine.judge.patterns import Pattern, PatternTooCostlyError, compile_pattern
from wxcloudrun.engine.judge.values import brief, shown_text


def group_number(pattern: Pattern, group: int | str | None) -> int:
    """Which group a pattern gives: the named one, else the first, else the whole match; raises DefinitionError."""
    if group is None:
        return 1 if pattern.groups else 0
    number = pattern.names.get(group, -1) if isinstance(group, str) else group
    if isinstance(group, bool) or not 0 <= number <= pattern.groups:
        raise DefinitionError("group", f"the pattern has no group {group}; it has {pattern.groups}")
    return number


def search(pattern: Pattern, text: str) -> Any:
    """The first match or None; raises FilterError when the pattern is too large for the text."""
    try:
        return pattern.search(text)
    except PatternTooCostlyError as error:
        raise FilterError(str(error)) from error


def _regex(text: str, group: int | str | None) -> Change:
    pattern = compile_pattern(text)
    number = group_number(pattern, group)

    def change(value: Any) -> Any:
        found = search(pattern, needs(value, "string"))
        captured = None if found is None else found.group(number)
        if captured is None:
            return Missing(f"{text} matches nothing", nearest=f"the text begins with {shown_text(value, 60)}")
        return captured

    return change


def _replace_regex(text: str, new: str) -> Change:
    pattern = compile_pattern(text)
    _refuse_groups(pattern, new)

    def change(value: Any) -> str:
        text = needs(value, "string")
        bounded(len(text) * (1 + len(new)) if len(new) > 100 else 0)
        try:
            result = pattern.replace(text, new)
        except PatternTooCostlyError as error:
            raise FilterError(str(error)) from error
        bounded(len(result))
        return result

    return change


def _refuse_groups(pattern: Pattern, new: str) -> None:
    """A replacement that names a group which is not there is refused before the run."""
    references = compile_pattern(r"\\([1-9][0-9]?)|\\g<(\w+)>")
    rest, at = new, 0
    while (found := references.search(rest)) is not None:
        name = found.group(1) or found.group(2)
        known = int(name) <= pattern.groups if name.isdigit() else name in pattern.names
        if not known:
            raise DefinitionError("new", f"the pattern has no group {name}", at + found.start())
        at += found.end()
        rest = rest[found.end() :]


def _replace(old: str, new: str) -> Change:
    if not old:
        raise DefinitionError("old", "the text to be replaced is empty")

    def change(value: Any) -> str:
        text = needs(value, "string")
        bounded(len(text) + text.count(old) * len(new))
        return str(text.replace(old, new))

    return change


def _split(separator: str) -> Change:
    if not separator:
        raise DefinitionError("separator", "the separator is empty")

    def change(value: Any) -> list[str]:
        if needs(value, "string").count(separator) > MAX_PARTS:
            raise FilterError(f"it would give more than {MAX_PARTS} parts")
        return list(value.split(separator))

    return change


def _text(change: Callable[[str], Any]) -> FilterKind:
    return simple(lambda value: change(needs(value, "string")))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _base64_decode(text: str) -> str:
    """Standard and URL-safe alphabets, padding or none; the bytes have to be UTF-8."""
    plain = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        content = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FilterError(f"{brief(text)} is no base64") from error
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FilterError("the decoded bytes are no UTF-8 text") from error


def _hash(name: str) -> FilterKind:
    return _text(lambda text: hashlib.new(name, _bytes(text), usedforsecurity=False).hexdigest())


TEXT_FILTERS: Final = {
    "trim": _text(str.strip),
    "lower": _text(str.lower),
    "upper": _text(str.upper),
    "replace": FilterKind(_replace, (Parameter("old", "string"), Parameter("new", "string"))),
    "split": FilterKind(_split, (Parameter("separator", "string"),)),
    "regex": FilterKind(_regex, (Parameter("pattern", "string"), Parameter("group", "any", None))),
    "replace_regex": FilterKind(_replace_regex, (Parameter("pattern", "string"), Parameter("new", "string"))),
    "base64_encode": _text(lambda text: base64.b64encode(_bytes(text)).decode("ascii")),
    "base64_decode": _text(_base64_decode),
    "url_encode": _text(lambda text: quote(_bytes(text), safe="")),
    "url_decode": _text(unquote),
    "html_escape": _text(html.escape),
    "html_unescape": _text(html.unescape),
    "md5": _hash("md5"),
    "sha1": _hash("sha1"),
    "sha256": _hash("sha256"),
    "sha512": _hash("sha512"),
}
