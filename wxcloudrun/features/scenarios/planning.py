"""Scenarios as a run's plan has them: called scenarios, cases and datasets in place, secrets in clear."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession
from wxcloudrun.features.cases.planning import CasePlanning, PlannedCase
from wxcloudrun.features.datasets.planning import DatasetPlanning
from wxcloudrun.features.environments.planning import in_clear
from wxcloudrun.features.scenarios.calls import MOST_DEEP, CallGraph, CallRules
from wxcloudrun.features.scenarios.content import (
    SCENARIO_SECRETS,
    STEP_SECRETS,
    Kept,
    engine_scenario,
    engine_step,
    of_secrets,
)
from wxcloudrun.features.scenarios.dao import ScenarioDao, StepDao
from wxcloudrun.features.scenarios.errors import (
    CalledScenarioTrashed,
    CallsTooDeep,
    CaseMovedAway,
    CaseTrashed,
    ScenarioInTrash,
    ScenarioNotFound,
)
from wxcloudrun.features.scenarios.outline import Json, arranged, bare, case_step, head


@dataclass(frozen=True, slots=True)
class Planned:
    """The engine's `Scenario` as JSON, and the cases in it by number: who may run these is a question of its own."""

    scenario: Json = field(repr=False)
    cases: Mapping[int, PlannedCase] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Gathered:
    """All that a scenario needs, at whatever depth."""

    scenarios: Mapping[int, Row[Any]]
    steps: Mapping[int, Sequence[Row[Any]]]
    cases: Mapping[int, PlannedCase]
    datasets: Mapping[int, list[Json]]


class ScenarioPlanning:
    """Freezes scenarios for runs. It checks no right: who may run may use secrets without seeing them."""

    def __init__(
        self,
        session: AnySession,
        keys: KeyRing,
        cases: CasePlanning,
        datasets: DatasetPlanning,
        scenarios: ScenarioDao | None = None,
        steps: StepDao | None = None,
    ) -> None:
        self._keys = keys
        self._cases = cases
        self._datasets = datasets
        self._scenarios = scenarios or ScenarioDao(session)
        self._steps = steps or StepDao(session)
        self._rules = CallRules(self._scenarios, self._steps)

    def scenario(self, project_id: int, scenario_id: int) -> Json:
        """`scenario` of the engine's plan. Raises as `planned` does."""
        return self.planned(project_id, scenario_id).scenario

    def planned(self, project_id: int, scenario_id: int) -> Planned:
        """A scenario with all that it calls; two questions for each level of calls, and two more.

        Steps out of use are in it by name only. What comes back holds every secret: it goes into an encrypted column,
        or nowhere. Raises ScenarioNotFound, ScenarioInTrash, CaseTrashed, CaseMovedAway, CalledScenarioTrashed,
        CallsTooDeep, ScenarioTooLarge, SecretsUnreadable.
        """
        return self.several(project_id, [scenario_id])[0]

    def several(self, project_id: int, scenario_ids: Sequence[int]) -> list[Planned]:
        """The same for some scenarios, in this order, for no more questions. Each has the cases of all."""
        gathered = self._gathered(project_id, scenario_ids)
        made: dict[int, Json] = {}
        return [Planned(self._whole(one, gathered, made), gathered.cases) for one in scenario_ids]

    def count_run(self, scenario_ids: Sequence[int]) -> None:
        """One more run of each of these scenarios; that is no change of them. The caller has a transaction."""
        if scenario_ids:
            self._scenarios.count_run(scenario_ids)

    def single(self, row: Row[Any], dataset: Mapping[str, Any] | None = None) -> Json:
        """`scenario` of a plan with one case alone (its row), with this choice of datasets or that of the case.

        Raises CaseTrashed, SecretsUnreadable.
        """
        case = self._cases.planned(row)
        if case.deleted:
            raise CaseTrashed(values={"case": case.name, "step": case.name})
        own = {} if dataset is None else {"dataset": dict(dataset)}
        rows = self._datasets.rows([case.id])[case.id]
        step = {"name": case.name, "kind": "case", **case_step(own, {**case.case, "datasets": rows}, case.step)}
        return {"name": case.name, "steps": [step]}

    def _gathered(self, project_id: int, scenario_ids: Sequence[int]) -> _Gathered:
        scenarios: dict[int, Row[Any]] = {}
        steps: dict[int, list[Row[Any]]] = {}
        level, depth = set(scenario_ids), 0
        while level:
            if depth > MOST_DEEP:
                raise CallsTooDeep(values={"limit": MOST_DEEP})
            scenarios |= self._scenarios.several(level)
            for one in scenario_ids:
                _refuse_root(scenarios.get(one), project_id)
            rows = self._steps.of(level)
            steps |= {one: [row for row in rows if row.scenario_id == one] for one in level}
            level = {row.called_id for row in rows if row.called_id and row.enabled} - scenarios.keys()
            depth += 1
        self._refuse_size(scenario_ids, steps)
        wanted = {row.case_id for rows in steps.values() for row in rows if row.case_id and row.enabled}
        datasets = self._datasets.rows(wanted) if wanted else {}
        return _Gathered(scenarios, steps, self._cases.cases(wanted) if wanted else {}, datasets)

    def _refuse_size(self, scenario_ids: Sequence[int], steps: Mapping[int, Sequence[Row[Any]]]) -> None:
        graph = CallGraph()
        for one, rows in steps.items():
            for row in rows:
                graph.add(one, row.called_id if row.enabled else None, 1)
        self._rules.refuse_size(sum(graph.size(one) for one in scenario_ids))

    def _whole(self, scenario_id: int, gathered: _Gathered, made: dict[int, Json]) -> Json:
        """The scenario with everything in place; one that is called again is the same object again."""
        if scenario_id not in made:
            row = gathered.scenarios[scenario_id]
            parts = engine_scenario(self._opened(row, SCENARIO_SECRETS))
            lists = arranged((step, self._step(step, gathered, made)) for step in gathered.steps[scenario_id])
            made[scenario_id] = {"id": row.id, "name": row.name, **parts, **lists}
        return made[scenario_id]

    def _step(self, row: Row[Any], gathered: _Gathered, made: dict[int, Json]) -> Json:
        if not row.enabled:
            return bare(row)
        parts = engine_step(self._opened(row, STEP_SECRETS))
        if row.kind == "case":
            case = gathered.cases[row.case_id]
            if case.project_id != gathered.scenarios[row.scenario_id].project_id:
                raise CaseMovedAway(values={"step": row.name or row.key})
            if case.deleted:
                raise CaseTrashed(values={"case": case.name, "step": row.name or row.key})
            whole = {**case.case, "datasets": gathered.datasets.get(row.case_id, [])}
            return {**head(row), **case_step(parts, whole, case.step)}
        if row.kind == "scenario":
            if row.called_deleted_at is not None:
                raise CalledScenarioTrashed(values={"scenario": row.called_name, "step": row.name or row.key})
            parts["scenario"] = self._whole(row.called_id, gathered, made)
        return {**head(row), **parts}

    def _opened(self, row: Row[Any], context: str) -> Kept:
        secrets = in_clear(self._keys, row.secrets, context)
        return of_secrets(json.loads(row.content), json.loads(secrets or "{}"))


def _refuse_root(row: Row[Any] | None, project_id: int) -> None:
    if row is None or row.project_id != project_id:
        raise ScenarioNotFound
    if row.deleted_at is not None:
        raise ScenarioInTrash(values={"scenario": row.name})
