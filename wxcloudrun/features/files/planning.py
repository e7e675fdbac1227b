"""The files that cases name, for who saves a case and for who runs one."""

from collections.abc import Collection

from wxcloudrun.core.db import AnySession
from wxcloudrun.features.files.dao import ProjectFileDao
from wxcloudrun.features.files.errors import FileContentLost, FileNotFound
from wxcloudrun.integrations.object_store import ObjectStore


class FilePlanning:
    """Files by number. It checks no right: who may see or run the case may use its files."""

    def __init__(self, session: AnySession, store: ObjectStore, files: ProjectFileDao | None = None) -> None:
        self._store = store
        self._files = files or ProjectFileDao(session)

    def content(self, project_id: int, file_id: int) -> bytes:
        """The bytes of a project's file. Raises FileNotFound, FileContentLost, StorageUnavailable.

        Call it outside a transaction.
        """
        row = self._files.get(project_id, file_id)
        if row is None:
            raise FileNotFound
        content = self._store.get(row.store_key)
        if content is None:
            raise FileContentLost
        return content

    def known(self, project_id: int, ids: Collection[int]) -> set[int]:
        """Those of the numbers that are files of the project, in one question.

        In the transaction that saves a case none of them can be removed before it ends.
        """
        return self._files.known(project_id, ids)
