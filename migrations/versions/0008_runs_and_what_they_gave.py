"""runs and what they gave

Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from wxcloudrun.core.columns import ROW_ID, UtcDateTime, code

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")  # MySQL's TEXT ends at 64 KiB
_PACKED = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "run_bodies",
        sa.Column("project_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("sha256", code(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("packed", _PACKED, nullable=True),
        sa.Column("store_key", code(128), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_run_bodies_project_id")),
        sa.PrimaryKeyConstraint("project_id", "sha256", name=op.f("pk_run_bodies")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "runs",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("scenario_id", ROW_ID, nullable=True),
        sa.Column("case_id", ROW_ID, nullable=True),
        sa.Column("environment_id", ROW_ID, nullable=True),
        sa.Column("environment", sa.String(length=64), nullable=False),
        sa.Column("trigger", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("requester_id", ROW_ID, nullable=True),
        sa.Column("origin_id", ROW_ID, nullable=True),
        sa.Column("private_to", ROW_ID, nullable=True),
        sa.Column("asked", sa.String(length=500), nullable=True),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("cancel_at", UtcDateTime(), nullable=True),
        sa.Column("worker", code(64), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("beat_at", UtcDateTime(), nullable=True),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("ahead", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("error", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("after_retry", sa.Integer(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("min_ms", sa.Double(), nullable=True),
        sa.Column("mean_ms", sa.Double(), nullable=True),
        sa.Column("max_ms", sa.Double(), nullable=True),
        sa.Column("summary", _LONG_TEXT, nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_runs_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_runs_project_id_id"), "runs", ["project_id", "id"])
    op.create_index(op.f("ix_runs_scenario_id_id"), "runs", ["scenario_id", "id"])
    op.create_index(op.f("ix_runs_case_id_id"), "runs", ["case_id", "id"])
    op.create_index(op.f("ix_runs_state_project_id_priority_id"), "runs", ["state", "project_id", "priority", "id"])

    op.create_table(
        "run_body_uses",
        sa.Column("run_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("sha256", code(64), nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_body_uses_run_id")),
        sa.PrimaryKeyConstraint("run_id", "sha256", name=op.f("pk_run_body_uses")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_run_body_uses_project_id_sha256"), "run_body_uses", ["project_id", "sha256"])

    op.create_table(
        "run_checkpoints",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("run_id", ROW_ID, nullable=False),
        sa.Column("content", _LONG_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_checkpoints_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_checkpoints")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_run_checkpoints_run_id"), "run_checkpoints", ["run_id"])

    op.create_table(
        "run_plans",
        sa.Column("run_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("content", _LONG_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_plans_run_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_plans")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "run_results",
        sa.Column("run_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("path", code(700), nullable=False),
        sa.Column("ordinal", code(700), nullable=False),
        sa.Column("kind", code(16), nullable=False),
        sa.Column("phase", code(16), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("step_id", ROW_ID, nullable=True),
        sa.Column("case_id", ROW_ID, nullable=True),
        sa.Column("dataset", sa.String(length=128), nullable=True),
        sa.Column("outcome", sa.Integer(), nullable=False),
        sa.Column("error_class", code(32), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("started_at", code(32), nullable=False),
        sa.Column("duration_ms", sa.Double(), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=True),
        sa.Column("detail", _PACKED, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_results_run_id")),
        sa.PrimaryKeyConstraint("run_id", "seq", name=op.f("pk_run_results")),
        sa.UniqueConstraint("run_id", "path", name=op.f("uq_run_results_run_id_path")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_run_results_run_id_outcome_seq"), "run_results", ["run_id", "outcome", "seq"])


def downgrade() -> None:
    for table in ("run_results", "run_plans", "run_checkpoints", "run_bodies", "run_body_uses", "runs"):
        op.drop_table(table)
