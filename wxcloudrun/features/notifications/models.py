"""Channels, rules, and deliveries with every attempt."""

from datetime import datetime
from enum import IntEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.columns import ENCRYPTED, LONG_TEXT, ROW_ID, IntEnumColumn, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base


class ChannelKind(IntEnum):
    """By which way messages leave."""

    WEBHOOK = 1
    WECOM = 2
    DINGTALK = 3
    FEISHU = 4
    MAIL = 5
    WECHAT = 6  # subscribe messages to members who accepted some


class DeliveryState(IntEnum):
    """Where a delivery is; the last four are final, until somebody replays it."""

    HELD = 1  # until the quiet hours end
    WAITING = 2
    SENT = 3
    FAILED = 4
    DROPPED = 5
    SUMMED = 6  # another delivery told of it

    @property
    def final(self) -> bool:
        """True when nothing more is tried."""
        return self >= DeliveryState.SENT


class NoticeChannel(Base):
    """A receiver. `failures` in a row pause it until `paused_until`; `host` is what of its address is shown."""

    __tablename__ = "notice_channels"
    __table_args__ = (Index(None, "project_id", "id"), Base.__table_args__)

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    kind: Mapped[ChannelKind] = mapped_column(IntEnumColumn(ChannelKind))
    name: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(code(2))
    enabled: Mapped[bool]
    url: Mapped[str | None] = mapped_column(LONG_TEXT, info=ENCRYPTED)
    secret: Mapped[str | None] = mapped_column(LONG_TEXT, info=ENCRYPTED)
    host: Mapped[str | None] = mapped_column(String(255))
    recipients: Mapped[str] = mapped_column(LONG_TEXT)
    failures: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(String(500))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NoticeRule(Base):
    """Who is told of what. `wanted` is JSON: events, channels, filters, quiet hours.

    `next_at` is when the next digest is due, `last_at` until when the last one told; None where it tells none.
    """

    __tablename__ = "notice_rules"
    __table_args__ = (Index(None, "project_id", "id"), Index(None, "next_at"), Base.__table_args__)

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(64))
    enabled: Mapped[bool]
    wanted: Mapped[str] = mapped_column(LONG_TEXT)
    time_zone: Mapped[str] = mapped_column(code(64))
    digest_cron: Mapped[str | None] = mapped_column(code(100))
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NoticeDelivery(Base):
    """A message on its way to one channel, to one person of it where that matters (`recipient_id`, else 0).

    `dedupe_key` makes a second one of the same event impossible. `content` is the message as JSON. `due_at` is when it
    is tried next; who takes it moves that moment on, so that nobody else does meanwhile. `began_at` is when the first
    attempt was due: a day later nothing more is tried.
    """

    __tablename__ = "notice_deliveries"
    __table_args__ = (
        Index(None, "project_id", "id"),
        Index(None, "state", "channel_id", "due_at"),
        Index(None, "channel_id", "id"),
        Index(None, "ended_at"),
        Base.__table_args__,
    )

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    channel_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("notice_channels.id"))
    rule_id: Mapped[int | None] = mapped_column(ROW_ID)
    run_id: Mapped[int | None] = mapped_column(ROW_ID)
    recipient_id: Mapped[int] = mapped_column(ROW_ID, default=0)
    event: Mapped[str] = mapped_column(code(32))
    dedupe_key: Mapped[str] = mapped_column(code(128), unique=True)
    state: Mapped[DeliveryState] = mapped_column(IntEnumColumn(DeliveryState))
    reason: Mapped[str | None] = mapped_column(code(64))
    content: Mapped[str] = mapped_column(LONG_TEXT)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class NoticeAttempt(Base):
    """One attempt: the receiver's status and the beginning of its answer, or what went wrong, without secrets."""

    __tablename__ = "notice_attempts"

    id: Mapped[int] = row_id()
    delivery_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("notice_deliveries.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    duration_ms: Mapped[int]
    sent: Mapped[bool]
    status: Mapped[int | None]
    detail: Mapped[str] = mapped_column(String(500))
