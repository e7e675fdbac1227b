"""What stands in for the tables of scenarios and their steps in tests of services."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tests.unit.features.cases.stand_ins import FakeCaseDao
from tests.unit.features.datasets.stand_ins import FakeDatasetDao
from tests.unit.features.projects.stand_ins import paged
from tests.unit.features.users.stand_ins import FakeRow
from wxcloudrun.core.catalogue import Entry
from wxcloudrun.features.scenarios.errors import ScenarioNameTaken, StepKeyTaken
from wxcloudrun.features.scenarios.tree import Move, Node

_PLACE = ("project_id", "folder", "name", "lane")
_OF_CASE = (
    "project_id", "name", "method", "url", "version", "visibility", "creator_id", "creator_only", "status", "deleted_at",
)  # fmt: skip


class FakeScenarioDao:
    """ScenarioDao over dictionaries, but for its lists. `locks` are the numbers that were locked, in that order."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.entries: dict[int, Entry] = {}
        self.locks: list[int] = []
        self.steps_of: Callable[[int], int] = lambda scenario_id: 0

    def get(self, project_id: int, scenario_id: int) -> Any:
        row = self.rows.get(scenario_id)
        here = row is not None and row["project_id"] == project_id
        return FakeRow(**row, steps_count=self.steps_of(scenario_id)) if here and row else None

    def locked(self, project_id: int, scenario_id: int) -> Any:
        row = self.rows.get(scenario_id)
        if row is None or row["project_id"] != project_id:
            return None
        self.locks.append(scenario_id)
        return FakeRow(**row)

    def several(self, scenario_ids: Iterable[int]) -> dict[int, Any]:
        return {number: FakeRow(**self.rows[number]) for number in set(scenario_ids) & self.rows.keys()}

    def names(self, project_id: int, folder: str) -> set[str]:
        rows = self.rows.values()
        return {row["name"] for row in rows if (row["project_id"], row["folder"]) == (project_id, folder)}

    def add(self, values: Mapping[str, Any], entry: Entry) -> int:
        number = max(self.rows, default=0) + 1
        self._refuse_taken(number, values)
        self.rows[number] = {"origin_id": None, **values, "id": number}
        self.entries[number] = entry
        return number

    def change(self, scenario_id: int, values: Mapping[str, Any], entry: Entry) -> None:
        self._refuse_taken(scenario_id, self.rows[scenario_id] | values)
        self.rows[scenario_id].update(values)
        self.entries[scenario_id] = entry

    def count_run(self, scenario_ids: Iterable[int]) -> None:
        for number in set(scenario_ids):
            self.rows[number]["run_count"] += 1

    def touch(self, scenario_id: int, version: int, now: datetime) -> None:
        self.rows[scenario_id].update(version=version, updated_at=now)

    def _refuse_taken(self, number: int, values: Mapping[str, Any]) -> None:
        place = [values[name] for name in _PLACE]
        others = [[row[name] for name in _PLACE] for row in self.rows.values() if row["id"] != number]
        if values["lane"] is not None and place in others:
            raise ScenarioNameTaken


class Calls(NamedTuple):
    """So many steps of one scenario call another, or none."""

    scenario_id: int
    called_id: int | None
    steps: int


