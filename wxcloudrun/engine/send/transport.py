"""One libcurl handle with its kept connections: carries one request to a vetted address and brings the answer back."""

import socket
import time
from collections.abc import Callable
from typing import Any

import pycurl

from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.send.curl_errors import classify, safe_words
from wxcloudrun.engine.send.curl_facts import certificate, timing
from wxcloudrun.engine.send.curl_options import HandleOptions, open_socket
from wxcloudrun.engine.send.hosts import authority
from wxcloudrun.engine.send.kept import Ends, KeptConnection, KeptConnections, Left, fault_in_words, goes_through_tls
from wxcloudrun.engine.send.received import impossible_length, read_head, too_long
from wxcloudrun.engine.send.spool import BodySink
from wxcloudrun.engine.send.wire import Answer, Limits, Watch, Wire

_TICK = 0.1
"""Seconds after which a waiting transfer looks at cancel and deadline again."""
_INTERNET = (socket.AF_INET, socket.AF_INET6)
_GO_ON, _ABORT = int(pycurl.PREREQFUNC_OK), int(pycurl.PREREQFUNC_ABORT)
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})


class Channel:
    """One handle, used by one thread at a time. `refusal` is the guard's judgement of an address and a port."""

    def __init__(self, limits: Limits, refusal: Callable[[str, int], str | None], ca_file: str | None) -> None:
        self._limits = limits
        self._refusal = refusal
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, 16)
        self._curl = pycurl.Curl()
        self._options = HandleOptions(self._curl, ca_file)
        self._certificates: dict[tuple[str, str, int], dict[str, str]] = {}
        self._lines: list[bytes] = []
        self._known = KeptConnections()
        self._unclean = False
        self._received: int | None = None
        self._ends: Ends = ("", 0, 0)
        self._peer: tuple[str, int] = ("", 0)
        self._shown_peer: str | None = None
        self._sink = BodySink(0, 0)
        self._start()
        for option, function in (
            # No function of ours for each line: libcurl bounds a head (300 kB), and we judge it when it is whole.
            (pycurl.HEADERFUNCTION, self._lines.append),
            (pycurl.WRITEFUNCTION, self._on_body),
            (pycurl.PREREQFUNCTION, self._on_connected),
            (pycurl.OPENSOCKETFUNCTION, self._on_socket),
        ):
            self._curl.setopt(option, function)

    def close(self) -> None:
        """Closes the handle and its connections."""
        self._multi.close()
        self._curl.close()

    def exchange(self, wire: Wire, watch: Watch) -> Answer:
        """Sends and receives. Raises `StepError`; no file is left behind then."""
        self._sink = BodySink(self._limits.head_bytes, wire.max_body_bytes, self._limits.spool_directory)
        self._start(wire.method in _IDEMPOTENT)
        self._options.apply(wire)
        try:
            self._drive(wire, watch)
        except BaseException:
            self._sink.discard()
            raise
        measured = timing(self._curl, wire.resolve_seconds, time.monotonic() - watch.began)
        facts = self._facts(wire) if wire.url.scheme == "https" else None
        head = read_head(self._lines)
        if self._curl.getinfo(pycurl.CONTENT_LENGTH_DOWNLOAD_T) < 0 and impossible_length(head.headers):
            self._sink.discard()
            raise StepError(ErrorClass.PROTOCOL, f"{wire.url.shown} announced a length that no body can have")
        if self._left is not None:
            fault = fault_in_words(self._left, wire, head, self._curl.getinfo(pycurl.SIZE_UPLOAD_T))
            if fault is not None:
                self._sink.discard()
                raise StepError(ErrorClass.PROTOCOL, fault)
        return Answer(head, self._sink, measured, self._shown_peer, facts)

    def _facts(self, wire: Wire) -> dict[str, str] | None:
        """libcurl tells about the certificate after a handshake only; a kept connection has the one seen then."""
        found = certificate(self._curl)
        if found is not None:
            self._certificates[wire.url.origin] = found
        return self._certificates.get(wire.url.origin)

    def _start(self, repeatable: bool = True) -> None:
        self._repeatable = repeatable
        self._lines.clear()
        self._moves = 0
        self._judged_lines = 0
        self._connected = 0
        self._uploaded = 0
        self._fresh = False
        self._kept: KeptConnection | None = None
        self._left: Left | None = None
        self._refused: str | None = None
        self._disk_error: OSError | None = None

    def _drive(self, wire: Wire, watch: Watch) -> None:
        multi = self._multi
        multi.add_handle(self._curl)
        try:
            _, running = multi.perform()
            if running:
                self._wait(wire, watch)
            _, _, failed = multi.info_read()
            if not failed:
                self._look_behind(wire)
        finally:
            multi.remove_handle(self._curl)
        if self._unclean:  # given up before anything was sent
            self._unclean = False
            self._start(self._repeatable)
            self._drive(wire, watch)
            return
        if failed:
            raise self._error(wire, failed[0][1], failed[0][2])
        if self._judged_lines != len(self._lines) and self._head_overflows():
            raise self._large_head(wire)

    def _wait(self, wire: Wire, watch: Watch) -> None:
        """Moves the transfer on until it ends; looks at the limits at least every `_TICK` seconds.

        They were looked at just before it began, so that an answer that comes at once is not asked about again.
        """
        multi = self._multi
        began = now = seen_at = time.monotonic()
        seen = self._activity
        while True:
            pause = multi.timeout()
            ready = multi.select(_TICK if pause < 0 else min(pause / 1000, _TICK, watch.read_seconds))
            if ready <= 0 and pause != 0 and time.monotonic() - now < 0.0005:
                time.sleep(0.001)  # libcurl has no socket to wait for at the moment
            _, running = multi.perform()
            if not running:
                return
            now = time.monotonic()
            activity = self._activity
            if activity != seen:
                seen, seen_at = activity, now
            elif self._connected and now - seen_at > _TICK:
                self._moves += self._uploaded_more()
            self._check(wire, watch, now - began, now, now - seen_at if self._connected else 0.0)

    def _look_behind(self, wire: Wire) -> None:
        """Notes what is left on the connection, while the handle still has it."""
        kept, ask = self._kept, self._curl.getinfo
        if kept is None:
            kept = self._remembered(wire)
        elif kept.traced and self._received is not None:
            size = sum(map(len, self._lines)) + int(ask(pycurl.SIZE_DOWNLOAD_T))
            if not kept.came_since(self._received, size):
                self._left = Left.BEFORE
        if kept is None or not kept.is_quiet():
            if ask(pycurl.ACTIVESOCKET) < 0:
                self._left = self._left or Left.CLOSED
            elif kept is not None and kept.has_bytes():
                self._left = Left.BYTES
            if self._left is not None:
                self._known.forget(self._ends)

    def _remembered(self, wire: Wire) -> KeptConnection | None:
        """The new connection; None when it is closed already."""
        descriptor = int(self._curl.getinfo(pycurl.ACTIVESOCKET))
        if descriptor < 0:
            return None
        multiplexed = self._curl.getinfo(pycurl.INFO_HTTP_VERSION) > pycurl.CURL_HTTP_VERSION_1_1
        kept = KeptConnection(descriptor, secure=goes_through_tls(wire), multiplexed=multiplexed)
        self._known.remember(self._ends, kept)
        return kept

    @property
    def _activity(self) -> int:
        """Grows with everything that arrives, is sent or is connected."""
        return self._moves + len(self._lines)

    def _head_overflows(self) -> bool:
        """Asked before a body is taken, and again at the end for what came since: no body, or trailers after it."""
        if self._judged_lines == len(self._lines):
            return False
        self._judged_lines = len(self._lines)
        return too_long(self._lines, self._limits.max_header_count, self._limits.max_header_bytes)

    def _large_head(self, wire: Wire) -> StepError:
        limits = f"{self._limits.max_header_count} headers or {self._limits.max_header_bytes} bytes of headers"
        return StepError(ErrorClass.BODY_TOO_LARGE, f"{wire.url.shown} answered with more than {limits}")

    def _uploaded_more(self) -> int:
        sent = int(self._curl.getinfo(pycurl.SIZE_UPLOAD_T))
        more, self._uploaded = sent != self._uploaded, sent
        return int(more)

    def _check(self, wire: Wire, watch: Watch, elapsed: float, now: float, idle: float) -> None:
        where = wire.proxy.label if wire.proxy else wire.url.shown
        if watch.canceled():
            raise StepError(ErrorClass.CANCELED, f"the run was canceled while {wire.url.shown} was under way")
        if len(self._lines) > self._limits.max_header_count + 2:
            raise self._large_head(wire)
        if watch.deadline is not None and now >= watch.deadline:
            raise StepError(
                ErrorClass.TIMEOUT, f"the run's deadline passed {elapsed * 1000:.0f} ms after {where} was called"
            )
        if now >= watch.total_ends:
            phase = "was still being received" if self._activity > 1 else "had not been answered"
            raise StepError(
                ErrorClass.TIMEOUT, f"{where} {phase} after {watch.total_ms} ms (total timeout, redirects included)"
            )
        if idle >= watch.read_seconds:
            raise StepError(
                ErrorClass.TIMEOUT, f"{where} sent no byte for {watch.read_seconds * 1000:.0f} ms (read timeout)"
            )

    def _error(self, wire: Wire, code: int, words: str) -> StepError:
        where = wire.url.shown
        if self._refused is not None:
            return StepError(
                ErrorClass.GUARD, f"{wire.url.authority} may not be called: {self._refused}", self._refused
            )
        if self._disk_error is not None:
            return StepError(ErrorClass.BODY_TOO_LARGE, "the body could not be kept: no room for it on the disk")
        if self._sink.overflow:
            return StepError(
                ErrorClass.BODY_TOO_LARGE,
                f"the body of {where} is longer than the limit of {wire.max_body_bytes} bytes (counted after decoding)",
            )
        if self._head_overflows():
            return self._large_head(wire)
        if code == pycurl.E_ABORTED_BY_CALLBACK and self._connected > 1:
            return StepError(
                ErrorClass.PROTOCOL,
                f"{where} closed a kept connection without answering; {wire.method} is not sent twice by itself",
            )
        if code == pycurl.E_OPERATION_TIMEDOUT:
            place = wire.proxy.label if wire.proxy else wire.url.authority
            return StepError(
                ErrorClass.TIMEOUT, f"no connection to {place} within {wire.connect_ms} ms (connect timeout)"
            )
        fresh_tls = wire.url.scheme == "https" and self._curl.getinfo(pycurl.NUM_CONNECTS) > 0
        error_class, fact = classify(code, words, fresh_tls)
        return StepError(error_class, f"{where}: {fact}", safe_words(words))

    def _on_body(self, chunk: bytes) -> int | None:
        self._moves += 1
        if not self._sink.size and self._head_overflows():
            self._judged_lines = -1
            return -1
        try:
            return None if self._sink.write(chunk) else -1
        except OSError as error:
            self._disk_error = error
            return -1

    def _on_connected(self, peer: str, _local: str, port: int, local_port: int) -> int:
        """Before each request line: the address is judged once more, and libcurl's own repeating is bounded.

        A kept connection on which something waits is given up here, for another one. libcurl repeats a request when a
        kept connection turns out to be dead. That may run a POST twice, so only idempotent methods (RFC 9110 section
        9.2.2) are let through a second time.
        """
        self._ends = peer, port, local_port
        if not self._fresh:
            kept = self._kept = self._known.find(self._ends)
            if kept is None:
                self._unclean = True
                return _ABORT
            if kept.traced:
                self._received = kept.received()
        self._connected += 1
        self._moves += 1
        self._uploaded = 0
        if self._peer != (peer, port):
            self._peer = peer, port
            self._shown_peer = authority(peer, port)
        self._refused = self._refusal(peer, port)
        if self._refused is not None or (self._connected > 1 and not self._repeatable):
            return _ABORT
        return _GO_ON

    def _on_socket(self, _purpose: int, address: Any) -> Any:
        """The last word before a socket exists; the address libcurl is about to connect to, not a name."""
        self._fresh, self._kept = True, None
        self._refused = self._refusal(*address.addr[:2]) if address.family in _INTERNET else "not an internet address"
        return pycurl.SOCKET_BAD if self._refused is not None else open_socket(address)
