"""Celery's side of a worker: `celery -A wxcloudrun.worker worker` carries out runs, `... beat` does the duties."""

import os
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from flask import Flask

from wxcloudrun.broker import priority_of, worker_application
from wxcloudrun.core.container import Container
from wxcloudrun.core.db import db
from wxcloudrun.core.logging import set_up_logging
from wxcloudrun.features.runs.crew import RunCrew
from wxcloudrun.features.runs.dispatch import RunDispatch
from wxcloudrun.features.runs.tasks import register

if TYPE_CHECKING:
    from celery import Celery


class Loop(Protocol):
    """Duties, each at its interval."""

    def turn(self) -> None:
        """Do what is due now."""

    def pause(self) -> float:
        """Seconds until something is due."""


def celery_of(app: Flask, url: str, word: str, duties: Callable[[], Loop]) -> "Celery":
    """What the `celery` command works with, in the application `app`."""
    from celery import signals  # noqa: PLC0415 - only this command pays for it

    celery = worker_application(url, word)
    process = _Process(app)
    register(celery, partial(priority_of, word), process.parts)
    celery.conf.beat_scheduler = _scheduler(duties)
    for signal, hear in (
        (signals.setup_logging, _log),
        (signals.worker_init, process.begins),
        (signals.worker_process_init, process.is_child),
        (signals.worker_shutting_down, process.ends),
    ):
        signal.connect(hear, weak=False)
    return celery


class _Process:
    """What a worker's process has: a crew once there is a message, and an ear for the end.

    Celery's pool `prefork` has a main process, which talks with the broker and alone is told to end, and children,
    which work. They hear of the end by a pipe that nobody writes to: the main process closes it.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._container: Container = app.extensions["wxcloudrun"]
        self._parts: tuple[RunCrew, RunDispatch] | None = None
        self._lock = threading.Lock()
        self._pipe: tuple[int, int] | None = None

    def parts(self) -> tuple[RunCrew, RunDispatch]:
        """The crew, at work, and who sends messages."""
        with self._lock:
            if self._parts is None:
                with self._app.app_context():
                    crew, dispatch = self._container.get(RunCrew), self._container.get(RunDispatch)
                crew.start(looks=False)
                self._parts = crew, dispatch
            return self._parts

    def begins(self, **_: Any) -> None:
        """The main process begins."""
        self._pipe = os.pipe()

    def is_child(self, **_: Any) -> None:
        """This is a child of it."""
        with self._app.app_context():
            db.engine.dispose(close=False)
        if self._pipe is not None:
            reading, writing = self._pipe
            os.close(writing)
            threading.Thread(target=self._listen, args=(reading,), name="runs-end", daemon=True).start()

    def ends(self, **_: Any) -> None:
        """The main process was told to end. Called in its signal handler."""
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            os.close(pipe[1])
        threading.Thread(target=self._stop, name="runs-end", daemon=True).start()

    def _listen(self, reading: int) -> None:
        os.read(reading, 1)
        self._stop()

    def _stop(self) -> None:
        if self._parts is not None:
            self._parts[0].stop()


def _log(loglevel: int | str | None = None, logfile: str | None = None, **_: Any) -> None:
    """Lines as everywhere else, at the level and into the file that the command was given."""
    set_up_logging(loglevel or "INFO", logfile)


def _scheduler(duties: Callable[[], Loop]) -> type:
    """What Celery's beat asks when there is something to do."""
    from celery.beat import Scheduler  # noqa: PLC0415 - as above

    class DutyScheduler(Scheduler):
        """Does the duties itself instead of sending messages about them: they go on while the broker is away."""

        def setup_schedule(self) -> None:
            self._loop = duties()

        def tick(self, *_: Any, **__: Any) -> float:
            self._loop.turn()
            return self._loop.pause()

    return DutyScheduler
