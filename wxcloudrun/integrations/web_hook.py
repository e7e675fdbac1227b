"""Posts JSON to addresses that people entered: through the address guard, briefly, without following anybody further.

Every request goes to an address that was vetted before the socket exists (see the engine's address guard), over a
connection of its own; redirects are answers like others, and an answer of more than 64 KiB is none.
"""

import contextlib
import email.utils
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.response import Response
from wxcloudrun.engine.send.egress import AddressGuard
from wxcloudrun.engine.send.request import RequestSpec, parse_request
from wxcloudrun.engine.send.resolver import Lookup, system_lookup
from wxcloudrun.engine.send.sender import Sender
from wxcloudrun.engine.send.wire import Limits
from wxcloudrun.integrations.notice import Outcome, told
from wxcloudrun.integrations.signatures import HEADER, stamped

DELIVERY_HEADER: Final = "X-Wxcloudrun-Delivery"
EVENT_HEADER: Final = "X-Wxcloudrun-Event"
_MOST: Final = 64 * 1024
_LONGEST_WAIT_S: Final = 6 * 3600
_GONE: Final = 410
_WORD: Final = 7  # characters; a word of an address that is longer may be a key
_FINAL: Final = (ErrorClass.GUARD, ErrorClass.DEFINITION)


@dataclass(frozen=True, slots=True)
class Patience:
    """Milliseconds: until connected, between two bytes, in all."""

    connect_ms: int = 5_000
    read_ms: int = 8_000
    total_ms: int = 10_000


@dataclass(frozen=True, slots=True)
class Post:
    """A body for an address. `hidden` are texts that must not come back in what is told of the answer."""

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    hidden: tuple[str, ...] = field(default=(), repr=False)


class Poster:
    """Posts. Used by several threads at once; `allowed` are the operator's ranges beside public addresses."""

    def __init__(
        self, allowed: Sequence[str] = (), patience: Patience | None = None, lookup: Lookup = system_lookup
    ) -> None:
        self._patience = patience or Patience()
        self._guard = AddressGuard(allowed, lookup=lookup)

    def send(self, post: Post, now: datetime) -> tuple[Outcome, bytes]:
        """What became of it, by the status alone, and the answer's body."""
        hidden = (*post.hidden, *_parts(post.url))
        try:
            response = self._response(post)
        except (StepError, DefinitionError) as fault:
            return _no_answer(fault, hidden), b""
        return _answered(response, hidden, now), response.body.head

    def _response(self, post: Post) -> Response:
        with Sender(self._guard, limits=Limits(head_bytes=_MOST, max_body_bytes=_MOST)) as sender:
            return sender.send(sender.prepare(self._spec(post))).response

    def _spec(self, post: Post) -> RequestSpec:
        patience = self._patience
        limits = {"connect_ms": patience.connect_ms, "read_ms": patience.read_ms, "total_ms": patience.total_ms}
        return parse_request(
            {
                "method": "POST",
                "url": post.url,
                "headers": [{"name": name, "value": value} for name, value in post.headers.items()],
                "body": {"kind": "raw", "text": post.body.decode(), "content_type": "application/json; charset=utf-8"},
                "timeouts": limits,
                "redirects": {"follow": False},
                "max_body_bytes": _MOST,
            }
        )


def signed(url: str, body: bytes, secret: str, names: Mapping[str, str], now: datetime) -> Post:
    """A post that its receiver can tell from others': `HEADER` is made of body and time with the secret."""
    return Post(url, body, {HEADER: stamped(body, secret, now), **names}, (secret,))


def _answered(response: Response, hidden: tuple[str, ...], now: datetime) -> Outcome:
    detail = told(response.body.head.decode("utf-8", "replace"), hidden)
    status = response.status
    if 300 <= status < 400:
        return Outcome(False, status, "redirects are not followed")
    wait = _wait(response.header("Retry-After"), now)
    return Outcome(200 <= status < 300, status, detail, final=status == _GONE, wait_s=wait)


def _no_answer(fault: StepError | DefinitionError, hidden: tuple[str, ...]) -> Outcome:
    if isinstance(fault, DefinitionError):
        return Outcome(False, None, told(str(fault), hidden), final=True)
    return Outcome(False, None, told(str(fault), hidden), final=fault.error_class in _FINAL)


def _wait(text: str | None, now: datetime) -> float | None:
    """Seconds of a Retry-After (RFC 9110 section 10.2.3: seconds or a date), at most six hours."""
    if text is None:
        return None
    seconds: float | None = None
    if text.strip().isdecimal():
        seconds = float(text.strip()[:9])
    else:
        with contextlib.suppress(ValueError, TypeError):
            seconds = (email.utils.parsedate_to_datetime(text) - now).total_seconds()
    return None if seconds is None else min(max(seconds, 0.0), _LONGEST_WAIT_S)


def _parts(url: str) -> tuple[str, ...]:
    """What of an address must not be told: path and query may be all that protects a receiver."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return (url,)
    path = parts.path if len(parts.path) > 1 else ""
    words = [text for _, text in parse_qsl(parts.query)] + path.split("/")
    texts = (url, f"{path}?{parts.query}", path, parts.query, parts.password or "")
    return tuple(text for text in texts if len(text) > 1) + tuple(text for text in words if len(text) > _WORD)
