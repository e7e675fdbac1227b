"""The API's table of contents: every feature's routes, in reading order."""

from wxcloudrun.core.http import Route
from wxcloudrun.features.audit import routes as audit
from wxcloudrun.features.auth import routes as auth
from wxcloudrun.features.cases import routes as cases
from wxcloudrun.features.counter import routes as counter
from wxcloudrun.features.datasets import routes as datasets
from wxcloudrun.features.environments import routes as environments
from wxcloudrun.features.files import routes as files
from wxcloudrun.features.health import routes as health
from wxcloudrun.features.insights import routes as insights
from wxcloudrun.features.notifications import routes as notifications
from wxcloudrun.features.projects import routes as projects
from wxcloudrun.features.reports import routes as reports
from wxcloudrun.features.runs import routes as runs
from wxcloudrun.features.scenarios import routes as scenarios
from wxcloudrun.features.schedules import routes as schedules
from wxcloudrun.features.triggers import routes as triggers
from wxcloudrun.features.users import routes as users
from wxcloudrun.features.wechat import routes as wechat

TABLES: dict[str, list[Route]] = {
    "counter": counter.ROUTES,
    "auth": auth.ROUTES,
    "users": users.ROUTES,
    "wechat": wechat.ROUTES,
    "projects": projects.ROUTES,
    "environments": environments.ROUTES,
    "cases": cases.ROUTES,
    "files": files.ROUTES,
    "datasets": datasets.ROUTES,
    "scenarios": scenarios.ROUTES,
    "runs": runs.ROUTES,
    "reports": reports.ROUTES,
    "insights": insights.ROUTES,
    "schedules": schedules.ROUTES,
    "triggers": triggers.ROUTES,
    "notifications": notifications.ROUTES,
    "audit": audit.ROUTES,
    "health": health.ROUTES,
}

# Pages of the manual, by the part of the API they explain.
GUIDES: dict[str, str] = {
    "auth": "mini-program",
    "users": "people",
    "wechat": "wechat",
    "projects": "projects",
    "environments": "projects",
    "cases": "cases",
    "files": "datasets",
    "datasets": "datasets",
    "scenarios": "scenarios",
    "runs": "runs",
    "reports": "reports",
    "insights": "insights",
    "schedules": "schedules",
    "triggers": "ci",
    "notifications": "notifications",
    "health": "deployment",
}
