"""Where uploaded files live: a folder of this machine, or a bucket of an S3-compatible store."""

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final, Protocol

from wxcloudrun.core.errors import Unavailable

PIECE: Final = 256 * 1024  # bytes that are held at a time
_KEY = re.compile(r"[a-z]{1,32}/[A-Za-z0-9_-]{1,64}(?:\.[a-z0-9]{1,8})?")


# fmt: off
class StorageUnavailable(Unavailable):
    zh, en = "文件存储暂不可用，请稍后再试", "Files cannot be stored or read for the moment; please try again"
# fmt: on


class ObjectStore(Protocol):
    """Keeps bytes under keys of the form `folder/name.ending`. Every method raises StorageUnavailable."""

    def put(self, key: str, content: bytes, mimetype: str) -> None:
        """Keep these bytes under the key, wholly or not at all; what was there before is replaced."""
        ...

    def put_file(self, key: str, path: Path, mimetype: str) -> None:
        """Keep the bytes of that file, as `put` does, without holding them all in memory."""
        ...

    def get(self, key: str) -> bytes | None:
        """The bytes under the key, None when there are none."""
        ...

    def chunks(self, key: str) -> Iterator[bytes] | None:
        """The same in pieces, which may raise StorageUnavailable too; None when there are none."""
        ...

    def delete(self, key: str) -> None:
        """Remove what is under the key; nothing happens when nothing is there."""
        ...


def checked_key(key: str) -> str:
    """The key itself. Raises ValueError for one that this code did not make, such as a path out of the store."""
    if not _KEY.fullmatch(key):
        raise ValueError("not a key of the object store")
    return key


class DiskStore:
    """Files below one folder; for one machine, or several that share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, content: bytes, mimetype: str) -> None:
        """Write beside the place and rename: nobody ever reads half a file."""
        path = self._path(key)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        try:
            _write(draft, content)
            draft.replace(path)
        except OSError:  # a full disk, or a folder that may not be written
            with contextlib.suppress(OSError):
                draft.unlink()
            raise StorageUnavailable(retry_after=60) from None

    def put_file(self, key: str, path: Path, mimetype: str) -> None:
        """Copy beside the place and rename."""
        place = self._path(key)
        draft = place.with_name(f".{place.name}.{secrets.token_hex(6)}")
        try:
            _copy(path, draft)
            draft.replace(place)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise StorageUnavailable(retry_after=60) from None

    def chunks(self, key: str) -> Iterator[bytes] | None:
        """The file's bytes in pieces."""
        try:
            file = self._path(key).open("rb")
        except FileNotFoundError:
            return None
        except OSError:
            raise StorageUnavailable(retry_after=60) from None
        return _read(file)

    def get(self, key: str) -> bytes | None:
        """The file's bytes."""
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            raise StorageUnavailable(retry_after=60) from None

    def delete(self, key: str) -> None:
        """Remove the file."""
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError:
            raise StorageUnavailable(retry_after=60) from None

    def _path(self, key: str) -> Path:
        return self._folder / checked_key(key)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    opened = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as file, source.open("rb") as content:
        shutil.copyfileobj(content, file, PIECE)
        file.flush()
        os.fsync(file.fileno())


def _read(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while True:
            try:
                piece = file.read(PIECE)
            except OSError:
                raise StorageUnavailable(retry_after=60) from None
            if not piece:
                return
            yield piece


@dataclass(frozen=True)
class S3Settings:
    """How a bucket is reached; `endpoint` is host[:port]."""

    endpoint: str
    bucket: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    region: str = ""
    secure: bool = True


class S3Store:
    """Objects in one bucket of AWS S3, Tencent COS, MinIO and their like; the bucket must exist."""

    def __init__(self, settings: S3Settings, connect_timeout_s: float = 3.0, read_timeout_s: float = 10.0) -> None:
        import urllib3  # noqa: PLC0415 - only who stores in S3 pays for it
        from minio import Minio  # noqa: PLC0415 - as above
        from minio.error import MinioException, S3Error  # noqa: PLC0415 - as above

        self._bucket = settings.bucket
        self._said_no = S3Error
        self._faults = (MinioException, urllib3.exceptions.HTTPError)
        self._client = Minio(
            settings.endpoint,
            access_key=settings.access_key,
            secret_key=settings.secret_key,
            secure=settings.secure,
            region=settings.region or "us-east-1",  # a known region spares a question before the first call
            http_client=urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=connect_timeout_s, read=read_timeout_s),
                retries=urllib3.Retry(total=1, backoff_factor=0.1),
            ),
        )

    def put(self, key: str, content: bytes, mimetype: str) -> None:
        """Send the object."""
        try:
            self._client.put_object(
                self._bucket, checked_key(key), BytesIO(content), len(content), content_type=mimetype
            )
        except self._faults:
            raise StorageUnavailable(retry_after=10) from None

    def put_file(self, key: str, path: Path, mimetype: str) -> None:
        """Send the file as an object."""
        try:
            self._client.fput_object(self._bucket, checked_key(key), str(path), content_type=mimetype)
        except self._faults:
            raise StorageUnavailable(retry_after=10) from None

    def chunks(self, key: str) -> Iterator[bytes] | None:
        """Fetch the object in pieces."""
        try:
            response = self._client.get_object(self._bucket, checked_key(key))
        except self._said_no as error:
            if error.code == "NoSuchKey":
                return None
            raise StorageUnavailable(retry_after=10) from None
        except self._faults:
            raise StorageUnavailable(retry_after=10) from None
        return self._streamed(response)

    def _streamed(self, response: Any) -> Iterator[bytes]:
        try:
            yield from response.stream(PIECE)
        except self._faults:
            raise StorageUnavailable(retry_after=10) from None
        finally:
            response.close()
            response.release_conn()

    def get(self, key: str) -> bytes | None:
        """Fetch the object."""
        try:
            return _content(self._client.get_object(self._bucket, checked_key(key)))
        except self._said_no as error:
            if error.code == "NoSuchKey":
                return None
            raise StorageUnavailable(retry_after=10) from None
        except self._faults:
            raise StorageUnavailable(retry_after=10) from None

    def delete(self, key: str) -> None:
        """Remove the object; S3 does not say whether it was there."""
        try:
            self._client.remove_object(self._bucket, checked_key(key))
        except self._faults:
            raise StorageUnavailable(retry_after=10) from None


def _content(response: Any) -> bytes:
    try:
        return bytes(response.read())
    finally:
        response.close()
        response.release_conn()
