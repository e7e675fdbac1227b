"""What stands in for the tables of datasets in tests of services."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tests.unit.features.projects.stand_ins import paged
from tests.unit.features.users.stand_ins import FakeRow
from wxcloudrun.features.datasets.errors import DatasetKeyTaken


class FakeDatasetDao:
    """DatasetDao over a dictionary, as far as one case's datasets go."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.defaults: dict[int, int] = {}

    def get(self, case_id: int, dataset_id: int) -> Any:
        return next((row for row in self.of_case(case_id) if row.id == dataset_id), None)

    def page(self, case_id: int, offset: int, size: int) -> tuple[list[FakeRow], int]:
        return paged([vars(row) for row in self.of_case(case_id)], "position", offset, size)

    def places(self, case_id: int) -> Sequence[Any]:
        return self.of_case(case_id)

    def of_case(self, case_id: int) -> list[FakeRow]:
        mine = [row for row in self.rows.values() if row["case_id"] == case_id]
        mine.sort(key=lambda row: (row["position"], row["id"]))
        return [FakeRow(**row, marked=case_id if self.defaults.get(case_id) == row["id"] else None) for row in mine]

    def add(self, values: Mapping[str, object]) -> int:
        self._refuse_taken(0, values)
        number = max(self.rows, default=0) + 1
        self.rows[number] = {**values, "id": number}
        return number

    def change(self, dataset_id: int, values: Mapping[str, object]) -> None:
        self._refuse_taken(dataset_id, self.rows[dataset_id] | dict(values))
        self.rows[dataset_id].update(values)

    def remove(self, case_id: int, dataset_ids: Collection[int]) -> None:
        for number in dataset_ids:
            if self.rows[number]["case_id"] == case_id:
                del self.rows[number]
        if self.defaults.get(case_id) in dataset_ids:
            self.unmark(case_id)

    def shift(self, case_id: int, first: int, last: int | None, by: int) -> None:
        for row in self.rows.values():
            if row["case_id"] == case_id and first <= row["position"] and (last is None or row["position"] <= last):
                row["position"] += by

    def mark(self, case_id: int, dataset_id: int) -> None:
        self.defaults[case_id] = dataset_id

    def unmark(self, case_id: int) -> None:
        self.defaults.pop(case_id, None)

    def _refuse_taken(self, dataset_id: int, values: Mapping[str, object]) -> None:
        place = (values["case_id"], values["key"])
        if any((row["case_id"], row["key"]) == place for row in self.rows.values() if row["id"] != dataset_id):
            raise DatasetKeyTaken
