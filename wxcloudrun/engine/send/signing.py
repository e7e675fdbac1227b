"""Signatures over a request: AWS Signature Version 4, and a keyed hash whose message the user composes."""

import base64
import binascii
import hashlib
import hmac
import posixpath
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.send.draft import Draft
from wxcloudrun.engine.send.request_auth import AwsV4Auth, HmacAuth

_EMPTY = hashlib.sha256(b"").hexdigest()


def sign_aws_v4(draft: Draft, auth: AwsV4Auth, now: float) -> Draft:
    """AWS Signature Version 4 in the Authorization header.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. Signed are the host, the
    content type and every `x-amz-` header. For S3 the payload's hash is sent and the path is not encoded twice.
    """
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    body_hash = draft.payload.sha256 if draft.payload else _EMPTY
    added = [("X-Amz-Date", stamp)]
    if auth.service == "s3":
        added.append(("X-Amz-Content-Sha256", body_hash))
    if auth.session_token:
        added.append(("X-Amz-Security-Token", auth.session_token))
    draft = draft.with_defaults(added)
    stamp = draft.header("x-amz-date") or stamp
    canonical, names = _canonical_request(draft, auth.service, body_hash)
    scope = f"{stamp[:8]}/{auth.region}/{auth.service}/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{auth.secret_key}".encode()
    for piece in scope.split("/"):
        key = hmac.digest(key, piece.encode(), "sha256")
    signature = hmac.digest(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}".encode(), "sha256").hex()
    value = f"AWS4-HMAC-SHA256 Credential={auth.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return draft.with_defaults([("Authorization", value)])


def sign_hmac(draft: Draft, auth: HmacAuth, now: float, nonce: str) -> Draft:
    """The request with timestamp, nonce, key id (where headers are named for them) and signature."""
    stamp = _timestamp(auth, now)
    named = ((auth.timestamp_header, stamp), (auth.nonce_header, nonce), (auth.key_id_header, auth.key_id))
    draft = draft.with_defaults([(name, value) for name, value in named if name])
    if auth.timestamp_header:
        stamp = draft.header(auth.timestamp_header) or stamp
    if auth.nonce_header:
        nonce = draft.header(auth.nonce_header) or nonce
    message = auth.separator.encode().join(_piece(piece, draft, auth, stamp, nonce) for piece in auth.message)
    digest = hmac.digest(_key(auth), message, auth.algorithm)
    text = digest.hex() if auth.signature_encoding == "hex" else base64.b64encode(digest).decode("ascii")
    return draft.with_defaults([(auth.signature_header, auth.signature_prefix + text)])


def _canonical_request(draft: Draft, service: str, body_hash: str) -> tuple[str, str]:
    signed = {"host": draft.header("host") or draft.url.authority}
    for name, value in draft.headers:
        lower = name.lower()
        if lower == "content-type" or lower.startswith("x-amz-"):
            text = " ".join(value.split())
            signed[lower] = f"{signed[lower]},{text}" if lower in signed else text
    names = ";".join(sorted(signed))
    headers = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    path = draft.url.path if service == "s3" else quote(_plain_path(draft.url.path), safe="/-_.~")
    return "\n".join([draft.method, path, _canonical_query(draft.url.query), headers, names, body_hash]), names


def _plain_path(path: str) -> str:
    plain = "/" + posixpath.normpath(path).lstrip("/")
    return plain + "/" if path.endswith("/") and plain != "/" else plain


def _canonical_query(query: str | None) -> str:
    pairs = [pair.partition("=")[::2] for pair in (query or "").split("&") if pair]
    encoded = [(quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")) for name, value in pairs]
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _timestamp(auth: HmacAuth, now: float) -> str:
    if auth.timestamp_format == "iso":
        return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(int(now * 1000) if auth.timestamp_format == "milliseconds" else int(now))


def _key(auth: HmacAuth) -> bytes:
    if auth.key_encoding == "text":
        return auth.key.encode()
    try:
        return base64.b64decode(auth.key, validate=True) if auth.key_encoding == "base64" else bytes.fromhex(auth.key)
    except (binascii.Error, ValueError):
        raise DefinitionError("auth.key", f"the key is not {auth.key_encoding}") from None


def _piece(piece: str, draft: Draft, auth: HmacAuth, stamp: str, nonce: str) -> bytes:
    kind, _, rest = piece.partition(":")
    if kind == "text":
        return rest.encode()
    if kind == "header":
        return (draft.header(rest) or "").encode()
    if kind == "body":
        return b"".join(draft.payload.chunks()) if draft.payload else b""
    if kind in {"timestamp", "nonce", "key_id"}:
        return {"timestamp": stamp, "nonce": nonce, "key_id": auth.key_id}[kind].encode()
    return _FACTS[kind](draft).encode()


_FACTS: dict[str, Callable[[Draft], str]] = {
    "method": lambda draft: draft.method,
    "scheme": lambda draft: draft.url.scheme,
    "host": lambda draft: draft.header("host") or draft.url.authority,
    "path": lambda draft: draft.url.path,
    "query": lambda draft: draft.url.query or "",
    "url": lambda draft: draft.url.text,
    "body_sha256": lambda draft: draft.payload.sha256 if draft.payload else _EMPTY,
}
