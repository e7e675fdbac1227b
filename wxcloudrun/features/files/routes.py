"""Who may do what with files; what a member may is ProjectAccess's to say."""

from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.later import Later
from wxcloudrun.features.files import errors
from wxcloudrun.features.projects.errors import ProjectArchived, ProjectNotFound, RightRequired
from wxcloudrun.integrations.object_store import StorageUnavailable

controller = Later("wxcloudrun.features.files.controller")
_USER = Access.USER
_ALL = "/api/projects/<int:project_id>/files"
_ONE = f"{_ALL}/<int:file_id>"
_WRITTEN = (ProjectNotFound, RightRequired, ProjectArchived)
_FULL = (errors.TooManyFiles, errors.FileSpaceUsedUp, StorageUnavailable)
_SEEN = (ProjectNotFound, errors.FileNotFound)
_BYTES = 10 * 1024 * 1024  # of the whole form
_OFTEN = Limit(user="60/minute")

# fmt: off
ROUTES = [
    Route("GET", _ALL, controller.files, _USER, errors=(ProjectNotFound,)),
    Route("POST", _ALL, controller.add_file, _USER, status=201, limit=_OFTEN, max_body=_BYTES,
          errors=(*_WRITTEN, *_FULL)),
    Route("GET", _ONE, controller.file, _USER, errors=_SEEN),
    Route("GET", f"{_ONE}/content", controller.file_content, _USER, limit=_OFTEN, raw=True,
          errors=(*_SEEN, errors.FileContentLost, StorageUnavailable)),
    Route("DELETE", _ONE, controller.remove_file, _USER,
          errors=(*_WRITTEN, errors.FileNotFound, errors.FileInUse)),
]
# fmt: on
