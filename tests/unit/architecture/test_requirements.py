"""What is installed is pinned to the byte."""

import re

import pytest

from tests.unit.architecture.source import ROOT

FILES = ["requirements.txt", "requirements-test.txt", "scripts/uv.txt"]
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)([^\\]*)\\?$")
_DECLARED = re.compile(r'^\s+"([A-Za-z0-9_.-]+)[^"]*",', re.MULTILINE)


def blocks(name):
    """Each pinned package with the lines that belong to it."""
    found = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        pin = _PIN.match(line)
        if pin:
            hashes = found.setdefault((pin[1], pin[2]), [])
        elif "--hash=" in line:
            hashes.append(line.strip(" \\"))
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_package_has_its_hashes(name):
    assert blocks(name)
    assert [pin for pin, hashes in blocks(name).items() if not hashes] == []
    assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for lines in blocks(name).values() for line in lines)


@pytest.mark.parametrize("name", FILES)
def test_a_file_names_the_command_that_wrote_it_and_no_index(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "python scripts/lock.py" in text.splitlines()[1]
    assert "index-url" not in text
    assert "://" not in text


def test_the_tests_run_with_the_packages_that_are_shipped():
    assert set(blocks("requirements.txt")) - set(blocks("requirements-test.txt")) == set()


def test_every_declared_package_is_pinned():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.")[0]
    declared = {name.lower().replace("_", "-") for name in _DECLARED.findall(text)}
    assert declared - {name for name, _ in blocks("requirements-test.txt")} == set()
    assert len(declared) > 30
