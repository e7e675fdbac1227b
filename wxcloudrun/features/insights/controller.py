"""What many runs tell, over HTTP."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.pagination import Slice
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.insights.clusters import ClusterService
from wxcloudrun.features.insights.comparing import ComparingService
from wxcloudrun.features.insights.merging import ClusterMerging
from wxcloudrun.features.insights.quarantine import QuarantineService
from wxcloudrun.features.insights.schemas import (
    ClusterChange,
    ClusterFailureView,
    ClusterLine,
    ClusterMerge,
    ClusterSplit,
    ClustersQuery,
    ClusterView,
    ComparisonView,
    FailuresQuery,
    FlakyQuery,
    FlakyView,
    IncidentsQuery,
    IncidentsView,
    QuarantineMade,
    QuarantineView,
    TrendQuery,
    TrendView,
)
from wxcloudrun.features.insights.service import InsightService


def trends(actor: Actor, project_id: int, query: TrendQuery, insights: InsightService) -> TrendView:
    """Read pass rate, durations and failures by cause of the project, a scenario or a case, by day or by run."""
    return insights.trend(actor, project_id, query)


def clusters(actor: Actor, project_id: int, query: ClustersQuery, clusters: ClusterService) -> Slice[ClusterLine]:
    """List causes of failures over all runs, the latest or the largest first."""
    return clusters.page(actor, project_id, query)


def cluster(actor: Actor, project_id: int, cluster_id: int, clusters: ClusterService) -> ClusterView:
    """Read a cause: what its key is made of, where it was seen, and which other causes look alike."""
    return clusters.view(actor, project_id, cluster_id)


def change_cluster(
    actor: Actor, project_id: int, cluster_id: int, body: ClusterChange, clusters: ClusterService
) -> ClusterView:
    """Say what is known of a cause: open, known with note and link, or resolved; and who cares for it. For editors.

    A resolved one that comes back is open again, with `recurred_at`."""
    return clusters.change(actor, project_id, cluster_id, body)


def merge_cluster(
    actor: Actor, project_id: int, cluster_id: int, body: ClusterMerge, merging: ClusterMerging
) -> ClusterView:
    """Put a cause into another one, now and for all its failures to come; the answer is the other one. For editors."""
    return merging.merge(actor, project_id, cluster_id, body)


def split_cluster(
    actor: Actor, project_id: int, cluster_id: int, body: ClusterSplit, merging: ClusterMerging
) -> ClusterView:
    """Take out of a cause one that was merged into it, or its failures of a case or scenario, which from then on are a
    cause of their own; the answer is what was taken out. For editors."""
    return merging.split(actor, project_id, cluster_id, body)


def cluster_failures(
    actor: Actor, project_id: int, cluster_id: int, query: FailuresQuery, clusters: ClusterService
) -> Slice[ClusterFailureView]:
    """List the newest failures of a cause, of which 200 are kept."""
    return clusters.failures(actor, project_id, cluster_id, query)


def compare(actor: Actor, project_id: int, run_id: int, other: str, comparing: ComparingService) -> ComparisonView:
    """Compare a run with another one: `other` is its number, or `baseline`, the last one that passed of the same
    scenario or case, environment and branch."""
    return comparing.compared(actor, project_id, run_id, other)


def flaky(actor: Actor, project_id: int, query: FlakyQuery, insights: InsightService) -> Slice[FlakyView]:
    """List cases by what their last outcomes tell, with the reason."""
    return insights.flaky(actor, project_id, query)


def incidents(actor: Actor, project_id: int, query: IncidentsQuery, insights: InsightService) -> IncidentsView:
    """List hosts at which many cases failed within minutes."""
    return insights.incidents(actor, project_id, query)


def quarantine(
    actor: Actor, project_id: int, case_id: int, body: QuarantineMade, quarantine: QuarantineService
) -> QuarantineView:
    """Let a case's failures stop no pipeline for some days; it goes on running. For editors."""
    return quarantine.put(actor, project_id, case_id, body)


def release(actor: Actor, project_id: int, case_id: int, quarantine: QuarantineService) -> Removed:
    """Let a case's failures count again. For editors."""
    return quarantine.release(actor, project_id, case_id)
