"""Questions about cases and their versions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, bindparam, insert, or_, select, update

from wxcloudrun.core.catalogue import Ahead, Catalogue, Entry, Found, Known, Wanted, private, shared, term, trash
from wxcloudrun.core.dao import Dao, unique
from wxcloudrun.core.db import AnySession, fetch
from wxcloudrun.features.cases.errors import CaseNameTaken
from wxcloudrun.features.cases.models import Case, CaseGram, CaseTerm, CaseText, CaseVersion, Visibility
from wxcloudrun.features.projects.models import Project
from wxcloudrun.features.users.models import User

_C: Any = Case.__table__
_V: Any = CaseVersion.__table__
_P: Any = Project.__table__
_F: Any = CaseTerm.__table__
_OWNER: Any = User.__table__.alias("owners")
_CREATOR: Any = User.__table__.alias("creators")
_NAMED = _C.outerjoin(_OWNER, _OWNER.c.id == _C.c.owner_id).outerjoin(_CREATOR, _CREATOR.c.id == _C.c.creator_id)
_WITH_PEOPLE = select(_C, _OWNER.c.nickname.label("owner"), _CREATOR.c.nickname.label("creator")).select_from(_NAMED)
_ONE = (_C.c.project_id == bindparam("project"), _C.c.id == bindparam("id"))
_BY_ID = _WITH_PEOPLE.where(*_ONE)
_LOCKED = select(_C).where(*_ONE).with_for_update(key_share=True)
_MANY = select(_C).where(_C.c.id.in_(bindparam("ids", expanding=True)))
_SEEN_BY = (_C.c.visibility, _C.c.creator_id, _C.c.deleted_at)
_AUTHOR: Any = User.__table__.alias("authors")


def _versions(*more: Any) -> Any:
    """The case and a stretch of its versions; the case alone where the stretch is empty."""
    where = (_V.c.case_id == bindparam("id"), *more)
    told = (_V.c.case_id, _V.c.version, _V.c.action, _V.c.author_id, _V.c.created_at)
    stretch = select(*told).where(*where).order_by(_V.c.version.desc()).limit(bindparam("size")).subquery()
    joined = _C.outerjoin(stretch, stretch.c.case_id == _C.c.id).outerjoin(_AUTHOR, _AUTHOR.c.id == stretch.c.author_id)
    query = select(*_SEEN_BY, *stretch.c, _AUTHOR.c.nickname.label("author")).select_from(joined)
    return query.where(*_ONE).order_by(stretch.c.version.desc())


_VERSIONS = _versions()
_VERSIONS_BEFORE = _versions(_V.c.version < bindparam("before"))
_THEN = [column.label(f"then_{column.name}") for column in _V.c]
_WANTED = _V.c.version.in_(bindparam("wanted", expanding=True))
_CASE_AND_VERSIONS, _CASE_AND_NEWEST = (
    _WITH_PEOPLE.add_columns(*_THEN).outerjoin(_V, and_(_V.c.case_id == _C.c.id, chosen)).where(*_ONE)
    for chosen in (_WANTED, or_(_WANTED, _V.c.version == _C.c.version))
)
_PUBLIC = (
    select(_C, _P.c.name.label("project"), _CREATOR.c.nickname.label("creator"))
    .select_from(_C.join(_P, _P.c.id == _C.c.project_id).outerjoin(_CREATOR, _CREATOR.c.id == _C.c.creator_id))
    .where(_C.c.id == bindparam("id"), _C.c.visibility == Visibility.PUBLIC, _C.c.deleted_at.is_(None))
)
_PLACE = (_C.c.project_id == bindparam("project"), _C.c.folder == bindparam("folder"), _C.c.lane == bindparam("lane"))
_TAKEN = select(_C.c.name).where(*_PLACE, _C.c.name.in_(bindparam("names", expanding=True)))
_OWNERS_NAME = select(_OWNER.c.nickname).where(_OWNER.c.id == _C.c.owner_id).scalar_subquery().label("owner")
_LINE = [*(column for column in _C.c if column.name not in {"content", "secrets", "lane", "description"}), _OWNERS_NAME]
_PROJECTS_NAME = select(_P.c.name).where(_P.c.id == _C.c.project_id).scalar_subquery().label("project")
_CREATORS_NAME = select(_CREATOR.c.nickname).where(_CREATOR.c.id == _C.c.creator_id).scalar_subquery().label("creator")
_LIBRARY_LINE = [*_LINE[:-1], _PROJECTS_NAME, _CREATORS_NAME]
_TABLES: Any = [one.__table__ for one in (CaseTerm, CaseGram, CaseText, Case)]
_NAME = unique(_C, CaseNameTaken)


class CaseDao(Dao):
    """Reads and writes cases. A row has the columns of the table, a row for viewing the nicknames of people too."""

    def __init__(self, session: AnySession) -> None:
        super().__init__(session)
        self._catalogue = Catalogue(session, *_TABLES)

    def get(self, project_id: int, case_id: int) -> Row[Any] | None:
        """A case of that project, also from the trash, with `owner` and `creator`, their nicknames."""
        return self._one(_BY_ID, {"project": project_id, "id": case_id})

    def locked(self, project_id: int, case_id: int) -> Row[Any] | None:
        """The case alone, and nobody else changes it before this transaction ends."""
        return self._run(_LOCKED, {"project": project_id, "id": case_id}).one_or_none()

    def several(self, case_ids: Iterable[int]) -> Sequence[Row[Any]]:
        """Cases by their numbers, of any project, also from the trash; in no order."""
        wanted = sorted(set(case_ids))
        return fetch(self._session, _MANY, {"ids": wanted}) if wanted else []

    def add(self, values: Mapping[str, object]) -> int:
        """A new case; its number. Raises CaseNameTaken."""
        return self._add(_C, values, _NAME)

    def change(self, case_id: int, values: Mapping[str, object]) -> None:
        """Change columns. Raises CaseNameTaken."""
        self._run(update(_C).where(_C.c.id == case_id).values(**values), judge=_NAME)

    def count_run(self, case_id: int) -> None:
        """One more run."""
        self._run(update(_C).where(_C.c.id == case_id).values(run_count=_C.c.run_count + 1))

    def find_as(self, case_id: int, entry: Entry, *, new: bool = False) -> None:
        """From now on it is found like this; `new`: it was never found before. The caller holds its row."""
        if new:
            self._catalogue.add({case_id: entry})
        else:
            self._catalogue.put(case_id, entry)

    def ahead(self, wanted: Wanted) -> Ahead | None:
        """What has to be known before `page`, as the catalogue says."""
        return self._catalogue.ahead(wanted)

    def page(self, wanted: Wanted, known: Known | None = None) -> Found:
        """Cases without their content, with `owner`, that person's nickname. Raises as the catalogue does."""
        return self._catalogue.page(wanted, _LINE, known)

    def sends_file(self, project_id: int, file_id: int) -> bool:
        """True when a case of the project, also one in the trash, names that file."""
        scopes = [scope(project_id) for scope in (shared, private)]
        query = select(_F.c.item_id).where(_F.c.scope.in_([*scopes, *map(trash, scopes)]))
        return bool(fetch(self._session, query.where(_F.c.term == term("file", file_id)).limit(1)))

    def add_version(self, values: Mapping[str, object]) -> None:
        """Keep what a case has become."""
        self._run(insert(_V), dict(values))


