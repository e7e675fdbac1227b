"""Refresh tokens: families of opaque secrets in which each token has exactly one successor.

A successor is computed from its predecessor with the server's key. So a phone whose answer got lost may ask again and
gets the same successor, and a token of any age is recognised as genuine without being stored.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """One token: its family (a session), its secret, and the server's mark that it is genuine."""

    family: str
    text: str = field(repr=False)


class RefreshTokens:
    """Makes and recognises refresh tokens."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def first(self) -> RefreshToken:
        """The first token of a new family."""
        return self._token(secrets.token_hex(16), secrets.token_urlsafe(32))

    def successor(self, token: RefreshToken) -> RefreshToken:
        """The one token that follows."""
        return self._token(token.family, self._mac("successor", token.text))

    def recognise(self, text: str) -> RefreshToken | None:
        """The token, if this server made it, whatever its age."""
        family, _, rest = text.partition(".")
        secret, _, mark = rest.partition(".")
        if not hmac.compare_digest(self._mac("mark", f"{family}.{secret}"), mark):
            return None
        return RefreshToken(family, text)

    def _token(self, family: str, secret: str) -> RefreshToken:
        return RefreshToken(family, f"{family}.{secret}.{self._mac('mark', f'{family}.{secret}')}")

    def _mac(self, purpose: str, text: str) -> str:
        mac = hmac.new(self._key, f"refresh-{purpose}:{text}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac).decode().rstrip("=")
