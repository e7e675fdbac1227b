"""schedules and their ticks

Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from wxcloudrun.core.columns import LONG_TEXT, ROW_ID, UtcDateTime, code

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MYSQL = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci", "mysql_engine": "InnoDB"}


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("person_id", ROW_ID, nullable=True),
        sa.Column("private_to", ROW_ID, nullable=True),
        sa.Column("scenario_id", ROW_ID, nullable=True),
        sa.Column("case_id", ROW_ID, nullable=True),
        sa.Column("tag", sa.String(length=64), nullable=True),
        sa.Column("dataset", sa.String(length=500), nullable=True),
        sa.Column("environment_id", ROW_ID, nullable=True),
        sa.Column("inputs", LONG_TEXT, nullable=False),
        sa.Column("deadline_ms", sa.Integer(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("cron", code(100), nullable=True),
        sa.Column("time_zone", code(64), nullable=False),
        sa.Column("every_ms", sa.BigInteger(), nullable=True),
        sa.Column("anchor_at", UtcDateTime(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=True),
        sa.Column("overlap", sa.Integer(), nullable=False),
        sa.Column("misfire", sa.Integer(), nullable=False),
        sa.Column("grace_ms", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("last_planned_at", UtcDateTime(), nullable=True),
        sa.Column("last_outcome", sa.Integer(), nullable=True),
        sa.Column("last_reason", code(64), nullable=True),
        sa.Column("last_run_id", ROW_ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_schedules_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        **_MYSQL,
    )
    with op.batch_alter_table("schedules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schedules_next_at"), ["next_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_schedules_project_id_id"), ["project_id", "id"], unique=False)
    op.create_table(
        "schedule_ticks",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("schedule_id", ROW_ID, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("planned_at", UtcDateTime(), nullable=False),
        sa.Column("handled_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.Integer(), nullable=False),
        sa.Column("reason", code(64), nullable=True),
        sa.Column("detail", sa.String(length=500), nullable=True),
        sa.Column("run_id", ROW_ID, nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedules.id"], name=op.f("fk_schedule_ticks_schedule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_ticks")),
        sa.UniqueConstraint("schedule_id", "planned_at", name=op.f("uq_schedule_ticks_schedule_id_planned_at")),
        **_MYSQL,
    )
    with op.batch_alter_table("schedule_ticks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schedule_ticks_outcome_schedule_id"), ["outcome", "schedule_id"])
        batch_op.create_index(batch_op.f("ix_schedule_ticks_planned_at"), ["planned_at"])
        batch_op.create_index(batch_op.f("ix_schedule_ticks_project_id_planned_at"), ["project_id", "planned_at"])
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("schedule_id", ROW_ID, nullable=True))
        batch_op.create_index(batch_op.f("ix_runs_schedule_id_id"), ["schedule_id", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_runs_schedule_id_id"))
        batch_op.drop_column("schedule_id")
    op.drop_table("schedule_ticks")
    op.drop_table("schedules")
