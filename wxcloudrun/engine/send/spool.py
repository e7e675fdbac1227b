"""Takes a response body as it streams in: capped, hashed, its head in memory and the rest, if any, in a file."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import IO

from wxcloudrun.engine.response import Body, Response


class BodySink:
    """Receives decoded chunks. Memory stays at `head_bytes` however long the body is."""

    def __init__(self, head_bytes: int, max_bytes: int, directory: Path | None = None) -> None:
        self.size = 0
        self.overflow = False
        self._head_bytes = head_bytes
        self._max_bytes = max_bytes
        self._directory = directory
        self._chunks: list[bytes] = []
        self._file: IO[bytes] | None = None
        self._path: Path | None = None

    def write(self, chunk: bytes) -> bool:
        """Takes a chunk; False once the body is longer than allowed, which ends the transfer. Raises `OSError`."""
        self.size += len(chunk)
        if self.size > self._max_bytes:
            self.overflow = True
            return False
        if self._file is not None:
            self._digest.update(chunk)
            self._file.write(chunk)
        else:
            self._chunks.append(chunk)
            if self.size > self._head_bytes:
                self._spill()
        return True

    def body(self, charset: str = "utf-8") -> Body:
        """What arrived; call once, after the transfer."""
        head = self.head
        if self._file is None:
            return Body(head, self.size, hashlib.sha256(head).hexdigest(), charset)
        self._file.close()
        return Body(head, self.size, self._digest.hexdigest(), charset, self._path)

    @property
    def head(self) -> bytes:
        """The first bytes, at most `head_bytes`."""
        if len(self._chunks) != 1:
            self._chunks = [b"".join(self._chunks)]
        return self._chunks[0]

    def discard(self) -> None:
        """Forgets everything, the file included."""
        if self._file is not None:
            self._file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _spill(self) -> None:
        handle, name = tempfile.mkstemp(prefix="response-", dir=self._directory)
        self._path = Path(name)
        self._file = os.fdopen(handle, "wb")
        received = b"".join(self._chunks)
        self._digest = hashlib.sha256(received)
        self._file.write(received)
        self._chunks = [received[: self._head_bytes]]


def discard_body(response: Response) -> None:
    """Removes the file behind a response, when it has one; for whoever has stored or no longer needs the body."""
    if response.body.spool is not None:
        response.body.spool.unlink(missing_ok=True)
