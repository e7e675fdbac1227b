"""What reading a response gives: a value and its place, nothing and why, or a source that cannot be read."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Found:
    """A value and where it stood: the path, the header, the line of the text."""

    value: Any
    where: str = ""


@dataclass(slots=True)
class Missing:
    """Nothing was found: why, what came nearest, and a caret under the part of the path that stopped.

    `many` marks a query that could have matched several places: its count is 0 and as a list it is empty.
    """

    reason: str
    nearest: str | None = None
    where: str = ""
    many: bool = False


class Unreadable(Exception):  # noqa: N818 - the name says what the source is; it is no fault of the program
    """The source cannot be read at all: a body that is not JSON, or one too large; raised inside the readers."""

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.where = where
