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
@click.option("--tip", help="A link that was kept elsewhere, as NUMBER:HASH; the log has one of each sealing.")
@with_appcontext
def verify(tip: str | None) -> None:
    """Check the hash chain; exits with 1 and names each entry that was altered or removed."""
    known = None if tip is None else _link(tip)
    verdict = current_app.extensions["wxcloudrun"].get(AuditService).verify(known)
    for fault in verdict.faults:
        click.echo(fault)
    click.echo(f"{verdict.links} entries checked, {len(verdict.faults)} faults")
    click.echo(f"the chain ends with {verdict.links}:{verdict.tip}")
    if verdict.faults:
        raise SystemExit(1)


def _link(text: str) -> tuple[int, str]:
    number, _, link = text.partition(":")
    if not number.isdigit() or not link:
        raise click.BadParameter("a link is NUMBER:HASH", param_hint="--tip")
    return int(number), link
