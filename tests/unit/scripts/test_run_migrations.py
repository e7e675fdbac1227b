"""Migrating once the database answers."""

import pytest
from sqlalchemy import make_url

import config
import run_migrations
from run_migrations import DatabaseSilentError, wait_for_database


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch, tmp_path):
    for name in config.environment_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "none"))


def test_a_server_that_stays_silent_is_named_without_its_password():
    url = make_url("mysql+pymysql://root:very-secret@127.0.0.1:1/wxcloudrun_test_x")
    with pytest.raises(DatabaseSilentError, match="127.0.0.1:1") as caught:
        wait_for_database(url, 0.0)
    assert "very-secret" not in str(caught.value)


def test_a_file_needs_no_waiting():
    wait_for_database(make_url("sqlite:////nowhere/at/all.sqlite3"), 0.0)


@pytest.mark.parametrize(("word", "told"), [("init", "upgrade"), ("downgrade", "downgrade"), ("check", "check")])
def test_the_old_words_are_understood(monkeypatch, word, told):
    commands = []
    monkeypatch.setattr(
        run_migrations.subprocess,
        "run",
        lambda command, **options: commands.append(command) or type("R", (), {"returncode": 0}),
    )
    assert run_migrations.main([word]) == 0
    assert commands[0][-2:] == ["db", told]


def test_settings_that_cannot_work_are_said(monkeypatch, capsys):
    monkeypatch.setenv("FLASK_ENV", "production")
    assert run_migrations.main(["upgrade"]) == 1
    assert capsys.readouterr().err.startswith("Cannot migrate: ")
