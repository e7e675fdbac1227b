"""A case as it is written: its columns, a version of it, where it is found, and what the record of changes says.

The *fields* of a case are what a person can change: `SETTINGS` and the parts of its content, named as in the API, with
marks in place of credentials, which are *held* beside them.
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from wxcloudrun.core import catalogue
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.catalogue import Entry, term
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.credentials import Held, packed, unpacked
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession
from wxcloudrun.core.errors import FieldFault, InvalidInput
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.cases.dao import CaseDao
from wxcloudrun.features.cases.definition import PARTS
from wxcloudrun.features.cases.models import CaseStatus, Visibility
from wxcloudrun.features.cases.portable import files_of
from wxcloudrun.features.environments.variables import cut

SECRETS: Final = "cases.secrets"
VERSION_SECRETS: Final = "case_versions.secrets"
_PLAIN: Final = ("name", "folder", "description", "creator_only", "owner_id", "position")
SETTINGS: Final = (*_PLAIN, "tags", "status", "visibility")
FIELDS: Final = (*SETTINGS, *PARTS)


class CaseRecords:
    """Writes cases. Every write makes a version, an audit entry and catalogue entries; the caller holds the lock.

    `known_files` tells which of these numbers are files of a project, and keeps them from being removed meanwhile.
    """

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        known_files: Callable[[int, Collection[int]], set[int]],
        cases: CaseDao | None = None,
    ) -> None:
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._known_files = known_files
        self._cases = cases or CaseDao(session)

    def add(
        self,
        actor: Actor,
        project_id: int,
        fields: Mapping[str, Any],
        held: Held,
        action: str = "case.created",
        origin: tuple[int, int] | None = None,
    ) -> int:
        """A new case of the actor's; its number. `origin`: number and version of what it is a copy of.

        Raises CaseNameTaken, and InvalidInput for a file that the project has not.
        """
        self._require_files(project_id, files_of(fields))
        now = self._clock.now()
        copied = {} if origin is None else {"origin_id": origin[0], "origin_version": origin[1]}
        place = {"project_id": project_id, "creator_id": actor.user_id, "deleted_at": None, **copied}
        stamp = {"version": 1, "run_count": 0, "created_at": now, "updated_at": now}
        values = self._columns(fields, held) | place | stamp
        values["lane"] = _lane(values)
        number = self._cases.add(values)
        self._cases.find_as(number, entry(values), new=True)
        self._add_version(actor, number, values, fields, held, action)
        after = _told(fields, [name for name in FIELDS if fields[name]]) | (
            {} if origin is None else {"origin": origin[0]}
        )
        self._record(actor, action, number, values, values, None, after)
        return number

    def change(
        self,
        actor: Actor,
        row: Any,
        fields: Mapping[str, Any],
        held: Held,
        action: str = "case.changed",
        *,
        restored: int | None = None,
        **place: Any,
    ) -> None:
        """What a locked case becomes: its fields, and with `place` its `project_id` or `deleted_at`.

        The audit entry tells which version was `restored`.

        Raises CaseNameTaken, and InvalidInput for a file that the project has not.
        """
        stay = set() if "project_id" in place else files_of(fields_of(row))
        self._require_files(place.get("project_id", row.project_id), files_of(fields) - stay)
        old = row._asdict()
        changed = self._columns(fields, held) | place
        changed |= {"version": row.version + 1, "updated_at": self._clock.now()}
        values = old | changed
        changed["lane"] = values["lane"] = _lane(values)
        self._cases.change(row.id, changed)
        self._cases.find_as(row.id, entry(values))
        self._add_version(actor, row.id, values, fields, held, action)
        before, after = self._difference(row, fields, held)
        if place:
            told = [{"name": one["name"], "folder": one["folder"], **_place(one, place)} for one in (old, values)]
            before, after = told[0] | before, told[1] | after
        after |= {} if restored is None else {"restored_version": restored}
        self._record(actor, action, row.id, old, values, before, after)

    def held(self, row: Any) -> Held:
        """Credentials of a case; none where their key was withdrawn, so that they have to be entered again."""
        return unpacked(self._keys.readable(row.secrets, SECRETS))

    def held_then(self, version: Any) -> Held:
        """Credentials of a version of a case; none where their key was withdrawn."""
        return unpacked(self._keys.readable(version.secrets, VERSION_SECRETS))

    def _require_files(self, project_id: int, wanted: set[int]) -> None:
        """Raises InvalidInput. Files that a case has already stay as long as it names them: those are not asked for."""
        missing = sorted(wanted - self._known_files(project_id, wanted)) if wanted else []
        if missing:
            detail = f"the project has no file {', '.join(str(one) for one in missing[:5])}; upload it first"
            raise InvalidInput(fields=(FieldFault("request.body", "no_such_file", detail=detail),))

    def _sealed(self, held: Held, context: str) -> str | None:
        text = packed(held)
        return None if text is None else self._keys.encrypt(text, context)

    def _columns(self, fields: Mapping[str, Any], held: Held) -> dict[str, Any]:
        return {
            **{name: fields[name] for name in _PLAIN},
            "tags": _written(fields["tags"]),
            "status": CaseStatus[fields["status"].upper()],
            "visibility": Visibility[fields["visibility"].upper()],
            "method": str(fields["request"].get("method") or "GET").upper()[:32],
            "url": str(fields["request"]["url"]),
            "content": _written({part: fields[part] for part in PARTS}),
            "secrets": self._sealed(held, SECRETS),
        }

    def _add_version(
        self, actor: Actor, number: int, values: Mapping[str, Any], fields: Mapping[str, Any], held: Held, action: str
    ) -> None:
        self._cases.add_version(
            {
                "case_id": number,
                "version": values["version"],
                "action": action.removeprefix("case."),
                "author_id": actor.user_id,
                "content": _written({name: fields[name] for name in FIELDS}),
                "secrets": self._sealed(held, VERSION_SECRETS),
                "created_at": values["updated_at"],
            }
        )

    def _difference(self, row: Any, fields: Mapping[str, Any], held: Held) -> tuple[dict[str, Any], dict[str, Any]]:
        """The changed fields before and after; of a request those of its parts; and which credentials are new."""
        old, known = fields_of(row), self.held(row)
        names = [name for name in FIELDS if old[name] != fields[name]]
        before, after = _told(old, names), _told(fields, names)
        if "request" in names:
            ours, theirs = old["request"], fields["request"]
            parts = [part for part in {**ours, **theirs} if ours.get(part) != theirs.get(part)]
            before["request"], after["request"] = _told(ours, parts), _told(theirs, parts)
        fresh = [".".join(path) for path, value in held.items() if known.get(path) != value]
        return before, after | ({"rewritten": fresh} if fresh else {})

    def _record(
        self,
        actor: Actor,
        action: str,
        number: int,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any],
    ) -> None:
        """The audit entry; of a case that is or was private members are told nothing."""
        hidden = Visibility.PRIVATE in {old["visibility"], new["visibility"]}
        project = None if hidden else new["project_id"]
        self._audit.record(actor, action, ("case", number), before, after, project_id=project)


def fields_of(row: Any) -> dict[str, Any]:
    """The fields of a case's row."""
    return {
        **{name: getattr(row, name) for name in _PLAIN},
        "tags": json.loads(row.tags),
        "status": row.status.name.lower(),
        "visibility": row.visibility.name.lower(),
        **json.loads(row.content),
    }


