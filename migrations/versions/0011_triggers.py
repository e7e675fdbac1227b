"""triggers and their deliveries

Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from wxcloudrun.core.columns import ROW_ID, UtcDateTime, code

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "run_triggers",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("maker_id", ROW_ID, nullable=False),
        sa.Column("key", code(32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("wanted", _LONG_TEXT, nullable=False),
        sa.Column("secret", sa.String(length=255), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("run_id", ROW_ID, nullable=True),
        sa.Column("refusal", code(64), nullable=True),
        sa.ForeignKeyConstraint(["maker_id"], ["users.id"], name=op.f("fk_run_triggers_maker_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_run_triggers_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_triggers")),
        sa.UniqueConstraint("key", name=op.f("uq_run_triggers_key")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("run_triggers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_triggers_project_id_id"), ["project_id", "id"], unique=False)

    op.create_table(
        "trigger_deliveries",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("trigger_id", ROW_ID, nullable=False),
        sa.Column("delivery_hash", code(64), nullable=False),
        sa.Column("run_id", ROW_ID, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["trigger_id"], ["run_triggers.id"], name=op.f("fk_trigger_deliveries_trigger_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trigger_deliveries")),
        sa.UniqueConstraint(
            "trigger_id", "delivery_hash", name=op.f("uq_trigger_deliveries_trigger_id_delivery_hash")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("trigger_deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trigger_deliveries_at"), ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("trigger_deliveries")
    op.drop_table("run_triggers")
