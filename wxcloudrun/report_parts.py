"""How the parts that tell of runs are made: reports, their files, and links to them."""

from typing import TYPE_CHECKING, Any

from wxcloudrun.core.clock import Clock
from wxcloudrun.core.container import Container
from wxcloudrun.core.db import db
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.cases.access import CaseAccess
from wxcloudrun.features.insights.clusters import ClusterService
from wxcloudrun.features.insights.comparing import ComparingService
from wxcloudrun.features.insights.counting import RunCounting
from wxcloudrun.features.insights.knowledge import Knowledge
from wxcloudrun.features.insights.merging import ClusterMerging
from wxcloudrun.features.insights.quarantine import QuarantineService
from wxcloudrun.features.insights.service import InsightService
from wxcloudrun.features.projects.access import ProjectAccess
from wxcloudrun.features.reports.exports import ReportFiles
from wxcloudrun.features.reports.insight import Insight
from wxcloudrun.features.reports.service import ReportService
from wxcloudrun.features.reports.shares import ShareService

if TYPE_CHECKING:
    from config import Settings


def provide_reports(settings: "Settings", container: Container) -> None:
    """How reports are made, with what is known of earlier runs."""
    get, provide = container.get, container.provide
    session: Any = db.session
    address = settings.public_url
    provide(Insight, lambda: Knowledge(session, get(Clock)))
    provide(ReportService, lambda: ReportService(session, get(ProjectAccess), get(Insight)))
    provide(ReportFiles, lambda: ReportFiles(session, get(ReportService), address))
    provide(
        ShareService,
        lambda: ShareService(session, get(Clock), get(AuditService), get(ProjectAccess), get(ReportFiles), address),
    )
    provide_insights(container, session)


def provide_insights(container: Container, session: Any) -> None:
    """How what many runs tell is kept and told."""
    get, provide = container.get, container.provide
    provide(RunCounting, lambda: RunCounting(session))
    provide(InsightService, lambda: InsightService(session, get(Clock), get(ProjectAccess)))
    provide(ClusterService, lambda: ClusterService(session, get(AuditService), get(ProjectAccess)))
    provide(ClusterMerging, lambda: ClusterMerging(session, get(AuditService), get(ProjectAccess), get(ClusterService)))
    provide(ComparingService, lambda: ComparingService(session, get(Clock), get(ProjectAccess)))
    provide(QuarantineService, lambda: QuarantineService(session, get(Clock), get(AuditService), get(CaseAccess)))
