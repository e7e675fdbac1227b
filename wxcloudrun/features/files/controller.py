"""Files over HTTP."""

import re
from urllib.parse import quote

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.http import Raw, Upload
from wxcloudrun.core.pagination import Slice
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.files.schemas import FilesQuery, FileView
from wxcloudrun.features.files.service import MIMETYPE, FileService, Sent

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 !#$&+.^_`|~()\[\]{}=@,-]")


def files(actor: Actor, project_id: int, query: FilesQuery, files: FileService) -> Slice[FileView]:
    """List a project's files, newest first."""
    return files.slice(actor, project_id, query)


def add_file(actor: Actor, project_id: int, upload: Upload, files: FileService) -> FileView:
    """Upload a file of at most 10 MiB. For editors."""
    return files.add(actor, project_id, Sent(upload.name, upload.content_type, upload.content))


def file(actor: Actor, project_id: int, file_id: int, files: FileService) -> FileView:
    """Read what is known of a file."""
    return files.view(actor, project_id, file_id)


def file_content(actor: Actor, project_id: int, file_id: int, files: FileService) -> Raw:
    """Fetch a file, always as a download."""
    found = files.content(actor, project_id, file_id)
    headers = (("Content-Disposition", attachment(found.name)), ("Cache-Control", "private, no-store"))
    return Raw(found.content, MIMETYPE, headers=headers)


def remove_file(actor: Actor, project_id: int, file_id: int, files: FileService) -> Removed:
    """Remove a file that no case uses. For editors."""
    return files.remove(actor, project_id, file_id)


def attachment(name: str) -> str:
    """Content-Disposition (RFC 6266) for a download of that name, whatever characters it has.

    Old clients read `filename`, which is plain; the others `filename*` (RFC 8187), which holds every character.
    """
    return f"attachment; filename=\"{_NOT_PLAIN.sub('_', name)}\"; filename*=UTF-8''{quote(name, safe='')}"
