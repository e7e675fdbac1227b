"""A zip archive written as a stream: what is added comes out at once, and nothing is kept but the list of names."""

import zipfile
from collections.abc import Iterable, Iterator

_WHEN = (1980, 1, 1, 0, 0, 0)


class _Out:
    """A file that can only be written; zipfile needs no more."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        """More bytes."""
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits anywhere."""

    def close(self) -> None:
        """There is nothing to be closed."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


def zipped(files: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    """The archive of files, each its name and text, in pieces."""
    out = _Out()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files:
            entry = zipfile.ZipInfo(name, _WHEN)  # the same run gives the same bytes
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text.encode("utf-8", "replace"))
            yield out.taken()
    yield out.taken()
