"""Audit entries as administrators read them."""

from typing import Any

from pydantic import Field

from wxcloudrun.core.shapes import Input, View


class AuditQuery(Input):
    """Which entries to list, newest first."""

    target_type: str | None = Field(None, pattern=r"^[a-z_]{1,32}$", description="Kind of thing that was changed.")
    target_id: int | None = Field(None, ge=1, le=2**53 - 1, description="Number of the thing that was changed.")
    project_id: int | None = Field(None, ge=1, le=2**53 - 1, description="Project in which something was changed.")
    cursor: str | None = Field(None, pattern=r"^[A-Za-z0-9_-]{1,200}$", description="`next` of the list before.")
    size: int = Field(20, ge=1, le=100, description="Entries to list.")


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
