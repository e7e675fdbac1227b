"""Runs, their frozen plans, what their steps gave, and what a worker that takes one over has to know."""

from datetime import datetime
from enum import IntEnum
from typing import Final

from sqlalchemy import BigInteger, Double, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.columns import ENCRYPTED, LONG_TEXT, ROW_ID, IntEnumColumn, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base

PACKED = LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")  # MySQL's BLOB ends at 64 KiB

MOST_ASKED: Final = 500


class RunState(IntEnum):
    """Where a run is; the last four are final."""

    QUEUED = 1
    RUNNING = 2
    PASSED = 3
    FAILED = 4  # an assertion did not hold
    ERROR = 5  # it could not be carried out to its end
    CANCELED = 6

    @property
    def final(self) -> bool:
        """True when nothing about the run will change any more."""
        return self >= RunState.PASSED


class Trigger(IntEnum):
    """What began a run."""

    MANUAL = 1
    SCHEDULE = 2
    API = 3
    RERUN = 4


class Priority(IntEnum):
    """Who goes first, among equals the older one."""

    INTERACTIVE = 1
    CI = 2
    SCHEDULE = 3


class StepOutcome(IntEnum):
    """How a step ended."""

    PASSED = 1
    FAILED = 2
    ERROR = 3
    SKIPPED = 4


class Run(Base):
    """One execution. Its worker holds `fence` and shows at `beat_at` (the database's clock) that it lives.

    What comes with an older fence is refused. `claims` are those since it last came further. `ahead` is how many
    requests may have been sent beyond the results that are stored; each claim allows a first one. `asked` is JSON: what
    no other column tells of what was asked for (`tag`, `dataset`, `draft`, `name` of what is run beside a title of
    one's own, `partial` for what failed only); `branch`, `target_version` and `commit_id` say what of the target it
    tried, where somebody told. A run with `private_to`, of a private case, is there for that person and the project's
    owners only.
    """

    __tablename__ = "runs"
    __table_args__ = (
        Index(None, "project_id", "id"),
        Index(None, "scenario_id", "id"),
        Index(None, "case_id", "id"),
        Index(None, "schedule_id", "id"),
        Index(None, "state", "project_id", "priority", "id"),
        Base.__table_args__,
    )

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    title: Mapped[str] = mapped_column(String(200))
    scenario_id: Mapped[int | None] = mapped_column(ROW_ID)
    case_id: Mapped[int | None] = mapped_column(ROW_ID)
    environment_id: Mapped[int | None] = mapped_column(ROW_ID)
    environment: Mapped[str] = mapped_column(String(64), default="")
    trigger: Mapped[Trigger] = mapped_column(IntEnumColumn(Trigger))
    priority: Mapped[Priority] = mapped_column(IntEnumColumn(Priority))
    requester_id: Mapped[int | None] = mapped_column(ROW_ID)
    origin_id: Mapped[int | None] = mapped_column(ROW_ID)
    schedule_id: Mapped[int | None] = mapped_column(ROW_ID)
    private_to: Mapped[int | None] = mapped_column(ROW_ID)
    asked: Mapped[str | None] = mapped_column(String(MOST_ASKED))
    branch: Mapped[str | None] = mapped_column(code(128))
    target_version: Mapped[str | None] = mapped_column(code(128))
    commit_id: Mapped[str | None] = mapped_column(code(64))
    state: Mapped[RunState] = mapped_column(IntEnumColumn(RunState), default=RunState.QUEUED)
    reason: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    worker: Mapped[str | None] = mapped_column(code(64))
    fence: Mapped[int] = mapped_column(default=0)
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claims: Mapped[int] = mapped_column(default=0)
    ahead: Mapped[int] = mapped_column(default=0)
    stored: Mapped[int] = mapped_column(default=0)
    passed: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    error: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    after_retry: Mapped[int] = mapped_column(default=0)
    requests: Mapped[int] = mapped_column(default=0)
    min_ms: Mapped[float | None] = mapped_column(Double())
    detail_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    mean_ms: Mapped[float | None] = mapped_column(Double())
    max_ms: Mapped[float | None] = mapped_column(Double())
    summary: Mapped[str | None] = mapped_column(LONG_TEXT)


