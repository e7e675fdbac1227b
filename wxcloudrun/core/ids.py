"""Identifiers and tokens that are not row numbers."""

import hashlib
import re
import secrets

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_id(offered: str | None) -> str:
    """The caller's request id where it is harmless to log, else a new one."""
    if offered is not None and _REQUEST_ID.fullmatch(offered):
        return offered
    return secrets.token_hex(16)


def opaque_token() -> str:
    """A new bearer secret of 256 bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def digest(text: str) -> str:
    """SHA-256 as 64 hex digits: how a high-entropy secret is stored and found again."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
