"""The container gateway: callContainer with the identity that WeChat injects, and the public caller who forges it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wxcloudrun.simulator import constants
from wxcloudrun.simulator.exchange import (
    AnswerTooLargeError,
    ExchangeError,
    ExchangeTimeoutError,
    Outgoing,
    Reply,
    exchange,
)
from wxcloudrun.simulator.records import TokenKind
from wxcloudrun.simulator.state import SimulatorState

METHODS = frozenset({"OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT"})  # and no PATCH
PUBLIC_BODY_BYTES = 30 * 1024 * 1024
_FROM_CLIENT = frozenset({"x-wx-service", "x-wx-exclude-credentials"})

Send = Callable[[Outgoing, float, int], Reply]


class GatewayFailure(StrEnum):
    """Why callContainer fails on the phone; the app then sees no HTTP answer at all."""

    METHOD = "method_not_allowed"
    REQUEST_TOO_LARGE = "request_too_large"
    RESPONSE_TOO_LARGE = "response_too_large"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"


class GatewayError(Exception):
    """A call that did not come back with an answer of the container."""

    def __init__(self, failure: GatewayFailure) -> None:
        super().__init__(f"cloud.callContainer:fail {failure.value}")
        self.failure = failure


@dataclass(frozen=True)
class ContainerCall:
    """One call of the mini-program. `from_appid` makes it a call from another app that shares this environment."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    openid: str | None = None
    appid: str | None = None
    from_appid: str | None = None
    source: str = "wx_client"
    client_ip: str = "203.0.113.7"


@dataclass(frozen=True)
class ContainerResult:
    """What callContainer resolves to: `statusCode`, `data`, `header`, `callID`."""

    status: int
    headers: dict[str, str]
    body: bytes
    call_id: str

    def shown(self) -> dict[str, Any]:
        """The result with the names that the mini-program sees."""
        data = self.body.decode("utf-8", "replace")
        return {"statusCode": self.status, "header": self.headers, "data": data, "callID": self.call_id}


class ContainerGateway:
    """Stands between a simulated phone and the product at `target` (an http URL without a path).

    It keeps callContainer's limits (15 s, 100 KiB out, 1000 KiB back, no PATCH), removes X-WX-* headers that a client
    made up, and adds the real ones.
    """

    def __init__(self, state: SimulatorState, target: str, send: Send = exchange) -> None:
        self._state = state
        self._target = target.rstrip("/")
        self._send = send

    def call(self, call: ContainerCall) -> ContainerResult:
        """Forward one call; raises GatewayError, and ControlError for an app that the simulator does not know."""
        if call.method not in METHODS:
            raise GatewayError(GatewayFailure.METHOD)
        if len(call.body) > constants.GATEWAY_REQUEST_BYTES:
            raise GatewayError(GatewayFailure.REQUEST_TOO_LARGE)
        with self._state.lock:
            call_id = self._state.hex_words()
            headers = self._headers(call, call_id)
        url = self._target + "/" + call.path.lstrip("/")
        outgoing = Outgoing(call.method, url, tuple(headers.items()), call.body)
        reply = self._forward(outgoing, self._state.options.gateway_timeout, constants.GATEWAY_RESPONSE_BYTES)
        return ContainerResult(reply.status, reply.headers, reply.body, call_id)

    def call_as_stranger(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> ContainerResult:
        """Send a request from outside with every header as given, forged identity and repeated names included."""
        url = self._target + "/" + path.lstrip("/")
        reply = self._forward(Outgoing(method, url, tuple(headers), body), 60.0, PUBLIC_BODY_BYTES)
        return ContainerResult(reply.status, reply.headers, reply.body, "")

    def _forward(self, outgoing: Outgoing, seconds: float, most_bytes: int) -> Reply:
        try:
            return self._send(outgoing, seconds, most_bytes)
        except ExchangeTimeoutError as error:
            raise GatewayError(GatewayFailure.TIMEOUT) from error
        except AnswerTooLargeError as error:
            raise GatewayError(GatewayFailure.RESPONSE_TOO_LARGE) from error
        except ExchangeError as error:
            raise GatewayError(GatewayFailure.UNREACHABLE) from error

    def _headers(self, call: ContainerCall, call_id: str) -> dict[str, str]:
        kept = {n: v for n, v in call.headers.items() if not n.lower().startswith("x-wx-") or n.lower() in _FROM_CLIENT}
        names = {name.lower() for name in kept}
        if "content-type" not in names:
            kept["content-type"] = "application/json"
        left_out = next((v for n, v in call.headers.items() if n.lower() == "x-wx-exclude-credentials"), "")
        excluded = {part.strip().lower() for part in left_out.split(",")} - {""}
        identity = {n: v for n, (kind, v) in self._identity(call).items() if kind not in excluded and v}
        return kept | identity | {"X-WX-CALL-ID": call_id, "X-Original-Forwarded-For": call.client_ip}

    def _identity(self, call: ContainerCall) -> dict[str, tuple[str, str]]:
        """Header name to the credential's name in X-WX-EXCLUDE-CREDENTIALS, and its value."""
        app = self._state.app(call.appid)
        user_app = call.from_appid or app.appid
        user = self._state.user(user_app, call.openid) if call.openid else None
        if user is not None:
            user.last_seen = self._state.now()
        prefix = "X-WX-FROM" if call.from_appid else "X-WX"
        headers = {
            "X-WX-APPID": ("", app.appid),
            "X-WX-ENV": ("", app.cloud_env),
            "X-WX-SOURCE": ("", call.source),
            f"{prefix}-APPID": ("", user_app),
        }
        if user is not None:
            headers[f"{prefix}-OPENID"] = ("openid", user.openid)
            headers[f"{prefix}-UNIONID"] = ("unionid", user.unionid or "")
            token = cloudbase_token(self._state, app.appid)
            headers[f"{prefix}-CLOUDBASE-ACCESS-TOKEN"] = ("cloudbase-access-token", token)
        return headers


def cloudbase_token(state: SimulatorState, appid: str) -> str:
    """The cloudbase access token of now: a new one every ten minutes, each good for thirty."""
    current = state.token_of(appid, TokenKind.CLOUDBASE)
    fresh = constants.CLOUDBASE_TOKEN_SECONDS - 600
    if current is None or current.expires_at - state.now() <= fresh:
        current = state.new_token(appid, TokenKind.CLOUDBASE, constants.CLOUDBASE_TOKEN_SECONDS)
    return current.value
