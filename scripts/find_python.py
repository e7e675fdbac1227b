"""Finds a Python that is new enough and whole; runs on Python 3.6, since nobody knows what `python3` is."""

import glob
import os
import subprocess
import sys

OLDEST = (3, 12)
_NAMES = ("python3.12", "python3.13", "python3.14", "python3", "python")
_PROBE = "import sys, venv, ensurepip, sqlite3, ssl; sys.stdout.write('%d.%d.%d' % sys.version_info[:3])"
_FOLDERS = (
    "~/.pyenv/versions/3.1[2-9]*/bin",
    "~/.local/share/uv/python/*3.1[2-9]*/bin",
    "~/.asdf/installs/python/3.1[2-9]*/bin",
    "~/.local/share/mise/installs/python/3.1[2-9]*/bin",
    "~/*conda3/envs/*/bin",
    "~/*conda3/bin",
    "~/miniforge3/bin",
    "/opt/*conda*/bin",
    "/opt/python*/bin",
    "/opt/python/*/bin",
    "/opt/homebrew/opt/python@3.1[2-9]/bin",
    "/opt/homebrew/bin",
    "/usr/local/opt/python@3.1[2-9]/bin",
    "/usr/local/bin",
)
_WINDOWS = ("~/AppData/Local/Programs/Python/Python31[2-9]", "C:/Python31[2-9]", "C:/Program Files/Python31[2-9]")


class NoPython(Exception):
    """No Python on this machine fits; the text says what was tried."""


def find_python(environ: dict) -> tuple:
    """Path and version (`3.12.1`) of the Python to build on; `APP_PYTHON` goes before every other, then 3.12.

    Raises NoPython.
    """
    refused = []
    for path in _candidates(environ):
        version = version_of(path)
        if version is not None and _numbers(version) >= OLDEST:
            return path, version
        refused.append("%s (%s)" % (path, version or "does not run, or lacks venv, ensurepip, sqlite3 or ssl"))
    raise NoPython("; ".join(refused) or "nothing was found")


def version_of(path: str) -> "str | None":
    """The version of a Python that runs and has venv, ensurepip, sqlite3 and ssl; None for any other file."""
    command = [path, "-I", "-c", _PROBE]
    try:
        outcome = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    text = outcome.stdout.decode("ascii", "replace")
    return text if outcome.returncode == 0 and text[:1].isdigit() else None


def _numbers(version: str) -> tuple:
    return tuple(int(part) for part in version.split(".")[:2])


def _candidates(environ: dict) -> "list[str]":
    """Files worth asking, best first, each once however many names it has."""
    found = [environ["APP_PYTHON"]] if environ.get("APP_PYTHON") else []
    folders = _folders(environ)
    for name in _NAMES:
        if sys.version_info[:2] >= OLDEST and name == "python3.13":
            found.append(sys.executable)  # the one that runs this, unless there is a 3.12
        for folder in folders:
            path = os.path.join(folder, name + (".exe" if os.name == "nt" else ""))
            if os.access(path, os.X_OK):
                found.append(path)
    known = {}  # type: dict[str, str]
    for path in found:
        known.setdefault(os.path.realpath(path), path)
    return list(known.values())


def _folders(environ: dict) -> "list[str]":
    """Folders where Pythons lie: PATH, then the places that version managers use."""
    found = [folder for folder in environ.get("PATH", os.defpath).split(os.pathsep) if folder]
    if environ.get("PYENV_ROOT"):
        found += _newest_first(os.path.join(environ["PYENV_ROOT"], "versions", "3.1[2-9]*", "bin"))
    for pattern in _WINDOWS if os.name == "nt" else _FOLDERS:
        for home in _homes(environ) if pattern.startswith("~") else [""]:
            found += _newest_first(home + pattern.lstrip("~") if home else pattern)
    return found


def _newest_first(pattern: str) -> "list[str]":
    return sorted(glob.glob(pattern), reverse=True)


def _homes(environ: dict) -> "list[str]":
    """The home that HOME names, and the account's own: services and CI often run with another HOME, or none."""
    homes = [environ.get("HOME"), environ.get("USERPROFILE"), _account_home()]
    return list(dict.fromkeys(home for home in homes if home))


def _account_home() -> "str | None":
    try:
        import pwd  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:  # a container's user without an account
        return None
