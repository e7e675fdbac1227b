"""What is kept of ended runs, so that no question about many of them has to read their results."""

from datetime import datetime
from enum import IntEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.columns import LONG_TEXT, ROW_ID, IntEnumColumn, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base


class ClusterState(IntEnum):
    """What people know of a cause. What is merged belongs to another cluster."""

    OPEN = 1
    KNOWN = 2
    RESOLVED = 3
    MERGED = 4


class Of(IntEnum):
    """What a day's summary is about."""

    PROJECT = 1
    SCENARIO = 2
    CASE = 3


class InsightProject(Base):
    """A project of which runs were counted. Whoever counts one holds this row: of a project one at a time."""

    __tablename__ = "insight_projects"

    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"), primary_key=True, autoincrement=False)
    runs: Mapped[int] = mapped_column(BigInteger, default=0)


class InsightRun(Base):
    """A run that was counted: told of again it counts no more."""

    __tablename__ = "insight_runs"

    run_id: Mapped[int] = mapped_column(ROW_ID, primary_key=True, autoincrement=False)
    project_id: Mapped[int] = mapped_column(ROW_ID)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class FailureCluster(Base):
    """Failures of one cause, of all runs. `key` and `parts` (JSON) are the signature's, `size` counts its failures.

    `size` of a cluster into which others were merged counts theirs too. `recurred_at`: it was resolved, and came back.
    `last_good_*`: the last comparable run that passed before it was seen first, or came back. What people took out of
    another cluster (`split_from`) holds of the failures with that one's key those of `only_scenario_id` and
    `only_case_id`.
    """

    __tablename__ = "failure_clusters"
    __table_args__ = (
        UniqueConstraint("project_id", "key"),
        Index(None, "project_id", "state", "size", "id"),
        Index(None, "project_id", "state", "last_at", "id"),
        Index(None, "merged_into"),
        Index(None, "split_from"),
        Base.__table_args__,
    )

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    key: Mapped[str] = mapped_column(code(32))
    title: Mapped[str] = mapped_column(String(200))
    parts: Mapped[str] = mapped_column(LONG_TEXT)
    host: Mapped[str] = mapped_column(String(255))
    phase: Mapped[str] = mapped_column(code(32))
    status: Mapped[str] = mapped_column(code(16))
    state: Mapped[ClusterState] = mapped_column(IntEnumColumn(ClusterState))
    note: Mapped[str | None] = mapped_column(String(1000))
    link: Mapped[str | None] = mapped_column(String(500))
    owner_id: Mapped[int | None] = mapped_column(ROW_ID)
    size: Mapped[int] = mapped_column(BigInteger)
    first_run_id: Mapped[int] = mapped_column(ROW_ID)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_run_id: Mapped[int] = mapped_column(ROW_ID)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recurred_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    merged_into: Mapped[int | None] = mapped_column(ROW_ID)
    last_good_run_id: Mapped[int | None] = mapped_column(ROW_ID)
    last_good_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    split_from: Mapped[int | None] = mapped_column(ROW_ID)
    only_scenario_id: Mapped[int | None] = mapped_column(ROW_ID)
    only_case_id: Mapped[int | None] = mapped_column(ROW_ID)
    version: Mapped[int] = mapped_column(default=1)


