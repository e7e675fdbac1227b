"""WeChat's signatures and ciphers, written from its published description and without the product's own client.

The product has its own code for the same rules; that the two were written apart is what makes them check each other.
"""

import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PUSH_BLOCK = 32
USER_BLOCK = 16
RANDOM_BYTES = 16
LENGTH_BYTES = 4


class CipherError(ValueError):
    """Something that should decrypt does not: bad base64, padding, length, or another app's id at the end."""


def sorted_sha1(*parts: str) -> str:
    """Lowercase hex SHA-1 over the parts in lexicographic order: `signature` and `msg_signature` of message push."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def raw_data_signature(raw_data: str, session_key: str) -> str:
    """`signature` of wx.getUserInfo: SHA-1 over rawData followed by the session key's base64 text."""
    return hashlib.sha1((raw_data + session_key).encode(), usedforsecurity=False).hexdigest()


def text_key_hmac(key: str, message: str | bytes) -> str:
    """Lowercase hex HMAC-SHA256 whose key is text as it stands: session keys are not decoded from base64."""
    data = message.encode() if isinstance(message, str) else message
    return hmac.new(key.encode(), data, hashlib.sha256).hexdigest()


def pay_signature(app_key: str, path: str, body: bytes) -> str:
    """`pay_sig` of the /xpay/ paths: HMAC over the path without its query, an ampersand and the raw body."""
    return text_key_hmac(app_key, path.encode() + b"&" + body)


def same(left: str, right: str) -> bool:
    """Whether two signatures are equal, in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


def encrypt_user_data(session_key: str, iv: bytes, plain: bytes) -> str:
    """`encryptedData`: AES-128-CBC under the decoded session key, PKCS#7 in blocks of 16, base64."""
    return base64.b64encode(_cbc(base64.b64decode(session_key), iv, _pad(plain, USER_BLOCK))).decode()


def encrypt_push(encoding_aes_key: str, appid: str, message: bytes, random: bytes) -> str:
    """`Encrypt` of message push: AES-256-CBC over 16 random bytes, a 4-byte length, the message and the appid."""
    key = push_key(encoding_aes_key)
    whole = random + len(message).to_bytes(LENGTH_BYTES, "big") + message + appid.encode()
    return base64.b64encode(_cbc(key, key[:16], _pad(whole, PUSH_BLOCK))).decode()


def decrypt_push(encoding_aes_key: str, appid: str, encrypted: str) -> bytes:
    """The message inside an `Encrypt` value.

    Raises CipherError if it is no base64, not whole blocks, badly padded, of a wrong length or of another app.
    """
    whole = _unpad(_open(push_key(encoding_aes_key), _decoded(encrypted)), PUSH_BLOCK)
    start = RANDOM_BYTES + LENGTH_BYTES
    if len(whole) < start:
        raise CipherError("shorter than its own header")
    end = start + int.from_bytes(whole[RANDOM_BYTES:start], "big")
    if end > len(whole):
        raise CipherError("the stated length is beyond the end")
    if whole[end:] != appid.encode():
        raise CipherError("the appid at the end is another one")
    return whole[start:end]


def push_key(encoding_aes_key: str) -> bytes:
    """The 32 key bytes behind the 43 characters of an EncodingAESKey."""
    key = _decoded(encoding_aes_key + "=")
    if len(key) != 32:
        raise CipherError("an EncodingAESKey has 43 characters")
    return key


def other_aes_key(encoding_aes_key: str) -> str:
    """An EncodingAESKey of the right shape that is not the given one."""
    turned = bytes(255 - byte for byte in push_key(encoding_aes_key))
    return base64.b64encode(turned).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise CipherError("no base64") from error


def _pad(plain: bytes, block: int) -> bytes:
    count = block - len(plain) % block
    return plain + bytes([count]) * count


def _unpad(padded: bytes, block: int) -> bytes:
    count = padded[-1]
    if not 1 <= count <= block or padded[-count:] != bytes([count]) * count:
        raise CipherError("bad padding")
    return padded[:-count]


def _cbc(key: bytes, iv: bytes, padded: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(padded) + encryptor.finalize()


def _open(key: bytes, sealed: bytes) -> bytes:
    if not sealed or len(sealed) % 16:
        raise CipherError("not a whole number of blocks")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    return decryptor.update(sealed) + decryptor.finalize()
