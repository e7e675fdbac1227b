"""Questions about datasets, and which one of a case is the default."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, literal, select, update

from wxcloudrun.core.columns import UtcDateTime
from wxcloudrun.core.dao import Dao, unique
from wxcloudrun.core.db import fetch
from wxcloudrun.core.listing import page_of
from wxcloudrun.features.datasets.errors import DatasetKeyTaken
from wxcloudrun.features.datasets.models import Dataset, DefaultDataset

_T: Any = Dataset.__table__
_D: Any = DefaultDataset.__table__
_WITH_DEFAULT = _T.outerjoin(_D, _D.c.dataset_id == _T.c.id)
_ROWS = select(_T, _D.c.case_id.label("marked")).select_from(_WITH_DEFAULT)
_BY_ID = _ROWS.where(_T.c.case_id == bindparam("case"), _T.c.id == bindparam("id"))
_OF_CASE = _ROWS.where(_T.c.case_id == bindparam("case")).order_by(_T.c.position, _T.c.id)
_OF_CASES = _ROWS.where(_T.c.case_id.in_(bindparam("cases", expanding=True)))
_PLACES = (
    select(_T.c.id, _T.c.key, _T.c.enabled, _T.c.position, _D.c.case_id.label("marked"))
    .select_from(_WITH_DEFAULT)
    .where(_T.c.case_id == bindparam("case"))
    .order_by(_T.c.position, _T.c.id)
)
_KEY = unique(_T, DatasetKeyTaken)


class DatasetDao(Dao):
    """Reads and writes datasets; in a row that is read, `marked` is not None where it is the default one.

    Who writes holds the lock of the case's row.
    """

    def get(self, case_id: int, dataset_id: int) -> Row[Any] | None:
        """A dataset of that case."""
        return self._one(_BY_ID, {"case": case_id, "id": dataset_id})

    def page(self, case_id: int, offset: int, size: int) -> tuple[list[Row[Any]], int]:
        """Datasets in their order, and how many the case has in all."""
        return page_of(self._session, _ROWS.where(_T.c.case_id == case_id), "position", offset, size)

    def places(self, case_id: int) -> Sequence[Row[Any]]:
        """`id`, `key`, `enabled`, `position` and `marked` of all, in their order."""
        return fetch(self._session, _PLACES, {"case": case_id})

    def of_case(self, case_id: int) -> Sequence[Row[Any]]:
        """All of a case, in their order."""
        return fetch(self._session, _OF_CASE, {"case": case_id})

    def of_cases(self, case_ids: Collection[int]) -> Sequence[Row[Any]]:
        """All of several cases, those of each case in their order."""
        query = _OF_CASES.order_by(_T.c.case_id, _T.c.position, _T.c.id)
        return fetch(self._session, query, {"cases": sorted(set(case_ids))}) if case_ids else []

    def add(self, values: Mapping[str, object]) -> int:
        """A new dataset; its number. Raises DatasetKeyTaken."""
        return self._add(_T, values, _KEY)

    def add_all(self, rows: Sequence[Mapping[str, object]]) -> None:
        """New datasets, all with the same columns."""
        if rows:
            self._session.connection().execute(insert(_T), [dict(row) for row in rows])

    def change(self, dataset_id: int, values: Mapping[str, object]) -> None:
        """Change columns. Raises DatasetKeyTaken."""
        self._run(update(_T).where(_T.c.id == dataset_id).values(**values), judge=_KEY)

    def remove(self, case_id: int, dataset_ids: Collection[int]) -> None:
        """Remove datasets; if one was the default, there is none then."""
        if dataset_ids:
            numbers = sorted(dataset_ids)
            self._run(delete(_D).where(_D.c.case_id == case_id, _D.c.dataset_id.in_(numbers)))
            self._run(delete(_T).where(_T.c.case_id == case_id, _T.c.id.in_(numbers)))

    def shift(self, case_id: int, first: int, last: int | None, by: int) -> None:
        """Move those at the places `first` to `last` (None: to the end) by that many places."""
        where = [_T.c.case_id == case_id, _T.c.position >= first]
        where += [] if last is None else [_T.c.position <= last]
        self._run(update(_T).where(*where).values(position=_T.c.position + by))

    def mark(self, case_id: int, dataset_id: int) -> None:
        """Make it the default one."""
        moved = self._run(update(_D).where(_D.c.case_id == case_id).values(dataset_id=dataset_id))
        if not moved.rowcount:
            self._run(insert(_D), {"case_id": case_id, "dataset_id": dataset_id})

    def unmark(self, case_id: int) -> None:
        """Let none be the default."""
        self._run(delete(_D).where(_D.c.case_id == case_id))

    def copy(self, case_id: int, to: int, now: datetime, *, without_secrets: bool) -> None:
        """Give another case, which has none, the same datasets; `without_secrets` only those that hold none."""
        same = ("key", "name", "enabled", "position", "content", "secrets")
        moment = literal(now, UtcDateTime())
        own = [literal(to), *(_T.c[name] for name in same), literal(1), moment, moment]
        rows = select(*own).where(_T.c.case_id == case_id)
        if without_secrets:
            rows = rows.where(_T.c.secrets.is_(None))
        names = ["case_id", *same, "version", "created_at", "updated_at"]
        self._run(insert(_T).from_select(names, rows, include_defaults=False))

    def with_secrets(self, case_id: int) -> Sequence[Row[Any]]:
        """Those of a case that hold credentials."""
        return fetch(self._session, _ROWS.where(_T.c.case_id == case_id, _T.c.secrets.is_not(None)))

    def copy_mark(self, case_id: int, to: int) -> None:
        """Make of another case's copies that one the default whose original is it."""
        copies = _T.alias("copies")
        joined = _D.join(_T, _T.c.id == _D.c.dataset_id).join(copies, copies.c.key == _T.c.key)
        query = select(copies.c.case_id, copies.c.id).select_from(joined)
        query = query.where(_D.c.case_id == case_id, copies.c.case_id == to)
        self._run(insert(_D).from_select(["case_id", "dataset_id"], query))
