"""A TCP proxy that can drop every connection, refuse new ones, or go silent: a database's bad day."""

import contextlib
import socket
import threading
from collections.abc import Iterator


class Proxy:
    """Passes bytes between clients and one server while it is in the mood."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._silent = threading.Event()
        self._refusing = threading.Event()
        self._closed = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def drop_all(self) -> None:
        """End every connection there is."""
        with self._lock:
            ends, self._open = self._open, set()
        for end in ends:
            _end(end)

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """As while the server restarts: connections ended, new ones ended at once."""
        self._refusing.set()
        self.drop_all()
        try:
            yield
        finally:
            self._refusing.clear()

    @contextlib.contextmanager
    def black_hole(self) -> Iterator[None]:
        """Accept everything, pass nothing on; afterwards nothing of what came before is left."""
        self._silent.set()
        try:
            yield
        finally:
            self.drop_all()
            self._silent.clear()

    def close(self) -> None:
        """Stop for good."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop_all()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refusing.is_set():
                client.close()
                continue
            self._remember(client)
            if not self._silent.is_set():
                self._join(client)

    def _join(self, client: socket.socket) -> None:
        server = socket.create_connection(self._target)
        self._remember(server)
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _remember(self, end: socket.socket) -> None:
        with self._lock:
            self._open.add(end)

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self._silent.is_set():
                    sink.sendall(data)
        for end in (source, sink):
            _end(end)
            with self._lock:
                self._open.discard(end)


def _end(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextlib.contextmanager
def proxy_to(host: str, port: int) -> Iterator[Proxy]:
    """A proxy in front of a server for the length of a block."""
    proxy = Proxy(host, port)
    try:
        yield proxy
    finally:
        proxy.close()
