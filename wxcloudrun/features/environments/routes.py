"""Who may do what with environments; what a member may is ProjectAccess's to say."""

from wxcloudrun.core.errors import EditConflict
from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.later import Later
from wxcloudrun.features.environments import errors
from wxcloudrun.features.projects.errors import ProjectArchived, ProjectNotFound, RightRequired

controller = Later("wxcloudrun.features.environments.controller")
_USER = Access.USER
_ALL = "/api/projects/<int:project_id>/environments"
_ONE = f"{_ALL}/<int:environment_id>"
_VARIABLES = "/api/projects/<int:project_id>/variables"
_WRITTEN = (ProjectNotFound, RightRequired, ProjectArchived)
_NAMED = (*_WRITTEN, errors.EnvironmentNameTaken)
_FOUND = (*_WRITTEN, errors.EnvironmentNotFound)
_OFTEN = Limit(user="60/minute")

# fmt: off
ROUTES = [
    Route("GET", _ALL, controller.environments, _USER, errors=(ProjectNotFound,)),
    Route("POST", _ALL, controller.add_environment, _USER, status=201, limit=_OFTEN, idempotent=True, errors=_NAMED),
    Route("GET", _ONE, controller.environment, _USER, errors=(ProjectNotFound, errors.EnvironmentNotFound)),
    Route("PUT", _ONE, controller.change_environment, _USER, limit=_OFTEN,
          errors=(*_FOUND, errors.EnvironmentNameTaken, EditConflict)),
    Route("DELETE", _ONE, controller.remove_environment, _USER, errors=_FOUND),
    Route("POST", f"{_ONE}/copy", controller.copy_environment, _USER, status=201, limit=_OFTEN, idempotent=True,
          errors=(*_FOUND, errors.EnvironmentNameTaken)),
    Route("POST", f"{_ONE}/default", controller.make_default, _USER, errors=_FOUND),
    Route("GET", _VARIABLES, controller.variables, _USER, errors=(ProjectNotFound,)),
    Route("PUT", _VARIABLES, controller.put_variables, _USER, limit=_OFTEN, errors=(*_WRITTEN, EditConflict)),
]
# fmt: on
