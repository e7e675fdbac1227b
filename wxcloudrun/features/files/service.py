"""Files of a project: uploading, listing, handing out, removing."""

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.pagination import Slice, cursor, position
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.files.dao import ProjectFileDao
from wxcloudrun.features.files.errors import (
    FileContentLost,
    FileInUse,
    FileNotFound,
    FileSpaceUsedUp,
    TooManyFiles,
)
from wxcloudrun.features.files.schemas import FilesQuery, FileView
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.users.pictures import PictureFiles
from wxcloudrun.integrations.object_store import ObjectStore

MIMETYPE = "application/octet-stream"  # whatever the client says a file is, nobody's browser shall show it
MOST_FILES = 1_000
MOST_BYTES = 500 * 1024 * 1024
_FOLDERS = re.compile(r"^.*[/\\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it came in; name and type come from the client and prove nothing."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Content:
    """A file as it goes out."""

    name: str
    content: bytes = field(repr=False)


class FileService:
    """What members of a project do with its files. `in_use` tells whether any case uses the file of that number."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        audit: AuditService,
        access: ProjectAccess,
        store: ObjectStore,
        stored: PictureFiles,
        in_use: Callable[[int, int], bool],
        files: ProjectFileDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._audit = audit
        self._access = access
        self._store = store
        self._stored = stored
        self._in_use = in_use
        self._files = files or ProjectFileDao(session)

    def slice(self, actor: Actor, project_id: int, query: FilesQuery) -> Slice[FileView]:
        """A project's files, newest first. Raises ProjectNotFound."""
        before = position(query.cursor, (int,))
        self._access.require(actor, project_id, Right.VIEW)
        rows = self._files.slice(project_id, query.q, before[0] if before else None, query.size + 1)
        items = [FileView.of(row) for row in rows[: query.size]]
        return Slice(items=items, next=cursor(items[-1].id) if len(rows) > query.size else None)

    def view(self, actor: Actor, project_id: int, file_id: int) -> FileView:
        """What is known of a file. Raises ProjectNotFound, FileNotFound."""
        self._access.require(actor, project_id, Right.VIEW)
        return FileView.of(_found(self._files.get(project_id, file_id)))

    def content(self, actor: Actor, project_id: int, file_id: int) -> Content:
        """The file itself. Raises ProjectNotFound, FileNotFound, FileContentLost, StorageUnavailable."""
        self._access.require(actor, project_id, Right.VIEW)
        row = _found(self._files.get(project_id, file_id))
        content = self._store.get(row.store_key)
        if content is None:
            raise FileContentLost
        return Content(row.name, content)

    def add(self, actor: Actor, project_id: int, sent: Sent) -> FileView:
        """Keep a file. Its bytes are stored first; without a row in the end they are cleared away again.

        Raises ProjectNotFound, RightRequired, ProjectArchived, TooManyFiles, FileSpaceUsedUp, StorageUnavailable.
        """
        self._access.require(actor, project_id, Right.EDIT)
        self._require_room(project_id, len(sent.content))
        values = {
            "project_id": project_id,
            "name": _bare(sent.name),
            "content_type": sent.content_type,
            "size": len(sent.content),
            "sha256": hashlib.sha256(sent.content).hexdigest(),
            "store_key": self._stored.store(sent.content, f"files/{secrets.token_hex(16)}", MIMETYPE),
            "uploader_id": actor.user_id or 0,
            "created_at": self._clock.now(),
        }
        return self._added(actor, values)

    @unit_of_work
    def remove(self, actor: Actor, project_id: int, file_id: int) -> Removed:
        """Remove a file that no case uses.

        Raises ProjectNotFound, RightRequired, ProjectArchived, FileNotFound, FileInUse.
        """
        self._access.require(actor, project_id, Right.EDIT)
        row = _found(self._files.locked(project_id, file_id))  # a case that is saved now waits, or is waited for
        if self._in_use(project_id, row.id):
            raise FileInUse
        self._files.remove(row.id)
        self._stored.let_go([row.store_key])
        self._audit.record(actor, "file.removed", ("file", row.id), _told(row._asdict()), project_id=project_id)
        return Removed(id=row.id)

    @unit_of_work
    def _added(self, actor: Actor, values: dict[str, Any]) -> FileView:
        project_id = values["project_id"]
        self._access.require(actor, project_id, Right.EDIT, locked=True)
        self._require_room(project_id, values["size"])
        self._stored.adopt(values["store_key"])
        number = self._files.add(values)
        self._audit.record(actor, "file.uploaded", ("file", number), None, _told(values), project_id=project_id)
        return FileView.of(_found(self._files.get(project_id, number)))

    def _require_room(self, project_id: int, size: int) -> None:
        count, taken = self._files.room(project_id)
        if count >= MOST_FILES:
            raise TooManyFiles(values={"limit": MOST_FILES})
        if taken + size > MOST_BYTES:
            raise FileSpaceUsedUp(values={"limit": MOST_BYTES // 1024 // 1024})


def _found(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise FileNotFound
    return row


def _bare(name: str) -> str:
    """The name without folders; never empty, nor one that means a folder."""
    bare = _FOLDERS.sub("", name).strip()
    return "file" if bare.strip(".") == "" else bare


def _told(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in ("name", "size", "sha256")}
