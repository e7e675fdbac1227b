"""Signatures and encrypted data that are made with a user's session_key. No network."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from wxcloudrun.integrations.wechat.answers import JsonObject, whole_number
from wxcloudrun.integrations.wechat.errors import DecryptFailed, WatermarkRejected

_OPERATION = "decrypt"
_BLOCK = 16
_MOST_BYTES = 64 * 1024


def decrypt_user_data(
    session_key: str, iv: str, encrypted: str, *, appid: str, now: datetime, max_age_seconds: float = 600.0
) -> JsonObject:
    """The object in `encryptedData` (AES-128-CBC; all three texts base64), without its watermark.

    Raises DecryptFailed for every fault of the data alike, WatermarkRejected if it was made for another app or more
    than `max_age_seconds` away from `now`. A stale session_key is the usual cause of the first.
    Source: WeChat's page on signature check and decryption of open data.
    """
    data = _decrypted(session_key, iv, encrypted)
    if data is None:
        raise DecryptFailed(_OPERATION)
    check_watermark(data.pop("watermark", None), appid=appid, now=now, max_age_seconds=max_age_seconds)
    return data


def check_watermark(
    watermark: object, *, appid: str, now: datetime, max_age_seconds: float, operation: str = _OPERATION
) -> None:
    """Raises WatermarkRejected unless a watermark names this app and a moment near `now`."""
    stamp = watermark if isinstance(watermark, dict) else {}
    moment = whole_number(stamp.get("timestamp"))
    if not same_text(str(stamp.get("appid", "")), appid) or moment is None:
        raise WatermarkRejected(operation)
    if abs(now.timestamp() - moment) > max_age_seconds:
        raise WatermarkRejected(operation)


def raw_data_matches(session_key: str, raw_data: str, signature: str) -> bool:
    """Whether `signature` is SHA-1 of rawData, exactly as the client got it, followed by the session_key's text."""
    made = hashlib.sha1(as_bytes(raw_data + session_key)).hexdigest()  # noqa: S324 - WeChat's own definition
    return same_text(made, signature)


def session_signature(session_key: str, message: str = "") -> str:
    """Hex HMAC-SHA256 of a message, empty for a session check; the key is the session_key's text, not decoded."""
    return hmac.new(as_bytes(session_key), as_bytes(message), hashlib.sha256).hexdigest()


def payment_signature(app_key: str, uri: str, body: str) -> str:
    """`pay_sig` of virtual payment: hex HMAC-SHA256 over the path without its query, `&` and the exact body."""
    path = uri.split("?", 1)[0]
    return hmac.new(app_key.encode(), f"{path}&{body}".encode(), hashlib.sha256).hexdigest()


def same_text(one: str, other: str) -> bool:
    """Equality in a time that does not tell where the texts differ."""
    return hmac.compare_digest(as_bytes(one), as_bytes(other))


def as_bytes(text: str) -> bytes:
    """UTF-8, also for half surrogate pairs, which JSON from outside may hold."""
    return text.encode("utf-8", "surrogatepass")


def _decrypted(session_key: str, iv: str, encrypted: str) -> dict[str, Any] | None:
    key, start, data = _base64(session_key), _base64(iv), _base64(encrypted)
    if key is None or start is None or data is None or len(key) != 16 or len(start) != _BLOCK:
        return None
    if not data or len(data) % _BLOCK:
        return None
    decryptor = Cipher(algorithms.AES128(key), modes.CBC(start)).decryptor()
    plain = without_padding(decryptor.update(data) + decryptor.finalize(), _BLOCK)
    return _object(plain) if plain is not None else None


def without_padding(padded: bytes, block: int) -> bytes | None:
    """PKCS#7 for blocks of up to `block` bytes, strictly: None unless the padding is whole."""
    size = padded[-1] if padded else 0
    if not 1 <= size <= min(block, len(padded)) or padded[-size:] != bytes([size]) * size:
        return None
    return padded[:-size]


def _base64(text: str) -> bytes | None:
    if len(text) > _MOST_BYTES or not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", text):
        return None
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def _object(plain: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(plain)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