class FakeStepDao:
    """StepDao over a dictionary; scenarios, cases and datasets are those of other stand-ins."""

    def __init__(self, scenarios: FakeScenarioDao, cases: FakeCaseDao, datasets: FakeDatasetDao | None = None) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self._scenarios, self._cases = scenarios, cases
        self._datasets = datasets or FakeDatasetDao()
        scenarios.steps_of = lambda scenario_id: len(self._of(scenario_id))

    def nodes(self, scenario_id: int) -> list[Node]:
        names = ("id", "parent_id", "phase", "depth", "kind")
        return [Node(*(row[name] for name in names)) for row in self._of(scenario_id)]

    def keys(self, scenario_id: int) -> set[str]:
        return {row["key"] for row in self._of(scenario_id)}

    def get(self, scenario_id: int, step_id: int) -> Any:
        return next((self._whole(row) for row in self._of(scenario_id) if row["id"] == step_id), None)

    def page(self, scenario_id: int, offset: int, size: int) -> tuple[list[FakeRow], int]:
        return paged([vars(self._whole(row)) for row in self._of(scenario_id)], "position", offset, size)

    def of(self, scenario_ids: Iterable[int]) -> Sequence[Any]:
        return [self._whole(row) for number in sorted(set(scenario_ids)) for row in self._of(number)]

    def add(self, values: Mapping[str, Any]) -> int:
        number = max(self.rows, default=0) + 1
        self._refuse_taken(number, values)
        self.rows[number] = {"enabled": True, "case_id": None, "called_id": None, **values, "id": number}
        return number

    def add_all(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            self.add(row)

    def at(self, scenario_id: int, depth: int) -> dict[int, int]:
        return {row["position"]: row["id"] for row in self._of(scenario_id) if row["depth"] == depth}

    def change(self, step_id: int, values: Mapping[str, Any]) -> None:
        self._refuse_taken(step_id, self.rows[step_id] | values)
        self.rows[step_id].update(values)

    def make_room(self, scenario_id: int, position: int, by: int) -> None:
        for row in self._of(scenario_id):
            row["position"] += by if row["position"] >= position else 0

    def remove(self, scenario_id: int, positions: range) -> None:
        for row in self._of(scenario_id):
            if row["position"] in positions:
                del self.rows[row["id"]]
        self.make_room(scenario_id, positions.stop, -len(positions))

    def move(self, scenario_id: int, step_id: int, move: Move) -> None:
        """The steps as a list, out of which some are taken and put in again elsewhere."""
        rows, slot = self._of(scenario_id), move.slot
        moved, rest = rows[move.start : move.end], rows[: move.start] + rows[move.end :]
        at = slot.position - (len(moved) if slot.position >= move.end else 0)
        for row in moved:
            row.update(phase=slot.phase, depth=row["depth"] + move.deeper)
        self.rows[step_id]["parent_id"] = slot.parent_id
        for position, row in enumerate([*rest[:at], *moved, *rest[at:]]):
            row["position"] = position

    def calls(self, scenario_ids: Iterable[int]) -> Sequence[Any]:
        pairs = Counter((row["scenario_id"], row["called_id"]) for one in set(scenario_ids) for row in self._of(one))
        return [Calls(*pair, steps) for pair, steps in pairs.items()]

    def callers(self, scenario_ids: Iterable[int]) -> Sequence[Any]:
        wanted = set(scenario_ids)
        pairs = {(row["scenario_id"], row["called_id"]) for row in self.rows.values() if row["called_id"] in wanted}
        scenarios = self._scenarios.rows
        told = [(one, other, scenarios[one]["name"], scenarios[one]["deleted_at"]) for one, other in sorted(pairs)]
        return [FakeRow(scenario_id=one, called_id=other, name=name, deleted_at=at) for one, other, name, at in told]

    def calling(self, scenario_id: int) -> Sequence[Any]:
        return [FakeRow(**row) for _, row in sorted(self.rows.items()) if row["called_id"] == scenario_id]

    def users_of(self, case_id: int) -> list[str]:
        case, scenarios = self._cases.rows[case_id], self._scenarios.rows
        users = sorted({row["scenario_id"] for row in self.rows.values() if row["case_id"] == case_id})
        here = [scenarios[one] for one in users if scenarios[one]["project_id"] == case["project_id"]]
        return [one["name"] for one in here if one["deleted_at"] is None][:20]

    def cases(self, case_ids: Iterable[int]) -> dict[int, Any]:
        return {number: FakeRow(**self._cases.rows[number]) for number in set(case_ids) & self._cases.rows.keys()}

    def datasets(self, case_ids: Iterable[int], keys: Iterable[str]) -> Sequence[Any]:
        named = set(keys)
        rows = [row for case in sorted(set(case_ids)) for row in self._datasets.of_case(case)]
        return [row for row in rows if row.position <= 3 or row.key in named or row.marked is not None]

    def _of(self, scenario_id: int) -> list[dict[str, Any]]:
        mine = [row for row in self.rows.values() if row["scenario_id"] == scenario_id]
        return sorted(mine, key=lambda row: (row["position"], row["id"]))

    def _whole(self, row: Mapping[str, Any]) -> FakeRow:
        case = self._cases.rows.get(row["case_id"], {})
        called = self._scenarios.rows.get(row["called_id"], {})
        more = {f"case_{name}": case.get(name) for name in _OF_CASE}
        return FakeRow(**row, **more, called_name=called.get("name"), called_deleted_at=called.get("deleted_at"))

    def _refuse_taken(self, number: int, values: Mapping[str, Any]) -> None:
        place = (values["scenario_id"], values["key"])
        if any((row["scenario_id"], row["key"]) == place for row in self.rows.values() if row["id"] != number):
            raise StepKeyTaken
