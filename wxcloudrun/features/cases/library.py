"""The shared library: public cases of all projects, for every verified user."""

import json

from wxcloudrun.core import catalogue
from wxcloudrun.core.catalogue import Wanted, term
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
        order = {"created_at": "id", "-created_at": "-id"}.get(query.sort or "", query.sort)
        found = self._library.page(
            Wanted(
                scopes=(catalogue.PUBLIC,),
                terms=_terms(query),
                text=query.q,
                sort=order,  # type: ignore[arg-type]  # one of them
                cursor=query.cursor,
                size=query.size,
            )
        )
        return Slice(items=[LibraryLine.of(row) for row in found.rows], next=found.next)

    def view(self, case_id: int) -> LibraryCase:
        """A public case. Raises CaseNotFound."""
        row = self._library.get(case_id)
        if row is None:
            raise CaseNotFound
        return LibraryCase.of(row, description=row.description, **json.loads(row.content))


def _terms(query: LibraryQuery) -> list[str]:
    terms = [term("tag", tag) for tag in query.tag]
    terms += catalogue.folder_terms(query.folder or "")[-1:]
    wanted = (("status", query.status), ("method", query.method and query.method.upper()))
    return terms + [term(kind, value) for kind, value in wanted if value is not None]
