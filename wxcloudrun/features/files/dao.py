"""Questions about the files of projects."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, select

from wxcloudrun.core.dao import Dao
from wxcloudrun.core.db import fetch
from wxcloudrun.core.listing import holds
from wxcloudrun.features.files.models import ProjectFile

_F: Any = ProjectFile.__table__
_ONE = select(_F).where(_F.c.project_id == bindparam("project"), _F.c.id == bindparam("id"))
_LOCKED = _ONE.with_for_update()
_NO_ID = 2**53  # row numbers stay below it, and not every number that somebody types fits into a column
_ROOM = select(func.count(), func.coalesce(func.sum(_F.c.size), 0)).where(_F.c.project_id == bindparam("project"))


class ProjectFileDao(Dao):
    """Reads and writes the rows of files."""

    def get(self, project_id: int, file_id: int) -> Row[Any] | None:
        """A file of that project."""
        return self._one(_ONE, {"project": project_id, "id": file_id})

    def locked(self, project_id: int, file_id: int) -> Row[Any] | None:
        """The same, and nobody uses it anew before this transaction ends."""
        return self._run(_LOCKED, {"project": project_id, "id": file_id}).one_or_none()

    def known(self, project_id: int, file_ids: Collection[int]) -> set[int]:
        """Those of the numbers that are files of the project; in a transaction they stay until it ends."""
        possible = sorted(one for one in file_ids if 0 < one < _NO_ID)
        if not possible:
            return set()
        query = select(_F.c.id).where(_F.c.project_id == project_id, _F.c.id.in_(possible))
        return {row.id for row in fetch(self._session, query.order_by(_F.c.id).with_for_update(read=True))}

    def room(self, project_id: int) -> tuple[int, int]:
        """How many files a project has, and their bytes altogether."""
        row = fetch(self._session, _ROOM, {"project": project_id})[0]
        return int(row[0]), int(row[1])

    def slice(self, project_id: int, text: str | None, before: int | None, size: int) -> Sequence[Row[Any]]:
        """Files, newest first, from below that number."""
        query = select(_F).where(_F.c.project_id == project_id)
        if text:
            query = query.where(holds(self._session, _F.c.name, text))
        if before is not None:
            query = query.where(_F.c.id < before)
        return fetch(self._session, query.order_by(_F.c.id.desc()).limit(size))

    def add(self, values: Mapping[str, object]) -> int:
        """A new file; its number."""
        return self._add(_F, values)

    def remove(self, file_id: int) -> None:
        """Remove a file's row."""
        self._run(delete(_F).where(_F.c.id == file_id))
