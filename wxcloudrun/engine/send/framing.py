"""What the names of a request's headers decide: what libcurl adds by itself, and what it must not add."""

from functools import lru_cache

from wxcloudrun.engine.record import record

MAY_BE_EMPTY = frozenset({"POST", "PUT", "PATCH"})
"""Methods that say `Content-Length: 0` when they have no body."""


@record(frozen=True, slots=True)
class Framing:
    """`silent` are lines that keep libcurl from adding a header; the rest says which ones it does add.

    `reusable` is false when the user wrote a length: it may be wrong on purpose, and the connection ends with it.
    """

    silent: tuple[bytes, ...]
    decode: bool
    adds_host: bool
    adds_length: bool
    reusable: bool


@lru_cache(maxsize=1024)
def framing(names: tuple[str, ...], suppressed: frozenset[str], method: str, has_body: bool) -> Framing:
    """The framing of a request whose headers have these names; `suppressed` (lower case) are not sent at all."""
    lower = {name.lower() for name in names}
    silent = set(suppressed)
    if "expect" not in lower:
        silent.add("expect")
    length = has_body or method in MAY_BE_EMPTY
    if "content-type" not in lower and length:
        silent.add("content-type")
    return Framing(
        tuple([f"{name}:".encode() for name in sorted(silent)]),
        decode="accept-encoding" not in lower and "accept-encoding" not in silent,
        adds_host="host" not in lower and "host" not in silent,
        adds_length=length and not lower & {"content-length", "transfer-encoding"} and "content-length" not in silent,
        reusable=not lower & {"content-length", "transfer-encoding"},
    )
