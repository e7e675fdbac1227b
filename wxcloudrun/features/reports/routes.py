"""Who may do what with reports; what a member may is ProjectAccess's to say."""

from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.later import Later
from wxcloudrun.features.projects.errors import ProjectArchived, ProjectNotFound, RightRequired
from wxcloudrun.features.reports import errors
from wxcloudrun.features.runs.errors import RunNotEnded, RunNotFound

controller = Later("wxcloudrun.features.reports.controller")
_USER = Access.USER
_ONE = "/api/projects/<int:project_id>/runs/<int:run_id>"
_SHARES = f"{_ONE}/shares"
_READ = (ProjectNotFound, RunNotFound)
_ENDED = (*_READ, RunNotEnded)
_SHARED = (*_READ, RightRequired)
_FILES = Limit(user="60/minute")
_SHOWN = Limit(address="60/minute")

# fmt: off
ROUTES = [
    Route("GET", f"{_ONE}/report", controller.report, _USER, errors=_READ),
    Route("GET", f"{_ONE}/report/steps", controller.report_steps, _USER, errors=_READ),
    Route("GET", f"{_ONE}/report.html", controller.report_page, _USER, limit=_FILES, raw=True, errors=_ENDED),
    Route("GET", f"{_ONE}/junit.xml", controller.junit, _USER, limit=_FILES, raw=True, errors=_ENDED),
    Route("GET", f"{_ONE}/allure.zip", controller.allure, _USER, limit=_FILES, raw=True, errors=_ENDED),
    Route("GET", f"{_ONE}/har", controller.har, _USER, limit=_FILES, raw=True, errors=_ENDED),
    Route("GET", f"{_ONE}/results.csv", controller.results_table, _USER, limit=_FILES, raw=True, errors=_ENDED),
    Route("GET", _SHARES, controller.shares, _USER, errors=_SHARED),
    Route("POST", _SHARES, controller.add_share, _USER, status=201,
          errors=(*_SHARED, ProjectArchived, RunNotEnded, errors.TooManyShares)),
    Route("DELETE", f"{_SHARES}/<int:share_id>", controller.revoke_share, _USER,
          errors=(*_SHARED, errors.ShareNotFound)),
    Route("GET", "/r/<token>", controller.shared_report, Access.ANYONE, limit=_SHOWN, raw=True),
]
# fmt: on
