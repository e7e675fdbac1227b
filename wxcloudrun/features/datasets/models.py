"""Datasets, and which one of a case is the default."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.columns import ENCRYPTED, LONG_TEXT, ROW_ID, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base


class Dataset(Base):
    """A named set of values for one case. `content` is JSON; marks in it stand for what `secrets` (encrypted) holds."""

    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("case_id", "key"), Index(None, "case_id", "position", "id"), Base.__table_args__)

    id: Mapped[int] = row_id()
    case_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("cases.id"))
    key: Mapped[str] = mapped_column(code(128))
    name: Mapped[str] = mapped_column(String(128), default="")
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    position: Mapped[int]
    content: Mapped[str] = mapped_column(LONG_TEXT)
    secrets: Mapped[str | None] = mapped_column(LONG_TEXT, info=ENCRYPTED)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DefaultDataset(Base):
    """Which dataset of a case is the default one; its key makes a second one impossible."""

    __tablename__ = "default_datasets"

    case_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("cases.id"), primary_key=True, autoincrement=False)
    dataset_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("datasets.id"), unique=True)
