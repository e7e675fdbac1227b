"""places, parts and days of causes, and hosts that were down

Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from wxcloudrun.core.columns import LONG_TEXT, ROW_ID, UtcDateTime, code

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_MYSQL = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci", "mysql_engine": "InnoDB"}
_COLUMNS = ("last_good_run_id", "last_good_at", "split_from", "only_scenario_id", "only_case_id")
_FAILURES = sa.table(
    "cluster_failures",
    *(sa.column(name) for name in ("cluster_id", "source_id", "run_id", "case_id", "scenario_id", "at")),
)


def upgrade() -> None:
    with op.batch_alter_table("failure_clusters", schema=None) as batch_op:
        for name in _COLUMNS:
            batch_op.add_column(sa.Column(name, UtcDateTime() if name.endswith("_at") else ROW_ID, nullable=True))
        batch_op.create_index(batch_op.f("ix_failure_clusters_split_from"), ["split_from"], unique=False)
    with op.batch_alter_table("day_summaries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("causes", LONG_TEXT, nullable=True))
    with op.batch_alter_table("cluster_failures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cluster_failures_project_id_at"))
    _make_places()
    op.create_table(
        "host_outages",
        sa.Column("id", ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("host", code(255), nullable=False),
        sa.Column("start_at", UtcDateTime(), nullable=False),
        sa.Column("end_at", UtcDateTime(), nullable=False),
        sa.Column("big", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("cases", LONG_TEXT, nullable=False),
        sa.Column("phases", LONG_TEXT, nullable=False),
        sa.Column("runs", LONG_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_host_outages_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_outages")),
        **_MYSQL,
    )
    with op.batch_alter_table("host_outages", schema=None) as batch_op:
        for column in ("host", "big"):
            name = batch_op.f(f"ix_host_outages_project_id_{column}_end_at")
            batch_op.create_index(name, ["project_id", column, "end_at"], unique=False)


def downgrade() -> None:
    op.drop_table("host_outages")
    op.drop_table("cluster_places")
    with op.batch_alter_table("cluster_failures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cluster_failures_project_id_at"), ["project_id", "at"], unique=False)
    with op.batch_alter_table("day_summaries", schema=None) as batch_op:
        batch_op.drop_column("causes")
    with op.batch_alter_table("failure_clusters", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_failure_clusters_split_from"))
        for name in _COLUMNS:
            batch_op.drop_column(name)


def _make_places() -> None:
    """The table, with what the failures that were kept until now tell of places."""
    numbers = ("source_id", "scenario_id", "case_id")
    places = op.create_table(
        "cluster_places",
        *(sa.Column(name, ROW_ID, autoincrement=False, nullable=False) for name in numbers),
        sa.Column("cluster_id", ROW_ID, nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("first_run_id", ROW_ID, nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_run_id", ROW_ID, nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint(*numbers, name=op.f("pk_cluster_places")),
        **_MYSQL,
    )
    with op.batch_alter_table("cluster_places", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cluster_places_cluster_id"), ["cluster_id"], unique=False)
    known, at = _FAILURES.c, _FAILURES.c.at
    place = (known.source_id, sa.func.coalesce(known.scenario_id, 0), sa.func.coalesce(known.case_id, 0))
    told = (sa.func.count(), sa.func.min(known.run_id), sa.func.min(at), sa.func.max(known.run_id), sa.func.max(at))
    query = sa.select(*place, sa.func.max(known.cluster_id), *told).group_by(*place)
    op.execute(places.insert().from_select([column.name for column in places.columns], query))
