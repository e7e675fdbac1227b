"""Feeds libcurl a body that lies partly in files."""

from collections.abc import Iterator

import pycurl

from wxcloudrun.engine.send.body import Payload


class Upload:
    """Reads a payload in the portions libcurl asks for; may be rewound to its beginning."""

    def __init__(self, payload: Payload) -> None:
        self.size = payload.size
        self._payload = payload
        self._chunks: Iterator[bytes] = payload.chunks()
        self._rest = b""

    def read(self, wanted: int) -> bytes | int:
        """At most `wanted` bytes; empty at the end. A file that cannot be read ends the transfer."""
        if not self._rest:
            try:
                self._rest = next(self._chunks, b"")
            except OSError:
                return int(pycurl.READFUNC_ABORT)
        portion, self._rest = self._rest[:wanted], self._rest[wanted:]
        return portion

    def seek(self, offset: int, origin: int) -> int:
        """To the beginning only: that is all libcurl needs to send a body again."""
        if offset != 0 or origin != 0:
            return int(pycurl.SEEKFUNC_CANTSEEK)
        self._chunks = self._payload.chunks()
        self._rest = b""
        return int(pycurl.SEEKFUNC_OK)
