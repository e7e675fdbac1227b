"""What the WeChat client needs to know, as one frozen value."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

PUBLIC_HOST = "api.weixin.qq.com"

Sleep = Callable[[float], object]
"""Waits for a number of seconds."""


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """The present moment, aware."""
        ...


class TokenMode(StrEnum):
    """Where the access token of a call comes from."""

    STABLE = "stable"  # POST /cgi-bin/stable_token: every process is given the same token
    LEGACY = "legacy"  # GET /cgi-bin/token: each fetch ends the life of the token before
    CLOUDBASE_FILE = "cloudbase_file"  # a file that Cloud Run writes every ten minutes
    NONE = "none"  # Cloud Run's open-interface service adds it on the way


class PushMode(StrEnum):
    """How pushed messages are secured, as chosen in WeChat's console."""

    OFF = "off"
    PLAIN = "plain"  # signed query, readable body
    COMPATIBLE = "compatible"  # readable and encrypted body together; the encrypted one counts
    SAFE = "safe"  # encrypted body only
    CLOUD = "cloud"  # Cloud Run: no signature; believed because of where it comes from


class PushFormat(StrEnum):
    """The notation of an answer to a pushed message; what comes in is recognised by its first character."""

    JSON = "json"
    XML = "xml"


@dataclass(frozen=True)
class WeChatConfig:
    """Everything about one mini-program that the client needs; times are seconds, sizes are bytes.

    `api_base` is `http://api.weixin.qq.com` behind Cloud Run's open-interface service (token mode `none` or
    `cloudbase_file`), and a simulator's address in development. `ca_bundle` is a file of certificates to use in place
    of the library's own; certificates are always checked.

    Raises ValueError if a value cannot work, without repeating it.
    """

    appid: str
    secret: str = field(default="", repr=False)
    api_base: str = f"https://{PUBLIC_HOST}"
    token_mode: TokenMode = TokenMode.STABLE
    token_file: Path = Path("/.tencentcloudbase/wx/cloudbase_access_token")
    connect_seconds: float = 3.0
    read_seconds: float = 5.0
    total_seconds: float = 10.0
    max_answer_bytes: int = 2 * 1024 * 1024
    ca_bundle: str | None = None
    login_reuse_seconds: float = 300.0
    watermark_seconds: float = 600.0
    push_mode: PushMode = PushMode.OFF
    push_token: str = field(default="", repr=False)
    push_aes_key: str = field(default="", repr=False)
    push_format: PushFormat = PushFormat.JSON
    push_window_seconds: float = 300.0
    push_max_bytes: int = 256 * 1024

    def __post_init__(self) -> None:
        parts = urlsplit(self.api_base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("api_base must be an http or https address")
        if parts.query or parts.fragment or parts.username or self.api_base.endswith("/"):
            raise ValueError("api_base must end with the host or a path, without a slash, query or user")
        if min(self.connect_seconds, self.read_seconds, self.total_seconds) <= 0:
            raise ValueError("time limits must be above zero")
        if self.fetches_tokens and self.secret_would_travel_openly:
            raise ValueError("a secret must not travel over plain http to WeChat: use https or token mode none")

    @property
    def fetches_tokens(self) -> bool:
        """Whether the client fetches access tokens with the secret."""
        return self.token_mode in (TokenMode.STABLE, TokenMode.LEGACY)

    @property
    def secret_would_travel_openly(self) -> bool:
        """Whether the address is WeChat's own without TLS, as inside Cloud Run."""
        parts = urlsplit(self.api_base)
        return parts.scheme == "http" and parts.hostname == PUBLIC_HOST
