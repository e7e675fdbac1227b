"""The access token that all processes share, and the inbox of what WeChat pushes."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.columns import UtcDateTime, code, row_id
from wxcloudrun.core.db import Base


class WechatToken(Base):
    """The newest access token of one app in one mode, encrypted; `lease_until` marks who is fetching the next."""

    __tablename__ = "wechat_tokens"

    appid: Mapped[str] = mapped_column(code(64), primary_key=True)
    mode: Mapped[str] = mapped_column(code(32), primary_key=True)
    token: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PushMessage(Base):
    """One message that WeChat pushed, kept once however often it is sent; its content is encrypted."""

    __tablename__ = "push_messages"

    id: Mapped[int] = row_id()
    dedupe_key: Mapped[str] = mapped_column(code(64), unique=True)
    kind: Mapped[str] = mapped_column(code(64))
    content: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    outcome: Mapped[str | None] = mapped_column(code(32))
