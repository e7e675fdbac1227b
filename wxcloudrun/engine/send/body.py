"""A body's specification -> the bytes that are sent, the Content-Type they have, and what a report shows of them."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.record import record
from wxcloudrun.engine.send.charset import declared_charset, writing_codec
from wxcloudrun.engine.send.request_body import (
    BinaryBody,
    BodySpec,
    Content,
    GraphqlBody,
    JsonBody,
    MultipartBody,
    NoBody,
    RawBody,
    UrlencodedBody,
)
from wxcloudrun.engine.send.request_values import Param, scalar_text

type BlobSource = Callable[[str], bytes | Path]
"""Turns a `blob` reference into its bytes or a file; raises `LookupError` or `OSError` when there is none."""

_CHUNK = 1 << 16
_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


@record(frozen=True, slots=True)
class PartSummary:
    """One part of a multipart body as a report shows it."""

    name: str
    value: str | None = None
    file_name: str | None = None
    content_type: str | None = None
    size: int = 0


@record(frozen=True)
class Payload:
    """A body ready to be sent: pieces in memory or in files, sent one after the other."""

    pieces: tuple[bytes | Path, ...]
    content_type: str
    parts: tuple[PartSummary, ...] = ()

    @cached_property
    def size(self) -> int:
        """Bytes in all."""
        return sum(len(piece) if isinstance(piece, bytes) else piece.stat().st_size for piece in self.pieces)

    @cached_property
    def data(self) -> bytes | None:
        """The whole body when none of it lies in a file."""
        if len(self.pieces) == 1 and isinstance(self.pieces[0], bytes):
            return self.pieces[0]
        pieces = [piece for piece in self.pieces if isinstance(piece, bytes)]
        return b"".join(pieces) if len(pieces) == len(self.pieces) else None

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the whole body."""
        return hashlib.sha256(self.data).hexdigest() if self.data is not None else self.digest("sha256")

    def digest(self, algorithm: str) -> str:
        """Hex digest of the whole body by a hash of that name."""
        if self.data is not None:
            return hashlib.new(algorithm, self.data, usedforsecurity=False).hexdigest()
        digest = hashlib.new(algorithm, usedforsecurity=False)
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()

    def head(self, limit: int) -> bytes:
        """The first bytes."""
        if self.data is not None:
            return self.data[:limit]
        found = b""
        for chunk in self.chunks():
            found += chunk[: limit - len(found)]
            if len(found) >= limit:
                break
        return found

    def chunks(self) -> Iterator[bytes]:
        """The body from its beginning; a file in pieces of 64 KiB."""
        for piece in self.pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            with piece.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk


def build_body(spec: BodySpec, content_type: str | None = None, blobs: BlobSource | None = None) -> Payload | None:
    """The payload, or None for no body. `content_type` is the header the user wrote, which is obeyed.

    Text is encoded in the charset that header declares, else UTF-8. Raises `DefinitionError`.
    """
    match spec:
        case NoBody():
            return None
        case JsonBody():
            return _json(spec.value, content_type, "body.value")
        case GraphqlBody():
            return _json(_graphql(spec), content_type, "body.variables")
        case RawBody():
            kind = content_type or spec.content_type
            return Payload((_encoded(spec.text, kind, "body.text"),), kind)
        case UrlencodedBody():
            kind = content_type or "application/x-www-form-urlencoded"
            return Payload((_form(spec.fields, kind),), kind)
        case BinaryBody():
            return Payload((_content(spec, blobs, "body"),), content_type or spec.content_type)
        case MultipartBody():
            return _multipart(spec, content_type, blobs)


