"""Kept connections: bytes that came without having been asked for must never become the answer of the next request."""

import select
import socket
import sys
from enum import Enum

from wxcloudrun.engine.send.received import Head
from wxcloudrun.engine.send.wire import Wire

type Ends = tuple[str, int, int]
"""Peer, its port and our port: which connection it is."""

_CLOSING = {"connection", "proxy-connection"}
_REMEMBERED = 64
_DATA, _ALERT = 23, 19
_BYTES_RECEIVED = slice(128, 136)  # tcpi_bytes_received of `struct tcp_info`, linux/tcp.h


class Left(Enum):
    """What is left on a connection after an answer."""

    BYTES = "bytes that wait"
    CLOSED = "nothing: libcurl closed it, as it does when it has read more than the answer, among other reasons"
    BEFORE = "the true answer: this one was there before its request"


class KeptConnection:
    """One connection that libcurl keeps, by its descriptor, which is asked about only while libcurl uses it.

    libcurl reads no further than Content-Length says and does not look whether more is waiting when it takes a kept
    connection again: the rest would be read as the answer of the next request.
    """

    __slots__ = ("_descriptor", "_poll", "traced")

    def __init__(self, descriptor: int, *, secure: bool, multiplexed: bool) -> None:
        """`multiplexed` is HTTP/2, whose frames say to which answer a byte belongs: nothing is asked about it."""
        self._descriptor = descriptor
        self._poll = None if multiplexed else select.poll()
        self.traced = secure and not multiplexed
        """With TLS; what has been received tells then whether an answer is older than its request."""
        if self._poll is not None:
            self._poll.register(descriptor, select.POLLIN)

    def is_clean(self) -> bool:
        """Whether a request may go out on it: nothing waits there, not even its end."""
        return self._poll is None or not self._poll.poll(0)

    def is_quiet(self) -> bool:
        """Whether nothing is left on it right after an answer; false where only a closer look can tell."""
        return self._poll is None or (not self.traced and not self._poll.poll(0))

    def has_bytes(self) -> bool:
        """Whether bytes wait there, and not only its end; false with TLS, which has bytes of its own."""
        return not self.traced and bool(_waiting(self._descriptor))

    def received(self) -> int | None:
        """Bytes that have come in until now; None where the system does not tell."""
        return _received(self._descriptor)

    def came_since(self, before: int, size: int) -> bool:
        """False when a TLS connection's answer of `size` bytes was there before its request, at `received` = `before`.

        TLS is decrypted in whole records, and what is left of one waits in memory, where no descriptor tells of it. An
        answer made of that is longer than what was received since; or the true answer still waits unread.
        """
        now = self.received()
        return now is None or (now - before >= size and not _is_data(_waiting(self._descriptor)))


class KeptConnections:
    """The connections that one libcurl handle keeps, as far as a request may go out on them."""

    def __init__(self) -> None:
        self._known: dict[Ends, KeptConnection] = {}

    def find(self, ends: Ends) -> KeptConnection | None:
        """The connection; None when nothing may be sent on it."""
        known = self._known.get(ends)
        return known if known is not None and known.is_clean() else None

    def remember(self, ends: Ends, connection: KeptConnection) -> None:
        """Take note of a new connection, after its first answer."""
        self._known.pop(ends, None)
        if connection.traced and connection.received() is None:
            return  # nobody could tell what is left on it
        self._known[ends] = connection
        if len(self._known) > _REMEMBERED:
            self.forget(next(iter(self._known)))  # libcurl keeps far fewer

    def forget(self, ends: Ends) -> None:
        """Send nothing on it any more."""
        self._known.pop(ends, None)


def goes_through_tls(wire: Wire) -> bool:
    """Whether the connection itself is TLS, to the server or to the proxy."""
    return wire.url.scheme == "https" or (wire.proxy is not None and wire.proxy.url.startswith("https:"))


def fault_in_words(left: Left, wire: Wire, head: Head, uploaded: int) -> str | None:
    """What the server did wrong; None when what is `left` has another reason. `uploaded` bytes of its body are sent."""
    if left is Left.BEFORE:
        return f"{wire.url.shown} answered before it was asked: with bytes left over from its answer before"
    whole = uploaded >= (wire.payload.size if wire.payload is not None else 0)
    if left is Left.CLOSED and not (whole and wire.framing.reusable and _keeps(wire, head)):
        return None
    if _has_no_body(wire.method, head):
        return f"{wire.url.shown} sent a body where none may be: after an answer {head.status} to {wire.method}"
    length = _value(head, "content-length")
    if length is None:
        return f"{wire.url.shown} sent more bytes after the end of its answer"
    reason = "announces (does it count characters instead of bytes?)"
    return f"{wire.url.shown} sent more bytes than the {length} that its Content-Length {reason}"


def _keeps(wire: Wire, head: Head) -> bool:
    """Whether HTTP keeps the connection after this answer: HTTP/1.1, of a known length, and nobody says `close`."""
    if head.version != "1.1" or any(name.lower() in _CLOSING for name, _ in wire.headers):
        return False
    if any(name.lower() in _CLOSING and "close" in value.lower() for name, value in head.headers):
        return False
    has_length = _value(head, "content-length") is not None and _value(head, "transfer-encoding") is None
    return has_length or _has_no_body(wire.method, head)


def _value(head: Head, name: str) -> str | None:
    return next((value for key, value in head.headers if key.lower() == name), None)


def _received(descriptor: int) -> int | None:
    asked = _socket(descriptor)
    try:
        info = asked.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_RECEIVED.stop)
    except OSError:
        return None
    finally:
        asked.detach()
    return int.from_bytes(info[_BYTES_RECEIVED], sys.byteorder) if len(info) == _BYTES_RECEIVED.stop else None


def _waiting(descriptor: int) -> bytes:
    """The first bytes that wait there, which they go on doing."""
    asked = _socket(descriptor)
    try:
        return asked.recv(5, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return b""
    finally:
        asked.detach()


def _is_data(head: bytes) -> bool:
    """Whether a TLS record carries data (RFC 8446 section 5.1); one as short as a sealed alert is taken for one."""
    return len(head) == 5 and head[0] == _DATA and int.from_bytes(head[3:]) > _ALERT


def _socket(descriptor: int) -> socket.socket:
    """A way to ask about a descriptor that belongs to somebody else: `detach` it, else it is closed."""
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fileno=descriptor)


def _has_no_body(method: str, head: Head) -> bool:
    return method == "HEAD" or head.status in (204, 304)
