"""What the fuzzing of the documented API needs: somebody to call it, and things that the calls are about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import URL, update

from tests.conftest import make_app
from tests.integration.live import LiveServer, serving
from tests.integration.test_races import login_code
from wxcloudrun.core.actor import Verification
from wxcloudrun.core.db import db
from wxcloudrun.core.pagination import cursor
from wxcloudrun.features.users.models import User
from wxcloudrun.simulator import AppConfig, RunningSimulator, SimulatorState, running

# Their cursors name the order, and are good for no other one.
_OF_A_CATALOGUE = ("/api/library/cases", "/api/projects/{project_id}/cases", "/api/projects/{project_id}/scenarios")
_USE_UP = ("/archive", "/cases/{case_id}/move")


@dataclass(frozen=True)
class Things:
    """Numbers by the names under which requests give them.

    `kept` stand in paths, `spare` in the paths of what removes them, `named` in bodies and queries.
    """

    kept: Mapping[str, int] = field(default_factory=dict)
    spare: Mapping[str, int] = field(default_factory=dict)
    named: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Fuzzed:
    """A server with an empty database, and somebody with a session who is about to call it."""

    app: Flask
    server: LiveServer
    simulator: RunningSimulator
    token: str
    user_id: int

    def become(self, **values: Any) -> None:
        """Be somebody else from now on."""
        with self.app.app_context():
            db.session.execute(update(User).where(User.id == self.user_id).values(**values))
            db.session.commit()

    def made(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A new thing, as it is answered."""
        answer = self.server.call("POST", path, body, token=self.token)
        assert answer.status == 201, answer.body
        made: dict[str, Any] = answer.json["data"]
        return made

    def member(self, code: str, name: str) -> int:
        """The number of somebody else, who accepts an invitation."""
        person = self.server.call("POST", "/api/login", {"code": login_code(self.simulator, name)}).json["data"]
        answer = self.server.call("POST", "/api/invitations/accept", {"code": code}, token=person["token"])
        assert answer.status == 200, answer.body
        return int(person["user"]["id"])


@pytest.fixture
def fuzzed(tmp_path: Path) -> Iterator[Fuzzed]:
    """A person, not verified yet, at a server of their own."""
    url = URL.create("sqlite", database=str(tmp_path / "fuzzed.sqlite3"))
    app = make_app(url, tmp_path)
    state = SimulatorState([AppConfig(published_pages=("*",))])
    with running(state) as simulator, serving(url, tmp_path, workers=2, simulator=simulator.url) as server:
        person = server.call("POST", "/api/login", {"code": login_code(simulator, "fuzzer")}).json["data"]
        yield Fuzzed(app, server, simulator, person["token"], person["user"]["id"])


def a_project(fuzzed: Fuzzed) -> Things:
    """A project of this person with one of everything in it, and a second one of everything that can be removed."""
    fuzzed.become(verification=Verification.VERIFIED)
    kept = {"version": 1, "project_id": fuzzed.made("/api/projects", {"name": "one"})["id"]}
    spare = {"project_id": fuzzed.made("/api/projects", {"name": "other"})["id"]}
    project = f"/api/projects/{kept['project_id']}"
    for things, name in ((kept, "one"), (spare, "other")):
        invitation = fuzzed.made(f"{project}/invitations", {})
        things["invitation_id"], things["user_id"] = invitation["id"], fuzzed.member(invitation["code"], name)
        things["environment_id"] = fuzzed.made(f"{project}/environments", {"name": name})["id"]
        case = {"name": name, "request": {"url": "/orders", "query": {"api_key": "closed"}}}
        things["case_id"] = fuzzed.made(f"{project}/cases", case)["id"]
        datasets = f"{project}/cases/{kept['case_id']}/datasets"
        things["dataset_id"] = fuzzed.made(datasets, {"variables": {"shop": 7}})["id"]
        things["scenario_id"] = fuzzed.made(f"{project}/scenarios", {"name": name})["id"]
        steps = f"{project}/scenarios/{kept['scenario_id']}/steps"
        things["step_id"] = fuzzed.made(steps, {"kind": "case", "case_id": kept["case_id"]})["id"]
    public = {"name": "public", "request": {"url": "/orders"}, "visibility": "public"}
    kept["public_case_id"] = fuzzed.made(f"{project}/cases", public)["id"]
    own = {"owner_id": fuzzed.user_id, "case_id": kept["case_id"], "environment_id": kept["environment_id"]}
    return Things(kept, spare, own | {name: spare[name] for name in ("project_id", "scenario_id")})


def fitted(document: dict[str, Any], things: Things) -> dict[str, Any]:
    """The document, changed where a value has a meaning only after other requests.

    A used Idempotency-Key is rightly refused with another body, and a cursor is what a list gave, nothing else: other
    tests prove that. Numbers are those of `things`, so that a request is not over before it has begun.
    """
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            kept = [one for one in operation["parameters"] if one["name"] != "Idempotency-Key"]
            operation["parameters"] = kept
            in_path = [one for one in kept if one["in"] == "path"]
            uses_up = method == "delete" or path.endswith(_USE_UP)
            for one in kept:
                name = one["name"]
                if name == "cursor":
                    one["schema"] = {"enum": [_cursor_of(path)]}
                elif one["in"] == "path":
                    numbers = things.spare if uses_up and one is in_path[-1] else things.kept
                    public = path.startswith("/api/library/")
                    _fit(one, "schema", numbers.get(f"public_{name}" if public else name))
                else:
                    _fit(one, "schema", things.named.get(name))
            for content in operation.get("requestBody", {}).get("content", {}).values():
                model = content["schema"].get("$ref", "").rpartition("/")[2]
                fields = document["components"]["schemas"].get(model, {}).get("properties", {})
                for name in fields:
                    _fit(fields, name, things.named.get(name))
    return document


def _cursor_of(path: str) -> str:
    if path.endswith(("/ticks", "/clusters")):
        return cursor(10**6, 10**6)
    return cursor("-id", 10**6) if path in _OF_A_CATALOGUE else cursor(10**6)


def _fit(holder: dict[str, Any], key: str, number: int | None) -> None:
    """Let a schema say nothing but this number, or null if that is possible."""
    if number is not None:
        nullable = {"type": "null"} in holder[key].get("anyOf", [])
        holder[key] = {"enum": [number, *([None] if nullable else [])]}
