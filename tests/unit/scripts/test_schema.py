"""Seeing quickly whether a database is at the newest migration."""

import sqlite3
import subprocess

import pytest

from scripts import schema
from scripts.schema import MigrationError, heads, is_current, migrate


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "migrations" / "versions"
    folder.mkdir(parents=True)
    (folder / "0001_a.py").write_text('revision = "0001"\ndown_revision = None\n')
    (folder / "0002_b.py").write_text('revision: str = "0002"\ndown_revision: str | None = "0001"\n')
    monkeypatch.setattr(schema, "ROOT", tmp_path)
    return tmp_path


def database(folder, *versions):
    path = folder / "rows.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.executemany("INSERT INTO alembic_version VALUES (?)", [(version,) for version in versions])
    connection.close()
    return path


def test_the_heads_are_what_nobody_builds_on(project):
    assert heads(project / "migrations" / "versions") == {"0002"}


def test_a_merge_builds_on_both(project):
    folder = project / "migrations" / "versions"
    (folder / "0002_c.py").write_text('revision = "0002c"\ndown_revision = "0001"\n')
    assert heads(folder) == {"0002", "0002c"}
    (folder / "0003_d.py").write_text('revision = "0003"\ndown_revision = ("0002", "0002c")\n')
    assert heads(folder) == {"0003"}


def test_a_database_at_the_head_is_current(project):
    assert is_current(database(project, "0002"))


def test_a_database_behind_is_not(project):
    assert not is_current(database(project, "0001"))


def test_no_database_is_not(project):
    assert not is_current(project / "nothing.sqlite3")


def test_a_file_that_is_no_database_is_not(project):
    (project / "text").write_text("not a database, and longer than the sixteen bytes of its head")
    assert not is_current(project / "text")


def test_a_migration_that_fails_says_its_last_words(project, monkeypatch):
    with pytest.raises(MigrationError, match="flask|Flask"):
        migrate({"PATH": "", "FLASK_APP": "there_is_no_such_file.py"})


def test_the_reason_is_told_without_the_statement_that_failed(monkeypatch):
    said = "Traceback (most recent call last):\nsqlite3.OperationalError: full\n\nThe above ...\n"
    said += "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) database or disk is full\n[SQL:\nCREATE TABLE a (\n)\n]\n"
    outcome = subprocess.CompletedProcess([], 1, "", said)
    monkeypatch.setattr(schema.subprocess, "run", lambda *_, **__: outcome)
    with pytest.raises(MigrationError) as failed:
        migrate({})
    assert str(failed.value) == "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) database or disk is full"
