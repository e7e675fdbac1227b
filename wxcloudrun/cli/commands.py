"""Registers the commands; only a command line calls this, so that serving imports none of it."""

from flask import Flask
from flask_migrate import Migrate

from wxcloudrun.cli.audit import audit
from wxcloudrun.core.db import db


def register_commands(app: Flask) -> None:
    """Give an application its `flask` commands."""
    Migrate(app, db, directory="migrations", compare_type=True, render_as_batch=True)
    app.cli.add_command(audit)