def entry(values: Mapping[str, Any]) -> Entry:
    """Where a case with these columns is found, by whom and by what."""
    visibility, folder = values["visibility"], values["folder"]
    return Entry(
        scopes=_scopes(values),
        terms=[
            term("status", values["status"].name.lower()),
            term("visibility", visibility.name.lower()),
            term("method", values["method"]),
            term("owner", values["owner_id"]),
            *(term("tag", tag) for tag in json.loads(values["tags"])),
            *catalogue.folder_terms(folder),
            *(term("file", number) for number in sorted(files_of(json.loads(values["content"])))),
        ],
        text=f"{values['name']}\n{values['url'][:128]}",
        name=values["name"],
        position=values["position"],
        updated_at=values["updated_at"],
    )


def _scopes(values: Mapping[str, Any]) -> list[str]:
    project = values["project_id"]
    scopes = [catalogue.shared(project)]
    if values["visibility"] is Visibility.PRIVATE:
        scopes = [catalogue.own(project, values["creator_id"]), catalogue.private(project)]
    if values["deleted_at"] is not None:
        return [catalogue.trash(scope) for scope in scopes]
    return [*scopes, catalogue.PUBLIC] if values["visibility"] is Visibility.PUBLIC else scopes


def _lane(values: Mapping[str, Any]) -> int | None:
    """Names are unique in it: what the project sees, what one person made for themselves; the trash has none."""
    if values["deleted_at"] is not None:
        return None
    return int(values["creator_id"]) if values["visibility"] is Visibility.PRIVATE else 0


def _place(values: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    told = {"in_trash": values["deleted_at"] is not None} if "deleted_at" in names else {}
    return told | ({"project_id": values["project_id"]} if "project_id" in names else {})


def _told(fields: Mapping[str, Any], names: Any) -> dict[str, Any]:
    return {name: cut(fields.get(name)) for name in names}


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
