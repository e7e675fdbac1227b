"""Finds secrets in text however they are written: percent-, form-, JSON-, HTML-escaped, base64, hex."""

import base64
import html.entities
import re
from typing import Any

import re2

_ALNUM = re.compile(r"[A-Za-z0-9]")
_JSON_SHORT = {'"': '"', "\\": "\\", "/": "/", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}
_FAN_OUT = 8
_LONG = 4096
_ANY_CASE = 8


class Matcher:
    """A growing set of secrets as compiled patterns.

    Each secret becomes one pattern; eight of them are compiled into one, and eight of those again, so that adding
    stays cheap and a text is searched by a few automata, in time linear in its length.
    """

    def __init__(self) -> None:
        self._single: list[str] = []  # patterns of one secret
        self._some: list[str] = []  # of eight
        self._many: tuple[Any, ...] = ()  # of sixty-four, compiled; larger ones would outgrow RE2's memory
        self.patterns: tuple[Any, ...] = ()
        """All of them, compiled; empty while there is no secret."""
        self._raw: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets themselves."""
        return self._raw

    def add(self, secret: str) -> None:
        """One more secret of at least four characters. Not safe for two threads at once; reading meanwhile is."""
        self._raw = (*self._raw, secret)
        self._single.append(encodings_pattern(secret))
        if len(self._single) < _FAN_OUT:
            self.patterns = (*self.patterns, _compile(self._single[-1]))
            return
        self._some.append("|".join(self._single))
        self._single.clear()
        if len(self._some) == _FAN_OUT:
            self._many = (*self._many, _compile("|".join(self._some)))
            self._some.clear()
        self.patterns = (*self._many, *(_compile(pattern) for pattern in self._some))

    def replace(self, text: str, mask: str) -> str:
        """The text with every secret replaced."""
        try:
            return self._replaced(text, mask)
        except UnicodeEncodeError:  # half of a surrogate pair, which RE2 does not read
            return self._replaced(text.encode("utf-8", "backslashreplace").decode(), mask)

    def _replaced(self, text: str, mask: str) -> str:
        for pattern in self.patterns:
            if pattern.search(text):
                text = pattern.sub(mask, text)
        return text

    def mask_tail(self, text: str, mask: str) -> str:
        """The text with a secret's first characters (four or more) at its very end replaced."""
        for secret in self._raw:
            for length in range(min(len(secret) - 1, len(text)), 3, -1):
                if text.endswith(secret[:length]):
                    return text[:-length] + mask
        return text


def encodings_pattern(secret: str) -> str:
    """A pattern (RE2) for one secret in every way it may be written.

    Characters that encoders treat differently (all but ASCII letters and digits) match in any of their forms, each
    for itself; forms that escape every character, base64 at its three alignments and hex are added whole.
    """
    data = secret.encode("utf-8", "surrogatepass")
    written = "".join(_either(char) for char in secret)
    # Host names are lower-cased on their way; a short secret would match too many words without its case.
    forms = [f"(?i:{written})" if len(secret) >= _ANY_CASE else written]
    if len(secret) <= _LONG:
        forms.append("(?i:" + "".join(f"%{byte:02x}" for byte in data) + ")")
        forms.append("".join(rf"\\+u{_any_hex(_utf16(char), r'\\+u')}" for char in secret))
        forms.append("".join(_html_number(char) for char in secret))
    forms.extend(_base64_forms(data))
    forms.append(f"(?i:{data.hex()})")
    return "|".join(forms)


def _compile(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = 256 * 1024 * 1024
    options.log_errors = False
    return re2.compile(pattern, options)


def _either(char: str) -> str:
    """The character itself or any escaped form of it."""
    if _ALNUM.match(char):
        return char
    if "\ud800" <= char <= "\udfff":  # half of a pair is always written out before a text is searched
        return rf"\\+u{_any_hex(_utf16(char), r'\\+u')}"
    forms = [re2.escape(char)]
    forms.append("(?i:" + "".join(f"%{byte:02x}" for byte in char.encode("utf-8", "surrogatepass")) + ")")
    forms.append("(?i:" + "".join(f"%25{byte:02x}" for byte in char.encode("utf-8", "surrogatepass")) + ")")
    forms.append(rf"\\+u{_any_hex(_utf16(char), r'\\+u')}")
    if char in _JSON_SHORT:
        forms.append(r"\\+" + re2.escape(_JSON_SHORT[char]))
    if char == " ":
        forms.append(r"\+")
    name = html.entities.codepoint2name.get(ord(char))
    if name:
        forms.append(f"&{name};")
    forms.append(_html_number(char))
    return "(?:" + "|".join(forms) + ")"


def _utf16(char: str) -> list[str]:
    data = char.encode("utf-16-be", "surrogatepass")
    return [data[at : at + 2].hex() for at in range(0, len(data), 2)]


def _any_hex(units: list[str], between: str) -> str:
    return "(?i:" + between.join(units) + ")"


def _html_number(char: str) -> str:
    return f"(?:&#0*{ord(char)};|(?i:&#x0*{ord(char):x};))"


def _base64_forms(data: bytes) -> list[str]:
    """The characters of the base64 text that depend on the secret alone, for each of the three alignments.

    Where the text ends with the secret, its last character and the padding go too.
    """
    forms = []
    for offset in range(3):
        padded = base64.b64encode(b"\0" * offset + data).decode()
        first = (0, 2, 3)[offset]
        last = (8 * (offset + len(data))) // 6
        core = padded[first:last]
        if len(core) >= 4:
            end = padded[last:].rstrip("=")
            forms.append("".join(map(_base64_char, core)) + (f"(?:{_base64_char(end)}={{0,2}})?" if end else ""))
    return forms


def _base64_char(char: str) -> str:
    if char == "+":
        return r"(?:\+|-|(?i:%2b)|\\+u002[bB])"
    if char == "/":
        return r"(?:/|_|(?i:%2f)|\\+/|\\+u002[fF])"
    return char
