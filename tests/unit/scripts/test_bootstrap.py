"""Making the environment; the packages of these tests' projects are none, so that no network is needed."""

import ast
import os
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from scripts import bootstrap
from scripts.bootstrap import RUNTIME, TESTS, BootstrapError, ensure, is_ready, venv_python

SCRIPTS = Path(bootstrap.__file__).parent


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project that wants no package, built on the Python that runs this."""
    for name in (RUNTIME, TESTS, "scripts/uv.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("# nothing\n")
    monkeypatch.setenv("APP_PYTHON", sys.executable)
    return str(tmp_path)


@pytest.fixture
def made(project, monkeypatch):
    """The commands that were carried out instead of installing."""
    commands = []
    monkeypatch.setattr(bootstrap, "_install", lambda requirements, root: commands.append(requirements))
    monkeypatch.setattr(bootstrap, "_make_venv", lambda folder: commands.append("venv") or _pretend_venv(folder))
    return commands


def _pretend_venv(folder):
    python = Path(venv_python(str(Path(folder).parent)))
    python.parent.mkdir(parents=True, exist_ok=True)
    python.unlink(missing_ok=True)
    python.symlink_to(sys.executable)
    Path(folder, "unfinished").unlink(missing_ok=True)
    version = "{}.{}.{}".format(*sys.version_info[:3])
    Path(folder, "pyvenv.cfg").write_text(f"version = {version}\n")
    return version


def test_a_fresh_folder_gets_an_environment_that_runs(project, capsys):
    python = ensure(RUNTIME, project)
    outcome = subprocess.run(
        [python, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True
    )
    assert outcome.stdout.strip() == os.path.join(project, ".venv")
    said = capsys.readouterr().out
    assert "Making .venv" in said
    assert "ready" in said


def test_what_is_there_is_not_made_again(project, made, capsys):
    ensure(RUNTIME, project)
    capsys.readouterr()
    ensure(RUNTIME, project)
    assert made == ["venv", RUNTIME]
    assert capsys.readouterr().out == ""


def test_the_tests_packages_hold_those_of_a_start(project, made):
    ensure(TESTS, project)
    assert is_ready(RUNTIME, project)
    assert made == ["venv", TESTS]


def test_a_start_does_not_take_the_tests_packages_for_granted(project, made):
    ensure(RUNTIME, project)
    assert not is_ready(TESTS, project)


def test_changed_requirements_are_installed_into_the_same_environment(project, made):
    ensure(RUNTIME, project)
    Path(project, RUNTIME).write_text("# something else\n")
    ensure(RUNTIME, project)
    assert made == ["venv", RUNTIME, RUNTIME]


def test_an_environment_whose_python_is_gone_is_made_again(project, made):
    ensure(RUNTIME, project)
    Path(venv_python(project)).unlink()
    ensure(RUNTIME, project)
    assert made == ["venv", RUNTIME, "venv", RUNTIME]


def test_an_installation_that_was_interrupted_is_made_again(project, made, monkeypatch):
    def interrupted(requirements, root):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "_install", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ensure(RUNTIME, project)
    assert not is_ready(RUNTIME, project)
    ensure(RUNTIME, project)
    assert made == ["venv", "venv", RUNTIME]


def test_no_fitting_python_is_said_in_one_line(project, monkeypatch):
    def nothing(environ):
        raise bootstrap.NoPython("/usr/bin/python3 (3.11.2)")

    monkeypatch.setattr(bootstrap, "find_python", nothing)
    with pytest.raises(BootstrapError, match="Python 3.12 or newer is needed") as caught:
        ensure(RUNTIME, project)
    assert "\n" not in str(caught.value)
    assert "/usr/bin/python3 (3.11.2)" in str(caught.value)


def test_a_full_disk_is_said_before_anything_is_made(project, monkeypatch):
    usage = namedtuple("usage", "total used free")(10**9, 10**9, 5 * 1024**2)
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(BootstrapError, match="5 MB are free"):
        ensure(RUNTIME, project)


def test_a_folder_that_cannot_be_written_is_named(project):
    Path(project, "data").write_text("a file where a folder must be")
    with pytest.raises(BootstrapError, match="data"):
        ensure(RUNTIME, project)


@pytest.mark.parametrize(
    ("output", "meaning"),
    [
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "disk is full"),
        ("WARNING: Retrying (Retry(total=0)) after connection broken\nERROR: no versions", "cannot be reached"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "not the one that was pinned"),
        ("ERROR: No matching distribution found for flask==9", "No matching distribution found for flask==9"),
        ("", "it said nothing"),
    ],
)
def test_what_pip_said_becomes_one_line(output, meaning):
    text = bootstrap._why(output)
    assert meaning in text
    assert "\n" not in text


def test_uv_is_given_the_users_pip_settings(monkeypatch):
    listed = (
        "global.cert='/etc/own.pem'\n"
        "global.extra-index-url='https://one.example/simple\\nhttps://two.example/simple'\n"
        "install.index-url='https://mirror.example/simple'\n"
        "global.timeout='60'\n"
    )
    monkeypatch.setattr(bootstrap, "_run", lambda command: (0, listed))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    options, environ = bootstrap._uv_settings("python")
    assert options[-6:] == [
        *("--extra-index-url", "https://one.example/simple", "--extra-index-url", "https://two.example/simple"),
        *("--index-url", "https://mirror.example/simple"),
    ]
    assert environ["SSL_CERT_FILE"] == "/etc/own.pem"


@pytest.mark.parametrize(
    "name", ["bootstrap.py", "find_python.py", "start.py", "run_tests.py", "unit_tests.py", "check"]
)
def test_an_old_python_can_read_what_it_is_given(name):
    text = (SCRIPTS / name).read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 6))
    new = (ast.NamedExpr, ast.Match, ast.TryStar)
    assert not [node for node in ast.walk(tree) if isinstance(node, new)]
    assert "removeprefix" not in text
    assert "from __future__" not in text
