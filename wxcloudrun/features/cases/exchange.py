"""Versions, copies and the library as clients send and receive them."""

import json
from typing import Any, Literal, Self

from pydantic import Field

from wxcloudrun.core.catalogue import ListCursor
from wxcloudrun.core.clock import iso
from wxcloudrun.core.pagination import PageSize
from wxcloudrun.core.shapes import Input, View
from wxcloudrun.features.cases.schemas import CaseName, CaseOrder, Folder, StatusName, Tag
from wxcloudrun.features.users.schemas import RowNumber, Version

_PART = r"^[^\x00-\x1f\x7f]*$"
_TOLD_OF = ("id", "name", "folder", "method", "url", "version")


class VersionsQuery(Input):
    """Which stretch of a case's versions to list, newest first."""

    cursor: str | None = Field(None, pattern=r"^[A-Za-z0-9_-]{1,200}$", description="`next` of the list before.")
    size: PageSize = 20


class VersionLine(View):
    """What a case became, when, by what and by whom."""

    version: int
    action: str
    author_id: int | None
    author: str | None = Field(description="Nickname.")
    at: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """The view of a version's row."""
        same = {name: getattr(row, name) for name in ("version", "action", "author_id", "author")}
        return cls(**same, at=iso(row.created_at))


class DifferenceQuery(Input):
    """What a version is to be compared with."""

    to: Version | None = Field(None, description="Version; the newest without it.")


class ChangeView(View):
    """One difference; an index in `path` counts in the later list, of what was removed in the earlier one."""

    path: str
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any


class DifferenceView(View):
    """What differs between two versions. A credential that changed is a mark before and after."""

    from_version: int
    to_version: int
    items: list[ChangeView]
    cut: bool = Field(description="There are more differences than these.")


class CaseCopied(Input):
    """Where the copy goes; without a name it gets a free one."""

    name: CaseName | None = None
    folder: Folder | None = Field(None, description="The same one without it.")
    project_id: RowNumber | None = Field(None, description="The same one without it.")


class CaseMoved(Input):
    """Where the case goes."""

    project_id: RowNumber
    folder: Folder | None = Field(None, description="The same one without it.")


class LibraryCopied(Input):
    """Where the copy goes; without a name it keeps its own, numbered if need be."""

    project_id: RowNumber
    name: CaseName | None = None
    folder: Folder | None = Field(None, description="The same one without it.")


class LibraryQuery(Input):
    """Which public cases to list."""

    q: str | None = Field(
        None, min_length=1, max_length=64, pattern=_PART, description="Part of the name or the URL, letter by letter."
    )
    status: StatusName | None = None
    folder: Folder | None = Field(None, description="In this folder or in one inside it.")
    tag: list[Tag] = Field([], max_length=10, description="Each of these tags.")
    method: str | None = Field(None, pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$", examples=["POST"])
    sort: CaseOrder | None = Field(
        None, description="Order; `-` means falling. Newest first without it; with `q` only `created_at` is possible."
    )
    cursor: ListCursor | None = None
    size: PageSize = 20


class LibraryLine(View):
    """A public case in a list."""

    id: int
    name: str
    folder: str
    method: str
    url: str
    version: int
    project: str = Field(description="Name of the project it belongs to.")
    creator: str | None = Field(description="Nickname.")
    tags: list[str]
    status: StatusName
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, row: Any, **more: Any) -> Self:
        """The view of a public case's row."""
        return cls(
            **{name: getattr(row, name) for name in _TOLD_OF},
            project=row.project,
            creator=row.creator,
            tags=json.loads(row.tags),
            status=row.status.name.lower(),
            created_at=iso(row.created_at),
            updated_at=iso(row.updated_at),
            **more,
        )


class LibraryCase(LibraryLine):
    """A public case. Credentials in it are marks: `{"is_set": true}`."""

    description: str
    request: dict[str, Any]
    expected: dict[str, Any]
    extractions: list[Any]
    assertions: list[Any]
    before: list[Any]
    after: list[Any]
    idempotent: bool
    idempotency_header: str | None
    condition: str | None
    retry: Any
    poll: Any
    dataset: dict[str, Any]
