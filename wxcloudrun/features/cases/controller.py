"""Cases over HTTP."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.http import Caller
from wxcloudrun.core.pagination import Slice
from wxcloudrun.features.cases.copies import CaseCopies
from wxcloudrun.features.cases.exchange import (
    CaseCopied,
    CaseMoved,
    CasesQuery,
    DifferenceQuery,
    DifferenceView,
    LibraryCase,
    LibraryCopied,
    LibraryLine,
    LibraryQuery,
    VersionLine,
    VersionsQuery,
)
from wxcloudrun.features.cases.schemas import (
    CaseChange,
    CaseChecked,
    CaseDraft,
    CaseLine,
    CaseMade,
    CaseSaved,
    CaseView,
)
from wxcloudrun.features.cases.service import CaseService
from wxcloudrun.features.cases.shared import LibraryService
from wxcloudrun.features.cases.versions import VersionService


def cases(actor: Actor, project_id: int, query: CasesQuery, cases: CaseService) -> Slice[CaseLine]:
    """List a project's cases that one sees."""
    return cases.page(actor, project_id, query)


def add_case(actor: Actor, project_id: int, body: CaseMade, cases: CaseService) -> CaseSaved:
    """Make a case. For editors."""
    return cases.add(actor, project_id, body)


def check_case(actor: Actor, project_id: int, body: CaseDraft, cases: CaseService) -> CaseChecked:
    """Look a case over without keeping it: 422 names every field that cannot work. For editors."""
    return cases.check(actor, project_id, body)


def case(actor: Actor, project_id: int, case_id: int, cases: CaseService) -> CaseView:
    """Read a case, also from the trash; of credentials only that they are set."""
    return cases.view(actor, project_id, case_id)


def change_case(actor: Actor, project_id: int, case_id: int, body: CaseChange, cases: CaseService) -> CaseSaved:
    """Change the fields of a case that are sent. For editors; who sees and runs it, its creator and owners decide."""
    return cases.change(actor, project_id, case_id, body)


def trash_case(actor: Actor, project_id: int, case_id: int, cases: CaseService) -> CaseView:
    """Put a case into the trash, unless a scenario uses it. For editors."""
    return cases.trash(actor, project_id, case_id)


def restore_case(actor: Actor, project_id: int, case_id: int, cases: CaseService) -> CaseView:
    """Take a case out of the trash. For editors."""
    return cases.restore(actor, project_id, case_id)


def copy_case(
    actor: Actor, caller: Caller, project_id: int, case_id: int, body: CaseCopied, copies: CaseCopies
) -> CaseSaved:
    """Copy a case with its datasets; without its credentials and files where it goes to another project."""
    return copies.copy(actor, project_id, case_id, body, caller.language)


def move_case(actor: Actor, project_id: int, case_id: int, body: CaseMoved, copies: CaseCopies) -> CaseSaved:
    """Move a case to another project, without its credentials and files. For editors of both."""
    return copies.move(actor, project_id, case_id, body)


def versions(
    actor: Actor, project_id: int, case_id: int, query: VersionsQuery, versions: VersionService
) -> Slice[VersionLine]:
    """List what a case was, newest first."""
    return versions.page(actor, project_id, case_id, query)


def version(actor: Actor, project_id: int, case_id: int, version: int, versions: VersionService) -> CaseView:
    """Read a case as it was; of credentials only that they were set."""
    return versions.view(actor, project_id, case_id, version)


def version_difference(
    actor: Actor, project_id: int, case_id: int, version: int, query: DifferenceQuery, versions: VersionService
) -> DifferenceView:
    """Read what differs between two versions; of credentials only that they do."""
    return versions.difference(actor, project_id, case_id, version, query.to)


def restore_version(actor: Actor, project_id: int, case_id: int, version: int, versions: VersionService) -> CaseSaved:
    """Make a case what it was, as a new version. For editors."""
    return versions.restore(actor, project_id, case_id, version)


def public_cases(query: LibraryQuery, library: LibraryService) -> Slice[LibraryLine]:
    """List public cases of all projects. For verified users."""
    return library.page(query)


def public_case(case_id: int, library: LibraryService) -> LibraryCase:
    """Read a public case. For verified users."""
    return library.view(case_id)


def copy_library_case(actor: Actor, caller: Caller, case_id: int, body: LibraryCopied, copies: CaseCopies) -> CaseSaved:
    """Copy a public case into a project in which one is an editor."""
    return copies.copy_public(actor, case_id, body, caller.language)
