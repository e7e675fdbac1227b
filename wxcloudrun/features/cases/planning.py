"""Cases as a run's plan has them, credentials in clear."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.credentials import put_back, unpacked
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession
from wxcloudrun.features.cases.dao import CaseDao
from wxcloudrun.features.cases.definition import engine_case, engine_step
from wxcloudrun.features.cases.models import Visibility
from wxcloudrun.features.cases.records import SECRETS
from wxcloudrun.features.environments.planning import in_clear


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """A case for a plan. `case` is the engine's `Case` as JSON, with every credential and without datasets.

    `step` has `condition`, `retry`, `poll`, `dataset` as far as the case says them: they hold where a step is silent.
    """

    id: int
    project_id: int
    name: str
    version: int
    visibility: Visibility
    creator_id: int
    creator_only: bool
    deleted: bool
    case: dict[str, Any] = field(repr=False)
    step: dict[str, Any] = field(repr=False)


class CasePlanning:
    """Freezes cases for runs. It checks no right: who may run may use credentials without seeing them."""

    def __init__(self, session: AnySession, keys: KeyRing, cases: CaseDao | None = None) -> None:
        self._keys = keys
        self._cases = cases or CaseDao(session)

    def cases(self, case_ids: Iterable[int]) -> dict[int, PlannedCase]:
        """Cases by number, of any project and from the trash too; those that are not there are left out. One question.

        What comes back holds every credential: it goes into an encrypted column, or nowhere. Raises SecretsUnreadable.
        """
        return {row.id: self.planned(row) for row in self._cases.several(case_ids)}

    def creators_own(self, case_ids: Iterable[int]) -> dict[int, Row[Any]]:
        """Those of the cases that only their creators may run: `name`, `creator_id`, `visibility`; one question."""
        return {row.id: row for row in self._cases.several(case_ids) if row.creator_only}

    def count_run(self, case_id: int) -> None:
        """One more run of this case; that is no change of it. The caller has a transaction."""
        self._cases.count_run(case_id)

    def sends_file(self, project_id: int, file_id: int) -> bool:
        """True when a case of the project, also one in the trash, names that file; one question."""
        return self._cases.sends_file(project_id, file_id)

    def planned(self, row: Row[Any]) -> PlannedCase:
        """The case in a row of its table. Raises SecretsUnreadable; what comes back is as secret as that of `cases`."""
        content = json.loads(row.content)
        if row.secrets is not None:
            content = put_back(content, unpacked(in_clear(self._keys, row.secrets, SECRETS)))
        return PlannedCase(
            row.id,
            row.project_id,
            row.name,
            row.version,
            row.visibility,
            row.creator_id,
            row.creator_only,
            row.deleted_at is not None,
            engine_case(content, id=row.id, name=row.name, version=row.version),
            engine_step(content),
        )
