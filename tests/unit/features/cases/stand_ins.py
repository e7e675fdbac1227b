"""What stands in for the tables of cases in tests of services."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.unit.features.users.stand_ins import FakeRow
from wxcloudrun.core.catalogue import Entry
from wxcloudrun.features.cases.errors import CaseNameTaken

_PLACE = ("project_id", "folder", "name", "lane")


class FakeCaseDao:
    """CaseDao over dictionaries. `before_lock` is called once, before a case is locked: somebody else was faster."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.versions: list[dict[str, Any]] = []
        self.entries: dict[int, Entry] = {}
        self.before_lock: Callable[[], object] | None = None

    def get(self, project_id: int, case_id: int) -> Any:
        row = self.rows.get(case_id)
        here = row is not None and row["project_id"] == project_id
        return FakeRow(**row, owner="owner", creator="creator") if here and row else None

    def locked(self, project_id: int, case_id: int) -> Any:
        call, self.before_lock = self.before_lock, None
        if call is not None:
            call()
        row = self.rows.get(case_id)
        return FakeRow(**row) if row is not None and row["project_id"] == project_id else None

    def several(self, case_ids: Iterable[int]) -> list[Any]:
        return [FakeRow(**self.rows[number]) for number in set(case_ids) & self.rows.keys()]

    def add(self, values: Mapping[str, Any]) -> int:
        number = len(self.rows) + 1
        self._refuse_taken(number, values)
        self.rows[number] = {"origin_id": None, "origin_version": None, **values, "id": number}
        return number

    def change(self, case_id: int, values: Mapping[str, Any]) -> None:
        self._refuse_taken(case_id, self.rows[case_id] | values)
        self.rows[case_id].update(values)

    def find_as(self, case_id: int, entry: Entry, *, new: bool = False) -> None:
        assert new == (case_id not in self.entries)
        self.entries[case_id] = entry

    def add_version(self, values: Mapping[str, Any]) -> None:
        self.versions.append(dict(values))

    def _refuse_taken(self, number: int, values: Mapping[str, Any]) -> None:
        place = [values[name] for name in _PLACE]
        others = [row for row in self.rows.values() if row["id"] != number]
        if values["lane"] is not None and place in [[row[name] for name in _PLACE] for row in others]:
            raise CaseNameTaken
