"""notes of ended runs of which somebody has to be told

Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

from wxcloudrun.core.columns import ROW_ID, UtcDateTime, code

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run_endings",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("run_id", ROW_ID, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("consumer", code(32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_endings")),
        sa.UniqueConstraint("run_id", "consumer", name=op.f("uq_run_endings_run_id_consumer")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("run_endings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_endings_due_at_id"), ["due_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("run_endings")
