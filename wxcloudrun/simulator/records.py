"""The records that the simulator's state is made of: apps, users, codes, tokens, templates, messages and tasks."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wxcloudrun.simulator import constants


class PushMode(StrEnum):
    """How a pushed message is wrapped. `cloudrun` is unsigned and carries X-WX-SOURCE, as in WeChat Cloud Run."""

    PLAIN = "plain"
    SAFE = "safe"
    COMPAT = "compat"
    CLOUDRUN = "cloudrun"


class PushFormat(StrEnum):
    """The language of a pushed message."""

    JSON = "json"
    XML = "xml"


class TokenKind(StrEnum):
    """Where an access token comes from; the kinds never invalidate each other."""

    LEGACY = "legacy"
    STABLE = "stable"
    CLOUDBASE = "cloudbase"


@dataclass(frozen=True)
class AppConfig:
    """One mini-program as its console shows it. A page `*` stands for every page."""

    appid: str = constants.DEFAULT_APPID
    secret: str = constants.DEFAULT_SECRET
    token: str = constants.DEFAULT_TOKEN
    encoding_aes_key: str = constants.DEFAULT_ENCODING_AES_KEY
    original_id: str = constants.DEFAULT_ORIGINAL_ID
    push_url: str = ""
    push_mode: PushMode = PushMode.SAFE
    push_format: PushFormat = PushFormat.JSON
    published: bool = True
    published_pages: tuple[str, ...] = constants.DEFAULT_PAGES
    ip_whitelist: tuple[str, ...] | None = None
    secret_frozen: bool = False
    cloud_env: str = constants.DEFAULT_CLOUD_ENV
    app_key: str = constants.DEFAULT_APP_KEY
    sandbox_app_key: str = constants.DEFAULT_SANDBOX_APP_KEY

    def has_page(self, page: str) -> bool:
        """Whether `page`, without its query, is in the released version; the empty page is the home page."""
        name = page.partition("?")[0]
        return self.published and (not name or "*" in self.published_pages or name in self.published_pages)


@dataclass(frozen=True)
class Options:
    """Switches of the whole simulator. Times are seconds unless a name says milliseconds (`_ms`)."""

    dev_codes: bool = True  # `dev-<name>` is a login code of the user <name>
    sidecar: bool = False  # no token needed, as behind Cloud Run's open-interface service
    content_type: str = "wechat"  # or "json": say application/json everywhere
    country_code: str = "alternate"  # or "text", "number"
    send_duration_ms: int = 20  # how long one subscribe message is in flight
    media_delay: float = 1.0  # from media_check_async to its event
    push_before_answer: bool = False  # due events arrive before the answer that caused them
    push_timeout: float = 5.0
    push_attempts: int = 3
    gateway_timeout: float = constants.GATEWAY_SECONDS
    fault_hold: float = 30.0  # how long an injected timeout keeps the caller waiting
    cos_requires_file_id: bool = False  # refuse uploads without x-cos-meta-fileid instead of losing them


@dataclass
class User:
    """One user of one app. `last_seen` is None until the user has opened the app."""

    appid: str
    openid: str
    name: str
    unionid: str | None = None
    session_key: str = ""
    last_seen: float | None = None
    phone: str = "13800138000"
    country_code: str = "86"
    risk_blocked: bool = False
    risk_rank: int = 0
    balance: int = 0


@dataclass
class LoginCode:
    """A wx.login code: good once, for five minutes."""

    appid: str
    openid: str
    issued_at: float
    used: bool = False
    reusable: bool = False
    busy: bool = False  # the next exchange answers -1


@dataclass
class PhoneCode:
    """A getPhoneNumber code. The watermark can be made to lie, to see whether anybody looks."""

    appid: str
    openid: str
    issued_at: float
    used: bool = False
    watermark_appid: str | None = None
    watermark_age: int = 0


@dataclass
class AccessToken:
    """One access token. From `dies_at` on it is superseded, from `expires_at` on it is expired."""

    value: str
    appid: str
    kind: TokenKind
    expires_at: float
    dies_at: float | None = None


@dataclass(frozen=True)
class Template:
    """A subscribe-message template: its keys, and the listed values of those of type enum."""

    template_id: str
    appid: str
    keys: tuple[str, ...]
    long_term: bool = False
    banned: bool = False
    enums: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class SentMessage:
    """A subscribe message that WeChat took."""

    msgid: int
    appid: str
    body: dict[str, Any]


@dataclass
class MediaTask:
    """A media check that was asked for; `delivered` once its event has been handed to the push client."""

    trace_id: str
    appid: str
    openid: str
    media_url: str
    delivered: bool = False


@dataclass
class StoredFile:
    """A cloud file between its permission to be uploaded and its deletion."""

    file_id: str
    path: str
    env: str
    authorization: str
    token: str
    cos_file_id: str
    content: bytes | None = None
    linked: bool = False  # uploaded with x-cos-meta-fileid, so that it can be downloaded


@dataclass(frozen=True)
class QueuedEvent:
    """An event that waits for its time on the virtual clock."""

    due: float
    appid: str
    payload: dict[str, Any]
    trace_id: str | None = None
