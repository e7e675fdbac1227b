"""Encryption of columns, and the keyed hashes by which encrypted values are found."""

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass


class UnreadableSecret(ValueError):
    """A stored value that no key of the ring opens: a key was withdrawn too early, or the bytes were altered."""


@dataclass(frozen=True, repr=False)
class KeyRing:
    """Named AES-256 keys; the first encrypts, every one decrypts, so that keys can be changed without downtime."""

    keys: tuple[tuple[str, bytes], ...]
    lookup_key: bytes

    @classmethod
    def parse(cls, entries: Sequence[str], lookup_key: str) -> "KeyRing":
        """From `name:base64` entries. Raises ValueError naming the entry, never its content."""
        keys = []
        for number, entry in enumerate(entries, start=1):
            name, _, text = entry.partition(":")
            key = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
            if not name or len(key) != 32:
                raise ValueError(f"ENCRYPTION_KEYS: entry {number} is not name:base64 of 32 bytes")
            keys.append((name, key))
        return cls(tuple(keys), hashlib.sha256(b"lookup:" + lookup_key.encode()).digest())

    def encrypt(self, text: str, context: str) -> str:
        """`name.base64(nonce + AES-GCM)`; `context` (table.column) is bound in, so values cannot change places."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - not needed to start

        name, key = self.keys[0]
        nonce = os.urandom(12)
        sealed = AESGCM(key).encrypt(nonce, text.encode(), context.encode())
        return f"{name}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def decrypt(self, stored: str, context: str) -> str:
        """The text again. Raises UnreadableSecret."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - not needed to start
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - not needed to start

        name, _, body = stored.partition(".")
        key = dict(self.keys).get(name)
        if key is None:
            raise UnreadableSecret(f"no key named {name!r} in ENCRYPTION_KEYS")
        sealed = base64.urlsafe_b64decode(body)
        try:
            return AESGCM(key).decrypt(sealed[:12], sealed[12:], context.encode()).decode()
        except InvalidTag:
            raise UnreadableSecret(f"a value of {context} does not open with its key") from None

    def readable(self, stored: str | None, context: str) -> str | None:
        """The text again; None where there is none, and where its key was withdrawn: it has to be entered again."""
        if stored is None:
            return None
        try:
            return self.decrypt(stored, context)
        except UnreadableSecret:
            return None

    def lookup(self, text: str) -> str:
        """A keyed hash (64 hex digits): equal texts meet, and nobody without the key can try them all."""
        return hmac.new(self.lookup_key, text.encode(), hashlib.sha256).hexdigest()
