"""The served OpenAPI document against the server, with every check schemathesis has, as everybody who may call."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import URL, update

from tests.conftest import make_app
from tests.integration.live import LiveServer, serving
from tests.integration.test_races import login_code
from wxcloudrun.core.actor import Role, Verification
from wxcloudrun.core.db import db
from wxcloudrun.core.pagination import cursor
from wxcloudrun.features.users.models import User
from wxcloudrun.simulator import AppConfig, SimulatorState, running

ENDS_SESSIONS = (
    "delete_api_user",
    "delete_api_users_user_id_sessions",
    "post_api_logout",
    "delete_api_user_sessions",
    "delete_api_user_sessions_session_id",
)
OF_PROJECTS = ("projects", "environments", "files")
OF_LIBRARY = (("cases",), ("datasets",), ("scenarios",))
CONFIG = Path(__file__).with_name("schemathesis.toml")
COMMAND = ["--checks", "all", "--seed", "20", "--workers", "2", "--continue-on-failure", "--no-color"]
COMMAND += ["--generation-database", "none", "--request-timeout", "20"]
# Only these orders have a cursor of numbers; and a cursor is good for its own order alone.
OF_A_CATALOGUE = ("get_api_library_cases", "get_api_projects_project_id_cases", "get_api_projects_project_id_scenarios")


@dataclass(frozen=True)
class Things:
    """What there is in a project: numbers by the names of path parameters; and others of them to be used up."""

    kept: Mapping[str, int] = field(default_factory=dict)
    spare: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Fuzzed:
    """A server with an empty database, and whoever is about to call it."""

    app: Flask
    server: LiveServer
    token: str
    user_id: int
    tmp: Path

    def become(self, **values: Any) -> None:
        """Be somebody else, from now on."""
        with self.app.app_context():
            db.session.execute(update(User).where(User.id == self.user_id).values(**values))
            db.session.commit()

    def made(self, path: str, body: Mapping[str, Any]) -> int:
        """The number of a new thing."""
        answer = self.server.call("POST", path, body, token=self.token)
        assert answer.status == 201, answer.body
        return int(answer.json["data"]["id"])

    def run(self, *arguments: str, examples: int = 20, things: Things | None = None) -> None:
        """Schemathesis with the session; fails with its report."""
        _run(self.server, self.tmp, examples, things or Things(), "-H", f"Authorization: Bearer {self.token}", *arguments)


@pytest.fixture
def fuzzed(tmp_path: Path):
    url = URL.create("sqlite", database=str(tmp_path / "fuzzed.sqlite3"))
    app = make_app(url, tmp_path)
    state = SimulatorState([AppConfig(published_pages=("*",))])
    with running(state) as simulator, serving(url, tmp_path, workers=2, simulator=simulator.url) as server:
        person = server.call("POST", "/api/login", {"code": login_code(simulator, "fuzzer")}).json["data"]
        yield Fuzzed(app, server, person["token"], person["user"]["id"], tmp_path)


def test_the_document_and_the_server_agree_without_a_session(fuzzed: Fuzzed):
    _run(fuzzed.server, fuzzed.tmp, 5, Things())


@pytest.mark.parametrize("role", [Role.USER, Role.ADMINISTRATOR])
def test_the_document_and_the_server_agree_for_a_person_without_projects(fuzzed: Fuzzed, role: Role):
    fuzzed.become(role=role)
    others = _each("--exclude-tag", [*OF_PROJECTS[1:], *(tag for tags in OF_LIBRARY for tag in tags)])
    fuzzed.run(*others, *_each("--exclude-operation-id", ENDS_SESSIONS))
    _assert_alive(fuzzed)


@pytest.mark.parametrize("tags", [OF_PROJECTS, *OF_LIBRARY], ids="-".join)
def test_the_document_and_the_server_agree_in_a_project_for(fuzzed: Fuzzed, tags: tuple[str, ...]):
    fuzzed.become(verification=Verification.VERIFIED)
    fuzzed.run(*_each("--include-tag", tags), things=_things(fuzzed))
    _assert_alive(fuzzed)


def test_the_document_and_the_server_agree_for_who_ends_sessions(fuzzed: Fuzzed):
    fuzzed.run(*_each("--include-operation-id", ENDS_SESSIONS))


def _things(fuzzed: Fuzzed) -> Things:
    """A project with one of everything, and a second one of all that can be removed."""
    kept, spare = {"version": 1}, dict[str, int]()
    for things, name in ((kept, "one"), (spare, "other")):
        things["project_id"] = fuzzed.made("/api/projects", {"name": name})
        project = f"/api/projects/{kept['project_id']}"
        named = {"name": name}
        case = {"request": {"url": "/orders", "query": {"key": "secret"}}, "visibility": "public"}
        things["environment_id"] = fuzzed.made(f"{project}/environments", named)
        things["invitation_id"] = fuzzed.made(f"{project}/invitations", {})
        things["case_id"] = fuzzed.made(f"{project}/cases", named | case)
        datasets = f"{project}/cases/{kept['case_id']}/datasets"
        things["dataset_id"] = fuzzed.made(datasets, {"variables": {"a": 1}})
        things["scenario_id"] = fuzzed.made(f"{project}/scenarios", named)
        steps = f"{project}/scenarios/{kept['scenario_id']}/steps"
        things["step_id"] = fuzzed.made(steps, {"kind": "case", "case_id": kept["case_id"]})
    return Things(kept, spare)


def _each(option: str, values: tuple[str, ...] | list[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _assert_alive(fuzzed: Fuzzed) -> None:
    alive = fuzzed.server.call("GET", "/api/user/profile", token=fuzzed.token)
    assert alive.status == 200, "the session ended on the way, so most of this proved nothing"


def _described(server: LiveServer, tmp: Path, things: Things) -> Path:
    """The served document, without what has a meaning only after other requests (other tests prove that).

    A used Idempotency-Key is rightly refused with another body, and a cursor is what a list gave, nothing else. What
    there is of `things` stands in paths, so that a request is not over before it has begun; what an operation may use
    up is the spare one.
    """
    document = server.call("GET", "/openapi.json").json
    for operations in document["paths"].values():
        for operation in operations.values():
            kept = [item for item in operation["parameters"] if item["name"] != "Idempotency-Key"]
            operation["parameters"] = kept
            name = operation["operationId"]
            mark = cursor("-id", 10**6) if name in OF_A_CATALOGUE else cursor(10**6)
            in_path = [item for item in kept if item["in"] == "path"]
            for parameter in kept:
                if parameter["name"] == "cursor":
                    parameter["schema"] = {"enum": [mark]}
            for parameter in in_path:
                used_up = name.startswith("delete_") or name.endswith("_archive")
                numbers = things.spare if used_up and parameter is in_path[-1] else things.kept
                if parameter["name"] in numbers:
                    parameter["schema"] = {"enum": [numbers[parameter["name"]]]}
    file = tmp / "openapi.json"
    file.write_text(json.dumps(document))
    return file


def _run(server: LiveServer, tmp: Path, examples: int, things: Things, *arguments: str) -> None:
    """Schemathesis in a process of its own; fails with its report."""
    program = Path(sys.executable).with_name("st")
    done = subprocess.run(
        [
            program,
            "--config-file",
            CONFIG,
            "run",
            _described(server, tmp, things),
            "--url",
            f"http://127.0.0.1:{server.port}",
            *COMMAND,
            "--max-examples",
            str(examples),
            *arguments,
        ],
        cwd=tmp,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    if os.environ.get("KEEP"): Path(os.environ["KEEP"]).joinpath(tmp.name + ".out").write_text(done.stdout)
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]
    assert "Unmatched filters" not in done.stdout, "an operation that this test names is gone"
    assert "unexpected error" not in server.log.read_text()
