"""The audit record over HTTP."""

from wxcloudrun.core.pagination import Slice
from wxcloudrun.features.audit.schemas import AuditQuery, AuditView
from wxcloudrun.features.audit.service import AuditService


def entries(query: AuditQuery, audit: AuditService) -> Slice[AuditView]:
    """List what was changed, newest first."""
    return audit.page(query)
