"""long bodies and how long runs are kept

Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from wxcloudrun.core.columns import ROW_ID, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "project_retentions",
        sa.Column("project_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("keep_days", sa.Integer(), nullable=True),
        sa.Column("keep_runs", sa.Integer(), nullable=True),
        sa.Column("keep_bytes", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("results", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("measured_at", UtcDateTime(), nullable=True),
        sa.Column("freed_runs", sa.Integer(), nullable=False),
        sa.Column("freed_results", sa.BigInteger(), nullable=False),
        sa.Column("freed_bytes", sa.BigInteger(), nullable=False),
        sa.Column("freed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_project_retentions_project_id")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_project_retentions")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("detail_bytes", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("run_bodies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kept", sa.BigInteger(), nullable=False, server_default="0"))
    bodies = sa.table("run_bodies", sa.column("kept"), sa.column("packed"))
    op.execute(bodies.update().values(kept=sa.func.coalesce(sa.func.length(bodies.c.packed), 0)))
    for table, column in (("runs", "detail_bytes"), ("run_bodies", "kept")):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, existing_type=sa.BigInteger(), existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("run_bodies", schema=None) as batch_op:
        batch_op.drop_column("kept")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_column("detail_bytes")
    op.drop_table("project_retentions")
