"""Where chaos happens: a database of its own, the API over it, a server that counts, workers of either kind."""

import contextlib
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL

from benchmarks.databases import new_database
from tests.conftest import make_app, stand_in
from tests.integration.celery_bench import Broker, CeleryProcess
from tests.integration.projects_bench import Team, team
from tests.integration.runs_bench import Desk, Target, WorkerProcess, call, counting, desk_of, plan
from wxcloudrun.core.db import db

SIZE = 25


class Killable(Protocol):
    """A worker of either kind."""

    log: Path
    process: "subprocess.Popen[bytes]"

    def kill(self) -> None:
        """kill -9, with its children."""


@dataclass
class Place:
    """One database with everything around it. `broker` is set where Celery carries out runs."""

    url: URL
    folder: Path
    team: Team
    desk: Desk
    target: Target
    broker: Broker | None = None
    lease_s: float = 2
    _kept: list[Killable] = field(default_factory=list)

    def worker(self, **settings: str) -> Killable:
        """A new worker process."""
        settings = {"RUN_LEASE_S": str(self.lease_s), "RUN_THREADS": "8", "RUN_REQUESTS": "16"} | settings
        if self.broker is None:
            made: Killable = WorkerProcess(self.url, self.folder, **settings)
        else:
            name = f"{self.broker.word}-{secrets.token_hex(2)}@%h"
            quick = ("worker", "--without-mingle", "--without-gossip", "-n", name, "--pool=threads", "--concurrency=4")
            made = CeleryProcess(self.url, self.folder, self.broker, *quick, **settings)
        self._kept.append(made)
        return made

    def beat(self) -> Killable:
        """What sends lost messages again."""
        made = CeleryProcess(self.url, self.folder, self.broker or Broker("", ""), "beat")
        self._kept.append(made)
        return made

    def run(self, project: int, content: dict[str, Any], **more: Any) -> int:
        """A queued run, and a message about it."""
        number = self.desk.run(project, content, **more)
        if self.broker is not None:
            with contextlib.suppress(Exception):  # a broker that is down is part of the game
                self.broker.messages.send(number, more.get("priority", 1))
        return number

    def shown(self, run: int) -> list[tuple[int, str]]:
        """Number and path of each result that the API shows of a run."""
        query, found = "?size=100", list[tuple[int, str]]()
        while True:
            page = self.team.viewer.ok("GET", f"{self.team.path}/runs/{run}/results{query}")
            found += [(one["seq"], one["path"]) for one in page["items"]]
            if page["next"] is None or not page["items"]:
                return found
            query = f"?size=100&cursor={page['next']}"

    def tidy(self) -> None:
        """End what is left."""
        for one in self._kept:
            if one.process.poll() is None:
                one.kill()


@contextlib.contextmanager
def place(kind: str, broker_url: str | None = None, server: str | None = None) -> Iterator[Place | None]:
    """A place on a new database of that kind, on `server` where one is named; None where there is no such server."""
    with new_database(kind, server) as url, tempfile.TemporaryDirectory() as folder, counting() as target:
        if url is None:
            print(f"{kind}: no such server here")
            yield None
            return
        app = make_app(url, Path(folder))
        for fake in stand_in(app):
            with desk_of(url) as desk:
                broker = None if broker_url is None else Broker(broker_url, f"chaos-{secrets.token_hex(4)}")
                made = Place(url, Path(folder), team(app, fake), desk, target, broker)
                try:
                    yield made
                finally:
                    made.tidy()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def orders(target: Target, name: str) -> dict[str, Any]:
    """25 steps in a row and side by side; every path that changes something comes once."""
    made = [{"name": "n", "source": "jsonpath", "argument": "$.id"}]
    steps: list[Any] = []
    for number in range(6):
        steps.append(call("POST", f"/{name}/p{number}", extractions=made, stop_on_failure=False))
        steps.append(call("GET", f"/{name}/g{number}/{{{{n}}}}", stop_on_failure=False))
    each = {"for_each": {"items": list(range(12)), "concurrency": 3}, "stop_on_failure": False}
    steps.append({**each, "steps": [call("PUT", f"/{name}/e{{{{item}}}}", stop_on_failure=False)]})
    return plan(target, steps, {"teardown": [call("DELETE", f"/{name}/end")], "variables": [{"name": "n", "value": 0}]})
