"""Texts of strangers as they may stand in a file: what steers is made visible, what is long is cut, marks escaped."""

import re
from typing import Final

LONGEST: Final = 64 * 1024
"""Bytes of one text; readers of JUnit files and tables cut or refuse longer ones."""

_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_BREAKS = re.compile(r"\s+")
_XML: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_XML_BREAKS: Final = {"\n": "&#10;", "\t": "&#9;"}


def visible(text: str) -> str:
    """The text with every character written out that would steer a screen, turn the direction or break XML or JSON.

    Line breaks and tabs stay; a carriage return before a line break goes.
    """
    if text.isascii() and text.isprintable():
        return text
    return _STEERING.sub(_written, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """The same on one line, without blanks at its ends."""
    return _BREAKS.sub(" ", visible(text)).strip()


def cut(text: str, most: int = LONGEST) -> str:
    """As much of the text as has that many bytes of UTF-8, and how many there were."""
    data = text.encode("utf-8", "replace")
    if len(data) <= most:
        return text
    note = f"\n... ({len(data)} bytes)"
    return data[: max(0, most - len(note))].decode("utf-8", "ignore") + note


def escaped(text: str) -> str:
    """For the content of an element, in XML and HTML."""
    return visible(text).translate(_XML)


def attribute(text: str) -> str:
    """For an attribute's value in double quotes; line breaks are kept where the reader would turn them into blanks."""
    safe = escaped(text)
    for mark, written in _XML_BREAKS.items():
        safe = safe.replace(mark, written)
    return safe


def _written(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
