"""Registers the commands; only a command line calls this, so that serving imports none of it."""

from flask import Flask
from flask_migrate import Migrate

from wxcloudrun.cli.audit import audit
from wxcloudrun.cli.doctor import doctor
from wxcloudrun.cli.engine import engine
from wxcloudrun.cli.runs import runs
from wxcloudrun.cli.secrets import secrets
from wxcloudrun.cli.seed import seed
from wxcloudrun.cli.simulator import simulator
from wxcloudrun.cli.users import users
from wxcloudrun.cli.wechat import wechat
from wxcloudrun.cli.worker import worker
from wxcloudrun.core.db import db


def register_commands(app: Flask) -> None:
    """Give an application its `flask` commands."""
    Migrate(app, db, directory="migrations", compare_type=True, render_as_batch=True)
    app.cli.add_command(audit)
    app.cli.add_command(doctor)
    app.cli.add_command(engine)
    app.cli.add_command(runs)
    app.cli.add_command(secrets)
    app.cli.add_command(seed)
    app.cli.add_command(simulator)
    app.cli.add_command(wechat)
    app.cli.add_command(worker)
    app.cli.add_command(users)
