"""Where a call's access token comes from: nowhere, a file of Cloud Run, or WeChat (token.py)."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from wxcloudrun.integrations.wechat.config import Clock
from wxcloudrun.integrations.wechat.errors import Misconfigured, Unavailable

OPERATION = "access_token"
_PLACEHOLDER = "default-tcb-wx-access-token"
_REREAD = timedelta(seconds=60)


@dataclass(frozen=True)
class Grant:
    """A token to call with, and the number that tells it from its predecessors."""

    token: str = field(repr=False)
    version: int


class TokenSource(Protocol):
    """Gives tokens. `parameter` is the name under which a call carries one."""

    parameter: str

    def get(self) -> Grant | None:
        """A token that should be good; None if calls carry none."""
        ...

    def replace(self, refused: Grant) -> Grant | None:
        """Another token than the one WeChat refused; None if trying again is pointless."""
        ...


class NoTokens:
    """Cloud Run's open-interface service adds the token on the way."""

    parameter = ""

    def get(self) -> Grant | None:
        """None: the call carries no token."""
        return None

    def replace(self, refused: Grant) -> Grant | None:  # noqa: ARG002 - the protocol's signature
        """None: there is nothing to exchange."""
        return None


class FileTokens:
    """The file that Cloud Run mounts and writes every ten minutes; it is read again once a minute.

    Until the platform writes it for the first time the file holds a placeholder.
    """

    parameter = "cloudbase_access_token"

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._held: Grant | None = None
        self._read_at: datetime | None = None

    def get(self) -> Grant:
        """The file's token. Raises Misconfigured without a file, Unavailable before the first token is there."""
        with self._lock:
            fresh = self._read_at is not None and self._clock.now() - self._read_at < _REREAD
            return self._held if self._held and fresh else self._read()

    def replace(self, refused: Grant) -> Grant | None:
        """The file's token if it is another one by now."""
        with self._lock:
            grant = self._read()
        return grant if grant.token != refused.token else None

    def _read(self) -> Grant:
        text = self._text()
        if text is None:
            raise Misconfigured(OPERATION, detail="the token file cannot be read")
        if not text or text == _PLACEHOLDER:
            raise Unavailable(OPERATION, maybe_sent=False, reason="the token file is not filled yet")
        if self._held is None or self._held.token != text:
            self._held = Grant(text, self._held.version + 1 if self._held else 1)
        self._read_at = self._clock.now()
        return self._held

    def _text(self) -> str | None:
        try:
            return self._path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return None
