"""Serves the simulator over HTTP on loopback, and pushes what falls due."""

import ipaddress
import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.test import run_wsgi_app

from wxcloudrun.simulator.app import create_simulator
from wxcloudrun.simulator.faults import DroppedConnectionError
from wxcloudrun.simulator.push.client import PushClient
from wxcloudrun.simulator.state import SimulatorState

IDLE_SECONDS = 30
PUMP_SECONDS = 0.1
_ABORT = struct.pack("ii", 1, 0)


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    state: SimulatorState | None = None,
    ready: Callable[[int], None] | None = None,
    exposed: bool = False,
) -> None:
    """Serve until interrupted; `ready` is told the port (0 picks a free one).

    The journal holds secrets and the control API asks nobody who they are, so a host outside loopback raises
    ValueError unless `exposed` says that the network around it is closed (a compose network, for instance).
    """
    with running(state, host, port, exposed) as server:
        if ready is not None:
            ready(server.port)
        server.stopped.wait()


class RunningSimulator:
    """A simulator that is being served: where it is, and its memory."""

    def __init__(self, state: SimulatorState, host: str, port: int) -> None:
        self.state = state
        self.host = host
        self.port = port
        self.stopped = Event()

    @property
    def url(self) -> str:
        """The value for WECHAT_API_BASE."""
        return f"http://{self.host}:{self.port}"


@contextmanager
def running(
    state: SimulatorState | None = None, host: str = "127.0.0.1", port: int = 0, exposed: bool = False
) -> Iterator[RunningSimulator]:
    """A simulator served by threads of this process for the length of a `with` block."""
    if not exposed and not _is_loopback(host):
        raise ValueError("the simulator listens on loopback only")
    state = state or SimulatorState()
    server = _make(host, port, create_simulator(state))
    place = RunningSimulator(state, host, server.port)
    threads = [Thread(target=server.serve_forever, args=(0.05,)), Thread(target=_pump, args=(place,))]
    for thread in threads:
        thread.start()
    try:
        yield place
    finally:
        place.stopped.set()
        state.released.set()
        server.shutdown()
        for thread in threads:
            thread.join()
        server.server_close()


def _make(host: str, port: int, app: Flask) -> BaseWSGIServer:
    return make_server(host, port, app, threaded=True, request_handler=_Handler)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _pump(place: RunningSimulator) -> None:
    client = PushClient(place.state)
    while not place.stopped.wait(PUMP_SECONDS):
        client.deliver_due()


class _Handler(WSGIRequestHandler):
    """HTTP/1.1 with connections that stay open, and no access log: WeChat's URLs carry secrets."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request with a stated length, so that the connection can serve the next one."""
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.environ = self.make_environ()
        try:
            parts, status, headers = run_wsgi_app(self.server.app, self.environ, buffered=True)
        except DroppedConnectionError as error:
            self._drop(error.abort)
            return
        body = b"".join(parts)
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers and code != "204":
            self.send_header("Content-Length", str(len(body)))
        if code == "413":  # the rest of the body was not read, so what follows is no request
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""

    def _drop(self, abort: bool) -> None:
        self.close_connection = True
        if abort:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            os.close(self.connection.detach())
