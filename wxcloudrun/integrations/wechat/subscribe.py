"""Subscribe messages: checked before they are sent, one at a time to a user."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from wxcloudrun.integrations.wechat.answers import whole_number
from wxcloudrun.integrations.wechat.api import Api
from wxcloudrun.integrations.wechat.config import Sleep
from wxcloudrun.integrations.wechat.errors import InvalidArgument, SendInFlight
from wxcloudrun.integrations.wechat.subscribe_values import broken_rule, shortened

_OPERATION = "subscribe_send"
_PAUSES = (0.3, 0.6)


class AppState(StrEnum):
    """Which version of the mini-program a tap on the message opens."""

    DEVELOPER = "developer"
    TRIAL = "trial"
    FORMAL = "formal"


class Language(StrEnum):
    """The language the mini-program is opened in."""

    ZH_CN = "zh_CN"
    EN_US = "en_US"
    ZH_HK = "zh_HK"
    ZH_TW = "zh_TW"


@dataclass(frozen=True)
class SubscribeMessage:
    """One message. `values` maps a template's keys, as `thing1`, to texts; `page` may carry a query, None opens
    nothing. With `truncate` free texts that are too long are cut instead of refused.
    """

    openid: str = field(repr=False)
    template_id: str
    values: Mapping[str, str] = field(repr=False)
    page: str | None = None
    state: AppState = AppState.FORMAL
    language: Language = Language.ZH_CN
    truncate: bool = False


class Subscriptions:
    """Sends subscribe messages. Source: WeChat's page on sendMessage."""

    def __init__(self, api: Api, sleep: Sleep) -> None:
        self._api = api
        self._sleep = sleep
        self._users = _OneAtATime()

    def send(self, message: SubscribeMessage) -> int | None:
        """WeChat's id of the message, above 2^53 (hand it to JavaScript as text); None if WeChat gave none.

        Raises InvalidArgument (`field` is the key of the value), UserRefused (a normal outcome), TemplateUnusable,
        PageUnpublished, UnknownUser, ContentRejected, SendInFlight, and what every call raises.
        """
        body = _body(message)
        with self._users.only(message.openid):
            for pause in _PAUSES:
                try:
                    return self._send(body)
                except SendInFlight:
                    # Another process sends to the same user; WeChat asks to do it one after the other.
                    self._sleep(pause)
            return self._send(body)

    def _send(self, body: Mapping[str, object]) -> int | None:
        return whole_number(self._api.post(_OPERATION, "/cgi-bin/message/subscribe/send", body).get("msgid"))


def _body(message: SubscribeMessage) -> dict[str, object]:
    for name, value in (("openid", message.openid), ("template_id", message.template_id)):
        if not value:
            raise InvalidArgument(_OPERATION, field=name, rule="must not be empty")
    if message.page is not None and len(message.page) > 1024:
        raise InvalidArgument(_OPERATION, field="page", rule="at most 1024 characters")
    body: dict[str, object] = {
        "touser": message.openid,
        "template_id": message.template_id,
        "data": {key: {"value": _value(key, value, message.truncate)} for key, value in message.values.items()},
        "miniprogram_state": message.state.value,
        "lang": message.language.value,
    }
    return {**body, "page": message.page} if message.page else body


def _value(key: str, value: str, truncate: bool) -> str:
    fitted = shortened(key, value) if truncate else value
    rule = broken_rule(key, fitted)
    if rule is not None:
        raise InvalidArgument(_OPERATION, field=key, rule=rule)
    return fitted


class _OneAtATime:
    """A lock for each user who is being written to."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def only(self, key: str) -> Iterator[None]:
        lock = self._change(key, 1)
        try:
            with lock:
                yield
        finally:
            self._change(key, -1)

    def _change(self, key: str, by: int) -> threading.Lock:
        with self._guard:
            lock, users = self._locks.get(key, (threading.Lock(), 0))
            self._locks[key] = (lock, users + by)
            if users + by == 0:
                del self._locks[key]
            return lock
