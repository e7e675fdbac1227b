"""One sending, from the first request through redirects and challenges to the final answer."""

import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.response import Cookie, Hop, Response
from wxcloudrun.engine.send.auth import authorize, secret_headers
from wxcloudrun.engine.send.charset import response_charset
from wxcloudrun.engine.send.cookies import CookieJar, cookie_header
from wxcloudrun.engine.send.digest import answer, find_challenge
from wxcloudrun.engine.send.draft import Draft
from wxcloudrun.engine.send.egress import AddressGuard, Target
from wxcloudrun.engine.send.exchange import Exchange, SentRequest
from wxcloudrun.engine.send.framing import framing
from wxcloudrun.engine.send.prepare import PreparedRequest, ProxyAddress, check_header
from wxcloudrun.engine.send.redirects import REDIRECTS, Trail, redirected
from wxcloudrun.engine.send.request_auth import DigestAuth, HmacAuth, InheritAuth, NoAuth
from wxcloudrun.engine.send.transport import Channel
from wxcloudrun.engine.send.wire import Answer, Limits, Proxy, Watch, Wire

_HEAD_SHOWN = 64 * 1024
_ACCEPT = ("Accept", "*/*")
_ENCODINGS = ("Accept-Encoding", "gzip, deflate, br")


class Surroundings(Protocol):
    """What a sending takes from its sender."""

    guard: AddressGuard
    limits: Limits
    user_agent: str
    clock: Callable[[], float]
    nonce: Callable[[], str]
    nonce_key: bytes | None


