"""What stands in for the table of schedules in tests of services."""

from collections.abc import Mapping
from typing import Any

from tests.unit.features.projects.stand_ins import paged
from tests.unit.features.users.stand_ins import FakeRow

_EMPTY = dict.fromkeys(
    ("scenario_id", "case_id", "tag", "dataset", "environment_id", "cron", "every_ms", "at", "private_to", "next_at")
)


class FakeScheduleDao:
    """ScheduleDao over a dictionary, as far as schedules themselves go."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}

    def get(self, project_id: int, schedule_id: int) -> FakeRow | None:
        row = self.rows.get(schedule_id)
        return FakeRow(**row) if row is not None and row["project_id"] == project_id else None

    locked = get

    def page(
        self, project_id: int, person: int | None, filters: Mapping[str, object], offset: int, size: int
    ) -> tuple[list[FakeRow], int]:
        mine = [row for row in self.rows.values() if row["project_id"] == project_id]
        mine = [row for row in mine if all(row[name] == one for name, one in filters.items())]
        seen = [row for row in mine if person is None or row["private_to"] in {None, person}]
        return paged(seen, "id", offset, size)

    def count(self, project_id: int) -> int:
        return sum(row["project_id"] == project_id for row in self.rows.values())

    def add(self, values: Mapping[str, object]) -> int:
        number = max(self.rows, default=0) + 1
        self.rows[number] = {**_EMPTY, **values, "id": number}
        return number

    def change(self, schedule_id: int, values: Mapping[str, object]) -> None:
        self.rows[schedule_id].update(values)

    def remove(self, schedule_id: int) -> None:
        del self.rows[schedule_id]
