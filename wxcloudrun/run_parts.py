"""How the parts that carry out runs are made; a worker starts the crew."""

import os
import platform
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session, sessionmaker

from wxcloudrun.core.clock import Clock
from wxcloudrun.core.container import Container
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import db
from wxcloudrun.core.errors import Missing, Unavailable
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.auth.access import SessionService
from wxcloudrun.features.cases.access import CaseAccess
from wxcloudrun.features.cases.planning import CasePlanning
from wxcloudrun.features.cases.service import CaseService
from wxcloudrun.features.datasets.planning import DatasetPlanning
from wxcloudrun.features.environments.planning import EnvironmentPlanning
from wxcloudrun.features.files.planning import FilePlanning
from wxcloudrun.features.insights.counting import RunCounting
from wxcloudrun.features.projects.access import ProjectAccess
from wxcloudrun.features.projects.ranges import AddressGrants
from wxcloudrun.features.runs.choosing import Library, RunChoosing
from wxcloudrun.features.runs.crew import Places, RunCrew
from wxcloudrun.features.runs.depths import RunDepths
from wxcloudrun.features.runs.dispatch import RunDispatch
from wxcloudrun.features.runs.endings import Listener, RunEndings
from wxcloudrun.features.runs.execution import RunExecution
from wxcloudrun.features.runs.gate import StepGate
from wxcloudrun.features.runs.leases import Heart
from wxcloudrun.features.runs.planning import RunPlanning
from wxcloudrun.features.runs.reruns import RunReruns
from wxcloudrun.features.runs.results import ResultService
from wxcloudrun.features.runs.retention import Limits, RunRetention
from wxcloudrun.features.runs.service import Around, RunService
from wxcloudrun.features.runs.streaming import RunStream, Seats
from wxcloudrun.features.runs.supply import RunSupply
from wxcloudrun.features.runs.tables import RunTables
from wxcloudrun.features.runs.waking import Bell
from wxcloudrun.features.scenarios.planning import ScenarioPlanning
from wxcloudrun.features.scenarios.service import ScenarioService
from wxcloudrun.features.schedules.firing import ScheduleFiring
from wxcloudrun.features.schedules.service import ScheduleService
from wxcloudrun.features.triggers.deliveries import TriggerDeliveries
from wxcloudrun.features.triggers.service import TriggerService
from wxcloudrun.features.users.pictures import PictureFiles
from wxcloudrun.integrations.object_store import ObjectStore

if TYPE_CHECKING:
    from config import Settings
    from wxcloudrun.broker import CeleryMessages
    from wxcloudrun.engine.send.body import BlobSource


def provide_runs(settings: "Settings", container: Container, keys: KeyRing) -> None:
    """How runs are carried out. What works in threads of its own is made inside an application's context."""
    get, provide = container.get, container.provide
    provide(Bell, lambda: Bell(settings.data_dir))
    told = listeners(container)
    provide(RunTables, lambda: RunTables(sessionmaker(db.engine, expire_on_commit=False), told=list(told)))
    provide(RunEndings, lambda: RunEndings(db.session, told))
    provide(RunDepths, lambda: RunDepths(db.session))
    provide(RunExecution, lambda: _execution(settings, container, keys))
    provide(RunCrew, lambda: _crew(settings, get(RunTables), get(RunExecution), get(Bell)))
    provide(RunDispatch, lambda: RunDispatch(_supply(settings, get(RunTables)), _messages(settings)))
    _provide_services(settings, container, keys, list(told))
    _provide_triggers(container, keys)


def listeners(container: Container) -> Mapping[str, Listener]:
    """Who is told of every run that ended, by the names under which this is noted with a run's end."""

    def notices(run_id: int) -> object:
        from wxcloudrun.features.notifications.telling import NoticeTelling  # noqa: PLC0415 - the first end pays for it

        return container.get(NoticeTelling).heard(run_id)

    return {"insights": lambda run_id: container.get(RunCounting).take(run_id), "notices": notices}


def _provide_triggers(container: Container, keys: KeyRing) -> None:
    """How other servers begin runs."""
    get, provide = container.get, container.provide
    session: Any = db.session
    provide(TriggerService, lambda: TriggerService(session, get(Clock), keys, get(AuditService), get(ProjectAccess)))
    provide(TriggerDeliveries, lambda: TriggerDeliveries(session, get(Clock), keys, get(RunService).start))


