"""The command line of a start."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.start import is_free, parser

START = str(Path(__file__).resolve().parents[3] / "scripts" / "start.py")


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def run(*arguments):
    return subprocess.run([sys.executable, START, *arguments], capture_output=True, text=True, check=False)


def test_a_taken_port_is_named_before_anything_is_made(taken, tmp_path):
    outcome = run("--port", str(taken), "--data", str(tmp_path / "data"))
    assert outcome.returncode == 1
    assert outcome.stderr.strip() == f"Port {taken} is taken. Stop what listens there, or choose another with --port"
    assert outcome.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1"])
def test_what_is_no_port_is_refused(text):
    outcome = run(f"--port={text}")
    assert outcome.returncode == 2
    assert "a port is a number from 1 to 65535" in outcome.stderr


def test_the_port_is_8080_unless_it_is_said_otherwise(monkeypatch):
    monkeypatch.delenv("PORT", raising=False)
    assert parser().parse_args([]).port == 8080
    monkeypatch.setenv("PORT", "9000")
    assert parser().parse_args([]).port == 9000
    assert parser().parse_args(["--port", "9001"]).port == 9001


def test_a_port_that_was_let_go_is_free(taken):
    assert not is_free(taken)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert is_free(port)
