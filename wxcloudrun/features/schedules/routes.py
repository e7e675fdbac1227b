"""Who may do what with schedules; what a member may is ProjectAccess's to say."""

from wxcloudrun.core.errors import EditConflict
from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.later import Later
from wxcloudrun.features.projects.errors import ProjectArchived, ProjectNotFound, RightRequired
from wxcloudrun.features.runs.errors import PLANNED
from wxcloudrun.features.schedules import errors

controller = Later("wxcloudrun.features.schedules.controller")
_USER = Access.USER
_ALL = "/api/projects/<int:project_id>/schedules"
_ONE = f"{_ALL}/<int:schedule_id>"
_WRITTEN = (ProjectNotFound, RightRequired, ProjectArchived)
_READ = (ProjectNotFound, errors.ScheduleNotFound)
_FOUND = (*_WRITTEN, errors.ScheduleNotFound)
_OFTEN = Limit(user="60/minute")

# fmt: off
ROUTES = [
    Route("GET", _ALL, controller.schedules, _USER, errors=(ProjectNotFound,)),
    Route("POST", _ALL, controller.add_schedule, _USER, status=201, limit=_OFTEN, idempotent=True,
          errors=(*_WRITTEN, errors.TooManySchedules, *PLANNED)),
    Route("GET", f"{_ALL}/preview", controller.preview, _USER, errors=(ProjectNotFound,)),
    Route("GET", f"{_ALL}/ticks", controller.project_ticks, _USER, errors=(ProjectNotFound,)),
    Route("GET", _ONE, controller.schedule, _USER, errors=_READ),
    Route("PUT", _ONE, controller.change_schedule, _USER, limit=_OFTEN, errors=(*_FOUND, EditConflict, *PLANNED)),
    Route("DELETE", _ONE, controller.remove_schedule, _USER, errors=_FOUND),
    Route("POST", f"{_ONE}/pause", controller.pause_schedule, _USER, errors=_FOUND),
    Route("POST", f"{_ONE}/resume", controller.resume_schedule, _USER, errors=(*_FOUND, errors.ScheduleOver)),
    Route("POST", f"{_ONE}/run", controller.run_schedule, _USER, status=202, limit=_OFTEN, idempotent=True,
          errors=(*_FOUND, *PLANNED)),
    Route("GET", f"{_ONE}/ticks", controller.ticks, _USER, errors=_READ),
]
# fmt: on
