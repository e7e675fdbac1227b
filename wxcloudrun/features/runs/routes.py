"""Who may do what with runs; what a member may is ProjectAccess's to say."""

from wxcloudrun.core.errors import EditConflict, TooManyRequests
from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.later import Later
from wxcloudrun.features.projects.errors import ProjectArchived, ProjectNotFound, RightRequired
from wxcloudrun.features.runs import errors
from wxcloudrun.integrations.object_store import StorageUnavailable

controller = Later("wxcloudrun.features.runs.controller")
_USER = Access.USER
_ALL = "/api/projects/<int:project_id>/runs"
_ONE = f"{_ALL}/<int:run_id>"
_RESULTS = f"{_ONE}/results"
_RETENTION = "/api/projects/<int:project_id>/retention"
_READ = (ProjectNotFound, errors.RunNotFound)
_WRITTEN = (ProjectNotFound, RightRequired, ProjectArchived)
_FOUND = (*_WRITTEN, errors.RunNotFound)
_AGAIN = (errors.PlanGone, errors.NothingFailed, errors.RunNotEnded, errors.DraftNotKept)
_OFTEN = Limit(user="60/minute")

# fmt: off
ROUTES = [
    Route("POST", _ALL, controller.start_run, _USER, status=202, limit=_OFTEN, idempotent=True,
          errors=(*_WRITTEN, *errors.PLANNED)),
    Route("GET", _ALL, controller.runs, _USER, errors=(ProjectNotFound,)),
    Route("GET", _ONE, controller.run, _USER, errors=_READ),
    Route("POST", f"{_ONE}/cancel", controller.cancel_run, _USER,
          errors=(ProjectNotFound, RightRequired, errors.RunNotFound, errors.RunEnded)),
    Route("POST", f"{_ONE}/rerun", controller.rerun, _USER, status=202, limit=_OFTEN, idempotent=True,
          errors=(*_FOUND, *_AGAIN, *errors.PLANNED)),
    Route("GET", f"{_ONE}/events", controller.events, _USER, raw=True, errors=(*_READ, TooManyRequests)),
    Route("GET", _RETENTION, controller.retention, _USER, errors=(ProjectNotFound,)),
    Route("PUT", _RETENTION, controller.change_retention, _USER, errors=(*_WRITTEN, EditConflict)),
    Route("DELETE", _ONE, controller.remove_run, _USER, errors=(*_FOUND, errors.RunNotEnded)),
    Route("GET", _RESULTS, controller.results, _USER, errors=_READ),
    Route("GET", f"{_RESULTS}/<int:seq>", controller.result, _USER, errors=(*_READ, errors.ResultNotFound)),
    Route("GET", f"{_ONE}/bodies/<sha256>", controller.body, _USER, raw=True,
          errors=(*_READ, errors.BodyNotFound, errors.RangeNotSatisfiable, StorageUnavailable)),
]
# fmt: on
