"""One outgoing HTTP request with a deadline for the whole of it; used by the push client and the gateways."""

import http.client
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

CHUNK_BYTES = 64 * 1024


class ExchangeError(Exception):
    """No complete answer came back: refused, broken off, or not HTTP."""


class ExchangeTimeoutError(ExchangeError):
    """The deadline passed first."""


class AnswerTooLargeError(ExchangeError):
    """The answer's body is larger than the caller takes."""


@dataclass(frozen=True)
class Reply:
    """A complete answer. Header names are lowercase; of a repeated one the values are joined by a comma."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Outgoing:
    """What to send. `headers` is a list because a name may stand in it twice."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def exchange(outgoing: Outgoing, seconds: float, most_bytes: int) -> Reply:
    """Send, and read the answer to its end within `seconds`; never follows a redirect.

    Raises ExchangeTimeoutError, AnswerTooLargeError, or ExchangeError for everything else that broke.
    """
    parts = urlsplit(outgoing.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ExchangeError(f"not an http address: {outgoing.url}")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=seconds)
    try:
        return _talk(connection, outgoing, time.monotonic() + seconds, most_bytes)
    except TimeoutError as error:
        raise ExchangeTimeoutError("no answer in time") from error
    except (OSError, http.client.HTTPException) as error:
        raise ExchangeError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()


def _talk(connection: http.client.HTTPConnection, outgoing: Outgoing, deadline: float, most_bytes: int) -> Reply:
    parts = urlsplit(outgoing.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.putrequest(outgoing.method, target, skip_accept_encoding=True)
    for name, value in outgoing.headers:
        connection.putheader(name, value)
    if outgoing.body or outgoing.method not in ("GET", "HEAD"):
        connection.putheader("Content-Length", str(len(outgoing.body)))
    connection.endheaders(outgoing.body or None)
    channel = connection.sock
    _limit(channel, deadline)
    response = connection.getresponse()
    return Reply(response.status, _headers(response), _body(response, channel, deadline, most_bytes))


def _body(response: http.client.HTTPResponse, channel: socket.socket, deadline: float, most_bytes: int) -> bytes:
    body = b""
    while not response.isclosed():
        _limit(channel, deadline)
        chunk = response.read1(CHUNK_BYTES)
        body += chunk
        if len(body) > most_bytes:
            raise AnswerTooLargeError(f"more than {most_bytes} bytes")
        if not chunk:
            break
    return body


def _headers(response: http.client.HTTPResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _limit(channel: socket.socket, deadline: float) -> None:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("the deadline has passed")
    channel.settimeout(remaining)
