"""Schedules, and what became of each of their planned times."""

from datetime import datetime
from enum import IntEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.columns import ENCRYPTED, LONG_TEXT, ROW_ID, IntEnumColumn, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base


class Overlap(IntEnum):
    """What is done at a planned time while a run of the same schedule still goes on."""

    SKIP = 1
    QUEUE = 2  # wait until it has ended
    CANCEL_RUNNING = 3


class Misfire(IntEnum):
    """What is done about planned times that passed while no worker looked."""

    SKIP = 1
    ONCE = 2  # the newest of them is run, late
    ALL = 3


class TickOutcome(IntEnum):
    """What became of a planned time."""

    FIRED = 1
    LATE = 2
    SKIPPED = 3
    WAITING = 4  # for the end of the run before


class Schedule(Base):
    """What is to be run, when, and with whose rights.

    `next_at` is the next planned time, None while there is none: paused, or over. One of `cron`, `every_ms`, `at` is
    set. `person_id` is who last changed it; `private_to` is whose private case it runs. The `last_` columns repeat the
    newest tick.
    """

    __tablename__ = "schedules"
    __table_args__ = (Index(None, "project_id", "id"), Index(None, "next_at"), Base.__table_args__)

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(64))
    enabled: Mapped[bool]
    person_id: Mapped[int | None] = mapped_column(ROW_ID)
    private_to: Mapped[int | None] = mapped_column(ROW_ID)
    scenario_id: Mapped[int | None] = mapped_column(ROW_ID)
    case_id: Mapped[int | None] = mapped_column(ROW_ID)
    tag: Mapped[str | None] = mapped_column(String(64))
    dataset: Mapped[str | None] = mapped_column(String(500))
    environment_id: Mapped[int | None] = mapped_column(ROW_ID)
    inputs: Mapped[str] = mapped_column(LONG_TEXT, info=ENCRYPTED)
    deadline_ms: Mapped[int]
    concurrency: Mapped[int]
    cron: Mapped[str | None] = mapped_column(code(100))
    time_zone: Mapped[str] = mapped_column(code(64))
    every_ms: Mapped[int | None] = mapped_column(BigInteger)
    anchor_at: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    overlap: Mapped[Overlap] = mapped_column(IntEnumColumn(Overlap))
    misfire: Mapped[Misfire] = mapped_column(IntEnumColumn(Misfire))
    grace_ms: Mapped[int]
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_planned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_outcome: Mapped[TickOutcome | None] = mapped_column(IntEnumColumn(TickOutcome))
    last_reason: Mapped[str | None] = mapped_column(code(64))
    last_run_id: Mapped[int | None] = mapped_column(ROW_ID)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ScheduleTick(Base):
    """A planned time and what became of it; its key makes a second run of the same time impossible.

    `times` is how many planned times the row stands for: more than one only where too many were missed at once.
    """

    __tablename__ = "schedule_ticks"
    __table_args__ = (
        UniqueConstraint("schedule_id", "planned_at"),
        Index(None, "project_id", "planned_at"),
        Index(None, "planned_at"),
        Index(None, "outcome", "schedule_id"),
        Base.__table_args__,
    )

    id: Mapped[int] = row_id()
    schedule_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("schedules.id"))
    project_id: Mapped[int] = mapped_column(ROW_ID)
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    handled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[TickOutcome] = mapped_column(IntEnumColumn(TickOutcome))
    reason: Mapped[str | None] = mapped_column(code(64))
    detail: Mapped[str | None] = mapped_column(String(500))
    run_id: Mapped[int | None] = mapped_column(ROW_ID)
    times: Mapped[int] = mapped_column(default=1)
