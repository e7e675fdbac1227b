"""what is kept of ended runs: causes, days, histories of cases, quarantine

Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from wxcloudrun.core.columns import LONG_TEXT, ROW_ID, UtcDateTime, code

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_MYSQL = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci", "mysql_engine": "InnoDB"}
_TABLES = ("cluster_failures", "day_summaries", "insight_runs", "case_histories", "failure_clusters", "insight_projects", "case_quarantines")


def upgrade() -> None:
    op.create_table('cluster_failures',
    sa.Column('id', ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
    sa.Column('project_id', ROW_ID, nullable=False),
    sa.Column('cluster_id', ROW_ID, nullable=False),
    sa.Column('source_id', ROW_ID, nullable=False),
    sa.Column('run_id', ROW_ID, nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('case_id', ROW_ID, nullable=True),
    sa.Column('scenario_id', ROW_ID, nullable=True),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cluster_failures')),
    **_MYSQL,
    )
    with op.batch_alter_table('cluster_failures', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cluster_failures_cluster_id_id'), ['cluster_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_cluster_failures_project_id_at'), ['project_id', 'at'], unique=False)
        batch_op.create_index(batch_op.f('ix_cluster_failures_source_id'), ['source_id'], unique=False)

    op.create_table('day_summaries',
    sa.Column('project_id', ROW_ID, autoincrement=False, nullable=False),
    sa.Column('of', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('of_id', ROW_ID, autoincrement=False, nullable=False),
    sa.Column('day', code(10), nullable=False),
    sa.Column('environment_id', ROW_ID, autoincrement=False, nullable=False),
    sa.Column('runs', sa.Integer(), nullable=False),
    sa.Column('green', sa.Integer(), nullable=False),
    sa.Column('passed', sa.BigInteger(), nullable=False),
    sa.Column('failed', sa.BigInteger(), nullable=False),
    sa.Column('error', sa.BigInteger(), nullable=False),
    sa.Column('skipped', sa.BigInteger(), nullable=False),
    sa.Column('durations', LONG_TEXT, nullable=False),
    sa.PrimaryKeyConstraint('project_id', 'of', 'of_id', 'day', 'environment_id', name=op.f('pk_day_summaries')),
    **_MYSQL,
    )
    op.create_table('insight_runs',
    sa.Column('run_id', ROW_ID, autoincrement=False, nullable=False),
    sa.Column('project_id', ROW_ID, nullable=False),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('run_id', name=op.f('pk_insight_runs')),
    **_MYSQL,
    )
    op.create_table('case_histories',
    sa.Column('id', ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
    sa.Column('project_id', ROW_ID, nullable=False),
    sa.Column('case_id', ROW_ID, nullable=False),
    sa.Column('dataset', code(128), nullable=False),
    sa.Column('scenario_id', ROW_ID, nullable=False),
    sa.Column('environment_id', ROW_ID, nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('kind', code(16), nullable=False),
    sa.Column('outcomes', LONG_TEXT, nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_case_histories_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_histories')),
    sa.UniqueConstraint('project_id', 'case_id', 'dataset', 'scenario_id', 'environment_id', name=op.f('uq_case_histories_place')),
    **_MYSQL,
    )
    with op.batch_alter_table('case_histories', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_case_histories_project_id_kind_id'), ['project_id', 'kind', 'id'], unique=False)

    op.create_table('failure_clusters',
    sa.Column('id', ROW_ID, sa.Identity(always=False), autoincrement=True, nullable=False),
    sa.Column('project_id', ROW_ID, nullable=False),
    sa.Column('key', code(32), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('parts', LONG_TEXT, nullable=False),
    sa.Column('host', sa.String(length=255), nullable=False),
    sa.Column('phase', code(32), nullable=False),
    sa.Column('status', code(16), nullable=False),
    sa.Column('state', sa.Integer(), nullable=False),
    sa.Column('note', sa.String(length=1000), nullable=True),
    sa.Column('link', sa.String(length=500), nullable=True),
    sa.Column('owner_id', ROW_ID, nullable=True),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('first_run_id', ROW_ID, nullable=False),
    sa.Column('first_at', UtcDateTime(), nullable=False),
    sa.Column('last_run_id', ROW_ID, nullable=False),
    sa.Column('last_at', UtcDateTime(), nullable=False),
    sa.Column('recurred_at', UtcDateTime(), nullable=True),
    sa.Column('merged_into', ROW_ID, nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_failure_clusters_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_failure_clusters')),
    sa.UniqueConstraint('project_id', 'key', name=op.f('uq_failure_clusters_project_id_key')),
    **_MYSQL,
    )
    with op.batch_alter_table('failure_clusters', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_failure_clusters_merged_into'), ['merged_into'], unique=False)
        batch_op.create_index(batch_op.f('ix_failure_clusters_project_id_state_last_at_id'), ['project_id', 'state', 'last_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_failure_clusters_project_id_state_size_id'), ['project_id', 'state', 'size', 'id'], unique=False)

    op.create_table('insight_projects',
    sa.Column('project_id', ROW_ID, autoincrement=False, nullable=False),
    sa.Column('runs', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_insight_projects_project_id')),
    sa.PrimaryKeyConstraint('project_id', name=op.f('pk_insight_projects')),
    **_MYSQL,
    )
    op.create_table('case_quarantines',
    sa.Column('case_id', ROW_ID, autoincrement=False, nullable=False),
    sa.Column('project_id', ROW_ID, nullable=False),
    sa.Column('until', UtcDateTime(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('person_id', ROW_ID, nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_case_quarantines_case_id')),
    sa.PrimaryKeyConstraint('case_id', name=op.f('pk_case_quarantines')),
    **_MYSQL,
    )


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
