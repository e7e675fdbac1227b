"""Files of a project; their bytes are in the object store."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.columns import ROW_ID, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base


class ProjectFile(Base):
    """One uploaded file: what it is called, how many bytes it has, and where they are."""

    __tablename__ = "project_files"
    __table_args__ = (Index(None, "project_id", "id"), Base.__table_args__)

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(code(128))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(code(64))
    store_key: Mapped[str] = mapped_column(code(128), unique=True)
    uploader_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
