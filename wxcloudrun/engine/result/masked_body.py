"""A long body as it may be shown: masked while it is read, piece by piece, with nothing that a cut lets through."""

import codecs
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from wxcloudrun.engine.result.redaction import Redactor

PIECE = 1024 * 1024
"""Characters or bytes that are looked at together."""
OVERLAP = 64 * 1024
"""Of these, as many are looked at again with the next piece: a secret in any encoding is shorter."""


def masked_body(redactor: Redactor, path: Path, charset: str, *, text: bool) -> Iterator[bytes]:
    """The body in that file, without secrets: a text as UTF-8, anything else as its bytes. Memory stays small.

    A character that the charset does not have becomes U+FFFD. Raises OSError.
    """
    with path.open("rb") as file:
        if text:
            pieces = _pieces(_characters(file, charset), redactor.body, redactor.spans, "")
            yield from (piece.encode("utf-8", "replace") for piece in pieces)
        else:
            yield from _pieces(_bytes(file), redactor.binary, redactor.byte_spans, b"")


def _characters(file: IO[bytes], charset: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(charset)("replace")
    while chunk := file.read(PIECE):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _bytes(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(PIECE):
        yield chunk


def _pieces[T: (str, bytes)](
    chunks: Iterator[T], mask: Callable[[T], T], spans: Callable[[T], Iterator[tuple[int, int]]], empty: T
) -> Iterator[T]:
    """Masked pieces: each ends where no secret stands across the cut."""
    held = empty
    for chunk in chunks:
        held += chunk
        if len(held) > 2 * OVERLAP:
            cut = _cut(held, len(held) - OVERLAP, spans)
            yield mask(held[:cut])
            held = held[cut:]
    yield mask(held)


def _cut[T: (str, bytes)](held: T, cut: int, spans: Callable[[T], Iterator[tuple[int, int]]]) -> int:
    """That place, or the beginning of the first secret that stands across it."""
    start = max(0, cut - OVERLAP)
    around: Any = held[start : cut + OVERLAP]
    across = [start + first for first, last in spans(around) if start + first < cut < start + last]
    return min(across, default=cut) or cut


def as_text(head: bytes, charset: str, *, truncated: bool) -> str | None:
    """The text of a body's head; None when it is not text. A character cut in two at the end is left out."""
    try:
        text = codecs.getincrementaldecoder(charset)("strict").decode(head) if truncated else head.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return None
    return None if "\x00" in text else text
