"""A plan made ready: every template, expression, extraction and assertion compiled once, before anything is sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.plan.case import Variable
from wxcloudrun.engine.plan.dataset import gives_many
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
from wxcloudrun.engine.ready.faults import Gathering
from wxcloudrun.engine.ready.formula import Formula
from wxcloudrun.engine.ready.literals import refuse_literals
from wxcloudrun.engine.render.template import Text, compile_tree
from wxcloudrun.engine.render.variables import Layer, Source, compile_variables
from wxcloudrun.engine.shape import closest

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
    many: bool = False  # carried out in numbered passes


@dataclass(slots=True)
class CompiledScenario:
    """A scenario's own values."""

    variables: dict[str, Any]
    defaults: dict[str, Any]


class Program:
    """The compiled parts of a plan, by the identity of what they were compiled from."""

    def __init__(self, plan: Plan) -> None:
        """Raises `Faults`, everything that cannot work (field, position)."""
        self.plan = plan
        self._gathering = Gathering()
        attempt = self._gathering.attempt
        self.steps: dict[int, CompiledStep] = {}
        self.scenarios: dict[int, CompiledScenario] = {}
        self._environment = plan.environment if attempt(_network_proxy, plan) is None else _with_proxy(plan)
        environment = self._variables(plan.environment.variables, "environment.variables")
        project = self._variables(plan.project.variables, "project.variables")
        self.base_url = attempt(compile_tree, plan.environment.base_url, "environment.base_url")
        if plan.environment.base_url:
            environment.setdefault("base_url", self.base_url)
        self._outer = (
            Layer(Source.ENVIRONMENT, environment, "environment"),
            Layer(Source.PROJECT, project, "project"),
        )
        attempt(self._scenario, plan.scenario, "scenario", ())
        self._gathering.refuse(plan)

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

    def _variables(self, variables: tuple[Variable, ...], where: str) -> dict[str, Any]:
        """Names to compiled values; a fault is named by the variable's place in its list."""
        values: dict[str, Any] = {}
        for index, one in enumerate(variables):
            try:
                values.update(compile_variables((one,), where))
            except DefinitionError as fault:
                field = f"{where}.{index}.value{fault.field.removeprefix(f'{where}.{one.name}')}"
                self._gathering.add(DefinitionError(field, fault.reason, fault.position))
        return values

    def _scenario(self, scenario: Scenario, where: str, above: tuple[Any, ...]) -> None:
        if scenario.id is not None and scenario.id in above:
            raise DefinitionError(where, f"scenario {scenario.id} calls itself, directly or through another")
        if len(above) >= MAX_DEPTH:
            raise DefinitionError(where, f"scenarios are inside one another more than {MAX_DEPTH} deep")
        attempt = self._gathering.attempt
        self.scenarios[id(scenario)] = CompiledScenario(
            self._variables(scenario.variables, f"{where}.variables"),
            {
                one.name: attempt(compile_tree, one.default, f"{where}.inputs.{index}.default")
                for index, one in enumerate(scenario.inputs)
                if not one.required
            },
        )
        for part in ("setup", "steps", "teardown"):
            self._list(getattr(scenario, part), f"{where}.{part}", (*above, scenario.id))

    def _list(self, steps: tuple[StepBase, ...], where: str, above: tuple[Any, ...]) -> None:
        for index, step in enumerate(steps):
            self._gathering.attempt(self._step, step, f"{where}.{index}", above)

    def _step(self, step: StepBase, where: str, above: tuple[Any, ...]) -> None:
        attempt = self._gathering.attempt
        compiled = CompiledStep(where, self._variables(step.variables, f"{where}.variables"))
        self.steps[id(step)] = compiled
        compiled.many = step.for_each is not None or step.repeat is not None
        if step.condition is not None:
            compiled.condition = attempt(Formula, step.condition, f"{where}.condition")
        if step.for_each is not None:
            compiled.items = attempt(_items, step.for_each.items, f"{where}.for_each.items")
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
        attempt = self._gathering.attempt
        compiled.case = attempt(compile_case, step, self._environment, where)
        compiled.many = compiled.many or gives_many(step.dataset)
        if step.poll is not None:
            compiled.until = attempt(Formula, step.poll.until, f"{where}.poll.until")
            if step.poll.fail_if is not None:
                compiled.fail_if = attempt(Formula, step.poll.fail_if, f"{where}.poll.fail_if")

    def _call(self, step: ScenarioStep, compiled: CompiledStep, where: str, above: tuple[Any, ...]) -> None:
        for fault in _wrong_inputs(step, f"{where}.inputs"):
            self._gathering.add(fault)
        attempt = self._gathering.attempt
        compiled.inputs = {
            name: attempt(compile_tree, value, f"{where}.inputs.{name}") for name, value in step.inputs.items()
        }
        if step.cache is not None:
            compiled.cache_key = attempt(compile_tree, step.cache.key, f"{where}.cache.key")
        self._scenario(step.scenario, f"{where}.scenario", above)


def _wrong_inputs(step: ScenarioStep, where: str) -> Iterator[DefinitionError]:
    declared = {one.name for one in step.scenario.inputs}
    for name in step.inputs:
        if name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            reason = f"the scenario declares no such input{closest(name, declared)}; it has {known}"
            yield DefinitionError(f"{where}.{name}", reason)
    for one in step.scenario.inputs:
        if one.required and one.name not in step.inputs:
            yield DefinitionError(where, f"the scenario needs the input `{one.name}`")


def _items(items: Any, where: str) -> Any:
    """A list, or the one placeholder that may give one; any other text never does."""
    compiled = compile_tree(items, where)
    if isinstance(compiled, str) or (isinstance(compiled, Text) and len(compiled.parts) > 1):
        raise DefinitionError(where, "a list is expected, or one placeholder that gives a list")
    return compiled


def _network_proxy(plan: Plan) -> str | None:
    """The network's proxy, looked at here, so that it is not told as a part of every case."""
    proxy = plan.network.proxy
    if proxy is not None:
        try:
            refuse_literals({"proxy": proxy})
        except DefinitionError as fault:
            raise DefinitionError("network.proxy", fault.reason, fault.position) from None
    return proxy


def _with_proxy(plan: Plan) -> Environment:
    """The environment with the network's proxy where it has none of its own."""
    if plan.environment.proxy is not None or plan.network.proxy is None:
        return plan.environment
    return plan.environment.model_copy(update={"proxy": plan.network.proxy})