class ClusterFailure(Base):
    """One of the newest failures of a cluster. `source_id` is the cluster of its own key, merged or not."""

    __tablename__ = "cluster_failures"
    __table_args__ = (
        Index(None, "cluster_id", "id"),
        Index(None, "source_id"),
        Base.__table_args__,
    )

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID)
    cluster_id: Mapped[int] = mapped_column(ROW_ID)
    source_id: Mapped[int] = mapped_column(ROW_ID)
    run_id: Mapped[int] = mapped_column(ROW_ID)
    seq: Mapped[int]
    case_id: Mapped[int | None] = mapped_column(ROW_ID)
    scenario_id: Mapped[int | None] = mapped_column(ROW_ID)
    name: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ClusterPlace(Base):
    """How many failures of a cluster came from a case (0: none) in a scenario (0: alone), in which runs.

    `source_id` is the cluster of their own key, `cluster_id` the one to which they belong, as with failures.
    """

    __tablename__ = "cluster_places"
    __table_args__ = (Index(None, "cluster_id"), Base.__table_args__)

    source_id: Mapped[int] = mapped_column(ROW_ID, primary_key=True, autoincrement=False)
    scenario_id: Mapped[int] = mapped_column(ROW_ID, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(ROW_ID, primary_key=True, autoincrement=False)
    cluster_id: Mapped[int] = mapped_column(ROW_ID)
    failures: Mapped[int] = mapped_column(BigInteger)
    first_run_id: Mapped[int] = mapped_column(ROW_ID)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_run_id: Mapped[int] = mapped_column(ROW_ID)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DaySummary(Base):
    """A day (UTC, `2026-03-01`) of a project, scenario or case in an environment (0: none): runs, of them `green` ones,
    steps by outcome, `durations`, the JSON of a histogram, and `causes`, the JSON of failures by their own clusters."""

    __tablename__ = "day_summaries"

    project_id: Mapped[int] = mapped_column(ROW_ID, primary_key=True, autoincrement=False)
    of: Mapped[Of] = mapped_column(IntEnumColumn(Of), primary_key=True, autoincrement=False)
    of_id: Mapped[int] = mapped_column(ROW_ID, primary_key=True, autoincrement=False)
    day: Mapped[str] = mapped_column(code(10), primary_key=True)
    environment_id: Mapped[int] = mapped_column(ROW_ID, primary_key=True, autoincrement=False)
    runs: Mapped[int]
    green: Mapped[int]
    passed: Mapped[int] = mapped_column(BigInteger)
    failed: Mapped[int] = mapped_column(BigInteger)
    error: Mapped[int] = mapped_column(BigInteger)
    skipped: Mapped[int] = mapped_column(BigInteger)
    durations: Mapped[str] = mapped_column(LONG_TEXT)
    causes: Mapped[str | None] = mapped_column(LONG_TEXT)


class HostOutage(Base):
    """Failures of one host that say that it was down, none far from the next. `big`: enough cases for an incident.

    `cases`, `runs` (lists) and `phases` (with how many failures each) are JSON.
    """

    __tablename__ = "host_outages"
    __table_args__ = (
        Index(None, "project_id", "host", "end_at"),
        Index(None, "project_id", "big", "end_at"),
        Base.__table_args__,
    )

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    host: Mapped[str] = mapped_column(code(255))
    start_at: Mapped[datetime] = mapped_column(UtcDateTime)
    end_at: Mapped[datetime] = mapped_column(UtcDateTime)
    big: Mapped[bool]
    failures: Mapped[int] = mapped_column(BigInteger)
    cases: Mapped[str] = mapped_column(LONG_TEXT)
    phases: Mapped[str] = mapped_column(LONG_TEXT)
    runs: Mapped[str] = mapped_column(LONG_TEXT)


class CaseHistory(Base):
    """The last 50 outcomes (JSON) of a case with a dataset's row, in a scenario (0: alone) and environment (0: none).

    `kind` is what they tell, as `analysis.flaky` names it.
    """

    __tablename__ = "case_histories"
    __table_args__ = (
        UniqueConstraint(
            "project_id", "case_id", "dataset", "scenario_id", "environment_id", name="uq_case_histories_place"
        ),
        Index(None, "project_id", "kind", "id"),
        Base.__table_args__,
    )

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    case_id: Mapped[int] = mapped_column(ROW_ID)
    dataset: Mapped[str] = mapped_column(code(128))
    scenario_id: Mapped[int] = mapped_column(ROW_ID)
    environment_id: Mapped[int] = mapped_column(ROW_ID)
    name: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(code(16))
    outcomes: Mapped[str] = mapped_column(LONG_TEXT)


class Quarantine(Base):
    """A case whose failures stop no pipeline until that time."""

    __tablename__ = "case_quarantines"

    case_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("cases.id"), primary_key=True, autoincrement=False)
    project_id: Mapped[int] = mapped_column(ROW_ID)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(200))
    person_id: Mapped[int | None] = mapped_column(ROW_ID)
