"""What goes down to libcurl and what comes back up: one request, complete, and its answer. Plain data."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wxcloudrun.engine.record import record
from wxcloudrun.engine.response import Timing
from wxcloudrun.engine.send.body import Payload
from wxcloudrun.engine.send.egress import Target
from wxcloudrun.engine.send.framing import Framing
from wxcloudrun.engine.send.received import Head
from wxcloudrun.engine.send.request import HttpVersion, Tls
from wxcloudrun.engine.send.spool import BodySink
from wxcloudrun.engine.send.url import Url


@dataclass(frozen=True, slots=True)
class Limits:
    """What a response may cost: bytes in memory, in all, and in headers; and where longer bodies are spooled."""

    head_bytes: int = 64 * 1024
    max_body_bytes: int = 64 * 1024 * 1024
    max_header_count: int = 256
    max_header_bytes: int = 256 * 1024
    spool_directory: Path | None = None


@record(frozen=True, slots=True)
class Proxy:
    """A vetted proxy: its URL without credentials, and these apart as `user:password`."""

    url: str
    label: str
    credentials: str | None = None


@record(frozen=True, slots=True)
class Wire:
    """One request, complete: nothing is added but what `framing` says."""

    method: str
    url: Url
    headers: tuple[tuple[str, str], ...]
    framing: Framing
    payload: Payload | None
    pins: tuple[Target, ...]
    connect_ms: int
    tls: Tls
    proxy: Proxy | None
    http_version: HttpVersion
    max_body_bytes: int
    resolve_seconds: float = 0.0


@record(frozen=True, slots=True)
class Watch:
    """When a transfer must stop: seconds without a byte, two points on the monotonic clock, and a question."""

    read_seconds: float
    total_ends: float
    total_ms: int
    began: float
    deadline: float | None
    canceled: Callable[[], bool]


@record(frozen=True, slots=True)
class Answer:
    """What one request brought back."""

    head: Head
    sink: BodySink
    timing: Timing
    peer: str | None
    certificate: dict[str, str] | None
