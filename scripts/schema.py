"""Brings the SQLite file of a development start up to the newest migration, and sees quickly when it is there."""

import ast
import contextlib
import re
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts.supervisor import ROOT

_ERROR = re.compile(r"[\w.]+(Error|Exception|Timeout): |Cannot start: ")


class MigrationError(Exception):
    """The database could not be migrated; the text is what the migration said last."""


def is_current(database: Path) -> bool:
    """True when the file stands at the heads of `migrations/versions`; reads both without importing Alembic."""
    if not database.is_file():
        return False
    with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        try:
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        except sqlite3.Error:
            return False
    return {row[0] for row in rows} == heads(ROOT / "migrations" / "versions")


def heads(folder: Path) -> set[str]:
    """The revisions that no other revision builds on."""
    revisions: set[str] = set()
    parents: set[object] = set()
    for path in folder.glob("*.py"):
        values = _assigned(path)
        revisions.add(str(values.get("revision")))
        below = values.get("down_revision")
        parents.update(below if isinstance(below, tuple | list) else [below])
    return revisions - parents


def migrate(environ: Mapping[str, str]) -> None:
    """Run `flask db upgrade`, which waits while another start does so. Raises MigrationError with its reason."""
    command = [sys.executable, "-m", "flask", "db", "upgrade"]
    outcome = subprocess.run(command, cwd=ROOT, env=dict(environ), capture_output=True, text=True, check=False)
    if outcome.returncode:
        raise MigrationError(_reason((outcome.stdout + outcome.stderr).strip().splitlines()))


def _reason(lines: list[str]) -> str:
    """The line that says why; of a traceback the last of its errors, since SQL and a link may stand behind it."""
    errors = [line for line in lines if _ERROR.match(line)]
    return errors[-1] if errors else "\n".join(lines[-8:])


def _assigned(path: Path) -> dict[str, object]:
    """The constants that a module assigns at its top."""
    values = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and value is not None:
            with contextlib.suppress(ValueError):
                values[target.id] = ast.literal_eval(value)
    return values
