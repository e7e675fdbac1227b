"""Audit entries as administrators read them."""

from typing import Any

from pydantic import Field

from wxcloudrun.core.fields import RowNumber
from wxcloudrun.core.pagination import Cursor, PageSize
from wxcloudrun.core.shapes import Input, View


class AuditQuery(Input):
    """Which entries to list, newest first."""

    target_type: str | None = Field(None, pattern=r"^[a-z_]{1,32}$", description="Kind of thing that was changed.")
    target_id: RowNumber | None = Field(None, description="Number of the thing that was changed.")
    project_id: RowNumber | None = Field(None, description="Project in which something was changed.")
    cursor: Cursor | None = None
    size: PageSize = 20


class AuditView(View):
    """One entry."""

    id: int
    at: str
    actor_id: int | None
    action: str
    target_type: str
    target_id: int | None
    project_id: int | None
    request_id: str | None
    before: Any
    after: Any
    sealed: bool