class VersionDao(Dao):
    """Reads what cases were. A row has the columns of `cases` that say who sees it, also where there is no version."""

    def page(self, project_id: int, case_id: int, before: int | None, size: int) -> Sequence[Row[Any]]:
        """Versions, the newest first, with `author`, a nickname; one row with the version None where there are none."""
        parameters = {"project": project_id, "id": case_id, "size": size}
        if before is None:
            return fetch(self._session, _VERSIONS, parameters)
        return fetch(self._session, _VERSIONS_BEFORE, parameters | {"before": before})

    def several(self, project_id: int, case_id: int, versions: Iterable[int | None]) -> Sequence[Row[Any]]:
        """The case with `owner` and `creator`, once for each of these versions that there is; None means the newest.

        Columns of the version are called `then_version`, `then_content`, `then_secrets` and so on.
        """
        wanted = set(versions)
        parameters = {"project": project_id, "id": case_id, "wanted": sorted(one for one in wanted if one is not None)}
        return fetch(self._session, _CASE_AND_NEWEST if None in wanted else _CASE_AND_VERSIONS, parameters)


class LibraryDao(Dao):
    """Reads public cases; and what else copies and moves ask."""

    def __init__(self, session: AnySession) -> None:
        super().__init__(session)
        self._catalogue = Catalogue(session, *_TABLES)

    def get(self, case_id: int) -> Row[Any] | None:
        """A case that everybody may read, with `project` and `creator`, their names."""
        return self._one(_PUBLIC, {"id": case_id})

    def page(self, wanted: Wanted) -> Found:
        """Public cases without their content, with `project` and `creator`. Raises as the catalogue does."""
        return self._catalogue.page(wanted, _LIBRARY_LINE)

    def taken(self, project_id: int, folder: str, lane: int, names: Sequence[str]) -> set[str]:
        """Those of the names that cases in this place have."""
        where = {"project": project_id, "folder": folder, "lane": lane, "names": list(names)}
        return {row.name for row in fetch(self._session, _TAKEN, where)}

    def forget_secrets(self, case_id: int) -> None:
        """Keep no credential of any version."""
        self._session.connection().execute(update(_V).where(_V.c.case_id == case_id).values(secrets=None))
