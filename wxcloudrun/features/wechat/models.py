"""The access token that all processes share, the inbox of what WeChat pushes, and rights to send messages."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.columns import ENCRYPTED, ROW_ID, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base


class WechatToken(Base):
    """The newest access token of one app in one mode, encrypted; `lease_until` marks who is fetching the next."""

    __tablename__ = "wechat_tokens"

    appid: Mapped[str] = mapped_column(code(64), primary_key=True)
    mode: Mapped[str] = mapped_column(code(32), primary_key=True)
    token: Mapped[str | None] = mapped_column(Text, info=ENCRYPTED)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PushMessage(Base):
    """One message that WeChat pushed, kept once however often it is sent; its content is encrypted.

    `due_at` is when it may next be handled; who takes it moves that moment on, so that nobody else does meanwhile.
    """

    __tablename__ = "push_messages"
    __table_args__ = (Index(None, "handled_at", "due_at"), Base.__table_args__)

    id: Mapped[int] = row_id()
    dedupe_key: Mapped[str] = mapped_column(code(64), unique=True)
    kind: Mapped[str] = mapped_column(code(64))
    content: Mapped[str] = mapped_column(Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb"), info=ENCRYPTED)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(code(32))


class Subscription(Base):
    """How many messages of one template a person still accepts.

    Each acceptance is told twice, by the client and by an event. `ahead` is how many more the client told than events
    did since `reported_at`; the event that belongs to a report is then not counted again, nor the other way round.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (UniqueConstraint("user_id", "template_id"), Base.__table_args__)

    id: Mapped[int] = row_id()
    user_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("users.id"))
    template_id: Mapped[str] = mapped_column(code(64))
    remaining: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(code(16))
    ahead: Mapped[int] = mapped_column(default=0)
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
