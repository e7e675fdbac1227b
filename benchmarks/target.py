"""A fast little HTTP server to measure against: raw sockets, kept connections, four routes and one long body."""

import itertools
import json
import multiprocessing
import os
import selectors
import socket
from multiprocessing.connection import Connection
from typing import Any

LONG_BODY = 56_000_000
_PADDING = "x" * 600


def start() -> tuple[multiprocessing.process.BaseProcess, int]:
    """Starts the server in a process of its own, on a core of its own; gives the process and the port."""
    parent, child = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(child,), daemon=True)
    process.start()
    port = int(parent.recv())
    _keep_apart(process.pid or 0)
    return process, port


def _keep_apart(server: int) -> None:
    """Where the kernel chooses, it puts both on one core in some runs, and a request then costs another number."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    if len(cores) > 1:
        os.sched_setaffinity(server, {cores[-1]})
        os.sched_setaffinity(0, set(cores[:-1]))


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
    status, value = _answered(method, target)
    body = json.dumps({"code": 0, "data": value, "padding": _PADDING}).encode()
    return (
        b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nX-Request-Id: abc\r\nContent-Length: %d\r\n\r\n"
        % (status, len(body))
    ) + body


def _answered(method: bytes, target: bytes) -> tuple[int, dict[str, Any]]:
    """Status and data. Tickets, tokens and ids are new each time, so that no cache by value can help anybody."""
    match method, target:
        case b"POST", b"/login":
            return 200, {"ticket": f"ticket-{next(_NUMBERS)}"}
        case b"POST", b"/token":
            return 200, {"value": f"bearer-{next(_NUMBERS)}-abcdef"}
        case b"POST", b"/orders":
            return 201, {"id": next(_NUMBERS), "state": "new"}
        case b"GET", _ if target.startswith(b"/orders/"):
            return 200, {"id": int(target[8:]), "state": "paid", "items": [{"sku": "a"}, {"sku": "b"}]}
    return 404, {}


_NUMBERS = itertools.count(1_000_000)
