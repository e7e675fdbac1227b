"""Looks a plan over before it runs: raises for what cannot work, warns of names that nothing above provides."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from wxcloudrun.engine.clock import SystemClock
from wxcloudrun.engine.errors import DefinitionError, StepError
from wxcloudrun.engine.judge.expression import RESPONSE_NAMES
from wxcloudrun.engine.plan.plan import Plan
from wxcloudrun.engine.plan.steps import CaseStep, GroupStep, ParallelStep, Scenario, ScenarioStep, StepBase
from wxcloudrun.engine.ready.actions import CompiledAction
from wxcloudrun.engine.ready.compiled_case import CompiledCase
from wxcloudrun.engine.ready.faults import Gathering
from wxcloudrun.engine.ready.formula import Formula
from wxcloudrun.engine.ready.program import CompiledStep, Program
from wxcloudrun.engine.render.dynamic import DYNAMIC, Draw
from wxcloudrun.engine.render.placeholder_filters import compile_placeholder_filter
from wxcloudrun.engine.render.template import Placeholder, placeholders
from wxcloudrun.engine.send.egress import AddressRule

_HINTED = 100  # warnings that may say which name was meant
_WAY_SHOWN = 10  # names of a circle


def check_plan(plan: Plan) -> list[str]:
    """Warnings, each naming the field; raises `DefinitionError` (field, position) for what cannot work."""
    return check_program(Program(plan))


def check_program(program: Program) -> list[str]:
    """The same for a plan that is compiled already."""
    return _Check(program).run()


class _Check:
    """Walks the steps in the plan's order with the names that are known at each."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._warnings: list[str] = []
        self._gathering = Gathering()
        self._values: Mapping[str, Any] = {}  # of the scenario that is looked at

    def run(self) -> list[str]:
        plan = self._program.plan
        for index, rule in enumerate(plan.network.allowed):
            self._gathering.attempt(_address_rule, rule, f"network.allowed.{index}")
        values = self._visible(plan.scenario, dict(plan.inputs))
        self._uses(self._program.base_url, set(values))
        self._scenario(plan.scenario, values)
        if not plan.scenario.steps:
            self._warnings.append("scenario.steps: there is nothing to run")
        self._gathering.refuse(plan)
        return list(dict.fromkeys(self._warnings))

    def _visible(self, scenario: Scenario, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Names and values that hold in the whole scenario; raises `DefinitionError` for values in a circle."""
        given = {**{one.name: None for one in scenario.inputs}, **inputs}
        values: dict[str, Any] = {}
        for layer in reversed(self._program.layers(scenario, given, "")):
            values.update(layer.values)
        circular = _circular(values)
        for name in circular:
            self._gathering.attempt(_refuse_circle, name, circular, values)
        return values

    def _scenario(self, scenario: Scenario, values: Mapping[str, Any]) -> None:
        outer, self._values = self._values, values
        known = set(values)
        for part in (scenario.setup, scenario.steps, scenario.teardown):
            known = self._sequence(part, known)
        self._values = outer
        for name in scenario.outputs:
            if name not in known:
                called = scenario.name or scenario.id
                where = "scenario.outputs" if called is None or called == "" else f"scenario `{called}`"
                self._warnings.append(f"{where}: nothing makes its output `{name}`")

    def _sequence(self, steps: tuple[StepBase, ...], known: set[str]) -> set[str]:
        for step in steps:
            if step.enabled:
                known = known | self._step(step, known)
        return known

    def _step(self, step: StepBase, known: set[str]) -> set[str]:
        """Names that the step adds for those after it."""
        compiled = self._program.steps[id(step)]
        inside = known | set(compiled.variables)
        self._reads(compiled.condition, inside)
        self._uses(compiled.items, inside)
        if step.for_each is not None:
            inside = inside | {step.for_each.as_name}
        if step.for_each is not None or step.repeat is not None or isinstance(step, CaseStep):
            inside = inside | {"iteration", "repeat"}
        for value in compiled.variables.values():
            self._uses(value, inside)
        match step:
            case CaseStep() if compiled.case is not None:
                made = self._case(compiled.case, inside)
                for formula in (compiled.until, compiled.fail_if):
                    self._reads(formula, inside | made | set(RESPONSE_NAMES))
                return made
            case GroupStep():
                return self._sequence(step.steps, inside) - inside
            case ParallelStep():
                return set().union(*(self._step(child, inside) for child in step.parallel if child.enabled))
            case ScenarioStep():
                return self._call(step, compiled, inside)
        self._uses(compiled.wait, inside)
        return set()

    def _call(self, step: ScenarioStep, compiled: CompiledStep, inside: set[str]) -> set[str]:
        for value in (*(compiled.inputs or {}).values(), compiled.cache_key):
            self._uses(value, inside)
        self._scenario(step.scenario, self._visible(step.scenario, {}))
        return set(step.scenario.outputs)

    def _case(self, case: CompiledCase, known: set[str]) -> set[str]:
        made: set[str] = set()
        for action in case.before:
            made |= self._action(action, known | made)
        for row in case.rows.values():
            here = known | made | set(row.values)
            for value in row.values.values():
                self._uses(value, here)
            self._uses(row.request.tree, here)
            for value in case.checks.extraction_templates:
                self._uses(value, here)
            for value in case.checks.assertion_templates:
                self._uses(value, here | case.checks.names)
        made |= case.checks.names
        for action in case.after:
            made |= self._action(action, known | made)
        return made

    def _action(self, action: CompiledAction, known: set[str]) -> set[str]:
        for value in action.parts.values():
            self._uses(value, known)
        self._reads(action.formula, known | set(RESPONSE_NAMES))
        name = getattr(action.action, "name", None)
        return {name} if name else set()

    def _reads(self, formula: Formula | None, known: set[str]) -> None:
        """An expression names variables without braces."""
        for name in formula.names - known if formula is not None else ():
            self._warn(formula.field if formula else "", name, known)

    def _uses(self, value: Any, known: set[str]) -> None:
        for where, placeholder in placeholders(value):
            for text in placeholder.filters:
                self._gathering.attempt(_placeholder_filter, text, where)
            if placeholder.dynamic:
                self._gathering.attempt(_refuse_dynamic, where, placeholder)
            elif not _candidates(placeholder.name) & known:
                self._warn(where, placeholder.name, known)
            else:
                self._uses_inside(where, placeholder.name, known)

    def _uses_inside(self, where: str, name: str, known: set[str]) -> None:
        """A value that refers to others needs them where it is used, not where it is written."""
        for _, inner in placeholders(self._values.get(name)):
            if not inner.dynamic and not _candidates(inner.name) & known:
                self._warn(f"{where}: `{name}` needs `{inner.name}`", inner.name, known)

    def _warn(self, where: str, name: str, known: Iterable[str]) -> None:
        """Say that nothing gives the name a value; looking for one that is like it takes time, so not for ever."""
        hinted = known if len(self._warnings) < _HINTED else ()
        self._warnings.append(_unknown(where, name, hinted))


def _candidates(name: str) -> set[str]:
    """`user.name.first` may be a value of that name, or a part of `user.name` or of `user`."""
    parts = name.split(".")
    return {".".join(parts[:count]) for count in range(1, len(parts) + 1)}


def _unknown(where: str, name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"; did you mean `{close[0]}`?" if close else ""
    return f"{where}: nothing above this step gives `{name}` a value{hint}"


def _address_rule(rule: str, where: str) -> None:
    AddressRule.parse(rule, where)


def _placeholder_filter(text: str, where: str) -> None:
    """The fault is in the text at `where`, whichever part of the filter it is."""
    try:
        compile_placeholder_filter(text, where)
    except DefinitionError as fault:
        raise DefinitionError(where, fault.reason) from None


def _refuse_dynamic(where: str, placeholder: Placeholder) -> None:
    """Refuse an unknown name, and arguments that never fit: they are drawn from once, for nothing."""
    if placeholder.name not in DYNAMIC:
        close = difflib.get_close_matches(placeholder.name, DYNAMIC, n=1, cutoff=0.5)
        hint = f"; did you mean `{close[0]}`?" if close else ""
        raise DefinitionError(where, f"there is no dynamic variable `{placeholder.name}`{hint}")
    if placeholder.arguments:
        try:
            Draw("check", SystemClock()).value(placeholder.name, placeholder.arguments)
        except StepError as fault:
            reason = f"{fault.message} ({fault.detail})" if fault.detail else fault.message
            raise DefinitionError(where, reason) from None


def _circular(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Names that need themselves, or lead to some that do, each with those of them that it needs."""
    open_ = {
        name: list(dict.fromkeys(one.name for _, one in placeholders(value) if one.name in values))
        for name, value in values.items()
    }
    while free := [name for name, needed in open_.items() if open_.keys().isdisjoint(needed)]:
        for name in free:
            del open_[name]
    return {name: [one for one in needed if one in open_] for name, needed in open_.items()}


def _refuse_circle(name: str, needed: Mapping[str, list[str]], values: Mapping[str, Any]) -> None:
    chain = {name: None}  # in order
    at = name
    while True:
        circle = next((one for one in needed[at] if one in chain), None)
        if circle is not None:
            where = placeholders(values[at])[0][0]
            raise DefinitionError(where, f"values refer to one another in a circle: {_way([*chain, circle])}")
        at = needed[at][0]
        chain[at] = None


def _way(names: list[str]) -> str:
    shown = names if len(names) <= _WAY_SHOWN else [*names[: _WAY_SHOWN - 1], "...", names[-1]]
    return " -> ".join(shown)
