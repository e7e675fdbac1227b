"""Sessions, and the exchanges of login codes."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.columns import ENCRYPTED, ROW_ID, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base


class UserSession(Base):
    """One log-in on one device: a family of refresh tokens, each the successor of the one before.

    `refresh_hash` is the token that is good now, `previous_hash` the one before it.
    """

    __tablename__ = "user_sessions"
    __table_args__ = (Index(None, "user_id", "ended_at"), Base.__table_args__)

    id: Mapped[int] = row_id()
    user_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("users.id"))
    family: Mapped[str] = mapped_column(code(32), unique=True)
    refresh_hash: Mapped[str] = mapped_column(code(64))
    previous_hash: Mapped[str | None] = mapped_column(code(64))
    rotated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    device: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[str | None] = mapped_column(code(16))


class LoginExchange(Base):
    """One login code, seen once: who asks second waits for, and gets, the answer of who asked first (encrypted)."""

    __tablename__ = "login_exchanges"

    code_hash: Mapped[str] = mapped_column(code(64), primary_key=True)
    answer: Mapped[str | None] = mapped_column(Text, info=ENCRYPTED)
    failure: Mapped[str | None] = mapped_column(code(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
