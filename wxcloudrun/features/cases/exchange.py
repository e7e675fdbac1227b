"""Lists, versions, copies and the library as clients ask for them and receive them."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from wxcloudrun.core.catalogue import ListCursor, Wanted, folder_terms, term, trash
from wxcloudrun.core.clock import iso
from wxcloudrun.core.fields import PART, RowNumber, Version
from wxcloudrun.core.pagination import Cursor, PageSize
from wxcloudrun.core.shapes import Input, View, example
from wxcloudrun.features.cases.schemas import (
    CaseName,
    CaseShown,
    Folder,
    StatusName,
    Tag,
    VisibilityName,
)

SearchedText = Annotated[str, Field(min_length=1, max_length=64, pattern=PART)]
CaseOrder = Literal["created_at", "-created_at", "name", "-name", "position", "-position", "updated_at", "-updated_at"]
_TOLD_OF = ("id", "name", "folder", "method", "url", "version")


class CatalogueQuery(Input):
    """Which things in folders to list."""

    q: SearchedText | None = Field(None, description="Part of the name, letter by letter.")
    status: StatusName | None = None
    folder: Folder | None = Field(None, description="In this folder or in one inside it.")
    tag: list[Tag] = Field([], max_length=10, description="Each of these tags.")
    sort: CaseOrder | None = Field(
        None, description="Order; `-` means falling. Newest first without it; with `q` only `created_at` is possible."
    )
    cursor: ListCursor | None = None
    size: PageSize = 20

    def wanted(self, scopes: Sequence[str], **more: str | int | None) -> Wanted:
        """What to ask a catalogue for: in these scopes what has all that, and `more` terms that are not None."""
        terms = [term("tag", tag) for tag in self.tag] + folder_terms(self.folder or "")[-1:]
        terms += [term(kind, value) for kind, value in {"status": self.status, **more}.items() if value is not None]
        order: Any = self.sort and self.sort.replace("created_at", "id")
        return Wanted(scopes, terms, self.q, order, self.cursor, self.size)


class ProjectCatalogueQuery(CatalogueQuery):
    """Which things of a project to list."""

    owner_id: RowNumber | None = None
    trashed: bool = Field(default=False, description="What lies in the trash instead.")

    def wanted(self, scopes: Sequence[str], **more: str | int | None) -> Wanted:
        """The same of somebody's, or in the trash of these scopes."""
        places = [trash(scope) for scope in scopes] if self.trashed else scopes
        return super().wanted(places, **more, owner=self.owner_id)


class LibraryQuery(CatalogueQuery):
    """Which public cases to list."""

    q: SearchedText | None = Field(None, description="Part of the name or the URL, letter by letter.")
    method: Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$", examples=["POST"])] | None = None

    def wanted(self, scopes: Sequence[str], **more: str | int | None) -> Wanted:
        """The same with this method."""
        return super().wanted(scopes, **more, method=self.method and self.method.upper())


class CasesQuery(LibraryQuery, ProjectCatalogueQuery):
    """Which cases of a project to list."""

    visibility: VisibilityName | None = None

    def wanted(self, scopes: Sequence[str], **more: str | int | None) -> Wanted:
        """The same as far as they are seen by so many."""
        return super().wanted(scopes, **more, visibility=self.visibility)


class VersionsQuery(Input):
    """Which stretch of a case's versions to list, newest first."""

    cursor: Cursor | None = None
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

    model_config = example({"name": "Make an order, copied"})

    name: CaseName | None = None
    folder: Folder | None = Field(None, description="The same one without it.")
    project_id: RowNumber | None = Field(None, description="The same one without it.")


class CaseMoved(Input):
    """Where the case goes."""

    model_config = example({"project_id": 2, "folder": "orders"})

    project_id: RowNumber
    folder: Folder | None = Field(None, description="The same one without it.")


class LibraryCopied(Input):
    """Where the copy goes; without a name it keeps its own, numbered if need be."""

    model_config = example({"project_id": 1})

    project_id: RowNumber
    name: CaseName | None = None
    folder: Folder | None = Field(None, description="The same one without it.")


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


class LibraryCase(CaseShown, LibraryLine):
    """A public case. Credentials in it are marks: `{"is_set": true}`."""
