"""Sends one request to WeChat and brings back its bytes: limits on time and size, no retries, no redirects."""

import json
import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from wxcloudrun.integrations.wechat.config import WeChatConfig
from wxcloudrun.integrations.wechat.errors import InvalidAnswer, InvalidArgument, Unavailable, WeChatError

_LIBRARY_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry")
_CHUNK_BYTES = 64 * 1024
_MOST_CONNECTIONS = 32


@dataclass(frozen=True)
class Call:
    """One call: `operation` names it in logs and errors; `query` and `body` stay out of both."""

    operation: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, object] | None = field(default=None, repr=False)

    def with_query(self, name: str, value: str) -> "Call":
        """The same call with one more query parameter."""
        return Call(self.operation, self.method, self.path, {**self.query, name: value}, self.body)


@dataclass(frozen=True)
class RawAnswer:
    """What came back, unread."""

    status: int
    body: bytes = field(repr=False)


class WeChatHttp:
    """One `requests` session for one configuration; safe to share between threads.

    The environment's proxies, netrc and certificate variables are not read, cookies are not kept, and the HTTP
    library's own debug lines lose their query strings, since those carry secrets.
    """

    def __init__(self, config: WeChatConfig, session: requests.Session | None = None) -> None:
        self._config = config
        self._session = session or _Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers["User-Agent"] = "wxcloudrun"
        # Without this a small answer could unpack to a large one.
        self._session.headers["Accept-Encoding"] = "identity"
        for name in _LIBRARY_LOGGERS:
            logging.getLogger(name).addFilter(_without_queries)

    def send(self, call: Call) -> RawAnswer:
        """The answer to one attempt.

        Raises Unavailable if none came, InvalidAnswer for a redirect, a server error or too many bytes,
        InvalidArgument if the body cannot be written as UTF-8 JSON.
        """
        request = self._request(call)
        deadline = time.monotonic() + self._config.total_seconds
        outcome = self._attempt(call, request, deadline)
        # Raised here and not where the library's exception is at hand: its text holds the URL, and so the secret.
        if isinstance(outcome, WeChatError):
            raise outcome
        if outcome.status >= 500 or 300 <= outcome.status < 400:
            raise InvalidAnswer(call.operation, http_status=outcome.status, reason="not a success")
        return outcome

    def _request(self, call: Call) -> requests.Request:
        body, headers = None, {}
        if call.body is not None:
            body = _encoded(call)
            headers["Content-Type"] = "application/json"
        url = self._config.api_base + call.path
        return requests.Request(call.method, url, params=dict(call.query), data=body, headers=headers)

    def _attempt(self, call: Call, request: requests.Request, deadline: float) -> RawAnswer | WeChatError:
        try:
            response = self._open(request)
        except requests.RequestException as fault:
            return _no_answer(call.operation, fault)
        try:
            body = self._read(response, deadline)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as fault:
            return _no_answer(call.operation, fault)
        finally:
            response.close()
        if body is None:
            return InvalidAnswer(call.operation, http_status=response.status_code, reason="too large")
        return RawAnswer(response.status_code, body)

    def _open(self, request: requests.Request) -> requests.Response:
        return self._session.send(
            self._session.prepare_request(request),
            allow_redirects=False,
            stream=True,
            timeout=(self._config.connect_seconds, self._config.read_seconds),
            verify=self._config.ca_bundle or True,
        )

    def _read(self, response: requests.Response, deadline: float) -> bytes | None:
        parts: list[bytes] = []
        size = 0
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            size += len(chunk)
            if size > self._config.max_answer_bytes:
                return None
            if time.monotonic() > deadline:
                raise TimeoutError
            parts.append(chunk)
        return b"".join(parts)


class _Session(requests.Session):
    """Follows no redirects, and keeps a connection for each of many threads."""

    def __init__(self) -> None:
        super().__init__()
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(pool_maxsize=_MOST_CONNECTIONS, max_retries=0))

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - the library's signature
        """None: else the session reads a redirect's whole body to prepare what it may not send."""
        return None


def _encoded(call: Call) -> bytes:
    # Escaped characters would be shown to users as they are: WeChat wants UTF-8 itself.
    text = json.dumps(call.body, ensure_ascii=False, allow_nan=False)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidArgument(call.operation, field=None, rule="half of a surrogate pair")
    return text.encode()


def _no_answer(operation: str, fault: BaseException) -> Unavailable:
    causes = _causes(fault)
    if isinstance(fault, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return Unavailable(operation, maybe_sent=False, reason="address")
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return Unavailable(operation, maybe_sent=False, reason="certificate")
    if any(isinstance(cause, NameResolutionError) for cause in causes):
        return Unavailable(operation, maybe_sent=False, reason="host name")
    if any(isinstance(cause, NewConnectionError) for cause in causes):
        return Unavailable(operation, maybe_sent=False, reason="connect")
    if any(isinstance(cause, requests.ConnectTimeout | ConnectTimeoutError) for cause in causes):
        return Unavailable(operation, maybe_sent=False, reason="connect timeout")
    if any(isinstance(cause, TimeoutError | requests.Timeout | urllib3.exceptions.TimeoutError) for cause in causes):
        return Unavailable(operation, maybe_sent=True, reason="read timeout")
    return Unavailable(operation, maybe_sent=True, reason="connection lost")


def _causes(fault: BaseException) -> list[BaseException]:
    """The exception and those it wraps, which the libraries hold in `args`, `reason` and `__context__`."""
    found: list[BaseException] = []
    waiting: list[object] = [fault]
    while waiting and len(found) < 20:
        one = waiting.pop()
        if isinstance(one, BaseException) and not any(one is known for known in found):
            found.append(one)
            waiting += [*one.args, getattr(one, "reason", None), one.__context__]
    return found


class _WithoutQueries(logging.Filter):
    """Cuts the query off every path in the HTTP library's log lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_cut(argument) for argument in record.args)
        return True


def _cut(argument: object) -> object:
    if isinstance(argument, str):
        return argument.split("?", 1)[0]
    return type(argument).__name__ if isinstance(argument, BaseException) else argument


_without_queries = _WithoutQueries()
