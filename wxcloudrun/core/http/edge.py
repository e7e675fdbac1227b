"""Around every request: who asks, what is limited, one answer to every error, headers, and one line in the log."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from flask import Blueprint, Flask, Response, g, request
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from wxcloudrun.core import errors
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.container import Container
from wxcloudrun.core.errors import ApiError
from wxcloudrun.core.http.binding import Binding, Given, read_bytes
from wxcloudrun.core.http.cors import Cors
from wxcloudrun.core.http.reply import failure, success
from wxcloudrun.core.http.route import Access, Caller, Raw, Reply, Route
from wxcloudrun.core.idempotency import Idempotency
from wxcloudrun.core.ids import request_id
from wxcloudrun.core.logging import log, request_id_of_context
from wxcloudrun.core.rate_limit import RateLimiter

_logger = logging.getLogger("wxcloudrun.http")
_GUARD = {
    Access.VERIFIED: (lambda actor: actor.verified, errors.VerificationRequired),
    Access.ADMINISTRATOR: (lambda actor: actor.administrator, errors.AdministratorRequired),
}


class Authenticator(Protocol):
    """Tells who a request comes from."""

    def actor(self, authorization: str | None, caller: Caller) -> Actor:
        """The actor of a request. Raises SessionRequired, SessionEnded or AccountDisabled."""
        ...


class Observer(Protocol):
    """Is told about every request that was answered (the metrics)."""

    def __call__(self, rule: str, method: str, status: int, seconds: float) -> None:
        """One request, its time in seconds."""
        ...


class Edge:
    """Turns tables of routes into blueprints."""

    def __init__(
        self,
        container: Container,
        *,
        trust_cloud: bool,
        max_body: int,
        cors: Cors | None = None,
        observe: Observer | None = None,
    ) -> None:
        self.container = container
        self.max_body = max_body
        self.bindings: list[Binding] = []
        self._trust_cloud = trust_cloud
        self._cors = cors
        self._observe = observe

    def blueprint(self, name: str, routes: Iterable[Route]) -> Blueprint:
        """A blueprint that serves these routes."""
        blueprint = Blueprint(name, __name__)
        for route in routes:
            binding = Binding(route, self.container)
            self.bindings.append(binding)
            endpoint = f"{route.method.lower()}_{route.call.__name__}_{len(self.bindings)}"
            blueprint.add_url_rule(
                route.path, endpoint, self._view(binding), methods=[route.method], provide_automatic_options=False
            )
        return blueprint

    def install(self, app: Flask) -> None:
        """Put the edge around an application."""
        app.before_request(self._begin)
        app.after_request(self._finish)
        app.register_error_handler(Exception, self._fail)

    def _view(self, binding: Binding) -> Callable[..., Response]:
        route = binding.route
        tagged = route.method == "GET"

        def view(**path: Any) -> Response:
            if route.max_body is not None:
                request.max_content_length = route.max_body
            caller = caller_of_request()
            actor = self._admit(route, caller)
            given = Given(actor, caller, path)
            if route.idempotent and caller.idempotency_key is not None and actor is not None:
                idempotency = self.container.get(Idempotency)
                return idempotency.once(actor, caller, route, read_bytes(), lambda: self._answer(binding, given, False))
            return self._answer(binding, given, tagged)

        return view

    def _admit(self, route: Route, caller: Caller) -> Actor | None:
        limiter = self.container.get(RateLimiter) if route.limit is not None else None
        if limiter is not None and route.limit is not None:
            limiter.check(route, "address", caller.address, route.limit.address)
        if route.access is Access.ANYONE:
            return None
        actor = self.container.get(Authenticator).actor(request.headers.get("Authorization"), caller)
        g.user_id = actor.user_id
        rule = _GUARD.get(route.access)
        if rule is not None and not rule[0](actor):
            raise rule[1]
        if limiter is not None and route.limit is not None:
            limiter.check(route, "user", str(actor.user_id), route.limit.user)
        return actor

    def _answer(self, binding: Binding, given: Given, tagged: bool) -> Response:
        outcome = binding.route.call(**binding.arguments(given))
        if isinstance(outcome, Raw):
            return Response(outcome.body, outcome.status, list(outcome.headers), content_type=outcome.mimetype)
        status = binding.route.status
        if isinstance(outcome, Reply):
            outcome, status = outcome.data, outcome.status
        return success(outcome, status, request.headers.get("If-None-Match"), tagged=tagged)

    def _begin(self) -> Response | None:
        g.began = time.perf_counter()
        g.request_id = request_id(request.headers.get("X-Request-ID"))
        request_id_of_context.set(g.request_id)
        request.max_content_length = self.max_body
        if not self._trust_cloud:
            for name in [key for key in request.environ if key.startswith("HTTP_X_WX_")]:
                del request.environ[name]
        return self._cors.preflight() if self._cors is not None else None

    def _finish(self, response: Response) -> Response:
        headers = response.headers
        headers.extend(_SECURITY)
        headers["X-Request-ID"] = g.request_id
        if "Content-Security-Policy" not in headers:
            headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        if self._cors is not None:
            self._cors.mark(response)
        if request.is_secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        seconds = time.perf_counter() - g.began
        rule = request.url_rule.rule if request.url_rule is not None else "unmatched"
        if self._observe is not None:
            self._observe(rule, request.method, response.status_code, seconds)
        log(
            _logger,
            "request",
            method=request.method,
            rule=rule,
            status=response.status_code,
            duration_ms=round(seconds * 1000, 1),
            user_id=g.get("user_id"),
        )
        return response

    def _fail(self, error: Exception) -> Response:
        response = failure(_as_api_error(error), language_of_request())
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response


_SECURITY = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]


def caller_of_request() -> Caller:
    """What the request says about its caller."""
    headers = request.headers
    return Caller(
        address=request.remote_addr or "unknown",
        language=language_of_request(),
        request_id=g.request_id,
        user_agent=headers.get("User-Agent", "")[:200],
        idempotency_key=headers.get("Idempotency-Key"),
        headers=headers,
        query=request.args,
        body=read_bytes,
    )


def language_of_request() -> str:
    """`en` where the caller prefers English over Chinese, else `zh`."""
    wanted = request.headers.get("Accept-Language")
    if not wanted:
        return "zh"
    with contextlib.suppress(ValueError):
        return request.accept_languages.best_match(["zh", "en"]) or ("en" if wanted.startswith("en") else "zh")
    return "zh"


def _as_api_error(error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        if error.status >= 500:
            log(_logger, "request failed", logging.WARNING, reason=error.name())
        return error
    if isinstance(error, HTTPException):
        return _from_werkzeug(error)
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    ):
        log(_logger, "database unavailable", logging.ERROR, reason=str(getattr(error, "orig", None) or error)[:300])
        return errors.DatabaseUnavailable(retry_after=5)
    _logger.error("unexpected error", exc_info=error)
    return errors.InternalError()


_BY_STATUS: dict[int, type[ApiError]] = {404: errors.NotFound, 405: errors.MethodNotAllowed}


def _from_werkzeug(error: HTTPException) -> ApiError:
    """Flask's own refusals, in the API's words."""
    code = error.code or 500
    if code == 413:
        return errors.BodyTooLarge(values={"limit": request.max_content_length or 0})
    if code in _BY_STATUS:
        return _BY_STATUS[code]()
    return errors.BadRequest() if 400 <= code < 500 else errors.InternalError()
