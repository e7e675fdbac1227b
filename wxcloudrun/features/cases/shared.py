"""The shared library: public cases of all projects, for every verified user."""

import json

from wxcloudrun.core import catalogue
from wxcloudrun.core.db import AnySession
from wxcloudrun.core.pagination import Slice
from wxcloudrun.features.cases.dao import LibraryDao
from wxcloudrun.features.cases.errors import CaseNotFound
from wxcloudrun.features.cases.exchange import LibraryCase, LibraryLine, LibraryQuery


class LibraryService:
    """Reads public cases. Who may come in, the routes say; a case shows nothing of its project but the name."""

    def __init__(self, session: AnySession, library: LibraryDao | None = None) -> None:
        self._library = library or LibraryDao(session)

    def page(self, query: LibraryQuery) -> Slice[LibraryLine]:
        """Public cases. Raises InvalidInput for a sort with `q`, and for a wrong cursor."""
        found = self._library.page(query.wanted((catalogue.PUBLIC,)))
        return Slice(items=[LibraryLine.of(row) for row in found.rows], next=found.next)

    def view(self, case_id: int) -> LibraryCase:
        """A public case. Raises CaseNotFound."""
        row = self._library.get(case_id)
        if row is None:
            raise CaseNotFound
        return LibraryCase.of(row, description=row.description, **json.loads(row.content))
