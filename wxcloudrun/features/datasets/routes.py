"""Who may do what with datasets; what a member may with a case is CaseAccess's to say."""

from wxcloudrun.core.errors import EditConflict, InvalidInput
from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.later import Later
from wxcloudrun.features.cases.errors import CaseNotFound
from wxcloudrun.features.datasets import errors
from wxcloudrun.features.projects.errors import ProjectArchived, ProjectNotFound, RightRequired

controller = Later("wxcloudrun.features.datasets.controller")
_USER = Access.USER
_ALL = "/api/projects/<int:project_id>/cases/<int:case_id>/datasets"
_ONE = f"{_ALL}/<int:dataset_id>"
_READ = (ProjectNotFound, CaseNotFound)
_WRITTEN = (*_READ, RightRequired, ProjectArchived)
_FOUND = (*_WRITTEN, errors.DatasetNotFound)
_ADDED = (errors.DatasetKeyTaken, errors.TooManyDatasets)
_OFTEN = Limit(user="120/minute")
_SELDOM = Limit(user="20/minute")
_FILE_BYTES = 5 * 1024 * 1024  # of the whole form

# fmt: off
ROUTES = [
    Route("GET", _ALL, controller.datasets, _USER, errors=_READ),
    Route("POST", _ALL, controller.add_dataset, _USER, status=201, limit=_OFTEN, idempotent=True,
          errors=(*_WRITTEN, *_ADDED, errors.DefaultDatasetDisabled)),
    Route("GET", _ONE, controller.dataset, _USER, errors=(*_READ, errors.DatasetNotFound)),
    Route("PUT", _ONE, controller.change_dataset, _USER, limit=_OFTEN,
          errors=(*_FOUND, errors.DatasetKeyTaken, errors.DefaultDatasetDisabled, EditConflict)),
    Route("DELETE", _ONE, controller.remove_dataset, _USER, errors=_FOUND),
    Route("POST", f"{_ONE}/copy", controller.copy_dataset, _USER, status=201, limit=_OFTEN, idempotent=True,
          errors=(*_FOUND, *_ADDED)),
    Route("POST", f"{_ONE}/move", controller.move_dataset, _USER, limit=_OFTEN, errors=_FOUND),
    Route("POST", f"{_ONE}/default", controller.make_default, _USER, errors=(*_FOUND, errors.DefaultDatasetDisabled)),
    Route("DELETE", f"{_ALL}/default", controller.clear_default, _USER, errors=_WRITTEN),
    Route("POST", f"{_ALL}/import", controller.import_datasets, _USER, limit=_SELDOM, max_body=_FILE_BYTES,
          idempotent=True, errors=(*_WRITTEN, errors.TooManyDatasets, InvalidInput)),
]
# fmt: on
