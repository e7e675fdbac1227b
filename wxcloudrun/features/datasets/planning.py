"""The datasets of cases as a run's plan has them, credentials in clear."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.credentials import unpacked
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession
from wxcloudrun.features.datasets.content import NOTHING, SECRETS, whole
from wxcloudrun.features.datasets.dao import DatasetDao
from wxcloudrun.features.environments.planning import in_clear


class DatasetPlanning:
    """Freezes datasets for runs. It checks no right: who may run may use secrets without seeing them."""

    def __init__(self, session: AnySession, keys: KeyRing, datasets: DatasetDao | None = None) -> None:
        self._keys = keys
        self._datasets = datasets or DatasetDao(session)

    def rows(self, case_ids: Collection[int]) -> dict[int, list[dict[str, Any]]]:
        """The engine's `Dataset` as JSON, in order, disabled ones too, for each of the cases; one question.

        What comes back holds every secret: it goes into an encrypted column, or nowhere. Raises SecretsUnreadable.
        """
        listed: dict[int, list[dict[str, Any]]] = {case_id: [] for case_id in case_ids}
        for row in self._datasets.of_cases(case_ids):
            listed[row.case_id].append(self._engine(row))
        return listed

    def names(self, case_id: int) -> set[str]:
        """Names of variables and expected values that some enabled dataset of the case gives; one question."""
        contents = [json.loads(row.content) for row in self._datasets.of_cases([case_id]) if row.enabled]
        given = {name for content in contents for name in content["variables"]}
        return given | {f"expected.{name}" for content in contents for name in content["expected"]}

    def _engine(self, row: Row[Any]) -> dict[str, Any]:
        content = json.loads(row.content)
        if row.secrets is not None:
            content = whole(content, unpacked(in_clear(self._keys, row.secrets, SECRETS)))
        own = {
            "id": row.id,
            "key": row.key,
            "name": row.name,
            "enabled": row.enabled,
            "default": row.marked is not None,
        }
        return own | {part: value for part, value in content.items() if value != NOTHING[part]}
