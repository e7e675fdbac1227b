"""Servers to test a client against: raw sockets on loopback, well-behaved (echo) or as hostile as a test asks for."""

import base64
import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """One request as it arrived, byte for byte."""

    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n")[0].decode("latin-1")

    @property
    def method(self) -> str:
        return self.line.split(" ")[0]

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode("utf-8").split("\r\n")[1:]
        return [(name, value.removeprefix(" ")) for name, _, value in (line.partition(":") for line in lines if line)]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


Handler = Callable[[socket.socket, Request, int], bool | None]
"""Answers on the socket; `int` is the number of the request on this server; True keeps the connection."""


@dataclass
class Server:
    """A listening socket whose connections are served in threads. Counts what reached it."""

    handler: Handler
    context: ssl.SSLContext | None = None
    accepted: int = 0
    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{'https' if self.context else 'http'}://{host}:{self.port}{path}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for connection in self.open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.accepted += 1
                self.open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection:
                rest = b""
                while (found := read_request(connection, rest)) is not None:
                    request, rest = found
                    with self.lock:
                        self.requests.append(request)
                        number = len(self.requests)
                    if not self.handler(connection, request, number):
                        return


def read_request(connection: socket.socket, rest: bytes = b"") -> tuple[Request, bytes] | None:
    """One request (with Content-Length or chunked) and the bytes after it; None when the client is gone."""
    while b"\r\n\r\n" not in rest:
        more = connection.recv(65536)
        if not more:
            return None
        rest += more
    head, _, rest = rest.partition(b"\r\n\r\n")
    lower = head.lower()
    length = 0
    if b"\r\ncontent-length:" in lower:
        length = int(lower.split(b"\r\ncontent-length:")[1].split(b"\r\n")[0])
    while len(rest) < length:
        more = connection.recv(1 << 20)
        if not more:
            return None
        rest += more
    return Request(head, rest[:length]), rest[length:]


def answer(
    body: bytes = b"", status: str = "200 OK", headers: list[tuple[str, str]] | None = None, length: int | None = None
) -> bytes:
    """An HTTP/1.1 response as bytes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name}: {value}" for name, value in headers or []]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(location: str, status: str = "302 Found", headers: list[tuple[str, str]] | None = None) -> bytes:
    return answer(status=status, headers=[("Location", location), *(headers or [])])


def echo(connection: socket.socket, request: Request, number: int) -> bool:
    """Answers with the request as JSON: method, target, headers in order, body as base64 and as text."""
    document = {
        "method": request.method,
        "target": request.target,
        "headers": request.headers,
        "body": base64.b64encode(request.body).decode(),
        "text": request.body.decode("utf-8", "replace"),
    }
    body = b"" if request.method == "HEAD" else json.dumps(document).encode()
    connection.sendall(answer(body, headers=[("Content-Type", "application/json")]))
    return True


def says(*responses: bytes, keep: bool = True) -> Handler:
    """A handler that gives these answers one after the other and then the last one again."""

    def handler(connection: socket.socket, request: Request, number: int) -> bool:
        connection.sendall(responses[min(number, len(responses)) - 1])
        return keep

    return handler


@contextlib.contextmanager
def serve(handler: Handler, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server for the length of a `with`."""
    server = Server(handler, context)
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def deaf() -> Iterator[int]:
    """A port that completes no connection: its queue is full and nobody accepts."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    port = listener.getsockname()[1]
    waiting = []
    for _ in range(4):
        client = socket.socket()
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            client.connect(("127.0.0.1", port))
        waiting.append(client)
    try:
        yield port
    finally:
        for client in waiting:
            client.close()
        listener.close()


def unused_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
