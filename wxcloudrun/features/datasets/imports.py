"""Datasets out of a file: all of its rows, or, where something is wrong with one, none."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.credentials import Held, referenced
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import FieldFault, refuse
from wxcloudrun.core.faults import faults_of
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.cases.access import CaseAccess
from wxcloudrun.features.datasets.content import (
    MOST_DATASETS,
    NOTHING,
    PARTS,
    Content,
    apart,
    columns,
    engine_faults,
    made_key,
    opened,
    own_faults,
    whole,
)
from wxcloudrun.features.datasets.dao import DatasetDao
from wxcloudrun.features.datasets.errors import TooManyDatasets
from wxcloudrun.features.datasets.reading import FileRow, read
from wxcloudrun.features.datasets.schemas import DatasetMade, ImportedDataset, ImportOptions, ImportView
from wxcloudrun.features.datasets.service import request_of, seen_in, sent
from wxcloudrun.features.files.service import Sent
from wxcloudrun.features.projects.access import Right

_SHOWN: Final = 20


@dataclass(slots=True)
class Coming:
    """A dataset as it will be; `old` is the row it takes the place of."""

    row: FileRow
    made: DatasetMade
    key: str
    old: Row[Any] | None
    name: str
    enabled: bool
    content: Content
    held: Held
    change: str = "added"
    position: int = 0


class DatasetImports:
    """Reads files of datasets into cases."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        access: CaseAccess,
        datasets: DatasetDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._access = access
        self._datasets = datasets or DatasetDao(session)

    def load(self, actor: Actor, project_id: int, case_id: int, file: Sent, options: ImportOptions) -> ImportView:
        """Take the rows of a file in; with `dry_run` only tell what would come.

        `append` adds them; `merge` changes of each dataset with the key of a row what the file speaks of, and adds the
        others; `replace` lets the case have these datasets and no others. The transaction begins when the file is read
        and the engine was asked.

        Raises ProjectNotFound, RightRequired, ProjectArchived, CaseNotFound, InvalidInput with the row and column of
        each fault, TooManyDatasets.
        """
        grip = self._access.require(actor, project_id, case_id, Right.EDIT)
        rows = read(file.content, file.name, file.content_type)
        made = _validated(rows)
        refuse(_engine_says(request_of(grip), rows, made))
        return self._load(actor, (project_id, case_id), list(zip(rows, made, strict=True)), options)

    @unit_of_work
    def _load(
        self, actor: Actor, place: tuple[int, int], rows: Sequence[tuple[FileRow, DatasetMade]], options: ImportOptions
    ) -> ImportView:
        grip = self._access.require(actor, *place, Right.EDIT, locked=True)
        present = self._datasets.of_case(grip.row.id)
        coming = self._coming(present, rows, options.mode)
        default = _default(present, coming, options.mode)
        going = [row for row in present if options.mode == "replace" and row.key not in {one.key for one in coming}]
        counts = {name: sum(one.change == name for one in coming) for name in ("added", "changed")}
        total = len(present) + counts["added"] - len(going)
        if total > MOST_DATASETS:
            raise TooManyDatasets(values={"limit": MOST_DATASETS})
        told = {**counts, "removed": len(going), "total": total}
        if not options.dry_run:
            _place(present, coming, options.mode)
            self._write(grip.row.id, present, coming, default, replaced=options.mode == "replace")
            after = {"mode": options.mode, **told}
            self._audit.record(
                actor,
                "datasets.imported",
                ("case", grip.row.id),
                {"total": len(present)},
                after,
                project_id=seen_in(grip),
            )
        items = [_item(one, is_default=one.key == default) for one in coming[:_SHOWN]]
        return ImportView(dry_run=options.dry_run, **told, items=items)

    def _coming(
        self, present: Sequence[Row[Any]], rows: Sequence[tuple[FileRow, DatasetMade]], mode: str
    ) -> list[Coming]:
        """The file's datasets over those that are there. Raises InvalidInput."""
        known = {row.key: row for row in present}
        keys = _keys(rows, known.keys(), mode)
        coming = []
        faults: list[FieldFault] = []
        for (row, made), key in zip(rows, keys, strict=True):
            one = self._laid_over(row, made, key, None if mode == "append" else known.get(key), mode)
            faults += _told_at(row, own_faults(one.content, one.held))
            coming.append(one)
        refuse(faults)
        return coming

    def _laid_over(self, row: FileRow, made: DatasetMade, key: str, old: Row[Any] | None, mode: str) -> Coming:
        """A row over the dataset of its key: of a merge, what the row does not speak of stays."""
        secrets = {} if old is None else opened(self._keys, old.secrets)
        before: Content = {**NOTHING} if old is None else json.loads(old.content)
        stays = old if mode == "merge" else None
        content, held = apart({**(NOTHING if stays is None else before), **sent(made)}, secrets)
        name = stays.name if stays is not None and "name" not in row.values else made.name
        enabled = stays.enabled if stays is not None and "enabled" not in row.values else made.enabled
        coming = Coming(row, made, key, old, name, enabled, content, held)
        if old is not None:
            same = (old.name, old.enabled, before, secrets) == (name, enabled, content, held)
            coming.change = "unchanged" if same else "changed"
        return coming

    def _write(
        self,
        case_id: int,
        present: Sequence[Row[Any]],
        coming: Sequence[Coming],
        default: str | None,
        *,
        replaced: bool,
    ) -> None:
        """In a number of statements that does not depend on how many rows there are: out with them, and in again."""
        written = [one for one in coming if replaced or one.change != "unchanged"]
        gone = [row.id for row in present] if replaced else [one.old.id for one in written if one.old is not None]
        self._datasets.remove(case_id, gone)
        known = [{"id": one.old.id, **self._values(case_id, one)} for one in written if one.old is not None]
        self._datasets.add_all(known)  # they come first: SQLite would give their numbers to the new ones
        self._datasets.add_all([self._values(case_id, one) for one in written if one.old is None])
        marked = next((row for row in present if row.marked is not None), None)
        stays = marked is not None and marked.id not in gone
        if default is None and stays:
            self._datasets.unmark(case_id)
        elif default is not None and not (stays and marked is not None and marked.key == default):
            number = next(place.id for place in self._datasets.places(case_id) if place.key == default)
            self._datasets.mark(case_id, number)

    def _values(self, case_id: int, one: Coming) -> dict[str, Any]:
        now = self._clock.now()
        old, same = one.old, one.change == "unchanged"
        return {
            "case_id": case_id,
            "key": one.key,
            "name": one.name,
            "enabled": one.enabled,
            "position": one.position,
            **columns(self._keys, one.content, one.held),
            "version": 1 if old is None else old.version if same else old.version + 1,
            "created_at": now if old is None else old.created_at,
            "updated_at": old.updated_at if old is not None and same else now,
        }


