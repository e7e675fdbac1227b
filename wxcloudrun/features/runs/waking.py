"""Tells workers on this machine that there is something to do, so that nobody waits for their next look."""

import contextlib
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

_FOLDER = "runs.wake"
_LOOK_S = 0.5


class Bell:
    """Rings at every worker that listens, in this process and in others: datagrams to sockets in one folder.

    Best effort: a ring that nobody hears costs a second at most, since workers look by themselves too.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / _FOLDER
        self._here: list[Callable[[], None]] = []

    def ring(self) -> None:
        """Wake who listens. Never fails and never waits."""
        for call in tuple(self._here):
            call()
        if not hasattr(socket, "AF_UNIX"):
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            for address in self._folder.glob("*.socket"):
                _send(out, address)

    @contextlib.contextmanager
    def heard(self, call: Callable[[], None]) -> Iterator[None]:
        """Call that for every ring inside the block, from any thread; the call must be quick."""
        self._here.append(call)
        try:
            with self._ear(call):
                yield
        finally:
            self._here.remove(call)

    @contextlib.contextmanager
    def _ear(self, call: Callable[[], None]) -> Iterator[None]:
        """Listen to other processes where that can be had: a folder may be too deep, a system may have no sockets."""
        ear = _bound(self._folder / f"{secrets.token_hex(4)}.socket")
        if ear is None:
            yield
            return
        stop = threading.Event()
        thread = threading.Thread(target=_listen, args=(ear, call, stop), name="runs-bell", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            address = Path(ear.getsockname())
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                _send(out, address)
            thread.join()
            ear.close()
            address.unlink(missing_ok=True)


def _send(out: socket.socket, address: Path) -> None:
    try:
        out.sendto(b"!", str(address))
    except ConnectionRefusedError:  # its worker was killed
        address.unlink(missing_ok=True)
    except OSError:
        return


def _bound(address: Path) -> socket.socket | None:
    if not hasattr(socket, "AF_UNIX"):
        return None
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        address.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        ear.bind(str(address))
    except OSError:
        ear.close()
        return None
    ear.settimeout(_LOOK_S)
    return ear


def _listen(ear: socket.socket, call: Callable[[], None], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            ear.recv(16)
        except TimeoutError:
            continue
        except OSError:
            return
        call()
