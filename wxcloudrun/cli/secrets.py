"""`flask secrets`: give everything that is encrypted the newest key."""

import click
from flask import current_app
from flask.cli import with_appcontext

from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import Base, db
from wxcloudrun.core.rotation import Rotated, Rotation


@click.group()
def secrets() -> None:
    """Values that are encrypted in the database."""


@secrets.command()
@with_appcontext
def rotate() -> None:
    """Encrypt anew, with the first of ENCRYPTION_KEYS, what an older key has encrypted; the service may go on.

    Exits with 1 where a value is left that the newest key does not open: the older keys must stay then.
    """
    try:
        rotation = Rotation(db.session, current_app.extensions["wxcloudrun"].get(KeyRing), Base.metadata)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    done = rotation.run(_tell)
    left = sum(one.unreadable + one.left for one in done)
    click.echo(f"{sum(one.renewed for one in done)} values have the key {rotation.newest} now")
    if left:
        click.echo(f"{left} values do not: keep the older keys, and see docs/projects.md")
        raise SystemExit(1)
    click.echo("Every value has it: older keys may be withdrawn.")


def _tell(rotated: Rotated) -> None:
    more = f", {rotated.unreadable} that no key opens" if rotated.unreadable else ""
    more += f", {rotated.left} changed meanwhile" if rotated.left else ""
    click.echo(f"{rotated.column}: {rotated.renewed} renewed{more}")
