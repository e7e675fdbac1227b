"""What is told of a scenario that may not work: each with its step, and nothing of what somebody may not see."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.features.cases.models import CaseStatus, Visibility
from wxcloudrun.features.scenarios.access import ScenarioGrip
from wxcloudrun.features.scenarios.outline import Json, Said, step_place
from wxcloudrun.features.scenarios.schemas import Warned

_SHOWN: Final = 500
_MANY: Final = frozenset({"all", "random", "limit"})


class Notices:
    """Words about one scenario, for one person."""

    def __init__(
        self,
        grip: ScenarioGrip,
        scenario_id: int,
        datasets: Mapping[int, Sequence[Json]],
        choices: Mapping[int, Json],
        called: Mapping[int, Row[Any]],
    ) -> None:
        self._grip = grip
        self._scenario = scenario_id
        self._datasets = datasets
        self._choices = choices
        self._called = called

    def of(self, rows: Iterable[Row[Any]]) -> Iterator[Warned]:
        """What can be said without the engine."""
        for row in rows:
            if row.enabled and row.kind == "case":
                yield from self._case(row)
            if row.enabled and row.kind == "scenario":
                yield from self._call(row)

    def heard(self, said: Said, spots: Mapping[str, Row[Any]]) -> Iterator[Warned]:
        """What the engine said, at its step. Of a case that is not to be seen only that there is something."""
        place = step_place(said.place, spots)
        if place is None:
            field = said.place.removeprefix("scenario.")
            yield self._warned(None, said.kind, said.name, field, said.message)
            return
        row, field = spots[place], said.place.removeprefix(f"{place}.")
        if field.startswith(("case.", "dataset")) and not self._grip.sees_case_of(row):
            message = "something in a private case of somebody else may not work here; ask its creator"
            yield self._warned(row, said.kind, "", None, message)
        else:
            yield self._warned(row, said.kind, said.name or row.name or row.key, field, said.message)

    def rows(self, row: Row[Any]) -> tuple[list[Json], Json]:
        """The datasets with which a step is looked at, and the choice among them that the engine shall make.

        A choice that there is nothing for becomes none; `of` tells of it.
        """
        listed, choice = list(self._datasets.get(row.case_id, ())), self._choices[row.id]
        usable = {one["key"] for one in listed if one["enabled"]}
        if choice["mode"] == "one" and choice["key"] not in usable:
            return listed, {"mode": "none"}
        if choice["mode"] in _MANY:
            return listed, {"mode": "all" if usable else "none"}
        return listed, choice

    def _dataset(self, row: Row[Any]) -> Iterator[Warned]:
        """What is wrong with a step's choice of datasets."""
        listed, choice = self._datasets.get(row.case_id, ()), self._choices[row.id]
        mode, key = choice["mode"], choice.get("key")
        if mode == "one":
            found = next((one for one in listed if one["key"] == key), None)
            if found is None:
                message = "the case has no dataset of this key"
                yield self._warned(row, "dataset_unknown", str(key), "dataset.key", message)
            elif not found["enabled"]:
                yield self._warned(row, "dataset_disabled", str(key), "dataset.key", "this dataset is disabled")
        elif mode in _MANY and not listed:
            message = f"mode `{mode}` needs datasets, and the case has none"
            yield self._warned(row, "dataset_unknown", "", "dataset", message)

    def _case(self, row: Row[Any]) -> Iterator[Warned]:
        if self._grip.lost_case_of(row):
            message = "the case was moved to another project; choose another one, or disable the step"
            yield self._warned(row, "case_moved", "", "case_id", message)
            return
        seen = self._grip.sees_case_of(row)
        name = row.case_name if seen else ""
        if row.case_deleted_at is not None:
            yield self._warned(row, "case_trashed", name, "case_id", "the case is in the trash")
        if row.case_status is CaseStatus.DEPRECATED and seen:
            yield self._warned(row, "case_deprecated", name, "case_id", "the case is deprecated")
        if row.case_visibility is Visibility.PRIVATE:
            message = "only the case's creator and the project's owners see it"
            yield self._warned(row, "case_private", name, "case_id", message)
        if row.case_creator_only:
            yield self._warned(row, "case_creator_only", name, "case_id", "only the case's creator may run it")
        if seen and row.id in self._choices:
            yield from self._dataset(row)

    def _call(self, row: Row[Any]) -> Iterator[Warned]:
        called = self._called.get(row.called_id)
        if called is None:
            return
        if called.deleted_at is not None:
            yield self._warned(row, "scenario_trashed", called.name, "scenario_id", "the scenario is in the trash")
        given = json.loads(row.content).get("inputs") or {}
        for one in json.loads(called.content)["inputs"]:
            if one["required"] and one["name"] not in given:
                message = f"the scenario needs the input `{one['name']}`"
                yield self._warned(row, "input_missing", one["name"], "inputs", message)

    def _warned(self, row: Row[Any] | None, kind: str, name: str, field: str | None, message: str) -> Warned:
        return Warned(
            scenario_id=self._scenario,
            step_id=None if row is None else row.id,
            kind=kind,
            name=name,
            field=field and field[:_SHOWN],
            message=message if len(message) <= _SHOWN else f"{message[: _SHOWN - 3]}...",
        )
