"""`flask worker`: do in the background what the web processes leave for later."""

import signal

import click
from flask import current_app
from flask.cli import with_appcontext

from wxcloudrun.features.runs.crew import RunCrew
from wxcloudrun.worker import Worker, duties


@click.command()
@click.option("--once", is_flag=True, help="Do every duty once and exit; 1 when one failed.")
@with_appcontext
def worker(once: bool) -> None:
    """Carry out runs, seal the audit record, handle what WeChat pushed, and clear what is old; until SIGTERM or Ctrl-C.

    At the signal what is under way in runs has five seconds to end; another worker goes on with them.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - how Flask hands out the app
    the_worker = Worker(duties(app.extensions["wxcloudrun"]), app.app_context)
    if once:
        raise SystemExit(0 if the_worker.once() else 1)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: the_worker.end())
    crew = app.extensions["wxcloudrun"].get(RunCrew)
    crew.start()
    the_worker.serve()
    crew.stop()
