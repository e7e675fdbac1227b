"""Around every request: who asks, what is limited, one answer to every error, headers, and one line in the log."""

import functools
import logging
from collections.abc import Callable, Iterable
from typing import Any, Protocol, cast

from flask import Blueprint, Flask, Request, Response, request, stream_with_context
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Rule

from wxcloudrun.core import errors
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.container import Container
from wxcloudrun.core.errors import ApiError
from wxcloudrun.core.http.binding import Binding, Given, read_bytes
from wxcloudrun.core.http.cors import Cors
from wxcloudrun.core.http.pieces import streamed
from wxcloudrun.core.http.reply import failure, success
from wxcloudrun.core.http.route import Access, Caller, Raw, Reply, Route
from wxcloudrun.core.http.surface import REQUEST_ID, USER_ID
from wxcloudrun.core.idempotency import Answer, Idempotency
from wxcloudrun.core.logging import log
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


class Edge:
    """Turns tables of routes into blueprints."""

    def __init__(self, container: Container, cors: Cors | None = None) -> None:
        self.container = container
        self._cors = cors
        self._bindings: list[Callable[[], Binding]] = []

    @property
    def bindings(self) -> list[Binding]:
        """Every route with the way to its controller's arguments."""
        return [binding() for binding in self._bindings]

    def blueprint(self, name: str, routes: Iterable[Route]) -> Blueprint:
        """A blueprint that serves these routes."""
        blueprint = Blueprint(name, __name__)
        for route in routes:
            binding = functools.cache(functools.partial(Binding, route, self.container))  # made at the first request
            self._bindings.append(binding)
            endpoint = f"{route.method.lower()}_{route.name}_{len(self._bindings)}"
            blueprint.add_url_rule(
                route.path,
                endpoint,
                self._view(route, binding),
                methods=[route.method],
                provide_automatic_options=False,
            )
        return blueprint

    def install(self, app: Flask) -> None:
        """Put the edge around an application."""
        app.url_rule_class = MatchedRule
        app.url_map.merge_slashes = False  # `//` would be answered by a redirect, which is no envelope
        if self._cors is not None:
            app.before_request(self._cors.preflight)
            app.after_request(self._cors.mark)
        app.register_error_handler(Exception, self._fail)

    def _view(self, route: Route, bound: Callable[[], Binding]) -> Callable[..., Response]:
        tagged = route.method == "GET"

        def view(**path: Any) -> Response:
            asked: Request = cast(Any, request)._get_current_object()  # its proxy is paid for at every use
            if route.max_body is not None:
                asked.max_content_length = route.max_body
            caller = caller_of(asked)
            actor = self._admit(route, caller)
            if actor is not None:
                asked.environ[USER_ID] = actor.user_id
            given, binding = Given(actor, caller, path), bound()
            if route.idempotent and caller.idempotency_key is not None and actor is not None:
                return self._once(actor, caller.idempotency_key, asked, lambda: self._answer(binding, given, False))
            return self._answer(binding, given, tagged)

        return view

    def _once(self, actor: Actor, key: str, asked: Request, carry_out: Callable[[], Response]) -> Response:
        """What `carry_out` answers, or what it answered when it was asked the same before with this key."""

        def answer() -> Answer:
            response = carry_out()
            return Answer(response.status_code, response.get_data())

        content = f"{asked.method} {asked.full_path}\n".encode("utf-8", "surrogatepass") + read_bytes()
        given = self.container.get(Idempotency).once(actor, key, content, answer)
        headers = [("Cache-Control", "no-store")]
        if given.repeated:
            headers.append(("Idempotency-Replayed", "true"))
        return Response(given.body, given.status, headers, content_type="application/json")

    def _admit(self, route: Route, caller: Caller) -> Actor | None:
        limiter = self.container.get(RateLimiter) if route.limit is not None else None
        if limiter is not None and route.limit is not None:
            limiter.check(route, "address", caller.address, route.limit.address)
        if route.access is Access.ANYONE:
            return None
        actor = self.container.get(Authenticator).actor(caller.headers.get("Authorization"), caller)
        if actor.grant is not None and not route.takes_api_tokens:
            raise errors.ApiTokenRefused
        rule = _GUARD.get(route.access)
        if rule is not None and not rule[0](actor):
            raise rule[1]
        if limiter is not None and route.limit is not None:
            limiter.check(route, "user", str(actor.user_id), route.limit.user)
        return actor

    def _answer(self, binding: Binding, given: Given, tagged: bool) -> Response:
        outcome = binding.call(**binding.arguments(given))
        if isinstance(outcome, Raw):
            return _raw(outcome)
        status = binding.route.status
        if isinstance(outcome, Reply):
            outcome, status = outcome.data, outcome.status
        caller = given.caller
        known = caller.headers.get("If-None-Match")
        return success(outcome, status, known, tagged=tagged, language=caller.language)

    def _fail(self, error: Exception) -> Response:
        response = failure(_as_api_error(error), language_of(request))
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response


def _raw(outcome: Raw) -> Response:
    content: Any = outcome.body
    if not isinstance(content, bytes | str):
        content = stream_with_context(streamed(content, at_once=outcome.at_once))
    return Response(content, outcome.status, list(outcome.headers), content_type=outcome.mimetype)


class MatchedRule(Rule):
    """A rule that is matched and never asked for an address: compiling that half would be a third of `create_app`."""

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        return _no_address


def _no_address(self: Rule, **values: object) -> None:
    raise LookupError(f"{self.rule}: addresses are written out here, not built")


def caller_of(asked: Request) -> Caller:
    """What a request says about its caller."""
    headers = asked.headers
    return Caller(
        address=asked.remote_addr or "unknown",
        language=language_of(asked),
        request_id=asked.environ[REQUEST_ID],
        idempotency_key=headers.get("Idempotency-Key"),
        headers=headers,
        query=lambda: asked.args,
        body=read_bytes,
    )


def language_of(asked: Request) -> str:
    """`en` where the caller prefers English over Chinese, else `zh`."""
    wanted = asked.environ.get("HTTP_ACCEPT_LANGUAGE")
    if not wanted:
        return "zh"
    return asked.accept_languages.best_match(["zh", "en"]) or "zh"


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
    if type(error).__module__.startswith("gunicorn.http"):  # the server found out, while we read, that it was no HTTP
        return errors.BadRequest()
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
