"""Copying cases, inside a project and from one to another, and moving them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched, chain, count, islice
from typing import Any, Final

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import FieldFault, InvalidInput
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.cases.access import CaseAccess, CaseGrip, sees
from wxcloudrun.features.cases.dao import LibraryDao
from wxcloudrun.features.cases.errors import CaseCreatorRequired, CaseInUse, CaseNameTaken, CaseNotFound
from wxcloudrun.features.cases.exchange import CaseCopied, CaseMoved, LibraryCopied
from wxcloudrun.features.cases.models import Visibility
from wxcloudrun.features.cases.portable import Carried, carried, files_of, variables_to_set
from wxcloudrun.features.cases.records import CaseRecords, fields_of
from wxcloudrun.features.cases.schemas import CaseSaved
from wxcloudrun.features.cases.service import CaseService
from wxcloudrun.features.projects.access import ProjectAccess, Right

LONGEST_NAME: Final = 128
_SUFFIXES: Final = {"zh": (" 副本", " 副本 {number}"), "en": (" (copy)", " (copy {number})")}
_COPIED: Final = re.compile(r"(?: 副本(?: \d{1,9})?| \(copy(?: \d{1,9})?\))$")
_MOST_NAMES: Final = 2000
_NAMES_AT_ONCE: Final = 100
_ATTEMPTS: Final = 20  # each time somebody else's copy took the name first
_MOST_NAMED: Final = 5  # scenarios in a refusal


@dataclass(frozen=True, slots=True)
class CopyHooks:
    """What features above do with what is theirs, in the same transaction.

    `copied` is given the old case, the new one, and whether credentials go along; without them no file goes along
    either, since the new case is in another project or somebody else's. `moved` takes credentials and files out of
    what belongs to a case that left its project. Both give the names of variables that stand where credentials were.
    `in_use` gives the names of the scenarios that use a case.
    """

    copied: Callable[[int, int, bool], Sequence[str]]
    moved: Callable[[int], Sequence[str]]
    in_use: Callable[[int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a copy goes: project, folder and, if somebody chose one, name; and the language to name it in."""

    project_id: int
    folder: str
    name: str | None
    language: str


