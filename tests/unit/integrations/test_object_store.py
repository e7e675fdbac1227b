"""The object stores: on disk, and in a bucket of a small server that speaks as much S3 as is needed."""

import errno
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from wxcloudrun.integrations.object_store import DiskStore, S3Settings, S3Store, StorageUnavailable, checked_key

KEY = "avatars/0123abc.webp"


class Bucket(ThreadingHTTPServer):
    """Objects, the signatures of those who asked, and a status to answer instead."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), BucketHandler)
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.signatures: list[str] = []
        self.failing: int | None = None


class BucketHandler(BaseHTTPRequestHandler):
    server: Bucket
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._admitted():
            self.server.objects[self.path] = (body, self.headers["Content-Type"])
            self._answer(200, b"", {"ETag": '"0"'})

    def do_GET(self) -> None:
        if not self._admitted():
            return
        if self.path in self.server.objects:
            self._answer(200, self.server.objects[self.path][0], {"ETag": '"0"'})
        else:
            self._fault(404, "NoSuchKey")

    def do_DELETE(self) -> None:
        if self._admitted():
            self.server.objects.pop(self.path, None)
            self._answer(204, b"")

    def _admitted(self) -> bool:
        self.server.signatures.append(self.headers.get("Authorization", ""))
        if self.server.failing is not None:
            self._fault(self.server.failing, "AccessDenied" if self.server.failing == 403 else "InternalError")
        return self.server.failing is None

    def _fault(self, status: int, name: str) -> None:
        body = f"<?xml version='1.0'?><Error><Code>{name}</Code><Message>no</Message></Error>".encode()
        self._answer(status, body, {"Content-Type": "application/xml"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with Bucket() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def s3(port: int) -> S3Store:
    settings = S3Settings(f"127.0.0.1:{port}", "uploads", "the-access-key", "the-secret-key", "eu-west-1", secure=False)
    return S3Store(settings, connect_timeout_s=1, read_timeout_s=2)


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, bucket: Bucket) -> DiskStore | S3Store:
    return DiskStore(tmp_path) if request.param == "disk" else s3(bucket.server_port)


def test_what_was_put_is_got_until_it_is_deleted(store):
    store.put(KEY, b"\x00bytes\xff", "image/webp")
    assert store.get(KEY) == b"\x00bytes\xff"
    store.delete(KEY)
    assert store.get(KEY) is None


def test_what_is_put_twice_is_replaced(store):
    store.put(KEY, b"first, and longer", "image/webp")
    store.put(KEY, b"second", "image/webp")
    assert store.get(KEY) == b"second"


def test_deleting_nothing_is_no_fault(store):
    store.delete("materials/nothing.webp")


@pytest.mark.parametrize(
    "key",
    [
        "../secrets.env",
        "avatars/../../x",
        "/etc/passwd",
        "avatars/.hidden",
        "avatars",
        "a/b/c",
        "avatars/a\0",
        "",
        "A/b",
    ],
)
def test_a_key_of_another_form_reaches_nothing(store, key):
    for call in (store.get, store.delete, lambda key: store.put(key, b"", "image/webp")):
        with pytest.raises(ValueError, match="key"):
            call(key)


def test_a_checked_key_is_the_key():
    assert checked_key("materials/a-b_C9") == "materials/a-b_C9"


def test_a_file_is_for_its_owner_only_and_leaves_no_draft(tmp_path):
    DiskStore(tmp_path).put(KEY, b"x", "image/webp")
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert file == tmp_path / KEY
    if os.name == "posix":
        assert file.stat().st_mode & 0o077 == 0


def test_a_full_disk_is_said_plainly_and_leaves_what_was_there(tmp_path, monkeypatch):
    store = DiskStore(tmp_path)
    store.put(KEY, b"old", "image/webp")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageUnavailable) as caught:
        store.put(KEY, b"new", "image/webp")
    assert caught.value.status == 503
    assert caught.value.retry_after == 60
    assert store.get(KEY) == b"old"
    assert [path.name for path in (tmp_path / "avatars").iterdir()] == [Path(KEY).name]


def test_a_folder_that_cannot_be_used_is_said_plainly(tmp_path):
    (tmp_path / "avatars").write_bytes(b"a file where a folder should be")
    store = DiskStore(tmp_path)
    for call in (store.get, store.delete, lambda key: store.put(key, b"", "image/webp")):
        with pytest.raises(StorageUnavailable):
            call(KEY)


def test_every_call_to_the_bucket_is_signed(bucket):
    store = s3(bucket.server_port)
    store.put(KEY, b"x", "image/webp")
    store.get(KEY)
    store.delete(KEY)
    assert len(bucket.signatures) == 3
    for signature in bucket.signatures:
        assert signature.startswith("AWS4-HMAC-SHA256 Credential=the-access-key/")
        assert "/eu-west-1/s3/" in signature
        assert "Signature=" in signature
        assert "the-secret-key" not in signature


def test_an_object_lies_in_the_bucket_with_its_type(bucket):
    s3(bucket.server_port).put(KEY, b"x", "image/webp")
    assert bucket.objects == {f"/uploads/{KEY}": (b"x", "image/webp")}


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_bucket_that_refuses_is_unavailable(bucket, status):
    bucket.failing = status
    store = s3(bucket.server_port)
    for call in (store.get, store.delete, lambda key: store.put(key, b"x", "image/webp")):
        with pytest.raises(StorageUnavailable):
            call(KEY)


def test_a_bucket_that_is_not_there_is_unavailable(bucket):
    bucket.shutdown()
    port = bucket.server_port
    bucket.server_close()
    store = s3(port)
    for call in (store.get, store.delete, lambda key: store.put(key, b"x", "image/webp")):
        with pytest.raises(StorageUnavailable):
            call(KEY)


def test_settings_do_not_show_their_keys():
    assert "secret-key" not in repr(S3Settings("host", "bucket", "access-key", "secret-key"))
