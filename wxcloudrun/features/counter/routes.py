"""Who may read and change the counter."""

from wxcloudrun.core.http import Access, Route
from wxcloudrun.features.counter import controller

ROUTES = [
    Route("GET", "/api/count", controller.read, Access.ANYONE),
    Route("POST", "/api/count", controller.change, Access.ANYONE),
]
