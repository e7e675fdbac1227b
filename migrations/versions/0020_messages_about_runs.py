"""messages about runs

Revises: 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from wxcloudrun.core.columns import ROW_ID, UtcDateTime, code

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "notice_channels",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("language", code(2), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("url", _LONG_TEXT, nullable=True),
        sa.Column("secret", _LONG_TEXT, nullable=True),
        sa.Column("host", sa.String(length=255), nullable=True),
        sa.Column("recipients", _LONG_TEXT, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_notice_channels_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_channels")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("notice_channels", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_channels_project_id_id"), ["project_id", "id"], unique=False)

    op.create_table(
        "notice_rules",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("wanted", _LONG_TEXT, nullable=False),
        sa.Column("time_zone", code(64), nullable=False),
        sa.Column("digest_cron", code(100), nullable=True),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("last_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_notice_rules_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_rules")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("notice_rules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_rules_next_at"), ["next_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_rules_project_id_id"), ["project_id", "id"], unique=False)

    op.create_table(
        "notice_deliveries",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("channel_id", ROW_ID, nullable=False),
        sa.Column("rule_id", ROW_ID, nullable=True),
        sa.Column("run_id", ROW_ID, nullable=True),
        sa.Column("recipient_id", ROW_ID, nullable=False),
        sa.Column("event", code(32), nullable=False),
        sa.Column("dedupe_key", code(128), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("reason", code(64), nullable=True),
        sa.Column("content", _LONG_TEXT, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["notice_channels.id"], name=op.f("fk_notice_deliveries_channel_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_notice_deliveries_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_deliveries")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_notice_deliveries_dedupe_key")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("notice_deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_deliveries_channel_id_id"), ["channel_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_deliveries_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_deliveries_project_id_id"), ["project_id", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_notice_deliveries_state_channel_id_due_at"), ["state", "channel_id", "due_at"], unique=False
        )

    op.create_table(
        "notice_attempts",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("delivery_id", ROW_ID, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["notice_deliveries.id"], name=op.f("fk_notice_attempts_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_attempts")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("notice_attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_attempts_delivery_id"), ["delivery_id"], unique=False)


def downgrade() -> None:
    for table in ("notice_attempts", "notice_deliveries", "notice_rules", "notice_channels"):
        op.drop_table(table)
