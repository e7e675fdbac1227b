"""Datasets of a case that is copied or moved."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.clock import Clock
from wxcloudrun.core.credentials import referenced
from wxcloudrun.core.db import AnySession
from wxcloudrun.features.datasets.dao import DatasetDao


class DatasetCopies:
    """Does with datasets what is done with their case, in the same transaction."""

    def __init__(self, session: AnySession, clock: Clock, datasets: DatasetDao | None = None) -> None:
        self._clock = clock
        self._datasets = datasets or DatasetDao(session)

    def copy(self, old_case_id: int, new_case_id: int, *, with_secrets: bool) -> list[str]:
        """Copy all datasets, their order and which is the default; at most four statements.

        Without secrets a `{{reference}}` stands where each was; what comes back are the names of these variables.
        """
        self._datasets.copy(old_case_id, new_case_id, self._clock.now(), without_secrets=not with_secrets)
        names: list[str] = []
        if not with_secrets:
            values, names = self._opened(new_case_id, self._datasets.with_secrets(old_case_id))
            self._datasets.add_all(values)
        self._datasets.copy_mark(old_case_id, new_case_id)
        return names

    def leave(self, case_id: int) -> list[str]:
        """Take the credentials out of a case that leaves its project; at most six statements.

        A `{{reference}}` stands where each was; what comes back are the names of these variables.
        """
        rows = self._datasets.with_secrets(case_id)
        values, names = self._opened(case_id, rows)
        now = self._clock.now()
        for row, new in zip(rows, values, strict=True):
            new |= {"id": row.id, "version": row.version + 1, "created_at": row.created_at, "updated_at": now}
        self._datasets.remove(case_id, [row.id for row in rows])
        self._datasets.add_all(values)
        for row in rows:
            if row.marked is not None:
                self._datasets.mark(case_id, row.id)
        return names

    def _opened(self, case_id: int, rows: Sequence[Row[Any]]) -> tuple[list[dict[str, Any]], list[str]]:
        """The rows as a case's own without credentials, and the names of the variables in their place."""
        now = self._clock.now()
        stamp = {"case_id": case_id, "secrets": None, "version": 1, "created_at": now, "updated_at": now}
        names: dict[str, None] = {}
        values: list[dict[str, Any]] = []
        for row in rows:
            content, needed = referenced(json.loads(row.content))
            names |= dict.fromkeys(needed)
            same = {name: getattr(row, name) for name in ("key", "name", "enabled", "position")}
            values.append({**same, **stamp, "content": json.dumps(content, ensure_ascii=False)})
        return values, list(names)
