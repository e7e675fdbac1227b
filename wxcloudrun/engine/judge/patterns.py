"""Regular expressions in linear time: RE2 for users' patterns, and I-Regexp (RFC 9485) for JSONPath's functions."""

from functools import lru_cache
from typing import Any, Final

import re2
from iregexp_check import check as is_iregexp

from wxcloudrun.engine.errors import DefinitionError

MAX_PATTERN: Final = 4_000
"""Characters of a pattern."""

_MAX_PROGRAM = 10_000
_MAX_WORK = 150_000_000  # program steps x characters: about a second at the very worst
_MAX_REPLACED = 200_000  # characters: about a second when everything matches
_MEMORY = 8 << 20
_UNSUPPORTED = {
    "(?=": "look-ahead",
    "(?!": "negative look-ahead",
    "(?<=": "look-behind",
    "(?<!": "negative look-behind",
    "(?>": "atomic groups",
    "(?(": "conditional groups",
}


class PatternTooCostlyError(ValueError):
    """The pattern is too large for a text of this length."""


class Pattern:
    """A compiled pattern. Text with lone surrogates is searched with U+FFFD in their place."""

    def __init__(self, text: str, compiled: Any) -> None:
        self.text = text
        self.groups: int = compiled.groups
        self.names: dict[str, int] = compiled.groupindex
        self._size: int = compiled.programsize
        self._compiled = compiled

    def search(self, text: str) -> Any:
        """The first match anywhere (an object like `re.Match`) or None; raises PatternTooCostlyError."""
        return self._compiled.search(self._vetted(text))

    def full_match(self, text: str) -> bool:
        """Whether the whole text matches; raises PatternTooCostlyError."""
        return self._compiled.fullmatch(self._vetted(text)) is not None

    def replace(self, text: str, replacement: str) -> str:
        """Every match replaced; the replacement may name groups (`\\1`, `\\g<name>`). Raises PatternTooCostlyError."""
        if len(text) > _MAX_REPLACED:
            raise PatternTooCostlyError(f"a text of {len(text)} characters; {_MAX_REPLACED} are allowed to replace in")
        return str(self._compiled.sub(replacement, self._vetted(text)))

    def _vetted(self, text: str) -> str:
        if self._size * len(text) > _MAX_WORK:
            most = _MAX_WORK // self._size
            raise PatternTooCostlyError(
                f"the pattern is too large for a text of {len(text)} characters; it may search {most}"
            )
        return text if text.isascii() else without_surrogates(text)


def without_surrogates(text: str) -> str:
    """The text with each lone surrogate replaced by U+FFFD; anything else stays."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


@lru_cache(maxsize=1_024)
def compile_pattern(text: str, field: str = "argument") -> Pattern:
    """A pattern in RE2's syntax, searched anywhere in the text.

    Raises DefinitionError with the position of the fault; look-around and back-references do not exist in RE2.
    """
    if len(text) > MAX_PATTERN:
        raise DefinitionError(field, f"the pattern has {len(text)} characters; {MAX_PATTERN} are allowed")
    try:
        compiled = _compile(text)
    except re2.error as error:
        raise _explained(text, field, error) from error
    except UnicodeEncodeError as error:
        raise DefinitionError(field, "a lone surrogate is no character", error.start) from error
    if compiled.programsize > _MAX_PROGRAM:
        raise DefinitionError(field, "the pattern is too large once its repetitions are written out")
    return Pattern(text, compiled)


def _compile(text: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return re2.compile(text, options)


def _explained(text: str, field: str, error: Exception) -> DefinitionError:
    for start, name in _UNSUPPORTED.items():
        position = _unescaped(text, start)
        if position is not None:
            return DefinitionError(field, f"{name} ({start}…) is not supported: patterns run in linear time", position)
    position = next((at for digit in "123456789" if (at := _unescaped(text, f"\\{digit}")) is not None), None)
    if position is not None:
        return DefinitionError(field, "back-references are not supported: patterns run in linear time", position)
    reason = error.args[0].decode("utf-8", "replace") if error.args else "bad pattern"
    problem, _, part = reason.partition(": ")
    return DefinitionError(field, f"not a pattern (RE2): {_in_words(problem, part)}", _fault_at(text, part))


_IN_WORDS: Final = {
    "missing )": "a `(` is not closed",
    "unexpected )": "a `)` closes nothing",
    "missing ]": "a `[` is not closed",
    "bad repetition operator": "`{}` repeats what is repeated already",
    "no argument for repetition operator": "there is nothing before `{}` that it could repeat",
    "invalid repetition size": "`{}` repeats too often, or from more to fewer",
    "invalid named capture group": "`{}` is no named group; write (?P<name>...)",
    "invalid escape sequence": "`{}` is no escape that RE2 knows",
    "invalid perl operator": "`{}` is no group that RE2 knows",
    "invalid character class range": "`{}` is no range or class of characters",
    "trailing \\": "a backslash at the end stands before nothing",
}


def _in_words(problem: str, part: str) -> str:
    """RE2's few words for a fault as a sentence; words it may learn later stay as they are."""
    sentence = _IN_WORDS.get(problem)
    if sentence is not None:
        return sentence.replace("{}", part[:60])
    return f"{problem}: {part[:60]}" if part else problem


def _fault_at(text: str, part: str) -> int:
    """Where the named part stands; RE2 tells no offset, so the rest is the shortest prefix that stays wrong."""
    if part and part != text and text.count(part) == 1:
        return text.index(part)
    return next((end - 1 for end in range(1, len(text)) if _never_right(text[:end])), max(len(text) - 1, 0))


def _never_right(prefix: str) -> bool:
    closings = ("", ")", "]", "])", "}", ")}", "a)", "a", "a])")
    return not any(_compiles(prefix + closing) for closing in closings)


def _compiles(text: str) -> bool:
    try:
        _compile(text)
    except re2.error:
        return False
    return True


def _unescaped(text: str, part: str) -> int | None:
    """The first place of `part` that is neither behind a backslash nor inside a character class."""
    position, inside = 0, False
    while position < len(text):
        if not inside and text.startswith(part, position):
            return position
        if text[position] == "\\":
            position += 1
        elif text[position] == "[":
            inside = True
        elif text[position] == "]":
            inside = False
        position += 1
    return None


@lru_cache(maxsize=1_024)
def compile_iregexp(text: str) -> Pattern | None:
    """A pattern by RFC 9485 for `match()` and `search()`; None when it is not one (it then matches nothing)."""
    if len(text) > MAX_PATTERN or without_surrogates(text) != text or not is_iregexp(text):
        return None
    try:
        compiled = _compile(_dots_mapped(text))
    except re2.error:
        return None
    return Pattern(text, compiled) if compiled.programsize <= _MAX_PROGRAM else None


def _dots_mapped(text: str) -> str:
    """Outside a class `.` means any character but line feed and carriage return (RFC 9485, section 5.3)."""
    parts: list[str] = []
    escaped = inside = False
    for character in text:
        parts.append("[^\\n\\r]" if character == "." and not escaped and not inside else character)
        if not escaped and character in "[]":
            inside = character == "["
        escaped = character == "\\" and not escaped
    return "".join(parts)
