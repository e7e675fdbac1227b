"""`flask db`, once the database answers: `python run_migrations.py [init|upgrade|downgrade|current|check]`.

`init` and `upgrade` (the default) bring the tables up to the newest migration; `downgrade` takes the last one back.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import URL, create_engine
from sqlalchemy.exc import OperationalError

import config

ROOT = Path(__file__).resolve().parent
_COMMANDS = {"init": "upgrade", "upgrade": "upgrade", "downgrade": "downgrade", "current": "current", "check": "check"}
_PAUSE_S = 1.0
_WAIT_S = 60.0


class DatabaseSilentError(Exception):
    """The database did not answer in time; the text says where, without the password."""


def main(arguments: list[str]) -> int:
    """Exit code of `flask db`."""
    parser = argparse.ArgumentParser(prog="run_migrations.py", description="Migrate the database of the settings.")
    parser.add_argument("command", nargs="?", default="upgrade", choices=_COMMANDS)
    parser.add_argument("--wait", type=float, default=_WAIT_S, help="seconds to wait for the database")
    given = parser.parse_args(arguments)
    try:
        wait_for_database(config.load().database(), given.wait)
    except (config.ConfigurationError, DatabaseSilentError) as error:
        print(f"Cannot migrate: {error}", file=sys.stderr)  # noqa: T201 - a command line speaks
        return 1
    command = [sys.executable, "-m", "flask", "db", _COMMANDS[given.command]]
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"FLASK_APP": "run.py"}, check=False).returncode


def wait_for_database(url: URL, limit_s: float) -> None:
    """Return when the server lets in; a server in a container takes its time. Raises DatabaseSilentError."""
    if url.get_backend_name() == "sqlite":
        return
    engine = create_engine(url, connect_args={"connect_timeout": 5})
    deadline = time.monotonic() + limit_s
    while True:
        try:
            engine.connect().close()
        except OperationalError as error:
            if time.monotonic() >= deadline:
                place = url.render_as_string(hide_password=True)
                raise DatabaseSilentError(f"{place} did not let us in within {limit_s:.0f} s: {error.orig}") from error
            time.sleep(_PAUSE_S)
        else:
            return
        finally:
            engine.dispose()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
