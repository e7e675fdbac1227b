"""Questions about the shared access token and the inbox of pushed messages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, or_, select, update

from wxcloudrun.core.db import AnySession
from wxcloudrun.features.wechat.models import WechatToken

_T: Any = WechatToken.__table__
_TOKEN = select(_T).where(_T.c.appid == bindparam("appid"), _T.c.mode == bindparam("mode"))


class TokenDao:
    """The one row of an app and mode."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def get(self, appid: str, mode: str) -> Row[Any] | None:
        """The row, if there is one."""
        return self._session.connection().execute(_TOKEN, {"appid": appid, "mode": mode}).one_or_none()

    def add(self, appid: str, mode: str, lease_until: datetime) -> None:
        """The first row, leased. Raises IntegrityError when somebody was first."""
        values = {"appid": appid, "mode": mode, "version": 0, "lease_until": lease_until}
        self._session.connection().execute(insert(WechatToken), values)

    def lease(self, appid: str, mode: str, version: int, *, now: datetime, until: datetime) -> bool:
        """Take the lease if the version is still that and nobody holds it."""
        free = or_(WechatToken.lease_until.is_(None), WechatToken.lease_until <= now)
        return self._change(appid, mode, version, {"lease_until": until}, free)

    def change(self, appid: str, mode: str, version: int, values: Mapping[str, object]) -> bool:
        """Change columns if the version is still that."""
        return self._change(appid, mode, version, values)

    def _change(self, appid: str, mode: str, version: int, values: Mapping[str, object], *more: Any) -> bool:
        where = (WechatToken.appid == appid, WechatToken.mode == mode, WechatToken.version == version, *more)
        return bool(
            self._session.connection().execute(update(WechatToken).where(*where).values(**values)).rowcount == 1
        )
