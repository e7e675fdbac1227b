"""What came back from the server: plain data that extraction, assertion and the result are made from."""

from dataclasses import field
from pathlib import Path

from wxcloudrun.engine.record import record


@record(frozen=True, slots=True)
class Body:
    """A response body after transfer and content decoding.

    `head` holds the first bytes (at most the plan's `head_bytes`); when the body is longer, `spool` is a temporary
    file with all of it. `size` is in bytes, `sha256` the hex digest of the whole decoded body. A body over the plan's
    limit never becomes a `Body`: the step ends as `body_too_large`.
    """

    head: bytes = b""
    size: int = 0
    sha256: str = ""
    charset: str = "utf-8"
    spool: Path | None = None

    @property
    def complete(self) -> bool:
        """True when `head` is the whole body."""
        return self.size == len(self.head)

    def read(self, limit: int | None = None) -> bytes:
        """The whole body, or its first `limit` bytes."""
        if self.complete or (limit is not None and limit <= len(self.head)):
            return self.head[:limit]
        if self.spool is None:
            return self.head
        with self.spool.open("rb") as file:
            return file.read(-1 if limit is None else limit)

    def text(self, limit: int | None = None) -> str:
        """The body decoded by its charset; bytes that are not in the charset become U+FFFD."""
        return self.read(limit).decode(self.charset, "replace")


@record(frozen=True, slots=True)
class Timing:
    """Milliseconds each phase took; a phase that did not happen (kept connection, no TLS) is 0."""

    resolve_ms: float = 0.0
    connect_ms: float = 0.0
    tls_ms: float = 0.0
    send_ms: float = 0.0
    wait_ms: float = 0.0  # request sent -> first byte
    receive_ms: float = 0.0
    total_ms: float = 0.0  # of this exchange and of the redirects before it


@record(frozen=True, slots=True)
class Hop:
    """One redirect that was followed."""

    url: str
    status: int
    location: str
    peer: str | None


@record(frozen=True, slots=True)
class Cookie:
    """One cookie a response set."""

    name: str
    value: str
    domain: str = ""
    path: str = "/"
    expires: int | None = None  # seconds since the epoch; None for a session cookie
    secure: bool = False
    http_only: bool = False
    same_site: str = ""
    host_only: bool = False  # no Domain attribute: never for the hosts below


@record(frozen=True, slots=True)
class Response:
    """The final answer after redirects. Header names keep the server's case; look-ups ignore it."""

    status: int
    reason: str
    http_version: str  # "1.0", "1.1", "2"
    headers: tuple[tuple[str, str], ...]
    body: Body
    url: str
    timing: Timing = field(default_factory=Timing)
    cookies: tuple[Cookie, ...] = ()
    peer: str | None = None  # "address:port" that answered
    hops: tuple[Hop, ...] = ()
    certificate: dict[str, str] | None = None

    def header(self, name: str) -> str | None:
        """The first header of that name, ignoring case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def header_values(self, name: str) -> tuple[str, ...]:
        """Every header of that name, in order."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)
