"""The envelope of pushed messages: signature, AES-256-CBC with blocks of 32, and whom it is for.

Source: WeChat's page on message push.
"""

import base64
import binascii
import hashlib
import re

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from wxcloudrun.integrations.wechat.crypto import as_bytes, same_text, without_padding
from wxcloudrun.integrations.wechat.errors import PushFault, PushRejected

_BLOCK = 32
_RANDOM = 16
_LENGTH = 4


def push_signature(token: str, *parts: str) -> str:
    """Hex SHA-1 of the sorted texts: token, timestamp, nonce and, for an encrypted message, the ciphertext."""
    return hashlib.sha1(as_bytes("".join(sorted((token, *parts))))).hexdigest()  # noqa: S324 - WeChat's definition


class Envelope:
    """Opens and closes envelopes with one EncodingAESKey for one AppID."""

    def __init__(self, encoding_aes_key: str, appid: str) -> None:
        """Raises PushRejected (not configured) if the key is not 43 letters and digits."""
        if not re.fullmatch(r"[A-Za-z0-9]{43}", encoding_aes_key):
            raise PushRejected(PushFault.NOT_CONFIGURED)
        # The last letter can carry bits that mean nothing; this decoder ignores them, as WeChat does.
        self._key = base64.b64decode(encoding_aes_key + "=")
        self._appid = appid

    def open(self, encrypted: str) -> str:
        """The message inside. Raises PushRejected: undecryptable for every fault alike, appid if meant for another."""
        padded = self._decrypted(encrypted)
        content = without_padding(padded, _BLOCK) if padded else None
        if content is None or len(content) < _RANDOM + _LENGTH:
            raise PushRejected(PushFault.UNDECRYPTABLE)
        end = _RANDOM + _LENGTH + int.from_bytes(content[_RANDOM : _RANDOM + _LENGTH], "big")
        if end > len(content):
            raise PushRejected(PushFault.UNDECRYPTABLE)
        if not same_text(content[end:].decode("utf-8", "replace"), self._appid):
            raise PushRejected(PushFault.APPID)
        return decoded(content[_RANDOM + _LENGTH : end])

    def close(self, message: str, random: bytes) -> str:
        """The ciphertext of a message, base64. `random` is 16 bytes that nobody can guess."""
        data = message.encode()
        content = random + len(data).to_bytes(_LENGTH, "big") + data + self._appid.encode()
        size = _BLOCK - len(content) % _BLOCK
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(content + bytes([size]) * size) + encryptor.finalize()).decode()

    def _decrypted(self, encrypted: str) -> bytes | None:
        try:
            data = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError):
            return None
        if not data or len(data) % 16:
            return None
        decryptor = self._cipher().decryptor()
        return decryptor.update(data) + decryptor.finalize()

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES256(self._key), modes.CBC(self._key[:16]))


def decoded(data: bytes) -> str:
    """UTF-8 text, a BOM removed. Raises PushRejected (malformed)."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise PushRejected(PushFault.MALFORMED)
    return text
