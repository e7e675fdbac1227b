"""OAuth 2.0 client credentials (RFC 6749 section 4.4): the token request, and the tokens that are still good."""

import hashlib
import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.response import Response
from wxcloudrun.engine.send.request import RequestSpec
from wxcloudrun.engine.send.request_auth import BasicAuth, NoAuth, OAuth2ClientCredentials
from wxcloudrun.engine.send.request_body import UrlencodedBody
from wxcloudrun.engine.send.request_values import Param

_LEEWAY = 30.0
_UNTOLD_LIFETIME = 60.0
_READ = 64 * 1024


class TokenCache:
    """Access tokens by client and scope, shared by the threads of a run; a token is dropped 30 s before it expires."""

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[str, float]] = {}
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def get(self, key: str, now: float, fetch: Callable[[], tuple[str, float]]) -> str:
        """The token, fetched when there is none: once, however many threads ask. `fetch` gives token and lifetime."""
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            token, ends = self._tokens.get(key, ("", 0.0))
            if not token or now >= ends:
                token, lifetime = fetch()
                self._tokens[key] = (token, now + lifetime - min(_LEEWAY, lifetime / 2))
            return token

    def forget(self, key: str) -> None:
        """Drops a token that a server refused."""
        self._tokens.pop(key, None)


def token_key(auth: OAuth2ClientCredentials) -> str:
    """Names a token without naming the secret it was bought with."""
    return hashlib.sha256(auth.model_dump_json().encode()).hexdigest()


def token_request(auth: OAuth2ClientCredentials, like: RequestSpec) -> RequestSpec:
    """The request for a token; it takes timeouts, TLS and proxy from the request that needs it, and no redirects."""
    fields = [("grant_type", "client_credentials"), ("scope", auth.scope), ("audience", auth.audience)]
    credential: NoAuth | BasicAuth = NoAuth()
    if auth.client_auth == "basic":
        # RFC 6749 section 2.3.1 has both halves form-encoded before they are joined.
        user, password = quote(auth.client_id, safe=""), quote(auth.client_secret, safe="")
        credential = BasicAuth(kind="basic", username=user, password=password)
    else:
        fields += [("client_id", auth.client_id), ("client_secret", auth.client_secret)]
    fields += list(auth.extra.items())
    params = tuple(Param(name=name, value=value) for name, value in fields if value)
    return RequestSpec(
        method="POST",
        url=auth.token_url,
        headers=(Param(name="Accept", value="application/json"),),
        body=UrlencodedBody(kind="urlencoded", fields=params),
        auth=credential,
        timeouts=like.timeouts,
        redirects=like.redirects.model_copy(update={"follow": False}),
        tls=like.tls,
        proxy=like.proxy,
        http_version=like.http_version,
        max_body_bytes=_READ,
    )


def read_token(response: Response) -> tuple[str, float]:
    """Token and lifetime in seconds. Raises `StepError` (auth) with the status and the server's `error` word."""
    document = _document(response)
    token = document.get("access_token")
    if not 200 <= response.status < 300 or not isinstance(token, str) or not token:
        word = document.get("error")
        said = f", error {word[:80]!r}" if isinstance(word, str) else ""
        raise StepError(
            ErrorClass.AUTH, f"no access token was given: the token endpoint answered {response.status}{said}"
        )
    if any(ord(character) < 33 or ord(character) > 126 for character in token):
        raise StepError(ErrorClass.AUTH, "the access token holds characters that no header can carry")
    return token, _lifetime(document.get("expires_in"))


def _document(response: Response) -> dict[str, Any]:
    try:
        document = json.loads(response.body.read(_READ))
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _lifetime(value: object) -> float:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:9])
    return float(value) if isinstance(value, int | float) and value > 0 else _UNTOLD_LIFETIME
