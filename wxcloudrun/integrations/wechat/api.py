"""Calls that carry an access token: sent, read, and sent once more if the token turned out to be dead."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wxcloudrun.integrations.wechat.answers import (
    TOKEN_CODES,
    JsonObject,
    Meanings,
    errcode_of,
    json_object,
    raise_for_errcode,
)
from wxcloudrun.integrations.wechat.errors import (
    CodeInvalid,
    InvalidAnswer,
    Misconfigured,
    SendInFlight,
    SessionExpired,
    UserRefused,
    WeChatError,
)
from wxcloudrun.integrations.wechat.http import Call, RawAnswer, WeChatHttp
from wxcloudrun.integrations.wechat.token_source import Grant, TokenSource

log = logging.getLogger(__name__)

_NORMAL = (UserRefused, CodeInvalid, SessionExpired, SendInFlight)
_IMAGE_TYPES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True)
class Image:
    """A picture whose first bytes were looked at; `mime` is `image/png` or `image/jpeg`."""

    content: bytes = field(repr=False)
    mime: str


class Api:
    """WeChat's token-protected interfaces. Raises the exceptions of errors.py and logs one line for each."""

    def __init__(self, http: WeChatHttp, tokens: TokenSource) -> None:
        self._http = http
        self._tokens = tokens

    def get(self, operation: str, path: str, query: Mapping[str, str]) -> JsonObject:
        """The JSON answer to a GET."""
        return self._json(Call(operation, "GET", path, query), None)

    def post(
        self, operation: str, path: str, body: Mapping[str, object], special: Meanings | None = None
    ) -> JsonObject:
        """The JSON answer to a POST of JSON. `special` gives errcodes another meaning than their general one."""
        return self._json(Call(operation, "POST", path, body=body), special)

    def post_for_image(self, operation: str, path: str, body: Mapping[str, object]) -> Image:
        """The image that answers a POST. What does not begin like one is read as JSON and raised, never returned."""
        return logged(operation, lambda: self._image(Call(operation, "POST", path, body=body)))

    def _json(self, call: Call, special: Meanings | None) -> JsonObject:
        def attempt() -> JsonObject:
            data = json_object(call.operation, self._with_token(call))
            raise_for_errcode(call.operation, data, special)
            return data

        return logged(call.operation, attempt)

    def _image(self, call: Call) -> Image:
        raw = self._with_token(call)
        mime = _mime(raw)
        if mime is None:
            raise_for_errcode(call.operation, json_object(call.operation, raw))
            raise InvalidAnswer(call.operation, http_status=raw.status, reason="no image")
        return Image(raw.body, mime)

    def _with_token(self, call: Call) -> RawAnswer:
        grant = self._tokens.get()
        raw = self._send(call, grant)
        if grant is None or not _token_refused(call.operation, raw):
            return raw
        renewed = self._tokens.replace(grant)
        return raw if renewed is None else self._send(call, renewed)

    def _send(self, call: Call, grant: Grant | None) -> RawAnswer:
        return self._http.send(call.with_query(self._tokens.parameter, grant.token) if grant else call)


def _mime(raw: RawAnswer) -> str | None:
    return next((mime for start, mime in _IMAGE_TYPES.items() if raw.body.startswith(start)), None)


def _token_refused(operation: str, raw: RawAnswer) -> bool:
    if _mime(raw):
        return False
    return errcode_of(operation, json_object(operation, raw)) in TOKEN_CODES


def logged[T](operation: str, attempt: Callable[[], T]) -> T:
    """The result of an attempt; a WeChatError is logged on its way out, at the level its meaning deserves."""
    try:
        return attempt()
    except WeChatError as fault:
        facts = {"event": "wechat_call_failed", "operation": operation, "error": type(fault).__name__}
        log.log(_level(fault), "wechat call failed: %s", fault, extra={**facts, "errcode": fault.errcode})
        raise


def _level(fault: WeChatError) -> int:
    if isinstance(fault, _NORMAL):
        return logging.INFO
    return logging.ERROR if isinstance(fault, Misconfigured) else logging.WARNING
