"""What tests of the runs' API share: a stage with a server to be tested, and a worker's part carried out at once."""

import secrets
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from tests.conftest import FakeWeChat, Person
from tests.integration.cases_bench import Library, library
from tests.integration.projects_bench import Team, team
from tests.integration.runs_bench import Target, counting
from tests.integration.scenarios_bench import Stage
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.runs.execution import RunExecution
from wxcloudrun.features.runs.models import (
    Priority,
    Run,
    RunBody,
    RunBodyUse,
    RunPlan,
    RunResult,
    RunState,
    StepOutcome,
    Trigger,
)
from wxcloudrun.features.runs.packing import packed, unpacked
from wxcloudrun.features.runs.planning import RunPlanning
from wxcloudrun.features.runs.supply import RunSupply
from wxcloudrun.features.runs.tables import RunTables

SHA = "ab" * 32
OK = {"source": "status", "comparator": "eq", "expected": 200}
BAD = {"source": "status", "comparator": "eq", "expected": 418}
_ZERO = dict.fromkeys(
    (
        "fence",
        "claims",
        "ahead",
        "stored",
        "passed",
        "failed",
        "error",
        "skipped",
        "after_retry",
        "requests",
        "detail_bytes",
    ),
    0,
)


def a_run(group: Team, *, ended: bool = True) -> dict[str, Any]:
    """A run with one result and one body, without a plan that could be carried out; and what paths call them."""
    now = SystemClock().now()
    state = RunState.PASSED if ended else RunState.QUEUED
    with group.app.app_context():
        values = {"project_id": group.project, "title": "t", "environment": "", "trigger": Trigger.MANUAL}
        values |= {"priority": Priority.CI, "state": state, "created_at": now, **_ZERO}
        number = db.session.execute(insert(Run).values(**values)).inserted_primary_key[0]
        planning = group.app.extensions[EXTENSION].get(RunPlanning)
        plan = planning.sealed({"scenario": {"steps": []}, "inputs": {}, "limits": {}})
        db.session.execute(insert(RunPlan).values(run_id=number, content=plan))
        db.session.execute(insert(RunResult).values(run_id=number, **result_row(0)))
        db.session.execute(
            insert(RunBody).values(project_id=group.project, sha256=SHA, size=1, kept=9, packed=zlib.compress(b"x"))
        )
        db.session.execute(insert(RunBodyUse).values(run_id=number, sha256=SHA, project_id=group.project))
        db.session.commit()
    return {"run_id": number, "seq": 0, "sha256": SHA}


def result_row(seq: int, **more: Any) -> dict[str, Any]:
    """The columns of a result."""
    row = {"seq": seq, "path": f"steps/{seq}", "ordinal": f"{seq:06}", "kind": "case", "phase": "steps", "name": "one"}
    row |= {"outcome": StepOutcome.PASSED, "started_at": "2024-01-01T00:00:00.000Z", "duration_ms": 1.5}
    return row | {"detail": packed({"request": None, "response": None})} | more


