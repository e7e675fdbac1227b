"""Sends requests under one address guard: the engine's door to the network."""

import secrets
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import certifi

from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.send.auth import secrets_of
from wxcloudrun.engine.send.body import BlobSource
from wxcloudrun.engine.send.cookies import CookieJar
from wxcloudrun.engine.send.egress import AddressGuard
from wxcloudrun.engine.send.exchange import Exchange, SendError
from wxcloudrun.engine.send.oauth import TokenCache, read_token, token_key, token_request
from wxcloudrun.engine.send.prepare import Lasting, PreparedRequest, build_request
from wxcloudrun.engine.send.request import RequestSpec
from wxcloudrun.engine.send.request_auth import BearerAuth, OAuth2ClientCredentials
from wxcloudrun.engine.send.sending import Sending
from wxcloudrun.engine.send.spool import discard_body
from wxcloudrun.engine.send.transport import Channel
from wxcloudrun.engine.send.wire import Limits, Watch

type Cancel = Callable[[], bool] | threading.Event | None

USER_AGENT = "wxcloudrun/1"


class Sender:
    """One address guard, and the connections that were made under it. Any number of threads may use it at once.

    Each send takes a libcurl handle that nobody uses; a run that goes step by step always gets the same one, with its
    kept connections. Close it when the run is over; connections never pass from one sender to another.
    """

    def __init__(
        self,
        guard: AddressGuard | None = None,
        *,
        limits: Limits | None = None,
        user_agent: str = USER_AGENT,
        ca_file: str | None = None,
        clock: Callable[[], float] = time.time,
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
        nonce_key: bytes | None = None,
    ) -> None:
        """`clock` gives seconds since the epoch, `nonce` a random word; signatures and cookie lifetimes use them.

        With `nonce_key` the words are made from it and from `traceparent` instead: the same whenever a run is repeated.
        """
        self.guard = guard or AddressGuard()
        self.limits = limits or Limits()
        self.user_agent = user_agent
        self.clock = clock
        self.nonce = nonce
        self.nonce_key = nonce_key
        self._ca_file = ca_file or ssl.get_default_verify_paths().cafile or certifi.where()
        self._idle: list[Channel] = []
        self._closed = False

    def prepare(
        self,
        spec: RequestSpec,
        *,
        base_url: str | None = None,
        blobs: BlobSource | None = None,
        tokens: TokenCache | None = None,
        deadline: float | None = None,
        cancel: Cancel = None,
        lasting: Lasting | None = None,
    ) -> PreparedRequest:
        """Checks and builds the request; with OAuth 2 this fetches the token when `tokens` has none.

        `lasting` is that of an earlier request which differed in its URL and its body only.
        Register `.secrets` of the result with the masking before sending. Raises `StepError`: definition, auth, and
        for a token request whatever `send` raises.
        """
        try:
            prepared = build_request(spec, base_url, blobs, lasting)
        except DefinitionError as error:
            raise StepError(ErrorClass.DEFINITION, str(error)) from error
        if not isinstance(prepared.auth, OAuth2ClientCredentials):
            return prepared
        auth = prepared.auth
        cache = tokens if tokens is not None else TokenCache()
        token = cache.get(token_key(auth), self.clock(), lambda: self._fetch_token(auth, spec, deadline, cancel))
        bearer = BearerAuth(kind="bearer", token=token)
        return replace(prepared, auth=bearer, secrets=(*prepared.secrets, *secrets_of(bearer)))

    def send(
        self,
        prepared: PreparedRequest,
        *,
        jar: CookieJar | None = None,
        deadline: float | None = None,
        cancel: Cancel = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Exchange:
        """Sends it and follows its redirects.

        `deadline` is a point on `time.monotonic()`. `cancel` is asked about ten times a second, also while waiting.
        `headers` (such as those of `trace.trace_headers`) are added where the user set none of that name. A spooled
        body belongs to the caller (`spool.discard_body`). Raises `SendError`, a `StepError` that knows what was sent.
        """
        timeouts = prepared.spec.timeouts
        began = time.monotonic()
        watch = Watch(
            timeouts.read_ms / 1000,
            began + timeouts.total_ms / 1000,
            timeouts.total_ms,
            began,
            deadline,
            _question(cancel),
        )
        sending = Sending(self, prepared, jar, watch, headers)
        channel = self._idle_or_new()
        try:
            return sending.run(channel)
        except (StepError, DefinitionError) as error:
            raise _with_history(error, sending) from error
        finally:
            self._put_back(channel)

    def close(self) -> None:
        """Closes every idle connection; those still in use are closed when they come back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _idle_or_new(self) -> Channel:
        """The handle used last, so that its connections are the warmest; a new one when all are in use."""
        try:
            return self._idle.pop()
        except IndexError:
            return Channel(self.limits, self.guard.refusal, self._ca_file)

    def _put_back(self, channel: Channel) -> None:
        if self._closed:
            channel.close()
        else:
            self._idle.append(channel)

    def _fetch_token(
        self, auth: OAuth2ClientCredentials, like: RequestSpec, deadline: float | None, cancel: Cancel
    ) -> tuple[str, float]:
        asked = self.prepare(token_request(auth, like))
        response = self.send(asked, deadline=deadline, cancel=cancel).response
        try:
            return read_token(response)
        finally:
            discard_body(response)


def _question(cancel: Cancel) -> Callable[[], bool]:
    if cancel is None:
        return _never
    return cancel.is_set if isinstance(cancel, threading.Event) else cancel


def _never() -> bool:
    return False


def _with_history(error: StepError | DefinitionError, sending: Sending) -> SendError:
    requests, hops = tuple(sending.requests), tuple(sending.hops)
    if isinstance(error, DefinitionError):
        return SendError(ErrorClass.DEFINITION, str(error), None, requests, hops)
    return SendError(error.error_class, error.message, error.detail, requests, hops)
