"""The API's table of contents: every feature's routes, in reading order."""

from wxcloudrun.core.http import Route
from wxcloudrun.features.audit import routes as audit
from wxcloudrun.features.auth import routes as auth
from wxcloudrun.features.counter import routes as counter
from wxcloudrun.features.environments import routes as environments
from wxcloudrun.features.health import routes as health
from wxcloudrun.features.projects import routes as projects
from wxcloudrun.features.users import routes as users
from wxcloudrun.features.wechat import routes as wechat

TABLES: dict[str, list[Route]] = {
    "counter": counter.ROUTES,
    "auth": auth.ROUTES,
    "users": users.ROUTES,
    "wechat": wechat.ROUTES,
    "projects": projects.ROUTES,
    "environments": environments.ROUTES,
    "audit": audit.ROUTES,
    "health": health.ROUTES,
}
