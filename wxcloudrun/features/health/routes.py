"""Where platforms and operators look."""

from wxcloudrun.core.http import Access, Route
from wxcloudrun.features.health import controller

ROUTES = [
    Route("GET", "/healthz", controller.alive, Access.ANYONE, raw=True),
    Route("GET", "/readyz", controller.ready, Access.ANYONE, raw=True),
    Route("GET", "/metrics", controller.metrics, Access.ANYONE, raw=True),
]
