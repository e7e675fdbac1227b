"""Who may do what with cases; what a member may is ProjectAccess's to say, and CaseAccess's for one case."""

from wxcloudrun.core.errors import EditConflict
from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.later import Later
from wxcloudrun.features.cases import errors
from wxcloudrun.features.projects.errors import ProjectArchived, ProjectNotFound, RightRequired

controller = Later("wxcloudrun.features.cases.controller")
_USER = Access.USER
_ALL = "/api/projects/<int:project_id>/cases"
_ONE = f"{_ALL}/<int:case_id>"
_VERSION = f"{_ONE}/versions/<int:version>"
_LIBRARY = "/api/library/cases"
_WRITTEN = (ProjectNotFound, RightRequired, ProjectArchived)
_NAMED = (*_WRITTEN, errors.CaseNameTaken)
_FOUND = (*_WRITTEN, errors.CaseNotFound)
_THEN = (ProjectNotFound, errors.CaseNotFound, errors.CaseVersionNotFound)
_OFTEN = Limit(user="120/minute")

# fmt: off
ROUTES = [
    Route("GET", _ALL, controller.cases, _USER, errors=(ProjectNotFound,)),
    Route("POST", _ALL, controller.add_case, _USER, status=201, limit=_OFTEN, idempotent=True, errors=_NAMED),
    Route("POST", f"{_ALL}/check", controller.check_case, _USER, limit=_OFTEN, errors=_FOUND),
    Route("GET", _ONE, controller.case, _USER, errors=(ProjectNotFound, errors.CaseNotFound)),
    Route("PUT", _ONE, controller.change_case, _USER, limit=_OFTEN,
          errors=(*_FOUND, errors.CaseCreatorRequired, errors.CaseNameTaken, EditConflict)),
    Route("DELETE", _ONE, controller.trash_case, _USER, errors=(*_FOUND, errors.CaseInUse)),
    Route("POST", f"{_ONE}/restore", controller.restore_case, _USER, errors=(*_FOUND, errors.CaseNameTaken)),
    Route("POST", f"{_ONE}/copy", controller.copy_case, _USER, status=201, limit=_OFTEN, idempotent=True,
          errors=(*_FOUND, errors.CaseNameTaken)),
    Route("POST", f"{_ONE}/move", controller.move_case, _USER, limit=_OFTEN,
          errors=(*_FOUND, errors.CaseCreatorRequired, errors.CaseInUse, errors.CaseNameTaken)),
    Route("GET", f"{_ONE}/versions", controller.versions, _USER, errors=(ProjectNotFound, errors.CaseNotFound)),
    Route("GET", _VERSION, controller.version, _USER, errors=_THEN),
    Route("GET", f"{_VERSION}/difference", controller.version_difference, _USER, limit=_OFTEN, errors=_THEN),
    Route("POST", f"{_VERSION}/restore", controller.restore_version, _USER, limit=_OFTEN,
          errors=(*_FOUND, errors.CaseVersionNotFound, errors.CaseNameTaken)),
    Route("GET", _LIBRARY, controller.public_cases, Access.VERIFIED),
    Route("GET", f"{_LIBRARY}/<int:case_id>", controller.public_case, Access.VERIFIED, errors=(errors.CaseNotFound,)),
    Route("POST", f"{_LIBRARY}/<int:case_id>/copy", controller.copy_library_case, Access.VERIFIED, status=201,
          limit=_OFTEN, idempotent=True, errors=(*_FOUND, errors.CaseNameTaken)),
]
# fmt: on