def _provide_services(settings: "Settings", container: Container, keys: KeyRing, told: list[str]) -> None:
    """How people's part of runs is made: starting, looking at, repeating."""
    get, provide = container.get, container.provide
    session: Any = db.session
    around = Around(
        count=lambda case_id, scenario_ids: _count(container, case_id, scenario_ids),
        wake=lambda: get(Bell).ring(),
        let_go=lambda keys: get(PictureFiles).let_go(keys),
        queued=lambda run_id, priority: get(RunDispatch).soon(run_id, priority),
        lease_s=settings.run_lease_s,
        told=told,
    )
    provide(
        RunPlanning,
        lambda: RunPlanning(
            keys, get(EnvironmentPlanning), settings.run_allowed, lambda one: get(AddressGrants).held(one)
        ),
    )
    provide(RunChoosing, lambda: RunChoosing(_library(container)))
    provide(
        RunService,
        lambda: RunService(
            session, get(Clock), get(AuditService), get(ProjectAccess), get(RunChoosing), get(RunPlanning), around
        ),
    )
    provide_schedules(container, session, keys)
    limits = Limits(settings.retention_days, settings.retention_runs, settings.retention_bytes)
    provide(
        RunRetention,
        lambda: RunRetention(
            session,
            get(Clock),
            get(AuditService),
            get(ProjectAccess),
            limits,
            lambda keys: get(PictureFiles).let_go(keys),
        ),
    )
    seats = Seats(settings.run_streams)
    provide(RunStream, lambda: RunStream(session, get(ProjectAccess), seats))
    provide(ResultService, lambda: ResultService(session, get(ProjectAccess), get(ObjectStore)))
    provide(
        RunReruns,
        lambda: RunReruns(session, get(ProjectAccess), get(RunChoosing), get(RunPlanning), get(RunService)),
    )


def provide_schedules(container: Container, session: Any, keys: KeyRing) -> None:
    """How runs that start by themselves are made."""
    get, provide = container.get, container.provide
    provide(
        ScheduleService,
        lambda: ScheduleService(session, get(Clock), keys, get(AuditService), get(ProjectAccess), get(RunService)),
    )
    provide(
        ScheduleFiring,
        lambda: ScheduleFiring(session, get(Clock), keys, get(RunService), get(SessionService).actor_of_person),
    )


def _library(container: Container) -> Library:
    get = container.get
    return Library(
        projects=get(ProjectAccess),
        case_access=get(CaseAccess),
        cases=get(CasePlanning),
        drafts=get(CaseService),
        datasets=get(DatasetPlanning),
        scenarios=get(ScenarioPlanning),
        lists=get(ScenarioService),
    )


def _count(container: Container, case_id: int | None, scenario_ids: tuple[int, ...]) -> None:
    if case_id is not None:
        container.get(CasePlanning).count_run(case_id)
    container.get(ScenarioPlanning).count_run(scenario_ids)


def _execution(settings: "Settings", container: Container, keys: KeyRing) -> RunExecution:
    tables, store = container.get(RunTables), container.get(ObjectStore)

    def blobs(project_id: int) -> "BlobSource":
        return lambda reference: _content(tables.sessions, store, project_id, reference)

    def lost(project_id: int) -> set[str]:
        get = container.get
        with tables.sessions() as session:
            grants = AddressGrants(session, get(Clock), get(AuditService), get(ProjectAccess))
            return grants.lost(project_id) - set(settings.run_allowed)

    def files(session: Any) -> PictureFiles:
        return PictureFiles(session, container.get(Clock), store)

    gate, per_host = StepGate(settings.run_requests), settings.run_host_requests
    return RunExecution(tables, keys, gate, blobs=blobs, files=files, lost=lost, per_host=per_host)


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
    heart = Heart(tables, settings.run_lease_s)
    return RunCrew(_supply(settings, tables), execution, heart, bell, Places(settings.run_threads))


def _supply(settings: "Settings", tables: RunTables) -> RunSupply:
    worker = f"{platform.node()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
    return RunSupply(tables, worker, lease_s=settings.run_lease_s, cap=settings.run_project_cap)


def _messages(settings: "Settings") -> "CeleryMessages | None":
    if settings.run_broker_url is None:
        return None
    from wxcloudrun.broker import CeleryMessages  # noqa: PLC0415 - who has no broker needs none

    return CeleryMessages(settings.run_broker_url.get_secret_value(), settings.run_queue)
