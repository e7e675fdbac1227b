"""Where platforms and operators look."""

from wxcloudrun.core.http import Access, Route
from wxcloudrun.core.http.later import Later

controller = Later("wxcloudrun.features.health.controller")
ROUTES = [
    Route("GET", "/healthz", controller.alive, Access.ANYONE, raw=True),
    Route("GET", "/readyz", controller.ready, Access.ANYONE, raw=True),
    Route("GET", "/metrics", controller.metrics, Access.ANYONE, raw=True),
]
