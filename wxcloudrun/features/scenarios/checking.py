"""Looks scenarios over as the engine will: what may not work is told with the step it stands in."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.db import AnySession
from wxcloudrun.core.errors import FieldFault, not_usable
from wxcloudrun.features.cases.definition import engine_case
from wxcloudrun.features.cases.definition import engine_step as said_by_case
from wxcloudrun.features.environments.planning import EnvironmentPlanning
from wxcloudrun.features.scenarios import outline
from wxcloudrun.features.scenarios.access import ScenarioAccess, ScenarioGrip
from wxcloudrun.features.scenarios.calls import MOST_EXPANDED
from wxcloudrun.features.scenarios.content import Kept, engine_scenario, engine_step
from wxcloudrun.features.scenarios.dao import StepDao
from wxcloudrun.features.scenarios.notices import Notices
from wxcloudrun.features.scenarios.outline import Json
from wxcloudrun.features.scenarios.schemas import Checked, CheckQuery, Warned
from wxcloudrun.features.scenarios.tree import HOLDERS

MOST_TOLD: Final = 200
MOST_WHOLE: Final = 150  # steps of a scenario that is looked over as a whole at every write
_ENDS_A_RUN: Final = frozenset(
    {"fault", "case_trashed", "case_moved", "scenario_trashed", "input_missing", "dataset_unknown", "dataset_disabled"}
)


class _Cases:
    """Cases that are looked at; the content of each is read once, however many steps have it."""

    def __init__(self, rows: Mapping[int, Row[Any]]) -> None:
        self.rows = rows
        self._contents: dict[int, Json] = {}

    def content(self, case_id: int) -> Json:
        """What a case says, without its credentials."""
        if case_id not in self._contents:
            self._contents[case_id] = outline.unmarked(json.loads(self.rows[case_id].content))
        return self._contents[case_id]


@dataclass(frozen=True, slots=True)
class _Look:
    """One scenario under the eyes of the engine."""

    scenario: Row[Any]
    rows: Sequence[Row[Any]]
    cases: _Cases
    called: Mapping[int, Row[Any]]
    notices: Notices


class ScenarioChecking:
    """Says what may not work in a scenario. No secret is read for it: words stand in their places."""

    def __init__(
        self,
        session: AnySession,
        access: ScenarioAccess,
        environments: EnvironmentPlanning,
        steps: StepDao | None = None,
    ) -> None:
        self._access = access
        self._environments = environments
        self._scenarios = access.scenarios
        self._steps = steps or StepDao(session)

    def check(self, actor: Actor, project_id: int, scenario_id: int, query: CheckQuery) -> Checked:
        """All that the engine would say of a scenario and of all that it calls.

        Raises ProjectNotFound, ScenarioNotFound, EnvironmentNotFound.
        """
        grip = self._access.require(actor, project_id, scenario_id)
        layers = self._environments.outline(project_id, query.environment_id)
        told, complete = self._closure(grip, layers)
        ends = [one for one in told if one.kind in _ENDS_A_RUN]
        rest = [one for one in told if one.kind not in _ENDS_A_RUN]
        cut = max(len(ends), len(rest)) > MOST_TOLD
        return Checked(warnings=rest[:MOST_TOLD], faults=ends[:MOST_TOLD], complete=complete and not cut)

    def warnings(self, grip: ScenarioGrip, touched: Iterable[int] = ()) -> list[Warned]:
        """What may not work in one scenario, after a write.

        Of a long one only what `touched` steps need is told: looking it all over would take longer than the write.
        """
        project = grip.membership.project.id
        rows = self._steps.of([grip.row.id])
        scenario = self._scenarios.several([grip.row.id])[grip.row.id]
        only = set(touched) if len(rows) > MOST_WHOLE else None
        return self._looked([(scenario, rows)], grip, self._environments.outline(project), only)[:MOST_TOLD]

    def _closure(self, grip: ScenarioGrip, layers: tuple[Json, Json]) -> tuple[list[Warned], bool]:
        """Level by level, each scenario once; and whether that was all."""
        told: list[Warned] = []
        seen: set[int] = set()
        level, looked = {grip.row.id}, 0
        while level:
            seen |= level
            known, rows = self._scenarios.several(level), self._steps.of(level)
            looked += len(rows)
            if looked > MOST_EXPANDED:
                return told, False
            each = [(known[one], [row for row in rows if row.scenario_id == one]) for one in sorted(level)]
            told += self._looked(each, grip, layers, None)
            level = {row.called_id for row in rows if row.called_id is not None and row.enabled} - seen
        return told, True

    def _looked(
        self,
        each: Sequence[tuple[Row[Any], Sequence[Row[Any]]]],
        grip: ScenarioGrip,
        layers: tuple[Json, Json],
        only: Set[int] | None,
    ) -> list[Warned]:
        rows = [row for _, steps in each for row in steps if row.enabled]
        here = {row.case_id for row in rows if row.case_id is not None and not grip.lost_case_of(row)}
        cases = _Cases(self._steps.cases(here))
        called = self._scenarios.several(row.called_id for row in rows if row.called_id is not None)
        choices = {row.id: _choice(row, cases) for row in rows if row.case_id in cases.rows}
        keys = {one["key"] for one in choices.values() if one["mode"] == "one"}
        needing = {row.case_id for row in rows if row.id in choices and choices[row.id]["mode"] != "none"}
        datasets: dict[int, list[Json]] = defaultdict(list)
        for row in self._steps.datasets(needing, keys):
            datasets[row.case_id].append(_dataset(row))
        told: list[Warned] = []
        for scenario, steps in each:
            notices = Notices(grip, scenario.id, datasets, choices, called)
            told += _told(_Look(scenario, steps, cases, called, notices), layers, only)
        return told


def faults_of_step(kind: str, kept: Kept, case: Row[Any] | None, inputs: Sequence[Json]) -> Iterator[FieldFault]:
    """Why the engine could not work with this step, whatever stands around it. `inputs`: of the called scenario."""
    parts = engine_step(kept)
    wrong_choice = list(outline.shape_of_choice(parts.pop("dataset", None)))
    step: Json = {"kind": kind, **parts}
    if kind == "case":
        content = {} if case is None else outline.unmarked(json.loads(case.content))
        step |= {"case": {"request": {"url": "x"}, **engine_case(content)}, "dataset": {"mode": "none"}}
    if kind == "scenario":
        step["scenario"] = {"inputs": [{**one, "required": False} for one in inputs]}
    if kind in HOLDERS:
        step["steps" if kind == "group" else "parallel"] = []
    hidden = [".".join(("overrides", *path)) for path in kept.overrides] + [f"inputs.{name}" for name in kept.inputs]
    for one in [*wrong_choice, *_objections_to({"steps": [step]}, "scenario.steps.0.")]:
        if not one.field.startswith(("case.", "scenario.", "variables.")):
            yield not_usable(one, hidden)


def faults_of_scenario(kept: Kept) -> Iterator[FieldFault]:
    """Why the engine could not work with what a scenario says of itself."""
    inputs = enumerate(kept.content["inputs"])
    hidden = [f"inputs.{index}.default" for index, one in inputs if one["name"] in kept.inputs]
    for one in _objections_to(engine_scenario(kept), "scenario."):
        if not one.field.startswith("variables."):
            yield not_usable(one, hidden)


def _objections_to(scenario: Json, above: str) -> Iterator[Any]:
    for one in outline.objections({"scenario": scenario})[0]:
        one.field = one.field.removeprefix(above)
        yield one


def _choice(row: Row[Any], cases: _Cases) -> Json:
    """Which datasets a step is run with."""
    own: Json | None = json.loads(row.content).get("dataset")
    return own or said_by_case(cases.content(row.case_id)).get("dataset") or {"mode": "default"}


def _told(look: _Look, layers: tuple[Json, Json], only: Set[int] | None) -> list[Warned]:
    told = list(look.notices.of(look.rows))
    lists = outline.arranged((row, _step(row, look, only)) for row in look.rows)
    by_id = {row.id: row for row in look.rows}
    spots = {place: by_id[step["id"]] for place, step in outline.places(lists)}
    own = engine_scenario(_worded(json.loads(look.scenario.content)))
    project, environment = layers
    scenario = {**own, "id": look.scenario.id, "name": look.scenario.name, **lists}
    plan = {"project": project, "environment": environment, "scenario": scenario}
    for said in outline.listened(plan, spots, lambda place: _bare(spots[place], look)):
        told += look.notices.heard(said, spots)
    return list(dict.fromkeys(told))


def _step(row: Row[Any], look: _Look, only: Set[int] | None) -> Json:
    """The step for the engine to look at; bare when it is out of use, or not asked about."""
    if not row.enabled:
        return outline.bare(row)
    if (only is not None and row.id not in only) or (row.kind == "case" and row.case_id not in look.cases.rows):
        return _bare(row, look)
    parts = engine_step(_worded(json.loads(row.content)))
    if row.kind == "case":
        content = look.cases.content(row.case_id)
        rows, choice = look.notices.rows(row)
        made = engine_case(content, id=row.case_id, name=row.case_name, datasets=rows)
        parts = {**outline.case_step(parts, made, said_by_case(content)), "dataset": choice}
    elif row.kind == "scenario":
        parts |= _call(look.called[row.called_id])
    return {**outline.head(row), **parts}


def _bare(row: Row[Any], look: _Look) -> Json:
    """The step without all but the names it gives to those after it."""
    made: list[str] = []
    if row.kind == "case" and row.case_id in look.cases.rows:
        made = outline.names_of(look.cases.content(row.case_id))
    if row.kind == "scenario" and row.called_id in look.called:
        made = json.loads(look.called[row.called_id].content)["outputs"]
    return outline.bare(row, made)


def _call(row: Row[Any]) -> Json:
    """A called scenario as its caller knows it. Nothing is required: inputs that are missing are told by name."""
    content = json.loads(row.content)
    inputs = [{**one, "default": None, "required": False} for one in content["inputs"]]
    return {"scenario": {**outline.called(row.id, row.name, content["outputs"]), "inputs": inputs}}


def _worded(content: Json) -> Kept:
    """A content with words in place of its secrets."""
    words = dict.fromkeys((one["name"] for one in content["variables"] if one["type"] == "secret"), "x")
    return Kept(outline.unmarked(content), words)


def _dataset(row: Row[Any]) -> Json:
    """A dataset as the engine has it, as far as it gives something."""
    content = {name: outline.unmarked(value) for name, value in json.loads(row.content).items() if value}
    return {"key": row.key, "enabled": row.enabled, "default": row.marked is not None, **content}
