"""address ranges that projects may reach

Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from wxcloudrun.core.columns import ROW_ID, UtcDateTime, code

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "address_grants",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("rule", code(64), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("granter_id", ROW_ID, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_address_grants_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_grants")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("address_grants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_address_grants_project_id_id"), ["project_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("address_grants")
