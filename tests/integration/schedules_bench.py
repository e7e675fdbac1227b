"""What tests of schedules share: schedules of a stage of runs, and a worker's part at a moment of the test's choice."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from tests.conftest import Person
from tests.integration.projects_bench import Team
from tests.integration.runs_api_bench import RunStage
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import db
from wxcloudrun.features.auth.access import SessionService
from wxcloudrun.features.runs.models import Run, RunState
from wxcloudrun.features.runs.service import RunService
from wxcloudrun.features.schedules.firing import ScheduleFiring
from wxcloudrun.features.schedules.models import Misfire, Overlap, Schedule

MINUTE = timedelta(minutes=1)


def a_schedule(group: Team) -> int:
    """A schedule of nothing that exists; its number."""
    now = SystemClock().now()
    with group.app.app_context():
        inputs = group.app.extensions[EXTENSION].get(KeyRing).encrypt("{}", "schedules.inputs")
        values = {"project_id": group.project, "name": "nightly", "enabled": True, "person_id": group.editor.id}
        values |= {"tag": "no-such", "inputs": inputs, "deadline_ms": 60_000, "concurrency": 1, "time_zone": "UTC"}
        values |= {"every_ms": 60_000, "anchor_at": now, "overlap": Overlap.SKIP, "misfire": Misfire.ONCE}
        values |= {"grace_ms": 60_000, "next_at": now + MINUTE, "version": 1, "created_at": now, "updated_at": now}
        number = int(db.session.execute(insert(Schedule).values(**values)).inserted_primary_key[0])
        db.session.commit()
    return number


@dataclass
class Hands:
    """A clock that stands where the test puts it."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


@dataclass
class Calendar:
    """Schedules over a stage of runs. `clock` is that of the worker; the API has the machine's."""

    runs: RunStage
    clock: Hands = field(default_factory=lambda: Hands(SystemClock().now()))

    @property
    def app(self) -> Flask:
        return self.runs.team.app

    @property
    def all(self) -> str:
        return f"{self.runs.team.path}/schedules"

    def place(self, schedule: int, action: str = "") -> str:
        return f"{self.all}/{schedule}{action}"

    def body(self, **fields: Any) -> dict[str, Any]:
        """A schedule of every minute."""
        usual: dict[str, Any] = {"name": "nightly", "environment_id": self.runs.environment}
        if not {"cron", "at"} & fields.keys():
            usual["every_ms"] = 60_000
        if not {"scenario_id", "tag", "case_id"} & fields.keys():
            usual["case_id"] = self.runs.case(f"case {secrets.token_hex(4)}")
        return usual | fields

    def made(self, who: Person | None = None, **fields: Any) -> dict[str, Any]:
        """A new schedule."""
        response = (who or self.runs.team.editor).call("POST", self.all, self.body(**fields))
        assert response.status_code == 201, response.text
        data: dict[str, Any] = response.json["data"]
        self.clock.moment = datetime.fromisoformat(data["created_at"]) + timedelta(seconds=1)
        return data

    def view(self, schedule: int, who: Person | None = None) -> dict[str, Any]:
        data: dict[str, Any] = (who or self.runs.team.viewer).ok("GET", self.place(schedule))
        return data

    def firing(self, session: Session | None = None) -> ScheduleFiring:
        """A worker's part; with a session of its own it is another worker."""
        get = self.app.extensions[EXTENSION].get
        person = get(SessionService).actor_of_person
        return ScheduleFiring(session or db.session, self.clock, get(KeyRing), get(RunService), person)

    def pass_by(self, time: timedelta) -> None:
        """Let time pass, and a worker do everything that is due then."""
        self.clock.moment += time
        with self.app.app_context():
            firing = self.firing()
            while firing.fire():
                pass
            db.session.remove()

    def ticks(self, schedule: int) -> list[tuple[str, str | None]]:
        """Outcome and reason of its ticks, the oldest first."""
        items = self.runs.team.owner.ok("GET", f"{self.place(schedule, '/ticks')}?size=100")["items"]
        return [(one["outcome"], one["reason"]) for one in reversed(items)]

    def started(self, schedule: int) -> list[int]:
        """Its runs, the oldest first."""
        items = self.runs.team.owner.ok("GET", f"{self.runs.all}?schedule_id={schedule}&size=100")["items"]
        return [one["id"] for one in reversed(items)]

    def end(self, *runs: int) -> None:
        """Let runs have passed."""
        for run in runs:
            self.runs.change(run, state=RunState.PASSED)

    def change(self, schedule: int, **values: Any) -> None:
        """Change the row of a schedule."""
        with self.app.app_context():
            db.session.execute(update(Schedule).where(Schedule.id == schedule).values(**values))
            db.session.commit()

    def count_runs(self) -> int:
        with self.app.app_context():
            return int(db.session.scalar(select(func.count()).select_from(Run)) or 0)

    def sessions(self) -> "sessionmaker[Session]":
        return sessionmaker(db.engine, expire_on_commit=False)


@pytest.fixture
def a_calendar(a_runs: RunStage) -> Calendar:
    """Schedules in the application on SQLite."""
    return Calendar(a_runs)


@pytest.fixture
def each_calendar(each_runs: RunStage) -> Calendar:
    """Schedules in the application on every database."""
    return Calendar(each_runs)
