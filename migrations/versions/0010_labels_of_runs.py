"""labels of runs

Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from wxcloudrun.core.columns import code

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("branch", code(128), nullable=True))
        batch_op.add_column(sa.Column("target_version", code(128), nullable=True))
        batch_op.add_column(sa.Column("commit_id", code(64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_column("commit_id")
        batch_op.drop_column("target_version")
        batch_op.drop_column("branch")
