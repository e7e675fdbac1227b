"""first tables

Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from wxcloudrun.core.columns import ROW_ID, UtcDateTime, code

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", ROW_ID, nullable=True),
        sa.Column("action", code(64), nullable=False),
        sa.Column("target_type", code(32), nullable=False),
        sa.Column("target_id", ROW_ID, nullable=True),
        sa.Column("request_id", code(64), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("seal", ROW_ID, nullable=True),
        sa.Column("hash", code(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("seal", name=op.f("uq_audit_entries_seal")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_audit_entries_target_type_target_id_id"), ["target_type", "target_id", "id"], unique=False
        )

    op.create_table(
        "counters",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counters")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "idempotency_records",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("key_hash", code(64), nullable=False),
        sa.Column("request_hash", code(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column(
            "answer",
            sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mariadb").with_variant(mysql.MEDIUMBLOB(), "mysql"),
            nullable=True,
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_records")),
        sa.UniqueConstraint("user_id", "key_hash", name=op.f("uq_idempotency_records_user_id_key_hash")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("idempotency_records", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_records_created_at"), ["created_at"], unique=False)

    op.create_table(
        "login_exchanges",
        sa.Column("code_hash", code(64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("failure", code(64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_login_exchanges")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("login_exchanges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_exchanges_created_at"), ["created_at"], unique=False)

    op.create_table(
        "push_messages",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("dedupe_key", code(64), nullable=False),
        sa.Column("kind", code(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("handled_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", code(32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_messages")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_push_messages_dedupe_key")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("push_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_push_messages_handled_at"), ["handled_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_push_messages_received_at"), ["received_at"], unique=False)

    op.create_table(
        "users",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("appid", code(64), nullable=True),
        sa.Column("openid", code(64), nullable=True),
        sa.Column("unionid", code(64), nullable=True),
        sa.Column("session_key", sa.String(length=255), nullable=True),
        sa.Column("nickname", sa.String(length=64), nullable=False),
        sa.Column("gender", sa.Integer(), nullable=False),
        sa.Column("language", code(8), nullable=False),
        sa.Column("signature", sa.String(length=255), nullable=False),
        sa.Column("avatar", code(128), nullable=True),
        sa.Column("phone", sa.String(length=255), nullable=True),
        sa.Column("phone_hash", code(64), nullable=True),
        sa.Column("role", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("verification", sa.Integer(), nullable=False),
        sa.Column("token_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("last_login_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("appid", "openid", name=op.f("uq_users_appid_openid")),
        sa.UniqueConstraint("phone_hash", name=op.f("uq_users_phone_hash")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_users_role_id"), ["role", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_users_unionid"), ["unionid"], unique=False)

    op.create_table(
        "wechat_tokens",
        sa.Column("appid", code(64), nullable=False),
        sa.Column("mode", code(32), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("fetched_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("appid", "mode", name=op.f("pk_wechat_tokens")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "user_sessions",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("family", code(32), nullable=False),
        sa.Column("refresh_hash", code(64), nullable=False),
        sa.Column("previous_hash", code(64), nullable=True),
        sa.Column("rotated_at", UtcDateTime(), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("end_reason", code(16), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("family", name=op.f("uq_user_sessions_family")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("user_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_sessions_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_user_sessions_user_id_ended_at"), ["user_id", "ended_at"], unique=False)

    op.create_table(
        "verification_applications",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("real_name", sa.String(length=512), nullable=True),
        sa.Column("number", sa.String(length=512), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("reviewer_id", ROW_ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("reviewed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["reviewer_id"], ["users.id"], name=op.f("fk_verification_applications_reviewer_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_verification_applications_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_applications")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("verification_applications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verification_applications_state_id"), ["state", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_verification_applications_user_id"), ["user_id"], unique=False)

    op.create_table(
        "verification_materials",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("application_id", ROW_ID, nullable=True),
        sa.Column("file", code(128), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["verification_applications.id"], name=op.f("fk_verification_materials_application_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_verification_materials_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_materials")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("verification_materials", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verification_materials_application_id"), ["application_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_verification_materials_user_id"), ["user_id"], unique=False)



def downgrade() -> None:
    # A table takes its indexes with it; MySQL refuses to drop one that a foreign key needs.
    op.drop_table("verification_materials")
    op.drop_table("verification_applications")
    op.drop_table("user_sessions")
    op.drop_table("wechat_tokens")
    op.drop_table("users")
    op.drop_table("push_messages")
    op.drop_table("login_exchanges")
    op.drop_table("idempotency_records")
    op.drop_table("counters")
    op.drop_table("audit_entries")
