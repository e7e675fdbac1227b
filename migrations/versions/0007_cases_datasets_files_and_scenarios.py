"""cases, datasets, files and scenarios

Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from wxcloudrun.core.columns import ROW_ID, UtcDateTime, code

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")  # MySQL's TEXT ends at 64 KiB
_NAME_KEY = code(64).with_variant(sa.String(64, collation="C"), "postgresql")
_EXACT_TEXT = sa.Text().with_variant(mysql.TEXT(collation="utf8mb4_bin"), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "case_grams",
        sa.Column("scope", code(48), nullable=False),
        sa.Column("gram", code(3), nullable=False),
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("scope", "gram", "item_id", name=op.f("pk_case_grams")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_case_grams_item_id"), "case_grams", ["item_id"])

    op.create_table(
        "case_terms",
        sa.Column("scope", code(48), nullable=False),
        sa.Column("term", code(64), nullable=False),
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name_key", _NAME_KEY, nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "term", "item_id", name=op.f("pk_case_terms")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_case_terms_item_id"), "case_terms", ["item_id"])
    op.create_index(
        op.f("ix_case_terms_scope_term_name_key_item_id"), "case_terms", ["scope", "term", "name_key", "item_id"]
    )
    op.create_index(
        op.f("ix_case_terms_scope_term_position_item_id"), "case_terms", ["scope", "term", "position", "item_id"]
    )
    op.create_index(
        op.f("ix_case_terms_scope_term_updated_at_item_id"), "case_terms", ["scope", "term", "updated_at", "item_id"]
    )

    op.create_table(
        "case_texts",
        sa.Column("item_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("text", code(512), nullable=False),
        sa.Column("terms", _EXACT_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_case_texts")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )

    op.create_table(
        "scenario_grams",
        sa.Column("scope", code(48), nullable=False),
        sa.Column("gram", code(3), nullable=False),
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("scope", "gram", "item_id", name=op.f("pk_scenario_grams")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_scenario_grams_item_id"), "scenario_grams", ["item_id"])

    op.create_table(
        "scenario_terms",
        sa.Column("scope", code(48), nullable=False),
        sa.Column("term", code(64), nullable=False),
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name_key", _NAME_KEY, nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "term", "item_id", name=op.f("pk_scenario_terms")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_scenario_terms_item_id"), "scenario_terms", ["item_id"])
    op.create_index(
        op.f("ix_scenario_terms_scope_term_name_key_item_id"),
        "scenario_terms",
        ["scope", "term", "name_key", "item_id"],
    )
    op.create_index(
        op.f("ix_scenario_terms_scope_term_position_item_id"),
        "scenario_terms",
        ["scope", "term", "position", "item_id"],
    )
    op.create_index(
        op.f("ix_scenario_terms_scope_term_updated_at_item_id"),
        "scenario_terms",
        ["scope", "term", "updated_at", "item_id"],
    )

    op.create_table(
        "scenario_texts",
        sa.Column("item_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("text", code(512), nullable=False),
        sa.Column("terms", _EXACT_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_scenario_texts")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )

    op.create_table(
        "cases",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("folder", code(255), nullable=False),
        sa.Column("name", code(128), nullable=False),
        sa.Column("lane", sa.BigInteger(), nullable=True),
        sa.Column("method", code(32), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("description", sa.String(length=2000), nullable=False),
        sa.Column("tags", sa.String(length=1024), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("visibility", sa.Integer(), nullable=False),
        sa.Column("creator_only", sa.Boolean(), nullable=False),
        sa.Column("creator_id", ROW_ID, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("run_count", sa.BigInteger(), nullable=False),
        sa.Column("content", _LONG_TEXT, nullable=False),
        sa.Column("secrets", _LONG_TEXT, nullable=True),
        sa.Column("origin_id", ROW_ID, nullable=True),
        sa.Column("origin_version", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["creator_id"], ["users.id"], name=op.f("fk_cases_creator_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_cases_owner_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_cases_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("project_id", "folder", "name", "lane", name=op.f("uq_cases_project_id_folder_name_lane")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "project_files",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content_type", code(128), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", code(64), nullable=False),
        sa.Column("store_key", code(128), nullable=False),
        sa.Column("uploader_id", ROW_ID, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_project_files_project_id")),
        sa.ForeignKeyConstraint(["uploader_id"], ["users.id"], name=op.f("fk_project_files_uploader_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_files")),
        sa.UniqueConstraint("store_key", name=op.f("uq_project_files_store_key")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_project_files_project_id_id"), "project_files", ["project_id", "id"])

    op.create_table(
        "scenarios",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("folder", code(255), nullable=False),
        sa.Column("name", code(128), nullable=False),
        sa.Column("lane", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.String(length=2000), nullable=False),
        sa.Column("tags", sa.String(length=1024), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("creator_id", ROW_ID, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("run_count", sa.BigInteger(), nullable=False),
        sa.Column("content", _LONG_TEXT, nullable=False),
        sa.Column("secrets", _LONG_TEXT, nullable=True),
        sa.Column("origin_id", ROW_ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["creator_id"], ["users.id"], name=op.f("fk_scenarios_creator_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_scenarios_owner_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_scenarios_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenarios")),
        sa.UniqueConstraint(
            "project_id", "folder", "name", "lane", name=op.f("uq_scenarios_project_id_folder_name_lane")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "case_versions",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("case_id", ROW_ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("action", code(32), nullable=False),
        sa.Column("author_id", ROW_ID, nullable=True),
        sa.Column("content", _LONG_TEXT, nullable=False),
        sa.Column("secrets", _LONG_TEXT, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_versions_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_versions")),
        sa.UniqueConstraint("case_id", "version", name=op.f("uq_case_versions_case_id_version")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "datasets",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("case_id", ROW_ID, nullable=False),
        sa.Column("key", code(128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", _LONG_TEXT, nullable=False),
        sa.Column("secrets", _LONG_TEXT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_datasets_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datasets")),
        sa.UniqueConstraint("case_id", "key", name=op.f("uq_datasets_case_id_key")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_datasets_case_id_position_id"), "datasets", ["case_id", "position", "id"])

    op.create_table(
        "scenario_steps",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("scenario_id", ROW_ID, nullable=False),
        sa.Column("parent_id", ROW_ID, nullable=True),
        sa.Column("key", code(64), nullable=False),
        sa.Column("phase", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("kind", code(16), nullable=False),
        sa.Column("case_id", ROW_ID, nullable=True),
        sa.Column("called_id", ROW_ID, nullable=True),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("content", _LONG_TEXT, nullable=False),
        sa.Column("secrets", _LONG_TEXT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["called_id"], ["scenarios.id"], name=op.f("fk_scenario_steps_called_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_scenario_steps_case_id")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["scenario_steps.id"], name=op.f("fk_scenario_steps_parent_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["scenario_id"], ["scenarios.id"], name=op.f("fk_scenario_steps_scenario_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenario_steps")),
        sa.UniqueConstraint("scenario_id", "key", name=op.f("uq_scenario_steps_scenario_id_key")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_scenario_steps_called_id"), "scenario_steps", ["called_id"])
    op.create_index(op.f("ix_scenario_steps_case_id"), "scenario_steps", ["case_id"])
    op.create_index(
        op.f("ix_scenario_steps_scenario_id_position_id"), "scenario_steps", ["scenario_id", "position", "id"]
    )

    op.create_table(
        "default_datasets",
        sa.Column("case_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("dataset_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_default_datasets_case_id")),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_default_datasets_dataset_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_default_datasets")),
        sa.UniqueConstraint("dataset_id", name=op.f("uq_default_datasets_dataset_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_unicode_ci",
        mysql_engine="InnoDB",
    )


def downgrade() -> None:
    for table in (
        "default_datasets",
        "scenario_steps",
        "datasets",
        "case_versions",
        "scenarios",
        "project_files",
        "cases",
        "scenario_texts",
        "scenario_terms",
        "scenario_grams",
        "case_texts",
        "case_terms",
        "case_grams",
    ):
        op.drop_table(table)
