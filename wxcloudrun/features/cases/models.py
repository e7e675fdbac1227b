"""Cases, every version of them, and the words under which they are found."""

from datetime import datetime
from enum import IntEnum

from sqlalchemy import BigInteger, Boolean, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.catalogue import GramColumns, TermColumns, TextColumns
from wxcloudrun.core.columns import ENCRYPTED, LONG_TEXT, ROW_ID, IntEnumColumn, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base


class CaseStatus(IntEnum):
    """How far somebody got with a case or a scenario."""

    DRAFT = 1
    DEBUGGING = 2
    DONE = 3
    DEPRECATED = 4


class Visibility(IntEnum):
    """Who may read a case: its creator and the project's owners, the project, or every verified user too."""

    PRIVATE = 1
    PROJECT = 2
    PUBLIC = 3


class Case(Base):
    """One API request. `content` is JSON in which `{"is_set": true}` stands for what `secrets` (encrypted) holds.

    `lane` keeps names apart: 0 for what the project sees, the creator's number for private cases, null in the trash.
    """

    __tablename__ = "cases"
    __table_args__ = (UniqueConstraint("project_id", "folder", "name", "lane"), Base.__table_args__)

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    folder: Mapped[str] = mapped_column(code(255), default="")
    name: Mapped[str] = mapped_column(code(128))
    lane: Mapped[int | None] = mapped_column(BigInteger)
    method: Mapped[str] = mapped_column(code(32))
    url: Mapped[str] = mapped_column(String(2048))
    description: Mapped[str] = mapped_column(String(2000), default="")
    tags: Mapped[str] = mapped_column(String(1024), default="[]")
    status: Mapped[CaseStatus] = mapped_column(IntEnumColumn(CaseStatus), default=CaseStatus.DRAFT)
    visibility: Mapped[Visibility] = mapped_column(IntEnumColumn(Visibility), default=Visibility.PROJECT)
    creator_only: Mapped[bool] = mapped_column(Boolean, default=False)
    creator_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("users.id"))
    owner_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("users.id"))
    position: Mapped[int] = mapped_column(default=0)
    run_count: Mapped[int] = mapped_column(BigInteger, default=0)
    content: Mapped[str] = mapped_column(LONG_TEXT)
    secrets: Mapped[str | None] = mapped_column(LONG_TEXT, info=ENCRYPTED)
    origin_id: Mapped[int | None] = mapped_column(ROW_ID)
    origin_version: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseVersion(Base):
    """A case as it was: `content` holds every field that a person can change, with marks in place of `secrets`."""

    __tablename__ = "case_versions"
    __table_args__ = (UniqueConstraint("case_id", "version"), Base.__table_args__)

    id: Mapped[int] = row_id()
    case_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("cases.id"))
    version: Mapped[int]
    action: Mapped[str] = mapped_column(code(32))
    author_id: Mapped[int | None] = mapped_column(ROW_ID)
    content: Mapped[str] = mapped_column(LONG_TEXT)
    secrets: Mapped[str | None] = mapped_column(LONG_TEXT, info=ENCRYPTED)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseTerm(TermColumns, Base):
    """What a case is filtered by."""

    __tablename__ = "case_terms"


class CaseGram(GramColumns, Base):
    """What a case is searched by."""

    __tablename__ = "case_grams"


class CaseText(TextColumns, Base):
    """The text a case is searched in."""

    __tablename__ = "case_texts"
