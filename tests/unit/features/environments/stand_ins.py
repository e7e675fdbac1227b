"""What stands in for the tables of environments in tests of services."""

from collections.abc import Mapping
from typing import Any

from tests.unit.features.projects.stand_ins import paged
from tests.unit.features.users.stand_ins import FakeRow
from wxcloudrun.features.environments.errors import EnvironmentNameTaken


class FakeEnvironmentDao:
    """EnvironmentDao over two dictionaries."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.marks: dict[int, int] = {}
        self._next = 0

    def get(self, project_id: int, environment_id: int) -> Any:
        row = self.rows.get(environment_id)
        return FakeRow(**self._marked(row)) if row is not None and row["project_id"] == project_id else None

    locked = get

    def default(self, project_id: int) -> Any:
        number = self.marks.get(project_id)
        return None if number is None else self.get(project_id, number)

    def page(self, project_id: int, text: str | None, order: str, offset: int, size: int) -> tuple[list[FakeRow], int]:
        rows = [self._marked(row) for row in self.rows.values() if row["project_id"] == project_id]
        return paged([row for row in rows if (text or "").lower() in row["name"].lower()], order, offset, size)

    def add(self, values: Mapping[str, Any]) -> int:
        self._refuse_taken(0, values["project_id"], values["name"])
        self._next += 1
        self.rows[self._next] = {**values, "id": self._next}
        return self._next

    def change(self, environment_id: int, values: Mapping[str, Any]) -> None:
        row = self.rows[environment_id]
        self._refuse_taken(environment_id, row["project_id"], values.get("name", row["name"]))
        row.update(values)

    def remove(self, environment_id: int) -> None:
        project = self.rows.pop(environment_id)["project_id"]
        if self.marks.get(project) == environment_id:
            del self.marks[project]

    def mark(self, project_id: int, environment_id: int) -> None:
        self.marks[project_id] = environment_id

    def _marked(self, row: Mapping[str, Any]) -> dict[str, Any]:
        project = row["project_id"]
        return {**row, "marked": project if self.marks.get(project) == row["id"] else None}

    def _refuse_taken(self, number: int, project_id: int, name: str) -> None:
        taken = [row["id"] for row in self.rows.values() if (row["project_id"], row["name"]) == (project_id, name)]
        if taken not in ([], [number]):
            raise EnvironmentNameTaken


class FakeVariableDao:
    """VariableDao over a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}

    def get(self, project_id: int) -> Any:
        row = self.rows.get(project_id)
        return None if row is None else FakeRow(**row)

    def put(self, project_id: int, values: Mapping[str, Any]) -> None:
        self.rows[project_id] = {"project_id": project_id, **values}
