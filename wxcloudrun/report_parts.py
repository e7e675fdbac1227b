"""How the parts that tell of runs are made: reports, their files, and links to them."""

from typing import TYPE_CHECKING, Any

from wxcloudrun.core.clock import Clock
from wxcloudrun.core.container import Container
from wxcloudrun.core.db import db
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.projects.access import ProjectAccess
from wxcloudrun.features.reports.exports import ReportFiles
from wxcloudrun.features.reports.insight import Insight, NothingKnown
from wxcloudrun.features.reports.service import ReportService
from wxcloudrun.features.reports.shares import ShareService

if TYPE_CHECKING:
    from config import Settings


def provide_reports(settings: "Settings", container: Container) -> None:
    """How reports are made. Whoever remembers earlier runs provides another `Insight`."""
    get, provide = container.get, container.provide
    session: Any = db.session
    address = settings.public_url
    provide(Insight, NothingKnown)
    provide(ReportService, lambda: ReportService(session, get(ProjectAccess), get(Insight)))
    provide(ReportFiles, lambda: ReportFiles(session, get(ReportService), address))
    provide(
        ShareService,
        lambda: ShareService(session, get(Clock), get(AuditService), get(ProjectAccess), get(ReportFiles), address),
    )
