"""Who may read the audit record."""

from wxcloudrun.core.http import Access, Route
from wxcloudrun.core.http.later import Later

controller = Later("wxcloudrun.features.audit.controller")
ROUTES = [Route("GET", "/api/audit", controller.entries, Access.ADMINISTRATOR)]
