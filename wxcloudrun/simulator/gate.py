"""What every endpoint checks before its own rules, always in the same order."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from wxcloudrun.simulator import constants
from wxcloudrun.simulator.records import AppConfig, TokenKind
from wxcloudrun.simulator.state import SimulatorState
from wxcloudrun.simulator.wire import Answer, Call, Json, RefusedError

_TOKEN_SHAPE = re.compile(r"[A-Za-z0-9_-]{20,512}")


class Access(StrEnum):
    """How a caller proves who it is."""

    TOKEN = "token"  # noqa: S105 - a word, no secret
    SECRET = "secret"  # noqa: S105 - a word, no secret
    SIGNED_FORM = "signed_form"  # the object storage target looks after itself


@dataclass(frozen=True)
class Context:
    """One admitted request: whose app, what was asked, and the JSON body of a POST."""

    state: SimulatorState
    app: AppConfig
    call: Call
    body: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Endpoint:
    """One path of WeChat's. With `locked` the handler runs under the state's lock, else it takes the lock itself."""

    method: str
    handle: Callable[[Context], Json | Answer]
    access: Access = Access.TOKEN
    content_type: str | None = None
    locked: bool = True


def admit(state: SimulatorState, endpoint: Endpoint, call: Call) -> Context:
    """Method, then token, then body, then (for the login paths) the credentials; raises RefusedError at the first miss.

    WeChat does not publish its order; this one is fixed so that tests can rely on it.
    """
    if endpoint.access is Access.SIGNED_FORM:
        return Context(state, state.default_app(), call)
    if call.method != endpoint.method:
        raise RefusedError(
            *((43002, "require POST method") if endpoint.method == "POST" else (43001, "require GET method"))
        )
    app = app_of_token(state, call) if endpoint.access is Access.TOKEN else None
    body = _json_body(call) if endpoint.method == "POST" else {}
    return Context(state, app or _app_of_secret(state, body or call.query), call, body)


def app_of_token(state: SimulatorState, call: Call) -> AppConfig:
    """The app whose access token the request carries; behind the sidecar none is needed."""
    value = call.query.get("access_token") or call.query.get("cloudbase_access_token")
    if not value:
        if state.options.sidecar:
            return state.default_app()
        raise RefusedError(41001, "access_token missing")
    if not _TOKEN_SHAPE.fullmatch(value):
        raise RefusedError(40014, "invalid access_token")
    token = state.tokens.get(value)
    by_cloudbase = "access_token" not in call.query
    if (
        token is None
        or _is_superseded(token.dies_at, state.now())
        or by_cloudbase != (token.kind is TokenKind.CLOUDBASE)
    ):
        raise RefusedError(40001, "invalid credential, access_token is invalid or not latest")
    if state.now() >= token.expires_at:
        raise RefusedError(42001, "access_token expired")
    return state.apps[token.appid]


def known_openid(context: Context, openid: object, foreign: int = 40003) -> str:
    """An openid of this app; raises RefusedError 40003, or `foreign` for a user of another app."""
    if not isinstance(openid, str) or not openid:
        raise RefusedError(40003, "invalid openid")
    if (context.app.appid, openid) in context.state.users:
        return openid
    elsewhere = any(known == openid for _, known in context.state.users)
    raise RefusedError(*((foreign, "appid and openid not match") if elsewhere else (40003, "invalid openid")))


def active_openid(context: Context, openid: object) -> str:
    """An openid that content checks take: of this app (else 43104), and seen in the last two hours (else 61010)."""
    known = known_openid(context, openid, foreign=43104)
    last_seen = context.state.users[context.app.appid, known].last_seen
    if last_seen is None or context.state.now() - last_seen > constants.ACTIVE_SECONDS:
        raise RefusedError(61010, "code is expired: user has not used the mini program recently")
    return known


def _is_superseded(dies_at: float | None, now: float) -> bool:
    return dies_at is not None and now >= dies_at


def _json_body(call: Call) -> Json:
    if not call.body and not call.form and not call.files:
        raise RefusedError(44002, "empty post data")
    try:
        document = json.loads(call.body)
    except ValueError as error:
        raise RefusedError(47001, "data format error") from error
    if not isinstance(document, dict):
        raise RefusedError(47001, "data format error")
    return document


def _app_of_secret(state: SimulatorState, given: Json) -> AppConfig:
    if not given.get("appid"):
        raise RefusedError(41002, "appid missing")
    if not given.get("secret"):
        raise RefusedError(41004, "appsecret missing")
    app = state.apps.get(str(given["appid"]))
    if app is None:
        raise RefusedError(40013, "invalid appid")
    if app.secret != given["secret"]:
        raise RefusedError(40125, "invalid appsecret")
    return app
