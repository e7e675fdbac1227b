"""Who may read the audit record."""

from wxcloudrun.core.http import Access, Route
from wxcloudrun.features.audit import controller

ROUTES = [Route("GET", "/api/audit", controller.entries, Access.ADMINISTRATOR)]