class RunPlan(Base):
    """What a run was asked to do: the engine's plan as compressed JSON with every secret, encrypted as a whole."""

    __tablename__ = "run_plans"

    run_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("runs.id"), primary_key=True, autoincrement=False)
    content: Mapped[str] = mapped_column(LONG_TEXT, info=ENCRYPTED)


class RunCheckpoint(Base):
    """What stored steps handed on (values, cookies, not masked), for a worker that takes the run over.

    Encrypted, and gone when the run ends.
    """

    __tablename__ = "run_checkpoints"

    id: Mapped[int] = row_id()
    run_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("runs.id"), index=True)
    content: Mapped[str] = mapped_column(LONG_TEXT, info=ENCRYPTED)


class RunEnding(Base):
    """An ended run of which somebody has still to be told; gone when it was done.

    `due_at` is when that is tried (again), by the database's clock.
    """

    __tablename__ = "run_endings"
    __table_args__ = (UniqueConstraint("run_id", "consumer"), Index(None, "due_at", "id"), Base.__table_args__)

    id: Mapped[int] = row_id()
    run_id: Mapped[int] = mapped_column(ROW_ID)
    project_id: Mapped[int] = mapped_column(ROW_ID)
    consumer: Mapped[str] = mapped_column(code(32))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RunResult(Base):
    """What one step gave. `detail` is everything the engine tells of it, compressed JSON without its bodies."""

    __tablename__ = "run_results"
    __table_args__ = (UniqueConstraint("run_id", "path"), Index(None, "run_id", "outcome", "seq"), Base.__table_args__)

    run_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("runs.id"), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    path: Mapped[str] = mapped_column(code(700))
    ordinal: Mapped[str] = mapped_column(code(700))
    kind: Mapped[str] = mapped_column(code(16))
    phase: Mapped[str] = mapped_column(code(16))
    name: Mapped[str] = mapped_column(String(255))
    step_id: Mapped[int | None] = mapped_column(ROW_ID)
    case_id: Mapped[int | None] = mapped_column(ROW_ID)
    dataset: Mapped[str | None] = mapped_column(String(128))
    outcome: Mapped[StepOutcome] = mapped_column(IntEnumColumn(StepOutcome))
    error_class: Mapped[str | None] = mapped_column(code(32))
    status: Mapped[int | None]
    started_at: Mapped[str] = mapped_column(code(32))
    duration_ms: Mapped[float] = mapped_column(Double())
    message: Mapped[str | None] = mapped_column(String(500))
    detail: Mapped[bytes] = mapped_column(PACKED)


class RunBody(Base):
    """A body as it may be shown, kept once in a project however often it came; a big one is in the object store.

    `size` is its own, `kept` what it takes compressed, both in bytes.
    """

    __tablename__ = "run_bodies"

    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"), primary_key=True, autoincrement=False)
    sha256: Mapped[str] = mapped_column(code(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    kept: Mapped[int] = mapped_column(BigInteger)
    packed: Mapped[bytes | None] = mapped_column(PACKED)
    store_key: Mapped[str | None] = mapped_column(code(128))


class RunBodyUse(Base):
    """Which runs a body belongs to; a body that none needs goes."""

    __tablename__ = "run_body_uses"
    __table_args__ = (Index(None, "project_id", "sha256"), Base.__table_args__)

    run_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("runs.id"), primary_key=True, autoincrement=False)
    sha256: Mapped[str] = mapped_column(code(64), primary_key=True)
    project_id: Mapped[int] = mapped_column(ROW_ID)


class SendPlace(Base):
    """Where the row of requests to an environment with a rate ends: microseconds since 1970, by the workers' clocks."""

    __tablename__ = "send_places"

    key: Mapped[str] = mapped_column(code(160), primary_key=True)
    next_us: Mapped[int] = mapped_column(BigInteger)


class ProjectRetention(Base):
    """How long a project keeps runs, what they take (as measured last), and what was freed by now.

    Limits that are None are the operator's.
    """

    __tablename__ = "project_retentions"

    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"), primary_key=True, autoincrement=False)
    keep_days: Mapped[int | None]
    keep_runs: Mapped[int | None]
    keep_bytes: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(default=1)
    runs: Mapped[int] = mapped_column(default=0)
    results: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    measured_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    freed_runs: Mapped[int] = mapped_column(default=0)
    freed_results: Mapped[int] = mapped_column(BigInteger, default=0)
    freed_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    freed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
