"""Answers that are sent in pieces, so that a big one costs no memory."""

from collections.abc import Iterator
from itertools import chain

_TOGETHER = 32 * 1024
"""Bytes; smaller pieces wait for one another."""


def streamed(pieces: Iterator[str] | Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, small ones put together. The first is asked for at once: what it raises is still answered."""
    together = _together(pieces)
    return chain([next(together, b"")], together)


def _together(pieces: Iterator[str] | Iterator[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for piece in pieces:
        waiting += piece.encode("utf-8", "replace") if isinstance(piece, str) else piece
        if len(waiting) >= _TOGETHER:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)
