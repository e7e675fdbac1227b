"""A fast little HTTP server to measure against: raw sockets, kept connections, four routes and one long body."""

import json
import multiprocessing
import selectors
import socket
from multiprocessing.connection import Connection
from typing import Any

LONG_BODY = 56_000_000
_PADDING = "x" * 600


def start() -> tuple[multiprocessing.process.BaseProcess, int]:
    """Starts the server in a process of its own; gives the process and the port."""
    parent, child = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(child,), daemon=True)
    process.start()
    return process, int(parent.recv())


def _serve(report: Connection) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    listener.setblocking(False)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    report.send(listener.getsockname()[1])
    pending: dict[socket.socket, bytes] = {}
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                connection, _address = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(connection, selectors.EVENT_READ)
                pending[connection] = b""
                continue
            _read(key.fileobj, selector, pending)


def _read(connection: Any, selector: selectors.BaseSelector, pending: dict[socket.socket, bytes]) -> None:
    data = connection.recv(65536)
    if not data:
        selector.unregister(connection)
        connection.close()
        del pending[connection]
        return
    data = pending[connection] + data
    while (request := _whole_request(data)) is not None:
        text, data = request
        connection.setblocking(True)
        connection.sendall(_answer(text))
    pending[connection] = data


def _whole_request(data: bytes) -> tuple[bytes, bytes] | None:
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = 0
    for line in data[:end].split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    total = end + 4 + length
    return (data[:total], data[total:]) if len(data) >= total else None


def _answer(request: bytes) -> bytes:
    method, target, _ = request.split(b" ", 2)
    if target == b"/long":
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {LONG_BODY}\r\n\r\n"
        return head.encode() + b"\x00" * LONG_BODY
    status, value = _ROUTES.get((method, target.rsplit(b"/", 1)[0] if method == b"GET" else target), _LOST)
    body = json.dumps({"code": 0, "data": value, "padding": _PADDING}).encode()
    return (
        b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nX-Request-Id: abc\r\nContent-Length: %d\r\n\r\n"
        % (status, len(body))
    ) + body


_LOST: tuple[int, dict[str, Any]] = (404, {})
_ROUTES: dict[tuple[bytes, bytes], tuple[int, dict[str, Any]]] = {
    (b"POST", b"/login"): (200, {"ticket": "ticket-0123456789"}),
    (b"POST", b"/token"): (200, {"value": "bearer-0123456789abcdef"}),
    (b"POST", b"/orders"): (201, {"id": 4711, "state": "new"}),
    (b"GET", b"/orders"): (200, {"id": 4711, "state": "paid", "items": [{"sku": "a"}, {"sku": "b"}]}),
}
