"""Environments, the default one of a project, and the variables that hold in all of a project's environments."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.columns import ENCRYPTED, LONG_TEXT, ROW_ID, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base


class Environment(Base):
    """Where requests go. `content` is JSON in which `{"is_set": true}` stands for what `secrets` (encrypted) holds."""

    __tablename__ = "environments"
    __table_args__ = (UniqueConstraint("project_id", "name"), Base.__table_args__)

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(code(64))
    base_url: Mapped[str] = mapped_column(String(2048), default="")
    content: Mapped[str] = mapped_column(LONG_TEXT)
    secrets: Mapped[str | None] = mapped_column(LONG_TEXT, info=ENCRYPTED)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DefaultEnvironment(Base):
    """Which environment of a project is the default one; its key makes a second one impossible."""

    __tablename__ = "default_environments"

    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"), primary_key=True, autoincrement=False)
    environment_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("environments.id"), unique=True)


class ProjectVariables(Base):
    """The variables of a whole project, kept as an environment keeps its own; no row: none were ever set."""

    __tablename__ = "project_variables"

    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"), primary_key=True, autoincrement=False)
    content: Mapped[str] = mapped_column(LONG_TEXT)
    secrets: Mapped[str | None] = mapped_column(LONG_TEXT, info=ENCRYPTED)
    version: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
