"""the counter's row

Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_counters = sa.table("counters", sa.column("id", sa.BigInteger), sa.column("value", sa.BigInteger))


def upgrade() -> None:
    op.bulk_insert(_counters, [{"id": 1, "value": 0}])


def downgrade() -> None:
    op.execute(_counters.delete().where(_counters.c.id == 1))
