"""when a pushed message is due, and who accepts which messages

Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from wxcloudrun.core.columns import ROW_ID, UtcDateTime, code

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")  # MySQL's TEXT ends at 64 KiB
_messages = sa.table("push_messages", sa.column("due_at"), sa.column("received_at"))


def upgrade() -> None:
    with op.batch_alter_table("push_messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("due_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.execute(_messages.update().values(due_at=_messages.c.received_at))
    with op.batch_alter_table("push_messages", schema=None) as batch_op:
        batch_op.alter_column("content", existing_type=sa.Text(), existing_nullable=False, type_=_LONG_TEXT)
        batch_op.alter_column("due_at", existing_type=UtcDateTime(), nullable=False)
        batch_op.alter_column("attempts", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
        batch_op.create_index(batch_op.f("ix_push_messages_handled_at_due_at"), ["handled_at", "due_at"], unique=False)
        batch_op.drop_index(batch_op.f("ix_push_messages_handled_at"))

    op.create_table(
        "subscriptions",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("template_id", code(64), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("state", code(16), nullable=False),
        sa.Column("ahead", sa.Integer(), nullable=False),
        sa.Column("reported_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_subscriptions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("user_id", "template_id", name=op.f("uq_subscriptions_user_id_template_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )


def downgrade() -> None:
    op.drop_table("subscriptions")
    with op.batch_alter_table("push_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_push_messages_handled_at"), ["handled_at"], unique=False)
        batch_op.drop_index(batch_op.f("ix_push_messages_handled_at_due_at"))
        batch_op.alter_column("content", existing_type=_LONG_TEXT, existing_nullable=False, type_=sa.Text())
        batch_op.drop_column("attempts")
        batch_op.drop_column("due_at")
