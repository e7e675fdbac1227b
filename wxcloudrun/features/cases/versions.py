"""What a case was: its versions, what differs between them, and going back to one."""

import json
from collections.abc import Callable, Collection, Sequence
from types import SimpleNamespace
from typing import Any

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.credentials import put_back
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.difference import Hidden, difference
from wxcloudrun.core.errors import InvalidInput
from wxcloudrun.core.pagination import Slice, cursor, position
from wxcloudrun.features.cases.access import CaseAccess, sees, sends_it
from wxcloudrun.features.cases.dao import VersionDao
from wxcloudrun.features.cases.definition import PARTS, examined, goes_elsewhere
from wxcloudrun.features.cases.errors import CaseNotFound, CaseVersionNotFound
from wxcloudrun.features.cases.exchange import (
    ChangeView,
    DifferenceView,
    VersionLine,
    VersionsQuery,
)
from wxcloudrun.features.cases.models import CaseStatus, Visibility
from wxcloudrun.features.cases.portable import Carried, carried, files_of
from wxcloudrun.features.cases.records import CaseRecords, fields_of
from wxcloudrun.features.cases.schemas import CaseSaved, CaseView
from wxcloudrun.features.cases.service import CaseService
from wxcloudrun.features.projects.access import Membership, ProjectAccess, Right

type KnownFiles = Callable[[int, Collection[int]], set[int]]

_STAYS = ("visibility", "creator_only")  # who sees and runs a case is not a matter of what it does


