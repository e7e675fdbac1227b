"""A small server on this machine that receives messages, and answers as a test tells it to."""

import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class Said:
    """An answer. `hang` waits for the test's end, `cut` closes without a word."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    cut: bool = False


@dataclass
class Heard:
    """A request."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Keeps what it hears in `heard`; answers `answers` in order, and then `usual`."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: deque[Said] = deque()
        self.usual = Said()
        self._over = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._answer(self)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.range = f"127.0.0.1/32:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.heard.append(Heard(handler.path, dict(handler.headers), body))
        said = self.answers.popleft() if self.answers else self.usual
        if said.hang:
            self._over.wait(10)
        if said.hang or said.cut:
            handler.close_connection = True
            return
        handler.send_response(said.status)
        for name, value in {"Content-Length": str(len(said.body)), **said.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(said.body)
