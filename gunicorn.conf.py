"""How gunicorn serves `run:app`; read from the folder that it is started in."""

import contextlib
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from gunicorn.http.errors import (
    ExpectationFailed,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.util import close_graceful, write_nonblock
from gunicorn.workers.gthread import TConn, ThreadWorker

_HEAD_S = float(os.environ.get("WEB_HEAD_TIMEOUT", "10"))  # seconds a client may take to send a request's head
_REQUEST_S = float(os.environ.get("WEB_REQUEST_TIMEOUT", "60"))  # seconds for the body, from then on
_LINGER_S = 1.0
_STATUSES = {
    LimitRequestLine: "414 URI Too Long",
    LimitRequestHeaders: "431 Request Header Fields Too Large",
    ExpectationFailed: "417 Expectation Failed",
    UnsupportedTransferCoding: "501 Not Implemented",
}


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's threads, which no client keeps by sending its request slowly or by not hanging up."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._reading: dict[TConn, float] = {}

    def handle(self, conn: TConn) -> Any:
        """Serve one request, in a thread."""
        self._reading[conn] = time.monotonic() + _HEAD_S
        try:
            kept = super().handle(conn)
        finally:
            del self._reading[conn]
        if not kept:  # gunicorn would wait for the client's end in the loop, where every other client waits too
            close_graceful(conn.sock, _LINGER_S)
            conn.close = _is_closed
        return kept

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """The head is here; what may still come is the body."""
        self._reading[conn] = time.monotonic() + _REQUEST_S
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer what gunicorn could not read as HTTP, which the application never sees, in the API's envelope too."""
        ours = not isinstance(exc, ParseException) or isinstance(exc, InvalidResponseHeader | InvalidResponseHeaderName)
        if ours:
            self.log.exception("a request was not answered")
        else:
            self.log.warning("what came is no HTTP request: %s", type(exc).__name__)  # its text may hold a token
        with contextlib.suppress(OSError):  # who sent that may be gone
            write_nonblock(client, _refusal("500 Internal Server Error" if ours else _status(exc), ours=ours))

    def murder_pending(self) -> None:
        """Called by the loop every second: who took too long has nothing more to say, and may still be answered."""
        super().murder_pending()
        now = time.monotonic()
        for conn, limit in list(self._reading.items()):
            if limit < now:
                with contextlib.suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RD)


def _status(exc: BaseException) -> str:
    return next((status for kind, status in _STATUSES.items() if isinstance(exc, kind)), "400 Bad Request")


def _refusal(status: str, *, ours: bool) -> bytes:
    """A whole HTTP answer; Chinese, since of a request that nobody could read the language is not known either."""
    from wxcloudrun.core.errors import BadRequest, InternalError  # noqa: PLC0415 - for requests that go wrong only

    error = InternalError if ours else BadRequest
    envelope = {"code": 0, "data": {"error": error.name()}, "msg": error.zh}
    body = json.dumps(envelope, ensure_ascii=False).encode()
    lines = (
        f"HTTP/1.1 {status}",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*lines, "", "")).encode() + body


def _is_closed(graceful: bool = False) -> None:
    """In place of a connection's `close`, once that was done."""


bind = f"0.0.0.0:{os.environ.get('PORT', '80')}"
worker_class = PatientWorker
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "32"))  # DB_POOL_SIZE must be at least this

preload_app = True  # read the code once; nothing is opened before the fork
graceful_timeout = 30  # seconds that requests have to finish after SIGTERM
timeout = 60
keepalive = 75  # longer than the proxies in front keep theirs, so that they close first
max_requests = 10_000  # a leak of somebody else's library stays small
max_requests_jitter = 1_000
_memory = Path("/dev/shm")  # noqa: S108 - gunicorn makes files with names of their own there
worker_tmp_dir = str(_memory) if _memory.is_dir() else None  # the heartbeat must not wait for a disk
control_socket_disable = True  # nobody steers it from outside, and HOME may not be writable
accesslog = None  # the application logs each request itself, without tokens

_metrics = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
if _metrics:  # processes share their numbers through files there; those of an earlier start would count again
    Path(_metrics).mkdir(parents=True, exist_ok=True)
    for _file in Path(_metrics).glob("*.db"):
        _file.unlink()


def child_exit(server: object, worker: Any) -> None:
    """Leave a worker that ended out of the numbers that only living ones have."""
    if _metrics:
        from prometheus_client import multiprocess  # noqa: PLC0415 - only who measures pays for it

        multiprocess.mark_process_dead(worker.pid)
