"""Access tokens: short-lived JWTs, HS256 and nothing else."""

import hashlib
import secrets
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from wxcloudrun.core.clock import Clock

ISSUER = "wxcloudrun"
AUDIENCE = "wxcloudrun-api"
_TYPE = "access"
_MAX_LENGTH = 4096
_REMEMBERED = 4096


class TokenRefused(ValueError):
    """Not a token of ours, or one whose time is over."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says."""

    user_id: int
    session_id: int
    version: int  # the user's token version; a higher one in the table ends every older token
    expires: int  # seconds since the epoch


class AccessTokens:
    """Signs and reads access tokens; the first secret signs, all of them verify."""

    def __init__(self, secrets_: tuple[str, ...], ttl_s: int, clock: Clock) -> None:
        self._keys = {_key_id(secret): _key(secret) for secret in secrets_}
        self._signing = _key_id(secrets_[0])
        self.ttl_s = ttl_s
        self._clock = clock
        self._known: dict[str, Claims] = {}
        self._lock = threading.Lock()

    def issue(self, user_id: int, session_id: int, version: int) -> str:
        """A token that is good for `ttl_s` seconds."""
        import jwt  # noqa: PLC0415 - the first login pays, not the start

        now = self._clock.now()
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "iat": now,
            "exp": now + timedelta(seconds=self.ttl_s),
            "jti": secrets.token_hex(8),
            "typ": _TYPE,
            "ver": version,
            "sid": session_id,
        }
        return jwt.encode(claims, self._keys[self._signing], algorithm="HS256", headers={"kid": self._signing})

    def read(self, token: str) -> Claims:
        """The claims of a genuine token that has not run out. Raises TokenRefused.

        A signature that was checked once is remembered; whether the session still lives is asked of the table anyway.
        """
        claims = self._known.get(token)
        if claims is None:
            claims = self._verify(token)
            with self._lock:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[token] = claims
        if claims.expires <= self._clock.now().timestamp():
            raise TokenRefused("expired")
        return claims

    def _verify(self, token: str) -> Claims:
        import jwt  # noqa: PLC0415 - as above

        if len(token) > _MAX_LENGTH:
            raise TokenRefused("too long")
        required = ["iss", "aud", "sub", "iat", "exp", "jti", "typ", "ver", "sid"]
        options: Any = {"require": required, "verify_exp": False, "verify_iat": False}
        try:
            key = self._keys[jwt.get_unverified_header(token).get("kid", "")]
            claims = jwt.decode(token, key, algorithms=["HS256"], audience=AUDIENCE, issuer=ISSUER, options=options)
            if claims["typ"] != _TYPE:
                raise TokenRefused("not an access token")
            return Claims(int(claims["sub"]), int(claims["sid"]), int(claims["ver"]), int(claims["exp"]))
        except (jwt.PyJWTError, KeyError, TypeError, ValueError):
            raise TokenRefused("not a token of this service") from None


def _key(secret: str) -> bytes:
    return hashlib.sha256(b"access-token:" + secret.encode()).digest()


def _key_id(secret: str) -> str:
    return hashlib.sha256(b"key-id:" + secret.encode()).hexdigest()[:12]
