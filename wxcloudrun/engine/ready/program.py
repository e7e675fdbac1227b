"""A plan made ready: every template, expression, extraction and assertion compiled once, before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.plan.plan import Environment, Plan
from wxcloudrun.engine.plan.steps import (
    CaseStep,
    GroupStep,
    ParallelStep,
    Scenario,
    ScenarioStep,
    StepBase,
    WaitStep,
)
from wxcloudrun.engine.ready.compiled_case import CompiledCase, compile_case
from wxcloudrun.engine.ready.formula import Formula
from wxcloudrun.engine.render.template import compile_tree
from wxcloudrun.engine.render.variables import Layer, Source, compile_variables

MAX_DEPTH = 20


@dataclass(slots=True)
class CompiledStep:
    """What a step needs at run time."""

    field: str
    variables: dict[str, Any]
    condition: Formula | None = None
    items: Any = None
    wait: Any = None
    inputs: dict[str, Any] | None = None
    cache_key: Any = None
    case: CompiledCase | None = None
    until: Formula | None = None
    fail_if: Formula | None = None


@dataclass(slots=True)
class CompiledScenario:
    """A scenario's own values."""

    variables: dict[str, Any]
    defaults: dict[str, Any]


class Program:
    """The compiled parts of a plan, by the identity of what they were compiled from."""

    def __init__(self, plan: Plan) -> None:
        """Raises `DefinitionError` (field, position) for the first thing that cannot work."""
        self.plan = plan
        self.steps: dict[int, CompiledStep] = {}
        self.scenarios: dict[int, CompiledScenario] = {}
        self._environment = _with_proxy(plan)
        environment = compile_variables(plan.environment.variables, "environment.variables")
        project = compile_variables(plan.project.variables, "project.variables")
        self.base_url = compile_tree(plan.environment.base_url, "environment.base_url")
        if plan.environment.base_url:
            environment.setdefault("base_url", self.base_url)
        self._outer = (
            Layer(Source.ENVIRONMENT, environment, "environment"),
            Layer(Source.PROJECT, project, "project"),
        )
        self._scenario(plan.scenario, "scenario", ())

    @property
    def shared_names(self) -> set[str]:
        """Names that extractions declare with scope `global`."""
        cases = (one.case for one in self.steps.values() if one.case is not None)
        return {name for case in cases for name in case.checks.shared_names}

    def layers(self, scenario: Scenario, inputs: Mapping[str, Any], place: str) -> tuple[Layer, ...]:
        """The layers of a call of `scenario` with these inputs, over those of environment and project."""
        compiled = self.scenarios[id(scenario)]
        given = {**compiled.defaults, **inputs}
        return (
            Layer(Source.INPUT, given, f"{place}/inputs"),
            Layer(Source.SCENARIO, compiled.variables, f"{place}/scenario"),
            *self._outer,
        )

    def _scenario(self, scenario: Scenario, where: str, above: tuple[Any, ...]) -> None:
        if scenario.id is not None and scenario.id in above:
            raise DefinitionError(where, f"scenario {scenario.id} calls itself, directly or through another")
        if len(above) >= MAX_DEPTH:
            raise DefinitionError(where, f"scenarios are inside one another more than {MAX_DEPTH} deep")
        self.scenarios[id(scenario)] = CompiledScenario(
            compile_variables(scenario.variables, f"{where}.variables"),
            {
                one.name: compile_tree(one.default, f"{where}.inputs.{one.name}")
                for one in scenario.inputs
                if not one.required
            },
        )
        for part in ("setup", "steps", "teardown"):
            self._list(getattr(scenario, part), f"{where}.{part}", (*above, scenario.id))

    def _list(self, steps: tuple[StepBase, ...], where: str, above: tuple[Any, ...]) -> None:
        for index, step in enumerate(steps):
            self._step(step, f"{where}.{index}", above)

    def _step(self, step: StepBase, where: str, above: tuple[Any, ...]) -> None:
        compiled = CompiledStep(where, compile_variables(step.variables, f"{where}.variables"))
        self.steps[id(step)] = compiled
        if step.condition is not None:
            compiled.condition = Formula(step.condition, f"{where}.condition")
        if step.for_each is not None:
            compiled.items = compile_tree(step.for_each.items, f"{where}.for_each.items")
        match step:
            case CaseStep():
                self._case(step, compiled, where)
            case WaitStep():
                compiled.wait = compile_tree(step.wait_ms, f"{where}.wait_ms")
            case GroupStep():
                self._list(step.steps, f"{where}.steps", above)
            case ParallelStep():
                self._list(step.parallel, f"{where}.parallel", above)
            case ScenarioStep():
                self._call(step, compiled, where, above)

    def _case(self, step: CaseStep, compiled: CompiledStep, where: str) -> None:
        compiled.case = compile_case(step, self._environment, where)
        if step.poll is not None:
            compiled.until = Formula(step.poll.until, f"{where}.poll.until")
            if step.poll.fail_if is not None:
                compiled.fail_if = Formula(step.poll.fail_if, f"{where}.poll.fail_if")

    def _call(self, step: ScenarioStep, compiled: CompiledStep, where: str, above: tuple[Any, ...]) -> None:
        declared = {one.name for one in step.scenario.inputs}
        for name in step.inputs:
            if name not in declared:
                known = ", ".join(sorted(declared)) or "none"
                raise DefinitionError(f"{where}.inputs.{name}", f"the scenario declares no such input; it has {known}")
        for one in step.scenario.inputs:
            if one.required and one.name not in step.inputs:
                raise DefinitionError(f"{where}.inputs", f"the scenario needs the input `{one.name}`")
        compiled.inputs = {name: compile_tree(value, f"{where}.inputs.{name}") for name, value in step.inputs.items()}
        if step.cache is not None:
            compiled.cache_key = compile_tree(step.cache.key, f"{where}.cache.key")
        self._scenario(step.scenario, f"{where}.scenario", above)


def _with_proxy(plan: Plan) -> Environment:
    """The environment with the network's proxy where it has none of its own."""
    if plan.environment.proxy is not None or plan.network.proxy is None:
        return plan.environment
    return plan.environment.model_copy(update={"proxy": plan.network.proxy})
