"""Keeps long bodies: compressed, by what is in them, in the object store, before the result that shows their head."""

import hashlib
import logging
import secrets
import tempfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from wxcloudrun.core.db import AnySession, retrying
from wxcloudrun.core.logging import log
from wxcloudrun.features.runs.dao import RunDao
from wxcloudrun.features.runs.errors import BodyNotFound
from wxcloudrun.features.runs.leases import Lease, LostLease
from wxcloudrun.features.runs.tables import RunTables
from wxcloudrun.integrations.object_store import PIECE, StorageUnavailable

_logger = logging.getLogger("wxcloudrun.runs")
_KNOWN: Final = 4096
_MIMETYPE: Final = "application/zlib"
FOLDER: Final = "bodies"


class Files(Protocol):
    """The files of an object store that rows refer to, or do not yet."""

    def store_file(self, path: Path, key: str, mimetype: str) -> str:
        """Store a file that no row refers to yet. Raises StorageUnavailable."""
        ...

    def adopt(self, key: str) -> None:
        """A row refers to it. In the transaction that makes the row. Raises StorageUnavailable when it is gone."""
        ...


type OpenFiles = Callable[[AnySession], Files]
"""The files, whose list is kept by that session."""


@dataclass(frozen=True, slots=True)
class _Whole:
    """A body that is written to a file: the hash and size of what it is, and the size of the file."""

    ref: str
    size: int
    kept: int


@dataclass(slots=True)
class LongBodies:
    """Those of one run in hand. `keep` is called by the run's threads, and raises LostLease."""

    tables: RunTables
    files: OpenFiles
    lease: Lease
    project_id: int
    known: OrderedDict[str, str] = field(default_factory=OrderedDict)
    """Of bodies by the hash of what was received: the hash under which the whole is kept."""

    def keep(self, sha256: str, chunks: Iterable[bytes]) -> None:
        """Keep a body. Where that cannot be done its head has to do; the log says so."""
        if sha256 in self.known:
            return
        with tempfile.NamedTemporaryFile(prefix="body-") as file:
            path = Path(file.name)
            try:
                whole = _written(path, chunks)
                self._keep(path, whole)
            except (OSError, StorageUnavailable) as error:
                log(_logger, "long body not kept", logging.WARNING, run=self.lease.run_id, error=type(error).__name__)
                return
        self.known[sha256] = whole.ref
        while len(self.known) > _KNOWN:
            self.known.popitem(last=False)

    def _keep(self, path: Path, whole: _Whole) -> None:
        """The run is said to use the body before anybody looks whether it is there: so nobody removes it meanwhile."""
        if retrying(lambda: self._used(whole)):
            return
        key = f"{FOLDER}/{secrets.token_hex(16)}"
        with self.tables.sessions() as session:
            self.files(session).store_file(path, key, _MIMETYPE)
        retrying(lambda: self._add(whole, key))

    def _used(self, whole: _Whole) -> bool:
        with self._holding() as dao:
            run_id = self.lease.run_id
            dao.add_uses([{"run_id": run_id, "sha256": whole.ref, "project_id": self.project_id}])
            return dao.has_body(self.project_id, whole.ref)

    def _add(self, whole: _Whole, key: str) -> None:
        """Refer to the file, unless another run was faster: then nobody does, and it goes."""
        with self._holding() as dao:
            row = {"project_id": self.project_id, "sha256": whole.ref, "size": whole.size, "kept": whole.kept}
            if dao.add_long_body({**row, "packed": None, "store_key": key}):
                self.files(dao.session).adopt(key)

    @contextmanager
    def _holding(self) -> Iterator[RunDao]:
        """A transaction that holds the run's row, as everything does that stores for it. Raises LostLease."""
        with self.tables.writing() as dao:
            if not dao.hold(self.lease.run_id, self.lease.fence):
                self.lease.lose()
                raise LostLease(f"run {self.lease.run_id} has another worker by now")
            yield dao


def _written(path: Path, chunks: Iterable[bytes]) -> _Whole:
    """Compress into the file. Raises OSError."""
    digest, work, size = hashlib.sha256(), zlib.compressobj(1), 0
    with path.open("wb") as file:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            file.write(work.compress(chunk))
        file.write(work.flush())
        return _Whole(digest.hexdigest(), size, file.tell())


def stretch(chunks: Iterator[bytes], start: int, end: int) -> Iterator[bytes]:
    """The bytes from `start` to before `end` of what these pieces are the compressed form of. Raises BodyNotFound."""
    at = 0
    for piece in _inflated(chunks):
        if at + len(piece) > start:
            yield piece[max(0, start - at) : end - at]
        at += len(piece)
        if at >= end:
            return


def _inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Piece by piece, so that a body that shrank to nothing does not fill the memory."""
    work = zlib.decompressobj()
    for chunk in chunks:
        held = chunk
        while held:
            try:
                piece = work.decompress(held, PIECE)
            except zlib.error:
                raise BodyNotFound from None
            held = work.unconsumed_tail
            if piece:
                yield piece
    yield work.flush()
