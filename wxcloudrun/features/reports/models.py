"""Links by which a report is shown to people who are no members."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.columns import ROW_ID, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base


class ReportShare(Base):
    """A link to one report: whoever has it sees the report and nothing else. It goes with its run.

    Of the token only the SHA-256 is here; `used_at` is true to ten minutes.
    """

    __tablename__ = "report_shares"
    __table_args__ = (UniqueConstraint("token_hash"), Index(None, "run_id", "id"), Base.__table_args__)

    id: Mapped[int] = row_id()
    run_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("runs.id", ondelete="CASCADE"))
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    maker_id: Mapped[int | None] = mapped_column(ROW_ID)
    token_hash: Mapped[str] = mapped_column(code(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