@dataclass
class RunStage:
    """Scenarios and cases against a server of the test's own, in an environment that reaches it."""

    stage: Stage
    target: Target
    environment: int
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def team(self) -> Team:
        return self.stage.shelf.team

    @property
    def shelf(self) -> Library:
        return self.stage.shelf

    @property
    def all(self) -> str:
        """Where runs are listed and started."""
        return f"{self.team.path}/runs"

    def case(self, name: str = "case", url: str = "/a", who: Person | None = None, **fields: Any) -> int:
        """A new case that expects 200; its number."""
        request = {"url": url, **fields.pop("request", {})}
        return self.shelf.case(name, who, request=request, assertions=fields.pop("assertions", [OK]), **fields)

    def scenario(self, name: str, *steps: int, **fields: Any) -> int:
        """A new scenario that sends these cases; its number."""
        number = self.stage.scenario(name, **fields)
        for case in steps:
            self.stage.step(number, "case", case_id=case)
        return number

    def started(self, who: Person | None = None, **body: Any) -> dict[str, Any]:
        """A run that was just started."""
        made = {"environment_id": self.environment, **body}
        response = (who or self.team.runner).call("POST", self.all, made)
        assert response.status_code == 202, response.text
        data: dict[str, Any] = response.json["data"]
        return data

    def refused(self, who: Person | None = None, **body: Any) -> Any:
        """The response to a run that is not started."""
        return (who or self.team.runner).call("POST", self.all, {"environment_id": self.environment, **body})

    def place(self, run: int) -> str:
        """The path of a run."""
        return f"{self.all}/{run}"

    def view(self, run: int, who: Person | None = None) -> dict[str, Any]:
        """A run."""
        seen: dict[str, Any] = (who or self.team.viewer).ok("GET", self.place(run))
        return seen

    def results(self, run: int, query: str = "") -> list[dict[str, Any]]:
        """A page of its results."""
        items: list[dict[str, Any]] = self.team.viewer.ok("GET", f"{self.place(run)}/results{query}")["items"]
        return items

    def work(self) -> None:
        """Carry out everything that is queued, as a worker does."""
        app = self.team.app
        with app.app_context():
            get = app.extensions[EXTENSION].get
            supply = RunSupply(get(RunTables), f"test-{secrets.token_hex(4)}", lease_s=15, cap=100)
            while (claim := supply.next()) is not None:
                get(RunExecution).carry_out(claim, lambda _: None)

    def done(self, who: Person | None = None, **body: Any) -> dict[str, Any]:
        """A run from its start to its end."""
        number = self.started(who, **body)["id"]
        self.work()
        return self.view(number, self.team.owner)

    def plan(self, run: int) -> dict[str, Any]:
        """The plan of a run in clear."""
        with self.team.app.app_context():
            content = db.session.scalar(select(RunPlan.content).where(RunPlan.run_id == run))
            return self.team.app.extensions[EXTENSION].get(RunPlanning).opened(content)

    def change(self, run: int, **values: Any) -> None:
        """Change a run's row."""
        with self.team.app.app_context():
            db.session.execute(update(Run).where(Run.id == run).values(**values))
            db.session.commit()

    def taken(self, run: int, silent_s: float = 0) -> None:
        """Let a worker have claimed the run and shown itself last so many seconds ago."""
        beat = SystemClock().now() - timedelta(seconds=silent_s)
        self.change(run, state=RunState.RUNNING, beat_at=beat, fence=1, claims=1, worker="w", started_at=beat)

    def stored(self, run: int) -> str:
        """Everything that the tables of results hold of a run, in clear text."""
        with self.team.app.app_context():
            query = select(RunResult.detail, RunResult.message, RunResult.name).where(RunResult.run_id == run)
            rows = db.session.execute(query).all()
        return "\n".join(str((unpacked(row.detail), row.message, row.name)) for row in rows)


def run_stage(app: Flask, wechat: FakeWeChat, target: Target) -> RunStage:
    """A team with an environment for the target; runs may reach it."""
    group = team(app, wechat)
    container = app.extensions[EXTENSION]
    planning = container.get(RunPlanning)
    planning._allowed = [f"127.0.0.1/32:{target.port}"]
    stage = Stage(library(group))
    secret = {"name": "key", "type": "secret", "value": "CANARY-of-the-environment"}
    number = group.environment("target", base_url=f"http://127.0.0.1:{target.port}", variables=[secret])
    return RunStage(stage, target, number)


@pytest.fixture
def runs_target() -> Iterator[Target]:
    """A server that counts and answers 200."""
    with counting() as server:
        yield server


@pytest.fixture
def each_runs(each_app: Flask, each_wechat: FakeWeChat, runs_target: Target) -> RunStage:
    """Runs in the application on every database."""
    return run_stage(each_app, each_wechat, runs_target)


@pytest.fixture
def a_runs(app: Flask, wechat: FakeWeChat, runs_target: Target) -> RunStage:
    """Runs in the application on SQLite."""
    return run_stage(app, wechat, runs_target)
