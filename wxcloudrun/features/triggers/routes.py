"""Who may do what with triggers; what a member may is ProjectAccess's to say, a signature says who a hook is."""

from wxcloudrun.core.errors import EditConflict
from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.later import Later
from wxcloudrun.features.projects.errors import ProjectArchived, ProjectNotFound, RightRequired
from wxcloudrun.features.triggers import errors

controller = Later("wxcloudrun.features.triggers.controller")
_USER = Access.USER
_ALL = "/api/projects/<int:project_id>/triggers"
_ONE = f"{_ALL}/<int:trigger_id>"
_READ = (ProjectNotFound, RightRequired)
_WRITTEN = (*_READ, ProjectArchived)
_FEW = Limit(user="30/minute")

# fmt: off
ROUTES = [
    Route("GET", _ALL, controller.triggers, _USER, errors=_READ),
    Route("POST", _ALL, controller.add_trigger, _USER, status=201, limit=_FEW, idempotent=True,
          errors=(*_WRITTEN, errors.TooManyTriggers)),
    Route("GET", _ONE, controller.trigger, _USER, errors=(*_READ, errors.TriggerNotFound)),
    Route("PUT", _ONE, controller.change_trigger, _USER, limit=_FEW,
          errors=(*_WRITTEN, errors.TriggerNotFound, EditConflict)),
    Route("DELETE", _ONE, controller.remove_trigger, _USER, errors=(*_READ, errors.TriggerNotFound)),
    Route("POST", "/api/hooks/<key>", controller.receive, Access.ANYONE, status=202, limit=Limit(address="120/minute"),
          max_body=4 * 1024 * 1024,
          errors=(errors.TriggerNotFound, errors.TriggerSignatureWrong, errors.TriggerDisabled, ProjectNotFound,
                  RightRequired, ProjectArchived)),
]
# fmt: on
