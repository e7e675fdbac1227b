"""stored files that no row refers to

Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from wxcloudrun.core.columns import UtcDateTime, code

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "loose_files",
        sa.Column("key", code(128), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_loose_files")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("loose_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_loose_files_since"), ["since"], unique=False)


def downgrade() -> None:
    # A table takes its indexes with it; MySQL refuses to drop one that a foreign key needs.
    op.drop_table("loose_files")
