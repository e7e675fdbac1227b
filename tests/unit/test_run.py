"""`python run.py` with arguments that are none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("port", ["x", "0", "99999", "-1"])
def test_a_port_that_is_none_is_refused_in_one_line(tmp_path, port: str):
    environ = {"PATH": os.environ["PATH"], "ENV_FILE": str(tmp_path / "none"), "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "run.py", "127.0.0.1", port]
    outcome = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=30)
    assert outcome.returncode == 1
    assert outcome.stderr == f"Cannot start: a port is a number from 1 to 65535, not {port!r}\n"
