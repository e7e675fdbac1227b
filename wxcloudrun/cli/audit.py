"""`flask audit`: seal the record of changes, and check it."""

import click
from flask import current_app
from flask.cli import with_appcontext

from wxcloudrun.features.audit.service import AuditService


@click.group()
def audit() -> None:
    """The record of changes."""


@audit.command()
@with_appcontext
def seal() -> None:
    """Link new entries into the hash chain (the worker does this all the time)."""
    service = current_app.extensions["wxcloudrun"].get(AuditService)
    total = 0
    while sealed := service.seal():
        total += sealed
    click.echo(f"{total} entries sealed")


@audit.command()
@with_appcontext
def verify() -> None:
    """Check the hash chain; exits with 1 and names each entry that was altered or removed."""
    verdict = current_app.extensions["wxcloudrun"].get(AuditService).verify()
    for fault in verdict.faults:
        click.echo(fault)
    click.echo(f"{verdict.links} entries checked, {len(verdict.faults)} faults")
    if verdict.faults:
        raise SystemExit(1)
