"""Files as clients receive them."""

from typing import Any, Self

from pydantic import Field

from wxcloudrun.core.clock import iso
from wxcloudrun.core.fields import PART
from wxcloudrun.core.pagination import Cursor, PageSize
from wxcloudrun.core.shapes import Input, View


class FilesQuery(Input):
    """Which files to list, newest first."""

    q: str | None = Field(None, max_length=64, pattern=PART, description="Part of the name.")
    cursor: Cursor | None = None
    size: PageSize = 20


class FileView(View):
    """A file. A case names it by its `id`, written as text, in `blob`."""

    id: int
    name: str
    content_type: str
    size: int
    sha256: str
    uploader_id: int
    created_at: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """The view of a file's row."""
        names = ("id", "name", "content_type", "size", "sha256", "uploader_id")
        return cls(**{name: getattr(row, name) for name in names}, created_at=iso(row.created_at))
