"""Migrations: both ways on every database, complete, one at a time; and tables that other dialects accept."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import URL, BigInteger, Identity, Integer, create_engine, insert, inspect, make_url, select
from sqlalchemy.dialects import registry
from sqlalchemy.schema import CreateIndex, CreateTable

import config
from tests.conftest import ROOT, database_urls, make_app
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.counter.models import Counter
from wxcloudrun.features.insights.models import ClusterFailure, ClusterPlace
from wxcloudrun.models import Base

KINDS = ["sqlite", "mariadb", "postgresql"]
MIGRATIONS = str(ROOT / "migrations")
SECONDS = 110


@pytest.fixture(params=KINDS)
def migrated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    for url in database_urls(tmp_path, request.param):
        app = make_app(url, tmp_path)
        yield app
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def _tables(app: Flask) -> set[str]:
    with app.app_context():
        return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def _flask_db(url: URL, tmp: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "ENV_FILE": str(tmp / "no-such-file"),
        "FLASK_APP": "run.py",
        "FLASK_ENV": "testing",
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "DATA_DIR": str(tmp),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "db", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_there_is_one_newest_migration_and_one_line_to_it():
    script = ScriptDirectory.from_config(_config())
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    numbers = [revision.revision for revision in script.walk_revisions()]
    assert numbers == sorted(numbers, reverse=True)


def _config() -> Config:
    settings = Config()
    settings.set_main_option("script_location", MIGRATIONS)
    return settings


def test_up_down_and_up_again_is_the_same(migrated: Flask):
    everything = set(Base.metadata.tables)
    assert _tables(migrated) == everything
    with migrated.app_context():
        downgrade(MIGRATIONS, revision="base")
    assert _tables(migrated) == set()
    with migrated.app_context():
        upgrade(MIGRATIONS)
        assert db.session.scalar(select(Counter.value)) == 0, "the counter's row is there again"
        db.session.remove()
    assert _tables(migrated) == everything


def test_each_step_can_be_taken_back_and_made_again(migrated: Flask):
    steps = [step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()]
    with migrated.app_context():
        for _ in steps:
            downgrade(MIGRATIONS)
            upgrade(MIGRATIONS, revision="+1")
            downgrade(MIGRATIONS)
    assert _tables(migrated) == set()


def test_failures_that_were_kept_before_places_were_say_where_they_came_from(migrated: Flask):
    now = SystemClock().now()
    row = {"project_id": 1, "cluster_id": 9, "source_id": 7, "seq": 0, "scenario_id": 3, "name": "x", "at": now}
    with migrated.app_context():
        downgrade(MIGRATIONS, revision="0020")
        rows = [row | {"run_id": run, "case_id": case} for run, case in ((1, 5), (2, 5), (2, None))]
        db.session.execute(insert(ClusterFailure), rows)
        db.session.commit()
        upgrade(MIGRATIONS)
        places = db.session.scalars(select(ClusterPlace).order_by(ClusterPlace.case_id)).all()
        assert [(one.case_id, one.failures, one.first_run_id, one.last_run_id) for one in places] == [
            (0, 1, 2, 2),
            (5, 2, 1, 2),
        ]
        assert {(one.cluster_id, one.source_id, one.scenario_id, one.last_at) for one in places} == {(9, 7, 3, now)}
        db.session.remove()


@pytest.mark.parametrize("kind", KINDS)
def test_the_models_and_the_migrations_say_the_same(kind: str, tmp_path: Path):
    for url in database_urls(tmp_path, kind):
        for command in ("upgrade", "check"):
            process = _flask_db(url, tmp_path, command)
            output, _ = process.communicate(timeout=SECONDS)
            assert process.returncode == 0, output[-3000:]


@pytest.mark.parametrize("kind", KINDS)
def test_four_starts_at_once_migrate_an_empty_database_once(kind: str, tmp_path: Path):
    for url in database_urls(tmp_path, kind):
        processes = [_flask_db(url, tmp_path, "upgrade") for _ in range(4)]
        try:
            outputs = [process.communicate(timeout=SECONDS)[0] for process in processes]
        finally:
            for process in processes:
                process.kill()
                process.wait()
        assert [process.returncode for process in processes] == [0] * 4, "\n".join(outputs)[-4000:]
        engine = create_engine(url)
        assert set(Base.metadata.tables) < set(inspect(engine).get_table_names())
        with engine.connect() as connection:
            assert connection.scalars(select(Counter.value)).all() == [0]
        engine.dispose()


registry.register("cockroachdb.psycopg", "sqlalchemy_cockroachdb.psycopg", "CockroachDBDialect_psycopg")
DIALECTS = ["mysql+pymysql://", "postgresql+psycopg://", "cockroachdb+psycopg://", "sqlite://"]


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_table_compiles_for(table, name: str):
    dialect = make_url(name).get_dialect()()
    if name.startswith("mysql"):
        dialect.server_version_info = (8, 4, 0)
    statement = str(CreateTable(table).compile(dialect=dialect))
    for index in table.indexes:
        statement += str(CreateIndex(index).compile(dialect=dialect))
    assert "RETURNING" not in statement
    assert not re.search(r"\bJSONB\b|\bGENERATED ALWAYS AS\b|->>", statement)
    if name.startswith("mysql"):
        assert "CHARSET=utf8mb4" in statement
        assert "ENGINE=InnoDB" in statement
        assert not re.search(r"\bDATETIME\b(?!\(6\))", statement), "seconds without their fraction"


@pytest.mark.parametrize("given", ["mariadb+pymysql://root@127.0.0.1/x", "mysql+pymysql://root@127.0.0.1/x"])
def test_mariadb_is_spoken_to_as_mysql_so_that_tables_keep_their_character_set(given: str, tmp_path: Path):
    settings = config.load({}, flask_env="testing", database_url=given, data_dir=tmp_path)
    assert settings.database().drivername == "mysql+pymysql"
    by_parts = config.load({}, flask_env="testing", db_backend="mariadb", data_dir=tmp_path)
    assert by_parts.database().drivername == "mysql+pymysql"


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_row_numbers_stay_small_enough_for_javascript(table):
    """An identity counts up from one, also on CockroachDB, whose own SERIAL is near 2^63."""
    for column in table.primary_key.columns:
        if not isinstance(column.type, BigInteger | Integer) or column.autoincrement is False:
            continue
        assert isinstance(column.server_default, Identity)
        dialect = make_url("cockroachdb+psycopg://").get_dialect()()
        statement = str(CreateTable(table).compile(dialect=dialect))
        assert "GENERATED BY DEFAULT AS IDENTITY" in statement
        assert "SERIAL" not in statement


def test_every_row_read_by_number_is_below_two_to_the_53rd(each_app: Flask):
    with each_app.app_context(), db.engine.connect() as connection:
        values = {"at": SystemClock().now(), "action": "x", "target_type": "x"}
        numbers = [connection.execute(insert(AuditEntry), values).inserted_primary_key[0] for _ in range(3)]
        connection.rollback()
    assert 0 < numbers[0] < numbers[1] < numbers[2] < 2**53
