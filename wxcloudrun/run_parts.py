"""How the parts that carry out runs are made; a worker starts the crew."""

import os
import platform
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session, sessionmaker

from wxcloudrun.core.container import Container
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import db
from wxcloudrun.core.errors import Missing, Unavailable
from wxcloudrun.features.files.planning import FilePlanning
from wxcloudrun.features.runs.crew import Places, RunCrew
from wxcloudrun.features.runs.dao import RunTables
from wxcloudrun.features.runs.execution import RunExecution
from wxcloudrun.features.runs.gate import StepGate
from wxcloudrun.features.runs.leases import Heart
from wxcloudrun.features.runs.supply import RunSupply
from wxcloudrun.features.runs.waking import Bell
from wxcloudrun.integrations.object_store import ObjectStore

if TYPE_CHECKING:
    from config import Settings
    from wxcloudrun.engine.send.body import BlobSource


def provide_runs(settings: "Settings", container: Container, keys: KeyRing) -> None:
    """How runs are carried out. What works in threads of its own is made inside an application's context."""
    get, provide = container.get, container.provide
    provide(Bell, lambda: Bell(settings.data_dir))
    provide(RunTables, lambda: RunTables(sessionmaker(db.engine, expire_on_commit=False)))
    provide(RunExecution, lambda: _execution(settings, container, keys))
    provide(RunCrew, lambda: _crew(settings, get(RunTables), get(RunExecution), get(Bell)))


def _execution(settings: "Settings", container: Container, keys: KeyRing) -> RunExecution:
    tables, store = container.get(RunTables), container.get(ObjectStore)

    def blobs(project_id: int) -> "BlobSource":
        return lambda reference: _content(tables.sessions, store, project_id, reference)

    return RunExecution(tables, keys, StepGate(settings.run_requests), blobs=blobs)


def _content(sessions: Callable[[], Session], store: ObjectStore, project_id: int, reference: str) -> bytes:
    """A project's file. Raises LookupError, as the engine asks of whoever gives it files."""
    if not reference.isdecimal():
        raise LookupError(reference)
    with sessions() as session:
        try:
            return FilePlanning(session, store).content(project_id, int(reference))
        except (Missing, Unavailable) as error:
            raise LookupError(error.name()) from None


def _crew(settings: "Settings", tables: RunTables, execution: RunExecution, bell: Bell) -> RunCrew:
    worker = f"{platform.node()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
    supply = RunSupply(tables, worker, lease_s=settings.run_lease_s, cap=settings.run_project_cap)
    return RunCrew(supply, execution, Heart(tables, settings.run_lease_s), bell, Places(settings.run_threads))
