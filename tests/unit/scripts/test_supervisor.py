"""Children that are kept running, and that leave nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts import supervisor as module
from scripts.supervisor import ROOT, ChildFailedError, Program, Supervisor
from tests.pace import promptly

SLEEPER = "import time; time.sleep(60)"
WITH_CHILD = (
    "import subprocess, sys, pathlib, time;"
    "c = subprocess.Popen([sys.executable, '-c', 'import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)']);"
    "pathlib.Path(sys.argv[1]).write_text(str(c.pid)); time.sleep(60)"
)


def program(tmp_path, code, *arguments, is_ready=None):
    return Program("child", [sys.executable, "-c", code, *arguments], os.environ, tmp_path / "child.log", is_ready)


def wait_for(condition, limit_s=10.0):
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def lives(pid):
    """True while a process runs; one that ended and was not fetched yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def pid_in(path):
    assert wait_for(lambda: path.exists() and path.read_text().strip())
    return int(path.read_text())


def test_children_end_with_the_supervisor_and_so_do_theirs(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_GRACE_S", 1.0)
    with Supervisor(print) as supervisor:
        supervisor.start(program(tmp_path, WITH_CHILD, str(tmp_path / "pid")))
        grandchild = pid_in(tmp_path / "pid")
        assert lives(grandchild)
    assert wait_for(lambda: not lives(grandchild))


def test_a_child_that_ignores_being_asked_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_GRACE_S", 0.3)
    code = "import os, pathlib, signal, sys, time; signal.signal(15, signal.SIG_IGN); "
    code += "pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(60)"
    with Supervisor(print) as supervisor:
        supervisor.start(program(tmp_path, code, str(tmp_path / "pid")))
        child = pid_in(tmp_path / "pid")
    assert wait_for(lambda: not lives(child))


def test_a_child_that_died_is_started_again(tmp_path):
    said = []
    code = "import os, pathlib, sys; p = pathlib.Path(sys.argv[1]); first = not p.exists(); p.write_text('x'); "
    code += "sys.exit(7) if first else __import__('time').sleep(60)"
    with Supervisor(said.append) as supervisor:
        supervisor.start(program(tmp_path, code, str(tmp_path / "mark")))
        supervisor.watch(3.0)
        assert supervisor.restarts == 1
    assert said == ["child ended with 7; again in 1 s"]


def test_a_child_that_never_starts_is_given_up_with_its_last_words(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_TRIES", 2)
    with Supervisor(lambda text: None) as supervisor:
        supervisor.start(program(tmp_path, "print('no such table'); raise SystemExit(3)"))
        with pytest.raises(ChildFailedError, match=r"child ended with 3\n  \| no such table"):
            supervisor.watch(20.0)


def test_a_child_that_dies_before_it_serves_fails_the_start_at_once(tmp_path):
    with promptly(15.0):
        with Supervisor(print) as supervisor:
            supervisor.start(program(tmp_path, "raise SystemExit('bad settings')", is_ready=lambda: False))
            with pytest.raises(ChildFailedError, match="bad settings"):
                supervisor.wait_ready(30.0)


def test_a_child_that_does_not_serve_in_time_fails_the_start(tmp_path):
    with Supervisor(print) as supervisor:
        supervisor.start(program(tmp_path, SLEEPER, is_ready=lambda: False))
        with pytest.raises(ChildFailedError, match="did not serve within"):
            supervisor.wait_ready(0.2)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_children_end_when_the_supervisor_is_killed(tmp_path):
    code = (
        "import os, pathlib, sys; from scripts.supervisor import Program, Supervisor; s = Supervisor(print);"
        "s.start(Program('c', [sys.executable, '-c', 'import time; time.sleep(60)'], os.environ, pathlib.Path(sys.argv[1])));"
        "pathlib.Path(sys.argv[2]).write_text(str(s._children[0].process.pid)); s.watch()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "log"), str(tmp_path / "pid")]
    process = subprocess.Popen(command, cwd=ROOT)
    child = pid_in(tmp_path / "pid")
    assert wait_for(lambda: "time.sleep" in Path(f"/proc/{child}/cmdline").read_text().split("tether")[-1])
    time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert wait_for(lambda: not lives(child))
