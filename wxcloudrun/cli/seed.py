"""`flask seed`: something to look at."""

from collections.abc import Callable
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from config import Settings
from wxcloudrun.cli import demo
from wxcloudrun.core.actor import SYSTEM, Actor, Verification
from wxcloudrun.core.container import Container
from wxcloudrun.core.db import db, retrying, transaction
from wxcloudrun.core.errors import ApiError
from wxcloudrun.features.cases.schemas import CaseMade
from wxcloudrun.features.cases.service import CaseService
from wxcloudrun.features.datasets.schemas import DatasetMade
from wxcloudrun.features.datasets.service import DatasetService
from wxcloudrun.features.environments.schemas import EnvironmentChange, EnvironmentMade, EnvironmentsQuery
from wxcloudrun.features.environments.service import EnvironmentService
from wxcloudrun.features.projects.invitations import InvitationService
from wxcloudrun.features.projects.schemas import InvitationMade, ProjectMade, ProjectsQuery
from wxcloudrun.features.projects.service import ProjectService
from wxcloudrun.features.scenarios.schemas import ScenarioMade, StepMade
from wxcloudrun.features.scenarios.service import ScenarioService
from wxcloudrun.features.scenarios.steps import StepService
from wxcloudrun.features.users.administration import AdministrationService
from wxcloudrun.features.users.admission import Admission, Identity
from wxcloudrun.features.users.schemas import PersonChange
from wxcloudrun.simulator.state import openid_of

_TOOL = "devtools-mock-person"  # whom the developer tool's mock code logs in


@click.group()
def seed() -> None:
    """Something to look at."""


@seed.command("demo")
@click.option("--owner", type=click.IntRange(1, 2**53 - 1), help="Who owns it (default: the simulator's demo person).")
@click.option("--service", help="Address of this service (default: http://127.0.0.1:PORT).")
@click.option("--simulator", help="Address of the simulated WeChat (default: WECHAT_API_BASE).")
@with_appcontext
def demo_project(owner: int | None, service: str | None, simulator: str | None) -> None:
    """Make the demo project, which tests this service itself; where it is there, only its addresses are set anew."""
    container: Container = current_app.extensions["wxcloudrun"]
    settings = container.get(Settings)
    places = demo.environment(
        service or f"http://127.0.0.1:{settings.port}", simulator or settings.wechat_api_base.rstrip("/")
    )

    def once() -> tuple[int, bool]:
        with transaction(db.session):
            return Demo(container, settings.wx_appid).put(owner, places)

    try:
        number, made = retrying(once)
    except ApiError as error:
        raise click.ClickException(error.message("en")) from None
    click.echo(f"Demo project {number} {'was made' if made else 'is there; its addresses were set anew'}")


class Demo:
    """Makes the demo project through the services that everybody uses."""

    def __init__(self, container: Container, appid: str) -> None:
        self._get: Callable[[Any], Any] = container.get
        self._appid = appid

    def put(self, owner_id: int | None, places: dict[str, Any]) -> tuple[int, bool]:
        """The project's number, and whether it is new."""
        owner = self._person(openid_of(self._appid, "demo")) if owner_id is None else self._verified(owner_id)
        present = self._present(owner)
        if present is not None:
            self._set_places(owner, present, places)
            return present, False
        number = self._get(ProjectService).add(owner, ProjectMade(**demo.PROJECT)).id
        made = EnvironmentMade.model_validate({"name": demo.ENVIRONMENT, **places})
        self._get(EnvironmentService).add(owner, number, made)
        self._fill(owner, number)
        if owner_id is None:
            self._invite(owner, number, self._person(_TOOL))
        return number, True

    def _fill(self, owner: Actor, project: int) -> None:
        cases = {}
        for number, case in enumerate(demo.CASES, start=1):
            made = CaseMade.model_validate({"folder": "demo", "status": "done", "position": number, **case})
            cases[case["name"]] = self._get(CaseService).add(owner, project, made).id
        for name, rows in demo.DATASETS.items():
            for row in rows:
                self._get(DatasetService).add(owner, project, cases[name], DatasetMade.model_validate(row))
        scenario = self._get(ScenarioService).add(owner, project, ScenarioMade.model_validate(demo.SCENARIO)).id
        for name, phase, more in demo.STEPS:
            step = {"kind": "case", "case_id": cases[name], "phase": phase, "name": name, **more}
            self._get(StepService).add(owner, project, scenario, StepMade.model_validate(step))

    def _present(self, owner: Actor) -> int | None:
        query = ProjectsQuery(q=demo.PROJECT["name"], role="owner", size=1)
        return next((one.id for one in self._get(ProjectService).page(owner, query).items), None)

    def _set_places(self, owner: Actor, project: int, places: dict[str, Any]) -> None:
        """Give the demo's environment today's addresses, unless somebody removed or renamed it."""
        service = self._get(EnvironmentService)
        for one in service.page(owner, project, EnvironmentsQuery(q=demo.ENVIRONMENT, size=100)).items:
            if one.name == demo.ENVIRONMENT:
                change = {name: places[name] for name in ("base_url", "variables")}
                service.change(owner, project, one.id, EnvironmentChange.model_validate(change))

    def _invite(self, owner: Actor, project: int, guest: Actor) -> None:
        invitations = self._get(InvitationService)
        code = invitations.add(owner, project, InvitationMade(role="editor")).code
        invitations.accept(guest, code)

    def _person(self, openid: str) -> Actor:
        return self._verified(self._get(Admission).admit(Identity(self._appid, openid)).user_id)

    def _verified(self, user_id: int) -> Actor:
        people = self._get(AdministrationService)
        if people.view(user_id).verification.name != "verified":
            people.change(SYSTEM, user_id, PersonChange(verification="verified"))
        return Actor(user_id, verification=Verification.VERIFIED)
