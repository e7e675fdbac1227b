"""The demo project tests this very service: made by the command, planned from the tables, run by the engine."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import URL

from tests.conftest import make_app
from tests.integration.live import LiveServer, serving
from wxcloudrun.cli import demo
from wxcloudrun.engine.plan.plan import Plan
from wxcloudrun.engine.result.result import StepResult
from wxcloudrun.engine.run.runner import Engine
from wxcloudrun.features.environments.planning import EnvironmentPlanning
from wxcloudrun.features.scenarios.planning import ScenarioPlanning
from wxcloudrun.simulator import DEFAULT_APPID, RunningSimulator, running


@dataclass
class House:
    """A service, its application for commands, and the simulated WeChat."""

    app: Flask
    server: LiveServer
    simulator: RunningSimulator

    def seed(self, service: str | None = None, *more: str) -> str:
        """What `flask seed demo` says."""
        places = ["--service", service or f"http://127.0.0.1:{self.server.port}", "--simulator", self.simulator.url]
        done = self.app.test_cli_runner().invoke(args=["seed", "demo", *places, *more])
        assert done.exit_code == 0, done.output
        return done.output

    def log_in(self) -> str:
        """The access token of the demo person, whose code the simulator gives."""
        simulator = LiveServer(self.simulator.port, None, Path())  # type: ignore[arg-type]  # no process of ours
        code = simulator.call("POST", "/_sim/login-code", {"name": "demo"}).json["code"]
        return str(self.server.call("POST", "/api/login", {"code": code}).json["data"]["token"])

    def read(self, path: str, token: str) -> Any:
        """The data of a GET by somebody."""
        answer = self.server.call("GET", path, token=token).json
        assert answer["code"] == 1, answer
        return answer["data"]

    def plan(self) -> Plan:
        """The plan of the demo's scenario, as a run would freeze it."""
        with self.app.app_context():
            get = self.app.extensions["wxcloudrun"].get
            project, environment = get(EnvironmentPlanning).plan_environment(1, None, "demo")
            scenario = get(ScenarioPlanning).scenario(1, 1)
        allowed = [f"127.0.0.1/32:{port}" for port in (self.server.port, self.simulator.port)]
        return Plan.model_validate(
            {"network": {"allowed": allowed}, "project": project, "environment": environment, "scenario": scenario}
        )


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    url = URL.create("sqlite", database=str(tmp_path / "demo.sqlite3"))
    app = make_app(url, tmp_path, wx_appid=DEFAULT_APPID)
    with running() as simulator, serving(url, tmp_path, simulator=simulator.url) as server:
        yield House(app, server, simulator)


def _results(plan: Plan) -> list[StepResult]:
    return list(Engine(plan).run())


def test_the_demo_fails_in_one_place_by_design_and_says_why(house: House):
    assert house.seed() == "Demo project 1 was made\n"
    results = _results(house.plan())
    assert [one.outcome for one in results].count("failed") == 1
    assert {one.outcome for one in results} == {"passed", "failed"}
    [failed] = [one for one in results if one.outcome == "failed"]
    assert failed.dataset is not None
    assert failed.dataset.key == "wrong-on-purpose"
    assert "expected status to equal 200, got 422" in failed.explain()
    assert [one.name for one in results][-1] == "log out", "teardown comes also after a failure"


def test_made_again_it_keeps_what_people_changed_and_gets_todays_addresses(house: House):
    house.seed("http://127.0.0.1:1")
    token = house.log_in()
    [case] = [one for one in house.read("/api/projects/1/cases", token)["items"] if one["name"] == "count up"]
    path = f"/api/projects/1/cases/{case['id']}"
    house.server.call("PUT", path, {"description": "mine"}, token=token)
    assert house.seed() == "Demo project 1 is there; its addresses were set anew\n"
    assert house.read(path, token)["description"] == "mine"
    assert house.read("/api/projects/1/environments/1", token)["base_url"] == f"http://127.0.0.1:{house.server.port}"
    assert len(house.read("/api/projects/1/cases", token)["items"]) == len(demo.CASES)


def test_the_demo_person_owns_it_and_may_do_more(house: House):
    house.seed()
    token = house.log_in()
    [project] = house.read("/api/projects", token)["items"]
    assert project["role"]["name"] == "owner"
    assert house.server.call("POST", "/api/projects", {"name": "my own"}, token=token).status == 201


def test_it_can_be_somebodys(house: House):
    house.log_in()  # person 1
    assert house.seed(None, "--owner", "1") == "Demo project 1 was made\n"
    assert [one["role"]["name"] for one in house.read("/api/projects/1/members", house.log_in())["items"]] == ["owner"]


def test_no_secret_of_a_run_is_in_what_it_gave(house: House):
    house.seed()
    plan = house.plan()
    engine = Engine(plan)
    told = [(one.to_json(), one.carried) for one in engine.run()]
    secrets = {item.value for _, carried in told for item in carried if item.secret}
    assert len(secrets) == 2, "the code and the token"
    assert not [secret for secret in secrets if secret in str([shown for shown, _ in told])]