class Sending:
    """Runs once; `requests` and `hops` can be read afterwards, also when it failed."""

    def __init__(
        self,
        around: Surroundings,
        prepared: PreparedRequest,
        jar: CookieJar | None,
        watch: Watch,
        added: Sequence[tuple[str, str]],
    ) -> None:
        self.requests: list[SentRequest] = []
        self.hops: list[Hop] = []
        self._around = around
        self._prepared = prepared
        self._jar = jar if jar is not None else CookieJar()
        self._watch = watch
        self._added = added
        self._defaults = (_ACCEPT, ("User-Agent", around.user_agent), *added)
        self._cookies: list[Cookie] = []
        self._nonces = 0
        self._resolve_seconds = 0.0

    def run(self, channel: Channel) -> Exchange:
        """Raises `StepError` and `DefinitionError`."""
        for name, value in self._added:
            check_header("headers", name, value)
        rules = self._prepared.spec.redirects
        draft = self._prepared.draft
        trail: Trail | None = None
        while True:
            ready = self._ready(draft)
            if trail is not None:
                trail.step(ready, len(self.hops))
            found = self._send(channel, ready)
            if found.head.status == 401:
                found = self._answered(channel, draft, found)
            if found.head.status not in REDIRECTS or not rules.follow:
                return self._exchange(draft, found)
            if trail is None:
                trail = Trail(ready, rules.max)
            location = _header(found, "location")
            found.sink.discard()
            next_draft = redirected(draft, found.head.status, location, rules, secret_headers(self._prepared.auth))
            self.hops.append(Hop(draft.url.text, found.head.status, location or "", found.peer))
            draft = next_draft

    def _answered(self, channel: Channel, draft: Draft, found: Answer) -> Answer:
        """What comes after a digest challenge was answered; the challenge itself where the helper cannot."""
        auth = self._prepared.auth
        if not isinstance(auth, DigestAuth) or not draft.trusted:
            return found
        header = self._digest(draft, auth, found)
        if header is None:
            return found
        found.sink.discard()
        return self._send(channel, self._ready(draft.with_defaults([("Authorization", header)])))

    def _digest(self, draft: Draft, auth: DigestAuth, found: Answer) -> str | None:
        if draft.header("authorization") is not None:
            return None
        challenge = find_challenge(value for name, value in found.head.headers if name.lower() == "www-authenticate")
        if challenge is None:
            return None
        payload = draft.payload
        return answer(
            challenge,
            auth,
            draft.method,
            draft.url.target,
            payload.digest if payload is not None else _empty_digest,
            self._nonce(),
        )

    def _nonce(self) -> str:
        """A word for a signature: another one in every sending and hop, and the same when the run is repeated."""
        key = self._around.nonce_key
        if key is None:
            return self._around.nonce()
        self._nonces += 1
        place = next((value for name, value in self._defaults if name == "traceparent"), "")
        return hmac.digest(key, f"{place}/{self._nonces}".encode(), "sha256").hex()[:32]

    def _ready(self, draft: Draft) -> Draft:
        """With defaults, credentials and cookies; what the user wrote stays."""
        around = self._around
        draft = draft.with_defaults(self._defaults)
        auth = self._prepared.auth
        if draft.trusted and not isinstance(auth, NoAuth | InheritAuth):
            nonce = self._nonce() if type(auth) is HmacAuth else ""
            signed = authorize(draft, auth, around.clock(), nonce)
            for name, value in signed.headers[len(draft.headers) :]:
                check_header("auth", name, value)
            draft = signed
        if not draft.cookies and not self._jar:
            return draft
        cookies = cookie_header(draft.cookies, self._jar.matching(draft.url, around.clock()))
        if not cookies:
            return draft
        check_header("cookies", "Cookie", cookies)
        return draft.with_defaults([("Cookie", cookies)])

    def _send(self, channel: Channel, draft: Draft) -> Answer:
        wire = self._wire(draft)
        self.requests.append(_sent(wire))
        found = channel.exchange(wire, self._watch)
        if _header(found, "set-cookie") is not None:
            self._cookies += self._jar.store(draft.url, found.head.headers, self._around.clock())
        return found

    def _wire(self, draft: Draft) -> Wire:
        spec, proxy = self._prepared.spec, None
        pins = _to_pin(self._vet(draft.url.host, draft.url.port))
        if self._prepared.proxy is not None:
            proxy, pins = self._through(self._prepared.proxy, draft, pins)
        limit = self._around.limits.max_body_bytes
        payload = draft.payload
        return Wire(
            draft.method,
            draft.url,
            draft.headers,
            framing(tuple([name for name, _ in draft.headers]), draft.suppressed, draft.method, payload is not None),
            payload,
            pins,
            spec.timeouts.connect_ms,
            draft.tls,
            proxy,
            spec.http_version,
            min(spec.max_body_bytes or limit, limit),
            self._resolve_seconds,
        )

    def _through(self, proxy: ProxyAddress, draft: Draft, pins: tuple[Target, ...]) -> tuple[Proxy, tuple[Target, ...]]:
        """Behind a proxy the target is vetted as well, though the proxy looks its name up itself."""
        vetted = self._vet(proxy.url.host, proxy.url.port)
        label = f"{draft.url.shown} through the proxy {proxy.url.host}:{proxy.url.port}"
        return Proxy(proxy.text, label, proxy.credentials), pins + _to_pin(vetted)

    def _vet(self, host: str, port: int) -> Target:
        began = time.monotonic()
        watch = self._watch
        ends = watch.total_ends if watch.deadline is None else min(watch.total_ends, watch.deadline)
        if watch.canceled():
            raise StepError(ErrorClass.CANCELED, f"the run was canceled before {host} was called")
        if ends <= began:
            which = "total timeout" if ends == watch.total_ends else "the run's deadline"
            raise StepError(ErrorClass.TIMEOUT, f"no time was left to call {host}:{port} ({which})")
        known = self._around.guard.known(host, port, began)
        if known is not None:
            self._resolve_seconds = 0.0
            return known
        left = min(ends - began, self._prepared.spec.timeouts.connect_ms / 1000)
        target = self._around.guard.vet(host, port, left, watch.canceled)
        self._resolve_seconds = time.monotonic() - began
        return target

    def _exchange(self, draft: Draft, found: Answer) -> Exchange:
        head = found.head
        charset = response_charset(_header(found, "content-type"), found.sink.head)
        response = Response(
            head.status,
            head.reason,
            head.version,
            head.headers,
            found.sink.body(charset),
            draft.url.text,
            found.timing,
            tuple(self._cookies),
            found.peer,
            tuple(self.hops),
            found.certificate,
        )
        return Exchange(tuple(self.requests), response, head.trailers)


def _header(found: Answer, name: str) -> str | None:
    for key, value in found.head.headers:
        if key.lower() == name:
            return value
    return None


def _empty_digest(algorithm: str) -> str:
    return hashlib.new(algorithm, b"", usedforsecurity=False).hexdigest()


def _to_pin(target: Target) -> tuple[Target, ...]:
    """A host that is an address needs no pin: libcurl has nothing to look up."""
    return () if target.addresses == (target.host,) else (target,)


def _sent(wire: Wire) -> SentRequest:
    """What libcurl will send, with the headers it adds itself."""
    adds, payload = wire.framing, wire.payload
    headers = (("Host", wire.url.authority), *wire.headers) if adds.adds_host else wire.headers
    if adds.decode:
        headers = (*headers, _ENCODINGS)
    if adds.adds_length:
        headers = (*headers, ("Content-Length", str(payload.size if payload is not None else 0)))
    if payload is None:
        return SentRequest(wire.method, wire.url.text, headers)
    head = payload.head(_HEAD_SHOWN)
    return SentRequest(wire.method, wire.url.text, headers, head, payload.size, payload.sha256, payload.parts)
