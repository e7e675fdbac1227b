"""pictures that WeChat was asked about

Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from wxcloudrun.core.columns import ROW_ID, UtcDateTime, code

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "media_checks",
        sa.Column("trace_id", code(128), nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("file", code(128), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_media_checks_user_id")),
        sa.PrimaryKeyConstraint("trace_id", name=op.f("pk_media_checks")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("media_checks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_media_checks_user_id"), ["user_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_media_checks_created_at"), ["created_at"], unique=False)


def downgrade() -> None:
    # A table takes its indexes with it; MySQL refuses to drop one that a foreign key needs.
    op.drop_table("media_checks")
