"""Who may do what with what many runs tell; what a member may is ProjectAccess's to say."""

from wxcloudrun.core.errors import EditConflict
from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.later import Later
from wxcloudrun.features.cases.errors import CaseNotFound
from wxcloudrun.features.insights import errors
from wxcloudrun.features.projects.errors import ProjectArchived, ProjectNotFound, RightRequired
from wxcloudrun.features.runs.errors import RunNotFound

controller = Later("wxcloudrun.features.insights.controller")
_USER = Access.USER
_IT = "/api/projects/<int:project_id>"
_CLUSTERS = f"{_IT}/clusters"
_CLUSTER = f"{_CLUSTERS}/<int:cluster_id>"
_QUARANTINE = f"{_IT}/cases/<int:case_id>/quarantine"
_READ = (ProjectNotFound,)
_ONE = (ProjectNotFound, errors.ClusterNotFound)
_WRITTEN = (*_ONE, RightRequired, ProjectArchived)
_MANY = Limit(user="60/minute")

# fmt: off
ROUTES = [
    Route("GET", f"{_IT}/trends", controller.trends, _USER, errors=_READ),
    Route("GET", _CLUSTERS, controller.clusters, _USER, errors=_READ),
    Route("GET", _CLUSTER, controller.cluster, _USER, errors=_ONE),
    Route("PUT", _CLUSTER, controller.change_cluster, _USER, limit=_MANY, errors=(*_WRITTEN, EditConflict)),
    Route("POST", f"{_CLUSTER}/merge", controller.merge_cluster, _USER, limit=_MANY,
          errors=(*_WRITTEN, errors.ClusterIntoItself)),
    Route("POST", f"{_CLUSTER}/split", controller.split_cluster, _USER, limit=_MANY,
          errors=(*_WRITTEN, errors.ClusterNotMerged, errors.ClusterNotDivisible)),
    Route("GET", f"{_CLUSTER}/failures", controller.cluster_failures, _USER, errors=_ONE),
    Route("GET", f"{_IT}/runs/<int:run_id>/compare/<other>", controller.compare, _USER,
          errors=(ProjectNotFound, RunNotFound, errors.BaselineNotFound)),
    Route("GET", f"{_IT}/flaky", controller.flaky, _USER, errors=_READ),
    Route("GET", f"{_IT}/incidents", controller.incidents, _USER, errors=_READ),
    Route("POST", _QUARANTINE, controller.quarantine, _USER, limit=_MANY,
          errors=(ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound)),
    Route("DELETE", _QUARANTINE, controller.release, _USER,
          errors=(ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, errors.QuarantineNotFound)),
]
# fmt: on
