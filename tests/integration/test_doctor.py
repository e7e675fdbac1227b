"""`flask doctor`: what it looks at, and what it says."""

import socket

import pytest

from wxcloudrun.cli import doctor


@pytest.fixture
def ask(app, tmp_path):
    """The doctor's lines about this folder, and its exit code."""

    def run(*arguments: str, **environ: str) -> tuple[str, int]:
        settings = {"DATA_DIR": str(tmp_path)} | environ
        outcome = app.test_cli_runner().invoke(args=["doctor", *arguments], env=settings)
        return outcome.output, outcome.exit_code

    return run


def test_all_is_well(ask, tmp_path):
    told, code = ask()
    assert (code, "WRONG" in told) == (0, False)
    assert f"files can be written to {tmp_path}" in told


def test_a_folder_that_takes_no_files_is_wrong(ask, tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "_writable", lambda folder: False)
    told, code = ask()
    assert code == 1
    assert f"files cannot be written to {tmp_path}" in told


def test_the_port_of_the_settings_is_looked_at(ask):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        assert f"{port} is taken" in ask(PORT=port)[0]
    assert f"{port} is free" in ask(f"--port={port}")[0]
