"""`flask doctor`: looks for what usually keeps the service from working, and says what to do about it."""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from wxcloudrun.core.container import Container
from wxcloudrun.features.health.service import HealthService

_LEAST_FREE = 200 * 1024 * 1024
_FOLDER = click.Path(path_type=Path)
_PORT = click.IntRange(1, 65535)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    fine: bool
    text: str


@click.command()
@click.option("--data", "folder", default="data", envvar="DATA_DIR", type=_FOLDER, help="Folder of data, as DATA_DIR.")
@click.option("--port", default=8080, envvar="PORT", type=_PORT, help="Port the service is to listen on, as PORT.")
@with_appcontext
def doctor(folder: Path, port: int) -> None:
    """Look at Python, disk, port, database and broker; exits with 1 when something is wrong."""
    findings = [*_machine(folder, port), *_database()]
    for finding in findings:
        click.echo(f"{'ok   ' if finding.fine else 'WRONG'}  {finding.name:<12} {finding.text}")
    if not all(finding.fine for finding in findings):
        raise SystemExit(1)


def _machine(folder: Path, port: int) -> Iterator[Finding]:
    version = sys.version.split()[0]
    yield Finding("Python", sys.version_info >= (3, 12), f"{version}, needs 3.12 or newer")
    place = folder if folder.is_dir() else Path.cwd()
    free = shutil.disk_usage(place).free
    yield Finding("disk", free >= _LEAST_FREE, f"{free // 2**20} MiB free at {place}")
    writable = _writable(place)
    yield Finding("writing", writable, f"files {'can' if writable else 'cannot'} be written to {place}")
    taken = _taken(port)
    told = f"{port} is taken (by this service, or choose another with --port)" if taken else f"{port} is free"
    yield Finding("port", True, told)


def _database() -> Iterator[Finding]:
    container: Container = current_app.extensions["wxcloudrun"]
    readiness = container.get(HealthService).readiness()
    told = {"": "answers", "unreachable": "cannot be reached; is it running, are address and password right?"}
    database = readiness.database
    yield Finding("database", database.ok, told.get(database.reason, database.reason) + f", {database.took_ms} ms")
    if database.ok:
        reason = readiness.migrations.reason
        mend = f"{reason}: run `flask db upgrade`" if reason else "are those of this version"
        yield Finding("tables", readiness.migrations.ok, mend)
    broker = readiness.broker
    if broker is not None:
        mend = "answers" if broker.ok else "cannot be reached: runs wait; is it running, is RUN_BROKER_URL right?"
        yield Finding("broker", broker.ok, f"{mend}, {broker.took_ms} ms")


def _writable(folder: Path) -> bool:
    if not os.access(folder, os.W_OK):
        return False
    with tempfile.TemporaryFile(dir=folder) as file:
        return file.write(b"x") == 1


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
