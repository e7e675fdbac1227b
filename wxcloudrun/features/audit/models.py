"""Audit entries; a background step numbers and hashes them into a chain that shows when one was altered."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.columns import LONG_TEXT, ROW_ID, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base


class AuditEntry(Base):
    """One change: who, what, on what, in which project, and its masked state before and after (canonical JSON).

    `seal` is the entry's number in the chain and `hash` its link to the one before; both are empty until sealed.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(None, "target_type", "target_id", "id"),
        Index(None, "project_id", "id"),
        Base.__table_args__,
    )

    id: Mapped[int] = row_id()
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(ROW_ID)
    action: Mapped[str] = mapped_column(code(64))
    target_type: Mapped[str] = mapped_column(code(32))
    target_id: Mapped[int | None] = mapped_column(ROW_ID)
    project_id: Mapped[int | None] = mapped_column(ROW_ID)
    request_id: Mapped[str | None] = mapped_column(code(64))
    before: Mapped[str | None] = mapped_column(LONG_TEXT)
    after: Mapped[str | None] = mapped_column(LONG_TEXT)
    seal: Mapped[int | None] = mapped_column(ROW_ID, unique=True)
    hash: Mapped[str | None] = mapped_column(code(64))
