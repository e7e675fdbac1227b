"""The outermost layer: what every request and every reply gets, whoever answers it.

It is plain WSGI, since this is paid on each request: the request's id, the headers, one line in the log.
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from wxcloudrun.core.ids import request_id
from wxcloudrun.core.logging import log_request, request_id_of_context

_logger = logging.getLogger("wxcloudrun.http")
REQUEST_ID = "wxcloudrun.request_id"
USER_ID = "wxcloudrun.user_id"
_POLICY = "Content-Security-Policy"
_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]


class Observer(Protocol):
    """Is told about every request that was answered (the metrics)."""

    def __call__(self, rule: str, method: str, status: int, seconds: float) -> None:
        """One request, its time in seconds."""
        ...


class Surface:
    """Wraps an application; without `trust_cloud` nobody below sees a header by which Cloud Run vouches for people."""

    def __init__(self, app: WSGIApplication, *, trust_cloud: bool, observe: Observer | None) -> None:
        self._app = app
        self._trust_cloud = trust_cloud
        self._observe = observe

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        began = time.perf_counter()
        number = environ[REQUEST_ID] = request_id(environ.get("HTTP_X_REQUEST_ID"))
        request_id_of_context.set(number)
        if not self._trust_cloud:
            for name in [key for key in environ if key.startswith("HTTP_X_WX_")]:
                del environ[name]

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            headers.extend(_HEADERS)
            headers.append(("X-Request-ID", number))
            if not any(name == _POLICY for name, _ in headers):
                headers.append((_POLICY, "default-src 'none'; frame-ancestors 'none'"))
            if environ["wsgi.url_scheme"] == "https":
                headers.append(("Strict-Transport-Security", "max-age=31536000"))
            self._account(environ, int(status[:3]), time.perf_counter() - began)
            return start_response(status, headers, *error)

        return self._app(environ, start)

    def _account(self, environ: WSGIEnvironment, status: int, seconds: float) -> None:
        matched = getattr(environ.get("werkzeug.request"), "url_rule", None)
        rule = "unmatched" if matched is None else matched.rule
        method = environ["REQUEST_METHOD"]
        if self._observe is not None:
            self._observe(rule, method, status, seconds)
        took = round(seconds * 1000, 1)
        who = environ.get(USER_ID)
        log_request(
            _logger, environ[REQUEST_ID], method=method, rule=rule, status=status, duration_ms=took, user_id=who
        )
