"""Checks what the service needs, each within a time limit."""

import concurrent.futures
import hmac
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from wxcloudrun.features.health.dao import DatabaseProbe
from wxcloudrun.features.health.schemas import Check, Readiness

if TYPE_CHECKING:
    from wxcloudrun.core.metrics import Metrics

LIMIT_S = 2.0
_REVISION = re.compile(r"^(revision|down_revision) *= *[\"']([^\"']+)[\"']", re.MULTILINE)


class HealthService:
    """Says whether requests can be served."""

    def __init__(
        self,
        engine: Callable[[], Engine],
        migrations: Path,
        probe: DatabaseProbe | None = None,
        broker: Callable[[], Callable[[], bool]] | None = None,
    ) -> None:
        """`broker` gives what asks a broker whether it answers; None where there is none."""
        self._broker = broker
        self._probe = probe or DatabaseProbe(engine())
        self._migrations = migrations
        self._head: str | None = None
        self._threads = concurrent.futures.ThreadPoolExecutor(max_workers=4, thread_name_prefix="readiness")

    def readiness(self) -> Readiness:
        """Ask the database, then whether its tables are those that this code knows."""
        database, _ = self._within_limit(self._probe.answers)
        if not database.ok:
            return Readiness(status="unavailable", database=database, migrations=database)
        migrations, revision = self._within_limit(self._probe.revision)
        if migrations.ok and revision != self._newest():
            reason = "not_migrated" if revision is None else "other_version"
            migrations = migrations.model_copy(update={"ok": False, "reason": reason})
        status = "ok" if migrations.ok else "unavailable"
        return Readiness(status=status, database=database, migrations=migrations, broker=self._asked())

    def _asked(self) -> Check | None:
        if self._broker is None:
            return None
        check, answers = self._within_limit(self._broker())
        return check.model_copy(update={"ok": False, "reason": "unreachable"}) if answers is False else check

    def _within_limit[R](self, ask: Callable[[], R]) -> tuple[Check, R | None]:
        began = time.perf_counter()
        future = self._threads.submit(ask)
        try:
            answer = future.result(LIMIT_S)
        except TimeoutError:
            return Check(ok=False, reason="slow", took_ms=_since(began)), None
        except SQLAlchemyError:
            return Check(ok=False, reason="unreachable", took_ms=_since(began)), None
        return Check(ok=True, took_ms=_since(began)), answer

    def _newest(self) -> str:
        """The newest migration by the files themselves; reading them is quicker than importing Alembic."""
        if self._head is None:
            found: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
            for path in self._migrations.glob("versions/*.py"):
                for kind, name in _REVISION.findall(path.read_text("utf-8")):
                    found[kind].add(name)
            self._head = ",".join(sorted(found["revision"] - found["down_revision"]))
        return self._head


@dataclass(frozen=True, slots=True)
class Depth:
    """Runs of one state and priority, and the age of the oldest in seconds."""

    state: str
    priority: str
    runs: int
    oldest_s: float


class MetricsService:
    """Hands the numbers to who may see them."""

    def __init__(
        self, metrics: "Metrics | None", token: str | None, depths: Callable[[], Sequence[Depth]] = lambda: ()
    ) -> None:
        """`depths`: how many runs wait and go on, asked at each reading."""
        self._metrics = metrics
        self._token = token
        self._depths = depths

    def text(self, authorization: str) -> bytes | None:
        """The numbers; None for who does not have the token, and where there is none."""
        if self._metrics is None or not self._token:
            return None
        wanted = f"Bearer {self._token}".encode()
        if not hmac.compare_digest(authorization.encode(), wanted):
            return None
        return self._metrics.text() + _told(self._depths())


def _told(depths: Sequence[Depth]) -> bytes:
    """Runs that wait and go on, and how long the oldest has waited, as Prometheus reads it."""
    lines = ["# TYPE runs gauge", "# HELP runs Runs that wait (queued) or go on (running)."]
    lines += [f'runs{{state="{one.state}",priority="{one.priority}"}} {one.runs}' for one in depths]
    lines += ["# TYPE runs_oldest_seconds gauge", "# HELP runs_oldest_seconds Age of the oldest of them."]
    lines += [
        f'runs_oldest_seconds{{state="{one.state}",priority="{one.priority}"}} {one.oldest_s:.1f}' for one in depths
    ]
    return ("\n".join(lines) + "\n").encode()


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