class VersionService:
    """What members of a project do with the versions of its cases.

    `known_files` tells which of these numbers are files of the project (FilePlanning.known).
    """

    def __init__(
        self,
        session: AnySession,
        access: ProjectAccess,
        cases: CaseAccess,
        records: CaseRecords,
        viewed: CaseService,
        known_files: KnownFiles,
        versions: VersionDao | None = None,
    ) -> None:
        self.session = session
        self._projects = access
        self._access = cases
        self._records = records
        self._viewed = viewed
        self._known_files = known_files
        self._versions = versions or VersionDao(session)

    def page(self, actor: Actor, project_id: int, case_id: int, query: VersionsQuery) -> Slice[VersionLine]:
        """Versions, newest first. Raises ProjectNotFound, CaseNotFound, and InvalidInput for a wrong cursor."""
        before = position(query.cursor, (int,))
        membership = self._projects.require(actor, project_id, Right.VIEW)
        rows = self._versions.page(project_id, case_id, before[0] if before else None, query.size + 1)
        _require_seen(actor, rows, membership)
        items = [VersionLine.of(row) for row in rows[: query.size] if row.version is not None]
        return Slice(items=items, next=cursor(items[-1].version) if len(rows) > query.size else None)

    def view(self, actor: Actor, project_id: int, case_id: int, version: int) -> CaseView:
        """A case as it was, with what the actor may do with it today.

        Raises ProjectNotFound, CaseNotFound, CaseVersionNotFound.
        """
        membership, rows = self._several(actor, project_id, case_id, (version,))
        row = _of(rows, version)
        rights = {
            "may_edit": self._access.may_edit(actor, row, membership),
            "may_run": self._access.may_run(actor, row, membership),
        }
        fields = json.loads(row.then_content)
        content = {part: fields[part] for part in PARTS}
        return CaseView.of(
            _as_it_was(row, fields), description=fields["description"], creator=row.creator, **content, **rights
        )

    def difference(self, actor: Actor, project_id: int, case_id: int, version: int, to: int | None) -> DifferenceView:
        """What was done to a version to make another one; without `to`, the newest.

        Raises ProjectNotFound, CaseNotFound, CaseVersionNotFound.
        """
        _, rows = self._several(actor, project_id, case_id, (version, to))
        earlier, later = _of(rows, version), _of(rows, rows[0].version if to is None else to)
        found = difference(self._to_compare(earlier), self._to_compare(later))
        items = [ChangeView(path=one.path, kind=one.kind, before=one.before, after=one.after) for one in found.changes]
        return DifferenceView(from_version=version, to_version=later.then_version, items=items, cut=found.cut)

    def restore(self, actor: Actor, project_id: int, case_id: int, version: int) -> CaseSaved:
        """Make a case what it was, credentials too, as a new version. Who sees and runs it stays as it is.

        A `creator_only` case that would be sent elsewhere gets its credentials back from its creator and owners only.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, CaseVersionNotFound, CaseNameTaken, and
        InvalidInput where the engine does not take any more what was written then.
        """
        _, rows = self._several(actor, project_id, case_id, (version,), Right.EDIT)
        row = _of(rows, version)
        fields = json.loads(row.then_content)
        then = carried(fields, self._held(row), files_of(fields))
        told = examined({part: then.fields[part] for part in PARTS}, then.held)  # takes a while, so nothing is locked
        if told.faults:
            raise InvalidInput(fields=told.faults)
        return self._restored(actor, project_id, case_id, version, then)

    @unit_of_work
    def _restored(self, actor: Actor, project_id: int, case_id: int, version: int, then: Carried) -> CaseSaved:
        grip = self._access.require(actor, project_id, case_id, Right.EDIT, locked=True)
        now = fields_of(grip.row)
        fields = then.fields | {name: now[name] for name in _STAYS}
        if fields["owner_id"] != now["owner_id"] and not self._projects.has_member(project_id, fields["owner_id"]):
            fields["owner_id"] = now["owner_id"]
        files = files_of(fields)
        lured = not sends_it(actor, grip.row, grip.membership) and goes_elsewhere(now["request"], fields["request"])
        held = {} if lured else then.held
        whole = carried(fields, held, self._known_files(project_id, files) if files else files)
        self._records.change(actor, grip.row, whole.fields, whole.held, "case.version_restored", restored=version)
        view = self._viewed.view(actor, project_id, case_id)
        return CaseSaved.model_construct(**dict(view), warnings=then.warnings + whole.warnings)

    def _several(
        self, actor: Actor, project_id: int, case_id: int, versions: Sequence[int | None], right: Right = Right.VIEW
    ) -> tuple[Membership, Sequence[Any]]:
        membership = self._projects.require(actor, project_id, right)
        rows = self._versions.several(project_id, case_id, versions)
        _require_seen(actor, rows, membership)
        return membership, rows

    def _to_compare(self, row: Any) -> dict[str, Any]:
        """A version whose credentials can be compared and not be shown."""
        hidden: dict[tuple[str, ...], Any] = {path: Hidden(value) for path, value in self._held(row).items()}
        return put_back(json.loads(row.then_content), hidden)

    def _held(self, row: Any) -> dict[tuple[str, ...], str]:
        return self._records.held_then(SimpleNamespace(secrets=row.then_secrets))


def _require_seen(actor: Actor, rows: Sequence[Any], membership: Membership) -> None:
    """Raises CaseNotFound where the actor does not see the case that these rows are of."""
    if not rows or rows[0].deleted_at is not None or not sees(actor, rows[0], membership):
        raise CaseNotFound


def _of(rows: Sequence[Any], version: int) -> Any:
    """The row of that version. Raises CaseVersionNotFound."""
    found = next((row for row in rows if row.then_version == version), None)
    if found is None:
        raise CaseVersionNotFound
    return found


def _as_it_was(row: Any, fields: dict[str, Any]) -> SimpleNamespace:
    """The columns of a case's row as they were in that version; nobody knows what its owner was called then."""
    then = {
        **{name: fields[name] for name in ("name", "folder", "description", "creator_only", "owner_id", "position")},
        "tags": json.dumps(fields["tags"]),
        "status": CaseStatus[fields["status"].upper()],
        "visibility": Visibility[fields["visibility"].upper()],
        "method": str(fields["request"].get("method") or "GET").upper()[:32],
        "url": str(fields["request"]["url"]),
        "owner": row.owner if row.owner_id == fields["owner_id"] else None,
        "version": row.then_version,
        "updated_at": row.then_created_at,
    }
    return SimpleNamespace(**row._asdict() | then)
