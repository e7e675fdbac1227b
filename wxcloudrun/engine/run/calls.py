"""Scenarios: setup, steps, teardown; a scenario called from another with inputs and outputs; log in once."""

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.plan.steps import Scenario, ScenarioStep
from wxcloudrun.engine.render.template import render
from wxcloudrun.engine.render.variables import Scope
from wxcloudrun.engine.result.records import Outcome, Phase
from wxcloudrun.engine.result.result import StepResult
from wxcloudrun.engine.run.context import Place, Run
from wxcloudrun.engine.run.outcomes import cached, skipped, stopped, worst
from wxcloudrun.engine.run.parallel import Steps
from wxcloudrun.engine.send.cookie_state import exported, restore

OnceSteps = Generator[StepResult, None, tuple[Outcome, dict[str, Any]]]

_BAD = (Outcome.FAILED, Outcome.ERROR)


class CallFlow:
    """Carries out scenarios; `sequence` is the flow's way of walking a list of steps."""

    def __init__(self, run: Run, sequence: Callable[..., Steps]) -> None:
        self._run = run
        self._sequence = sequence

    def phases(self, scenario: Scenario, scope: Scope, place: Place) -> Steps:
        """Setup, steps unless setup went wrong, and teardown in any case with time of its own."""
        top = place.path == ""

        def at(phase: Phase) -> Place:
            return replace(place, phase=phase) if top else place

        setup = yield from self._sequence(scenario.setup, scope, at(Phase.SETUP), "setup", digit=1)
        if setup in _BAD:
            here = at(Phase.STEPS)
            for index, step in enumerate(scenario.steps):
                yield skipped(self._run, step, here.child("steps", index), f"setup: {setup.value}")
            main = Outcome.SKIPPED
        else:
            stop = scenario.stop_on_failure
            main = yield from self._sequence(scenario.steps, scope, at(Phase.STEPS), "steps", stop=stop)
        if not scenario.teardown:
            return worst((setup, main))
        limits = self._run.plan.limits
        until = self._run.clock.monotonic() + limits.teardown_ms / 1000
        last = replace(at(Phase.TEARDOWN), bounds=place.bounds.wider(until, limits.cancel_teardown_ms / 1000))
        teardown = yield from self._sequence(scenario.teardown, scope, last, "teardown", digit=3, stop=False)
        return worst((setup, main, teardown))

    def call(self, step: ScenarioStep, scope: Scope, place: Place) -> Steps:
        """A scenario inside another: its inputs are rendered here, its outputs are kept here."""
        try:
            child = self._child(step, scope, place)
            key = self._cache_key(step, scope, place)
        except StepError as fault:
            yield stopped(self._run, step, place, fault)
            return Outcome.ERROR
        below = place.under(step.name or step.scenario.name or step.key)
        if key is None:
            outcome = yield from self.phases(step.scenario, child, below)
            outputs = _outputs(step.scenario, child)
        else:
            outcome, outputs = yield from self._once(step, child, place, below, key)
        if outcome in _BAD:
            return outcome
        missing = [name for name in step.scenario.outputs if name not in outputs]
        if missing:
            reason = f"the scenario ended without its output `{missing[0]}`: no step extracted or set it"
            yield stopped(self._run, step, place, StepError(ErrorClass.VARIABLE, reason))
            return Outcome.ERROR
        for name, value in outputs.items():
            scope.keep(name, value)
        return outcome

    def _child(self, step: ScenarioStep, scope: Scope, place: Place) -> Scope:
        compiled = self._run.program.steps[id(step)]
        names = self._run.names(scope, place, "/inputs")
        given = {name: render(value, names) for name, value in (compiled.inputs or {}).items()}
        for one in step.scenario.inputs:
            if one.secret and one.name in given:
                self._run.redactor.add(given[one.name], one.name)
        return scope.call(self._run.program.layers(step.scenario, given, place.path))

    def _cache_key(self, step: ScenarioStep, scope: Scope, place: Place) -> str | None:
        if step.cache is None:
            return None
        key = render(self._run.program.steps[id(step)].cache_key, self._run.names(scope, place, "/cache"))
        plan = self._run.plan
        return f"{plan.project.id}/{plan.environment.id or plan.environment.name}/{step.scenario.id}/{key}"

    def _once(self, step: ScenarioStep, child: Scope, place: Place, below: Place, key: str) -> OnceSteps:
        results: list[StepResult] = []
        outcomes: list[Outcome] = []

        def make() -> dict[str, Any] | None:
            steps = self.phases(step.scenario, child, below)
            outcomes.append(_collect(steps, results))
            outputs = _outputs(step.scenario, child)
            if outcomes[0] in _BAD or len(outputs) < len(step.scenario.outputs):
                return None
            return {"outputs": outputs, "cookies": exported(place.jar), "secrets": self._secrets(outputs)}

        kept = self._run.cache.get_or_make(key, step.cache.ttl_ms if step.cache else 0, make)
        yield from results
        if outcomes:
            return outcomes[0], _outputs(step.scenario, child)
        kept = kept or {"outputs": {}, "cookies": [], "secrets": []}
        for name in kept["secrets"]:
            self._run.redactor.add(kept["outputs"][name], name)
        restore(place.jar, kept["cookies"], self._run.clock.now().timestamp())
        yield cached(self._run, step, place, kept)
        return Outcome.PASSED, dict(kept["outputs"])

    def _secrets(self, outputs: dict[str, Any]) -> list[str]:
        return [name for name in outputs if name in self._run.redactor.names]


def _collect(steps: Steps, results: list[StepResult]) -> Outcome:
    """Walk steps to their end, keeping the results; gives their outcome."""
    while True:
        try:
            results.append(next(steps))
        except StopIteration as end:
            return Outcome(end.value)


def _outputs(scenario: Scenario, scope: Scope) -> dict[str, Any]:
    """The declared outputs that have a value."""
    made = scope.extracted
    return {name: made[name] for name in scenario.outputs if name in made}
