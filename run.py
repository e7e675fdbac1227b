"""Makes the application and serves it: `python run.py 0.0.0.0 8080`, or gunicorn with `run:app`."""

import gc

gc.disable()  # what is made while starting stays: looking for garbage in it would cost an eighth of the start

import sys

import click
from flask import Flask

import config
from wxcloudrun.app import create_app, migrate


def _settings() -> config.Settings:
    try:
        return config.load()
    except config.ConfigurationError as error:
        sys.exit(f"Cannot start: {error}")


def _application(settings: config.Settings) -> Flask:
    made = create_app(settings)
    if settings.migrate_on_start and click.get_current_context(silent=True) is None:  # not for a `flask` command
        migrate(made)
    return made


settings = _settings()
app = _application(settings)
gc.enable()
gc.freeze()  # nor later, and a server that forks now shares these pages with its workers


def main(arguments: list[str]) -> None:
    """Serve with Flask's own threaded server on the given address and port, or on HOST and PORT."""
    host = arguments[0] if arguments else settings.host
    port = _port(arguments[1]) if len(arguments) > 1 else settings.port
    app.run(host=host, port=port, threaded=True, debug=settings.debug, use_reloader=settings.debug)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:  # the server would listen on 34463 for 99999
        sys.exit(f"Cannot start: a port is a number from 1 to 65535, not {text!r}")
    return int(text)


if __name__ == "__main__":
    main(sys.argv[1:])
