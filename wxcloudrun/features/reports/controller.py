"""Reports, their files and links over HTTP."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.http import Caller, Raw
from wxcloudrun.core.pagination import Page, Slice
from wxcloudrun.core.shapes import Removed
from wxcloudrun.exporters.page import gone, policy
from wxcloudrun.features.reports.exports import File, ReportFiles
from wxcloudrun.features.reports.schemas import (
    NewShare,
    PageQuery,
    ReportQuery,
    ReportStepsQuery,
    ReportView,
    ShareMade,
    SharesQuery,
    ShareView,
    TableQuery,
)
from wxcloudrun.features.reports.service import ReportService
from wxcloudrun.features.reports.shares import ShareService
from wxcloudrun.features.runs.schemas import ResultLine

_HTML = "text/html; charset=utf-8"
_PAGE = (
    ("Content-Security-Policy", f"{policy()}; frame-ancestors 'none'"),
    ("X-Robots-Tag", "noindex, nofollow, noarchive"),
)
_KEPT_BY_NOBODY = ("Cache-Control", "private, no-store")


def report(actor: Actor, project_id: int, run_id: int, query: ReportQuery, reports: ReportService) -> ReportView:
    """Read how a run ended, what is different from the last one, why it failed, and the first of its steps."""
    return reports.report(actor, project_id, run_id, query)


def report_steps(
    actor: Actor, project_id: int, run_id: int, query: ReportStepsQuery, reports: ReportService
) -> Slice[ResultLine]:
    """List a run's steps, what went wrong first."""
    return reports.steps(actor, project_id, run_id, query)


def report_page(
    actor: Actor, caller: Caller, project_id: int, run_id: int, query: PageQuery, files: ReportFiles
) -> Raw:
    """Download the report as one HTML file that needs no network."""
    return _download(files.page(actor, project_id, run_id, query.lang or caller.language), _HTML, *_PAGE)


def junit(actor: Actor, project_id: int, run_id: int, files: ReportFiles) -> Raw:
    """Download JUnit XML."""
    return _download(files.junit(actor, project_id, run_id), "application/xml; charset=utf-8")


def allure(actor: Actor, project_id: int, run_id: int, files: ReportFiles) -> Raw:
    """Download Allure 2 results."""
    return _download(files.allure(actor, project_id, run_id), "application/zip")


def har(actor: Actor, project_id: int, run_id: int, files: ReportFiles) -> Raw:
    """Download HAR 1.2."""
    return _download(files.har(actor, project_id, run_id), "application/json")


def results_table(actor: Actor, project_id: int, run_id: int, query: TableQuery, files: ReportFiles) -> Raw:
    """Download the results as CSV."""
    return _download(files.table(actor, project_id, run_id, excel=query.excel), "text/csv; charset=utf-8")


def shares(actor: Actor, project_id: int, run_id: int, query: SharesQuery, shares: ShareService) -> Page[ShareView]:
    """List the links to a report, the newest first. For editors."""
    return shares.page(actor, project_id, run_id, query)


def add_share(actor: Actor, project_id: int, run_id: int, body: ShareMade, shares: ShareService) -> NewShare:
    """Make a link that shows the report to whoever has it. Its address is answered this once. For editors."""
    return shares.add(actor, project_id, run_id, body)


def revoke_share(actor: Actor, project_id: int, run_id: int, share_id: int, shares: ShareService) -> Removed:
    """End a link at once. For editors."""
    return shares.revoke(actor, project_id, run_id, share_id)


def shared_report(caller: Caller, token: str, query: PageQuery, shares: ShareService) -> Raw:
    """Show the report behind a link."""
    language = query.lang or caller.language
    pieces = shares.shown(token, language)
    if pieces is None:
        return Raw(gone(language), _HTML, status=404, headers=(*_PAGE, _KEPT_BY_NOBODY))
    return Raw(pieces, _HTML, headers=(*_PAGE, _KEPT_BY_NOBODY))


def _download(file: File, kind: str, *headers: tuple[str, str]) -> Raw:
    named = ("Content-Disposition", f'attachment; filename="{file.name}"')
    return Raw(file.pieces, kind, headers=(named, _KEPT_BY_NOBODY, *headers))