def _validated(rows: Sequence[FileRow]) -> list[DatasetMade]:
    """The rows as the API takes datasets. Raises InvalidInput."""
    made = []
    faults: list[FieldFault] = []
    for row in rows:
        try:
            made.append(DatasetMade.model_validate(row.values, strict=True))
        except ValidationError as error:
            for place, reason, detail in faults_of(DatasetMade, row.values, error):
                faults.append(row.fault(".".join(map(str, place)), reason, detail=detail))
    refuse(faults)
    return made


def _engine_says(
    request: Mapping[str, Any], rows: Sequence[FileRow], made: Sequence[DatasetMade]
) -> Iterator[FieldFault]:
    """What the engine has against the rows. Of a credential that is kept already it sees a reference."""
    parts = [apart({**NOTHING, **sent(one)}, {}) for one in made]
    wholes = [referenced(whole(content, held))[0] for content, held in parts]
    for index, fault in engine_faults(request, wholes, [held for _, held in parts]):
        yield from _told_at(rows[index], [fault])


def _told_at(row: FileRow, faults: Iterable[FieldFault]) -> Iterator[FieldFault]:
    return (row.fault(one.field, one.reason, one.position, one.detail) for one in faults)


def _keys(rows: Sequence[tuple[FileRow, DatasetMade]], present: Set[str], mode: str) -> list[str]:
    """A key for each row. Raises InvalidInput for one that is given twice, is taken, or is missing in a merge."""
    given = [made.key for _, made in rows if made.key is not None]
    taken = {*given, *(present if mode == "append" else ())}
    seen: set[str] = set()
    keys: list[str] = []
    faults: list[FieldFault] = []
    for row, made in rows:
        if made.key is None:
            if mode == "merge" and not made.name:
                faults.append(row.fault("key", "missing", detail="a merge needs `key` or `name` in each row"))
            keys.append(made_key(made.name, row.number, taken))
            taken.add(keys[-1])
            continue
        if made.key in seen:
            faults.append(row.fault("key", "given_twice"))
        elif mode == "append" and made.key in present:
            faults.append(row.fault("key", "taken", detail="the case has a dataset of this key; use the mode `merge`"))
        seen.add(made.key)
        keys.append(made.key)
    refuse(faults)
    return keys


def _default(present: Sequence[Row[Any]], coming: Sequence[Coming], mode: str) -> str | None:
    """The key of the dataset that will be the default one. Raises InvalidInput for two, and for a disabled one."""
    chosen = [one for one in coming if one.made.is_default]
    refuse([one.row.fault("is_default", "given_twice") for one in chosen[1:]])
    if chosen:
        key: str | None = chosen[0].key
    else:
        key = next((row.key for row in present if row.marked is not None), None)
        one = next((one for one in coming if one.key == key), None)
        told_off = one is not None and "is_default" in one.row.values
        if told_off or (one is None and mode == "replace"):
            return None
    disabled = [one.row for one in coming if one.key == key and not one.enabled]
    refuse([row.fault("enabled", "default_disabled") for row in disabled])
    return key


def _place(present: Sequence[Row[Any]], coming: Sequence[Coming], mode: str) -> None:
    """Give each its place: those that are there keep theirs unless all are replaced, new ones come at the end."""
    end = 0 if mode == "replace" or not present else present[-1].position
    for one in coming:
        if mode != "replace" and one.old is not None:
            one.position = one.old.position
        else:
            end += 1
            one.position = end


def _item(one: Coming, *, is_default: bool) -> ImportedDataset:
    own = {"change": one.change, "key": one.key, "name": one.name, "enabled": one.enabled}
    return ImportedDataset.model_validate(
        {**own, "is_default": is_default, **{part: one.content[part] for part in PARTS}}
    )
