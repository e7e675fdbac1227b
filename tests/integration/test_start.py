"""One whole start: simulator, web server and worker as processes, spoken to over HTTP."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.children import answers
from scripts.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SERVE = [sys.executable, "-u", "-m", "scripts.serve"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


def children_of(pid):
    """Every process below one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(path.parent.name)
            found += [child, *children_of(child)]
    return found


def wait_for(condition, limit_s=60.0):
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.timeout(300)
def test_a_smoke_test_does_the_main_job_and_leaves_only_data(data):
    command = [*SERVE, "--smoke", "--data", str(data)]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert len(re.findall(r" 200 +\d+ ms ", outcome.stdout)) == 6
    assert "Smoke test passed" in outcome.stdout
    assert "  failed: 9 passed, 1 failed, 0 errors\n" in outcome.stdout
    assert "expected status to equal 200, got 422" in outcome.stdout
    assert (data / "secrets.env").stat().st_mode & 0o777 == 0o600
    secrets = re.findall(r"=(\S+)", (data / "secrets.env").read_text())
    assert not [secret for secret in secrets if secret in outcome.stdout]


@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_nothing_is_left_running_however_it_ends(tmp_path, number):
    port = free_port()
    with (tmp_path / "out").open("w") as out:
        command = [*SERVE, "--port", str(port), "--data", str(tmp_path / "data")]
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, env=os.environ | {"LOG_LEVEL": "INFO"})
    try:
        assert wait_for(lambda: "Press Ctrl-C" in (tmp_path / "out").read_text(), 100), (tmp_path / "out").read_text()
        children = children_of(process.pid)
        assert len(children) >= 4  # the simulator, gunicorn with its workers, the worker
        process.send_signal(number)
        assert process.wait(30) == (-signal.SIGKILL if number is signal.SIGKILL else 0)
    finally:
        process.kill()
        process.wait()
    assert wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
    assert not answers(port, "/healthz")