def _json(value: Any, content_type: str | None, field: str) -> Payload:
    kind = content_type or "application/json"
    try:
        text = _COMPACT.encode(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise DefinitionError(field, f"the value cannot be written as JSON: {error}") from None
    try:
        return Payload((text.encode(_codec(kind)),), kind)
    except UnicodeEncodeError:
        # JSON can write any character in ASCII, so a narrow charset or half a surrogate pair needs no refusal.
        escaped = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
        return Payload((_encoded(escaped, kind, field),), kind)


def _graphql(spec: GraphqlBody) -> dict[str, Any]:
    document: dict[str, Any] = {"query": spec.query}
    if spec.variables:
        document["variables"] = spec.variables
    if spec.operation_name is not None:
        document["operationName"] = spec.operation_name
    return document


def _form(fields: Iterable[Param], content_type: str) -> bytes:
    codec = _codec(content_type)
    pairs = []
    for index, field in enumerate(fields):
        if not field.enabled:
            continue
        try:
            name = quote_plus(field.name, encoding=codec, errors="strict")
            value = "" if field.value is None else quote_plus(scalar_text(field.value), encoding=codec, errors="strict")
        except UnicodeEncodeError as error:
            raise _unencodable(f"body.fields.{index}", codec, error) from None
        pairs.append(name if field.value is None else f"{name}={value}")
    return "&".join(pairs).encode("ascii")


def _multipart(spec: MultipartBody, content_type: str | None, blobs: BlobSource | None) -> Payload:
    pieces: list[bytes | Path] = []
    heads: list[bytes] = []
    parts: list[PartSummary] = []
    for index, part in enumerate(spec.parts):
        if not part.enabled:
            continue
        field = f"body.parts.{index}"
        if part.file is None:
            value = scalar_text(part.value) if part.value is not None else ""
            kind = part.content_type
            piece: bytes | Path = _encoded(value, kind or "", f"{field}.value")
        else:
            kind = part.file.content_type or part.content_type or "application/octet-stream"
            piece = _content(part.file, blobs, f"{field}.file")
        file_name = part.file.name if part.file else None
        heads.append(_part_head(part.name, file_name, kind, field))
        pieces.append(piece)
        size = len(piece) if isinstance(piece, bytes) else piece.stat().st_size
        parts.append(PartSummary(part.name, None if part.file else value, file_name, kind, size))
    kind, boundary = _boundary(content_type, heads, pieces)
    return Payload(tuple(_with_boundaries(boundary, heads, pieces)), kind, tuple(parts))


def _part_head(name: str, file_name: str | None, content_type: str | None, field: str) -> bytes:
    lines = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    if file_name is not None:
        lines += f'; filename="{_quoted(file_name)}"'
    if content_type is not None:
        if any(ord(character) < 32 for character in content_type):
            raise DefinitionError(f"{field}.content_type", "a content type is one line")
        lines += f"\r\nContent-Type: {content_type}"
    return _encoded(lines + "\r\n\r\n", "", field)


def _quoted(name: str) -> str:
    """Names in a part's head, escaped as browsers do (WHATWG HTML standard, multipart/form-data encoding)."""
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _boundary(content_type: str | None, heads: list[bytes], pieces: list[bytes | Path]) -> tuple[str, bytes]:
    """The boundary of the user's header; else one made from the content: a repeated run sends the same bytes."""
    kind = content_type or "multipart/form-data"
    declared = kind.lower().partition("boundary=")[0]
    if len(declared) < len(kind):
        boundary = kind[len(declared) + len("boundary=") :].split(";")[0].strip().strip('"')
        if not boundary or len(boundary) > 70:
            raise DefinitionError("headers", "the boundary in Content-Type must be 1 to 70 characters")
        return kind, boundary.encode("latin-1", "replace")
    digest = hashlib.sha256(b"".join(heads))
    for piece in pieces:
        digest.update(piece if isinstance(piece, bytes) else str(piece.stat().st_size).encode())
    boundary = f"form-{digest.hexdigest()[:32]}"
    return f"{kind}; boundary={boundary}", boundary.encode("ascii")


def _with_boundaries(boundary: bytes, heads: list[bytes], pieces: list[bytes | Path]) -> Iterator[bytes | Path]:
    for head, piece in zip(heads, pieces, strict=True):
        yield b"--" + boundary + b"\r\n" + head
        yield piece
        yield b"\r\n"
    yield b"--" + boundary + b"--\r\n"


def _content(content: Content, blobs: BlobSource | None, field: str) -> bytes | Path:
    if content.content is not None:
        try:
            return base64.b64decode(content.content, validate=True)
        except (binascii.Error, ValueError):
            raise DefinitionError(f"{field}.content", "the content is not base64") from None
    if blobs is None:
        raise DefinitionError(f"{field}.blob", "files cannot be looked up here")
    try:
        return blobs(content.blob or "")
    except (LookupError, OSError):
        raise DefinitionError(f"{field}.blob", "there is no file with this reference") from None


def _encoded(text: str, content_type: str, field: str) -> bytes:
    codec = _codec(content_type)
    try:
        return text.encode(codec)
    except UnicodeEncodeError as error:
        raise _unencodable(field, codec, error) from None


def _codec(content_type: str) -> str:
    charset = declared_charset(content_type)
    if charset is None:
        return "utf-8"
    codec = writing_codec(charset)
    if codec is None:
        raise DefinitionError("headers", f"nobody knows the charset {charset[:40]!r} that Content-Type declares")
    return codec


def _unencodable(field: str, codec: str, error: UnicodeEncodeError) -> DefinitionError:
    return DefinitionError(field, f"a character cannot be written in {codec}", error.start)
