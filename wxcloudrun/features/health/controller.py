"""Health over HTTP."""

from wxcloudrun.core.errors import NotFound
from wxcloudrun.core.http import Caller, Raw
from wxcloudrun.features.health.errors import NotReady
from wxcloudrun.features.health.schemas import Alive, Readiness
from wxcloudrun.features.health.service import HealthService, MetricsService

_NO_STORE = (("Cache-Control", "no-store"),)


def alive() -> Alive:
    """Say that this process answers; asks nobody else."""
    return Alive(status="ok")


def ready(health: HealthService) -> Readiness:
    """Say whether requests can be served: the database answers and its tables are those of this version."""
    readiness = health.readiness()
    if readiness.status != "ok":
        raise NotReady(present=readiness, retry_after=5)
    return readiness


def metrics(caller: Caller, numbers: MetricsService) -> Raw:
    """The numbers for Prometheus, for who has METRICS_TOKEN; nothing is here without that setting."""
    text = numbers.text(caller.headers.get("Authorization", ""))
    if text is None:
        raise NotFound
    return Raw(text, "text/plain; version=0.0.4; charset=utf-8", headers=_NO_STORE)
