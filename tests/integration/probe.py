"""A small feature that honours Idempotency-Key, for tests of the edge; served by gunicorn as tests.integration.probe:app()."""

import os
import signal
import time
from pathlib import Path

from flask import Flask
from pydantic import BaseModel, ConfigDict

import config
from wxcloudrun.app import EXTENSION, create_app
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.container import Container
from wxcloudrun.core.db import AnySession, after_commit, db, unit_of_work
from wxcloudrun.core.errors import NotFound
from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.edge import Edge
from wxcloudrun.features.audit.service import AuditService

ACTION = "probe.note"


class Note(BaseModel):
    """`die` ends the process between commit and answer, once; `slow` takes a while; `refuse` is refused."""

    model_config = ConfigDict(extra="forbid")

    text: str


class ProbeService:
    """Writes one audit entry a call: the effect that must happen once."""

    def __init__(self, session: AnySession, audit: AuditService, fuse: Path) -> None:
        self.session = session
        self._audit = audit
        self._fuse = fuse

    @unit_of_work
    def write(self, actor: Actor, text: str) -> dict[str, object]:
        self._audit.record(actor, ACTION, ("probe", None), None, {"note": text})
        if text == "refuse":
            raise NotFound
        if text == "slow":
            time.sleep(0.3)
        if text == "die":
            after_commit(self.session, self._die)
        return {"text": text, "at": time.time_ns() // 1000}

    def _die(self) -> None:
        if self._fuse.exists():
            self._fuse.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


def write(actor: Actor, body: Note, probe: ProbeService) -> dict[str, object]:
    """Write a note."""
    return probe.write(actor, body.text)


def write_on(actor: Actor, number: int, body: Note, probe: ProbeService) -> dict[str, object]:
    """Write a note on something that has a number."""
    return probe.write(actor, f"{number}: {body.text}")


ROUTES = [
    Route("POST", "/api/probe", write, Access.USER, status=201, idempotent=True),
    Route("POST", "/api/probe/<int:number>", write_on, Access.USER, status=201, idempotent=True),
    Route("POST", "/api/limited", write, Access.USER, limit=Limit(address="8/minute", user="5/minute")),
]


def with_probe(app: Flask, tmp: Path) -> Flask:
    """The application with the probe's routes."""
    container: Container = app.extensions[EXTENSION]
    container.provide(ProbeService, lambda: ProbeService(db.session, container.get(AuditService), tmp / "fuse"))
    app.register_blueprint(Edge(container).blueprint("probe", ROUTES))
    return app


def app() -> Flask:
    """For gunicorn, with the settings of the environment."""
    settings = config.load()
    return with_probe(create_app(settings), settings.data_dir)
