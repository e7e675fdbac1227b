"""projects, their members and environments; what was changed in a project

Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from wxcloudrun.core.columns import ROW_ID, UtcDateTime, code

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")  # MySQL's TEXT ends at 64 KiB


def upgrade() -> None:
    op.create_table(
        "projects",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "environments",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("name", code(64), nullable=False),
        sa.Column("base_url", sa.String(length=2048), nullable=False),
        sa.Column("content", _LONG_TEXT, nullable=False),
        sa.Column("secrets", _LONG_TEXT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_environments_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environments")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_environments_project_id_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "project_invitations",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("inviter_id", ROW_ID, nullable=True),
        sa.Column("code_hash", code(64), nullable=False),
        sa.Column("role", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["inviter_id"], ["users.id"], name=op.f("fk_project_invitations_inviter_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_project_invitations_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_invitations")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_project_invitations_code_hash")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("project_invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_invitations_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_project_invitations_project_id_id"), ["project_id", "id"], unique=False)

    op.create_table(
        "project_members",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("role", sa.Integer(), nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_project_members_project_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_project_members_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_members")),
        sa.UniqueConstraint("project_id", "user_id", name=op.f("uq_project_members_project_id_user_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("project_members", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_project_members_project_id_role_id"), ["project_id", "role", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_project_members_user_id_project_id"), ["user_id", "project_id"], unique=False
        )

    op.create_table(
        "project_variables",
        sa.Column("project_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("content", _LONG_TEXT, nullable=False),
        sa.Column("secrets", _LONG_TEXT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_project_variables_project_id")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_project_variables")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "default_environments",
        sa.Column("project_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("environment_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name=op.f("fk_default_environments_environment_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_default_environments_project_id")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_default_environments")),
        sa.UniqueConstraint("environment_id", name=op.f("uq_default_environments_environment_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("project_id", ROW_ID, nullable=True))
        batch_op.create_index(batch_op.f("ix_audit_entries_project_id_id"), ["project_id", "id"], unique=False)
        batch_op.alter_column("before", existing_type=sa.Text(), existing_nullable=True, type_=_LONG_TEXT)
        batch_op.alter_column("after", existing_type=sa.Text(), existing_nullable=True, type_=_LONG_TEXT)


def downgrade() -> None:
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.alter_column("after", existing_type=_LONG_TEXT, existing_nullable=True, type_=sa.Text())
        batch_op.alter_column("before", existing_type=_LONG_TEXT, existing_nullable=True, type_=sa.Text())
        batch_op.drop_index(batch_op.f("ix_audit_entries_project_id_id"))
        batch_op.drop_column("project_id")
    # A table takes its indexes with it; MySQL refuses to drop one that a foreign key needs.
    for table in ("default_environments", "project_variables", "project_members", "project_invitations"):
        op.drop_table(table)
    op.drop_table("environments")
    op.drop_table("projects")
