"""Answers that are sent in pieces, so that a big one costs no memory."""

from collections.abc import Iterator
from itertools import chain

_TOGETHER = 32 * 1024
"""Bytes; smaller pieces wait for one another."""


def streamed(pieces: Iterator[str] | Iterator[bytes], *, at_once: bool = False) -> Iterator[bytes]:
    """The pieces, small ones put together unless each is to be sent `at_once`.

    The first is asked for before anything is sent: what it raises is still answered.
    """
    together = map(_encoded, pieces) if at_once else _together(pieces)
    return chain([next(together, b"")], together)


def _encoded(piece: str | bytes) -> bytes:
    return piece.encode("utf-8", "replace") if isinstance(piece, str) else piece


def _together(pieces: Iterator[str] | Iterator[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for piece in pieces:
        waiting += _encoded(piece)
        if len(waiting) >= _TOGETHER:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)
