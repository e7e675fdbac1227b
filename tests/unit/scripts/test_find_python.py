"""Looking for a Python that fits."""

import os
import sys

import pytest

from scripts.find_python import NoPython, find_python, version_of


def pretend(folder, name, output, code=0):
    """A program that says what a Python would say of itself."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\nprintf '%s' '{output}'\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture(autouse=True)
def _no_other_python(monkeypatch):
    monkeypatch.setattr("scripts.find_python._FOLDERS", ("~/.pyenv/versions/3.1[2-9]*/bin",))
    monkeypatch.setattr("scripts.find_python._account_home", lambda: None)
    monkeypatch.setattr("scripts.find_python.OLDEST", (3, 12))
    monkeypatch.setattr(sys, "executable", "/nowhere/python")


def test_this_python_fits():
    assert version_of(os.path.realpath(os.__file__)) is None
    assert version_of(sys.base_prefix + "/bin/python3") == "{}.{}.{}".format(*sys.version_info[:3])


def test_the_named_python_goes_first(tmp_path):
    pretend(tmp_path / "bin", "python3.12", "3.12.9")
    named = pretend(tmp_path / "own", "mine", "3.13.1")
    assert find_python({"APP_PYTHON": named, "PATH": str(tmp_path / "bin")}) == (named, "3.13.1")


def test_the_version_the_project_is_tested_on_goes_before_newer_ones(tmp_path):
    pretend(tmp_path / "a", "python3.13", "3.13.1")
    wanted = pretend(tmp_path / "b", "python3.12", "3.12.1")
    assert find_python({"PATH": f"{tmp_path / 'a'}:{tmp_path / 'b'}"}) == (wanted, "3.12.1")


def test_one_that_lacks_a_part_is_passed_over(tmp_path):
    pretend(tmp_path / "a", "python3.12", "", code=1)
    wanted = pretend(tmp_path / "b", "python3", "3.12.1")
    assert find_python({"PATH": f"{tmp_path / 'a'}:{tmp_path / 'b'}"}) == (wanted, "3.12.1")


def test_a_version_manager_in_the_home_is_looked_into(tmp_path):
    wanted = pretend(tmp_path / ".pyenv" / "versions" / "3.12.4" / "bin", "python3.12", "3.12.4")
    assert find_python({"PATH": "", "HOME": str(tmp_path)}) == (wanted, "3.12.4")


def test_a_home_that_is_not_the_accounts_own_does_not_hide_it(tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.find_python._account_home", lambda: str(tmp_path))
    wanted = pretend(tmp_path / ".pyenv" / "versions" / "3.12.4" / "bin", "python3.12", "3.12.4")
    assert find_python({"PATH": "", "HOME": str(tmp_path / "empty")}) == (wanted, "3.12.4")


def test_an_old_one_alone_is_refused_and_named(tmp_path):
    old = pretend(tmp_path, "python3", "3.11.2")
    with pytest.raises(NoPython, match="3.11.2") as caught:
        find_python({"PATH": str(tmp_path)})
    assert old in str(caught.value)
