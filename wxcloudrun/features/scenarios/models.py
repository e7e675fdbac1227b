"""Scenarios, their steps, and the words under which scenarios are found."""

from datetime import datetime
from enum import IntEnum

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.catalogue import GramColumns, TermColumns, TextColumns
from wxcloudrun.core.columns import ENCRYPTED, LONG_TEXT, ROW_ID, IntEnumColumn, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base
from wxcloudrun.features.cases.models import CaseStatus


class Phase(IntEnum):
    """When a step is carried out: once before, in its turn, or always at the end."""

    SETUP = 1
    STEPS = 2
    TEARDOWN = 3


class Scenario(Base):
    """Ordered steps that hand values on. `content` is JSON: variables, inputs, outputs, what a failure stops.

    `lane` is 0, and null in the trash, where names may repeat.
    """

    __tablename__ = "scenarios"
    __table_args__ = (UniqueConstraint("project_id", "folder", "name", "lane"), Base.__table_args__)

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    folder: Mapped[str] = mapped_column(code(255), default="")
    name: Mapped[str] = mapped_column(code(128))
    lane: Mapped[int | None] = mapped_column(BigInteger)
    description: Mapped[str] = mapped_column(String(2000), default="")
    tags: Mapped[str] = mapped_column(String(1024), default="[]")
    status: Mapped[CaseStatus] = mapped_column(IntEnumColumn(CaseStatus), default=CaseStatus.DRAFT)
    creator_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("users.id"))
    owner_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("users.id"))
    position: Mapped[int] = mapped_column(default=0)
    run_count: Mapped[int] = mapped_column(BigInteger, default=0)
    content: Mapped[str] = mapped_column(LONG_TEXT)
    secrets: Mapped[str | None] = mapped_column(LONG_TEXT, info=ENCRYPTED)
    origin_id: Mapped[int | None] = mapped_column(ROW_ID)
    version: Mapped[int] = mapped_column(default=1)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ScenarioStep(Base):
    """One place in a scenario. `position` counts through the whole scenario, a group before what is inside it.

    `parent_id` is the group or parallel step that holds it, `depth` how many of those are around it. What is inside a
    group goes with it. `key` stays the same when the step moves or the scenario is copied.
    """

    __tablename__ = "scenario_steps"
    __table_args__ = (
        UniqueConstraint("scenario_id", "key"),
        Index(None, "scenario_id", "position", "id"),
        Base.__table_args__,
    )

    id: Mapped[int] = row_id()
    scenario_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("scenarios.id"))
    parent_id: Mapped[int | None] = mapped_column(ROW_ID, ForeignKey("scenario_steps.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(code(64))
    phase: Mapped[Phase] = mapped_column(IntEnumColumn(Phase), default=Phase.STEPS)
    position: Mapped[int]
    depth: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(code(16))
    case_id: Mapped[int | None] = mapped_column(ROW_ID, ForeignKey("cases.id"), index=True)
    called_id: Mapped[int | None] = mapped_column(ROW_ID, ForeignKey("scenarios.id"), index=True)
    name: Mapped[str] = mapped_column(String(128), default="")
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    content: Mapped[str] = mapped_column(LONG_TEXT)
    secrets: Mapped[str | None] = mapped_column(LONG_TEXT, info=ENCRYPTED)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ScenarioTerm(TermColumns, Base):
    """What a scenario is filtered by."""

    __tablename__ = "scenario_terms"


class ScenarioGram(GramColumns, Base):
    """What a scenario is searched by."""

    __tablename__ = "scenario_grams"


class ScenarioText(TextColumns, Base):
    """The text a scenario is searched in."""

    __tablename__ = "scenario_texts"
