"""Quotes for a POSIX shell, with secrets as variables: as words of a command and as arguments of `printf`."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters that would steer a terminal, or that a shell's word cannot hold."""

_PLAIN = re.compile(r"[A-Za-z0-9@%+=:,./_-]+")
_SHORTEST_SECRET = 4


def written_forms(value: str, name: str) -> Iterable[tuple[str, str]]:
    """The forms a secret is written in, each with the variable that has to hold it: `NAME_URLENCODED`, `NAME_JSON`."""
    yield value, name
    for encoded in (quote(value, safe="~"), quote(value), quote_plus(value)):
        yield encoded, f"{name}_URLENCODED"
    for escaped in (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
        yield escaped, f"{name}_JSON"


class Quoter:
    """Secrets as "${NAME}" in double quotes, the rest as it is or in single quotes; `mask` sees the rest first."""

    def __init__(self, secrets: Mapping[str, str], mask: Callable[[str], str]) -> None:
        forms: dict[str, str] = {}
        for value, name in secrets.items():
            if len(value) >= _SHORTEST_SECRET:
                for form, variable in written_forms(value, name):
                    forms.setdefault(form, variable)
        self._names = forms
        self._mask = mask
        longest_first = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(re.escape(form) for form in longest_first)) if forms else None

    def hides(self, text: str) -> bool:
        """True when a secret is in the text."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def __call__(self, text: str) -> str:
        """One word of a command."""
        written = [_literal(piece) if name is None else f'"${{{name}}}"' for piece, name in self._pieces(text)]
        return "".join(written) or "''"

    def printf(self, text: str, charset: str) -> str:
        """The `printf` that writes the text in this charset, byte for byte."""
        form, arguments = "", ""
        for piece, name in self._pieces(text):
            if name is None:
                form += _octal(piece.encode(charset, "surrogateescape"))
            else:
                form += "%s"
                arguments += f' "${{{name}}}"'
        form = f"\\055{form[1:]}" if form.startswith("-") else form  # else it would look like an option
        return f"printf '{form}'{arguments}"

    def _pieces(self, text: str) -> Iterator[tuple[str, str | None]]:
        """The text in pieces; those that are secrets come with the variable's name."""
        at = 0
        for found in self._pattern.finditer(text) if self._pattern is not None else ():
            if found.start() > at:
                yield self._mask(text[at : found.start()]), None
            yield found.group(), self._names[found.group()]
            at = found.end()
        if at < len(text):
            yield self._mask(text[at:]), None


def _literal(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _octal(data: bytes) -> str:
    return "".join(_FORMAT[byte] for byte in data)


_FORMAT = [chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}" for byte in range(256)]
_FORMAT[ord("\n")] = "\\n"
_FORMAT[ord("\r")] = "\\r"
_FORMAT[ord("\t")] = "\\t"
_FORMAT[ord("%")] = "%%"
_FORMAT[ord("\\")] = "\\\\"
_FORMAT[ord("'")] = "'\"'\"'"