class CaseCopies:
    """Copies and moves cases. Credentials and files never leave their project."""

    def __init__(
        self,
        session: AnySession,
        audit: AuditService,
        access: ProjectAccess,
        cases: CaseAccess,
        records: CaseRecords,
        viewed: CaseService,
        hooks: CopyHooks,
        library: LibraryDao | None = None,
    ) -> None:
        self.session = session
        self._audit = audit
        self._projects = access
        self._access = cases
        self._records = records
        self._viewed = viewed
        self._hooks = hooks
        self._library = library or LibraryDao(session)

    def copy(self, actor: Actor, project_id: int, case_id: int, copied: CaseCopied, language: str) -> CaseSaved:
        """A copy with its datasets, in the same project or in another one; `warnings` tell what has to be set there.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, CaseNameTaken.
        """
        return _named_anew(copied.name, lambda: self._copied(actor, project_id, case_id, copied, language))

    def copy_public(self, actor: Actor, case_id: int, copied: LibraryCopied, language: str) -> CaseSaved:
        """A copy of a case of the library. Raises as `copy` does."""
        return _named_anew(copied.name, lambda: self._copied_public(actor, case_id, copied, language))

    @unit_of_work
    def move(self, actor: Actor, project_id: int, case_id: int, moved: CaseMoved) -> CaseSaved:
        """Put a case into another project, with its versions and datasets but without credentials and files.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, CaseInUse, CaseNameTaken, InvalidInput,
        and CaseCreatorRequired for who would not see the private case any more.
        """
        grip = self._access.require(actor, project_id, case_id, Right.EDIT, locked=True)
        if moved.project_id == project_id:
            raise InvalidInput(fields=(FieldFault("project_id", "same_project"),))
        target = self._projects.require(actor, moved.project_id, Right.EDIT)
        if not sees(actor, grip.row, target):
            raise CaseCreatorRequired
        scenarios = self._hooks.in_use(case_id)
        if scenarios:
            raise CaseInUse(values={"scenarios": ", ".join(scenarios[:_MOST_NAMED])})
        return self._moved(actor, grip, moved)

    @unit_of_work
    def _copied(self, actor: Actor, project_id: int, case_id: int, copied: CaseCopied, language: str) -> CaseSaved:
        target = project_id if copied.project_id is None else copied.project_id
        row = self._access.require(actor, project_id, case_id, Right.EDIT if target == project_id else Right.VIEW).row
        if target != project_id:
            self._projects.require(actor, target, Right.EDIT)
        return self._added(actor, row, _place(row, target, copied, language))

    @unit_of_work
    def _copied_public(self, actor: Actor, case_id: int, copied: LibraryCopied, language: str) -> CaseSaved:
        row = self._library.get(case_id)
        if row is None:
            raise CaseNotFound
        self._projects.require(actor, copied.project_id, Right.EDIT)
        return self._added(actor, row, _place(row, copied.project_id, copied, language))

    def _added(self, actor: Actor, row: Any, place: _Place) -> CaseSaved:
        """The copy; of a case that others may not run they get no credentials either."""
        here = place.project_id == row.project_id
        whole = here and (not row.creator_only or row.creator_id == actor.user_id)
        private = row.visibility is Visibility.PRIVATE
        fields = fields_of(row) | {
            "folder": place.folder,
            "status": "draft",
            "owner_id": actor.user_id,
            "visibility": "private" if private else "project",
        }
        fields["name"] = place.name or self._free_name(actor, row, place, private=private)
        copy = carried(fields, self._records.held(row) if whole else {}, files_of(fields) if here else ())
        origin = (row.id, row.version)
        number = self._records.add(actor, place.project_id, copy.fields, copy.held, "case.copied", origin)
        names = self._hooks.copied(row.id, number, whole)
        return self._saved(actor, place.project_id, number, [*copy.warnings, *variables_to_set(names)])

    def _free_name(self, actor: Actor, row: Any, place: _Place, *, private: bool) -> str:
        """The first name that nobody has there. Raises CaseNameTaken where all are taken."""
        original = str(row.name)
        own = () if place.project_id == row.project_id else (original,)
        names = islice(chain(own, copy_names(original, place.language)), _MOST_NAMES)
        lane = actor.user_id if private and actor.user_id else 0
        for some in batched(names, _NAMES_AT_ONCE):
            taken = self._library.taken(place.project_id, place.folder, lane, some)
            for name in some:
                if name not in taken:
                    return name
        raise CaseNameTaken

    def _moved(self, actor: Actor, grip: CaseGrip, moved: CaseMoved) -> CaseSaved:
        row = grip.row
        fields = fields_of(row)
        if moved.folder is not None:
            fields["folder"] = moved.folder
        if not self._projects.has_member(moved.project_id, row.owner_id):
            fields["owner_id"] = actor.user_id
        left: Carried = carried(fields, {}, ())
        place = {"project_id": moved.project_id}
        self._records.change(actor, row, left.fields, left.held, "case.moved", **place)
        self._library.forget_secrets(row.id)
        names = self._hooks.moved(row.id)
        if row.visibility is not Visibility.PRIVATE:  # the project that it left is told too
            told = ({"name": row.name, "project_id": row.project_id}, place)
            self._audit.record(actor, "case.moved", ("case", row.id), *told, project_id=row.project_id)
        return self._saved(actor, moved.project_id, row.id, [*left.warnings, *variables_to_set(names)])

    def _saved(self, actor: Actor, project_id: int, case_id: int, warnings: Sequence[str]) -> CaseSaved:
        view = self._viewed.view(actor, project_id, case_id)
        return CaseSaved.model_construct(**dict(view), warnings=list(dict.fromkeys(warnings)))  # each once


def copy_names(name: str, language: str) -> Iterator[str]:
    """Names for copies of something of that name, without end; a copy's copy is numbered on."""
    first, further = _SUFFIXES.get(language, _SUFFIXES["zh"])
    stem = _COPIED.sub("", name) or name
    for suffix in chain((first,), (further.format(number=number) for number in count(2))):
        yield stem[: LONGEST_NAME - len(suffix)].rstrip() + suffix


def _named_anew(name: str | None, attempt: Callable[[], CaseSaved]) -> CaseSaved:
    """Try again with another name where somebody was faster with the one found; a name that was asked for stays."""
    for _ in range(_ATTEMPTS):
        try:
            return attempt()
        except CaseNameTaken:
            if name is not None:
                raise
    return attempt()


def _place(row: Any, project_id: int, copied: CaseCopied | LibraryCopied, language: str) -> _Place:
    return _Place(project_id, row.folder if copied.folder is None else copied.folder, copied.name, language)
