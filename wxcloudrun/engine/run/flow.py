"""How steps follow one another: sequences, conditions, iterations, groups, branches, scenarios inside scenarios."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.judge.values import brief
from wxcloudrun.engine.plan.case import Dataset
from wxcloudrun.engine.plan.dataset import choose_rows
from wxcloudrun.engine.plan.steps import CaseStep, GroupStep, ParallelStep, ScenarioStep, StepBase, WaitStep
from wxcloudrun.engine.ready.formula import Formula
from wxcloudrun.engine.ready.program import CompiledStep
from wxcloudrun.engine.record import record
from wxcloudrun.engine.render.template import render
from wxcloudrun.engine.render.variables import Layer, Scope, Source
from wxcloudrun.engine.result.records import Outcome
from wxcloudrun.engine.result.result import StepResult
from wxcloudrun.engine.run.calls import CallFlow
from wxcloudrun.engine.run.case_step import run_case
from wxcloudrun.engine.run.context import Place, Run
from wxcloudrun.engine.run.outcomes import resumed, skipped, stopped, timed, unforeseen, worst
from wxcloudrun.engine.run.parallel import Steps, side_by_side
from wxcloudrun.engine.shape import kind_in_words

Rows = tuple[Dataset | None, ...]

_BAD = (Outcome.FAILED, Outcome.ERROR)


@record(frozen=True, slots=True)
class Pass:
    """One pass of a step: its number (None when there is only one), its values, its row of data."""

    index: int | None
    values: dict[str, Any]
    row: Dataset | None = None


_NO_ROWS: Rows = (None,)
_ONCE = (Pass(None, {}),)


class Flow:
    """Walks a run's steps. Every method that gives `Steps` gives results one by one, then the worst outcome.

    Such a method decides at once and hands over the generator that does the work: every generator that stands around
    another is passed through by each result.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._calls = CallFlow(run, self.sequence)

    def scenario(self, scope: Scope, place: Place) -> Steps:
        """The plan's own scenario, setup and teardown included."""
        return self._calls.phases(self._run.plan.scenario, scope, place)

    def sequence(
        self, steps: tuple[StepBase, ...], scope: Scope, place: Place, part: str, *, digit: int = 2, stop: bool = True
    ) -> Steps:
        """Steps one after the other; after a failure that stops, the rest is reported as skipped."""
        outcomes = []
        failure: str | None = None
        for index, step in enumerate(steps):
            here = place.child(part, index, digit)
            reason = self._ended(here) or failure
            if reason is not None:
                yield skipped(self._run, step, here, reason)
                continue
            outcome = yield from self.step(step, scope, here)
            outcomes.append(outcome)
            stops = stop if step.stop_on_failure is None else step.stop_on_failure
            if stops and outcome in _BAD:
                failure = f"step `{step.name or step.key or here.path}` before it: {outcome.value}"
        return worst(outcomes)

    def _ended(self, place: Place) -> str | None:
        """Why nothing more may begin."""
        return place.bounds.reason or ("the plan's limit of results is reached" if self._run.tally.exhausted else None)

    def step(self, step: StepBase, scope: Scope, place: Place) -> Steps:
        """One step with all its passes; a fault that nobody foresaw ends this step and not the run."""
        try:
            return (yield from self._begun(step, scope, place))
        except Exception as fault:
            if self._run.ended_by is not None:
                raise
            yield stopped(self._run, step, place, unforeseen(fault))
            return Outcome.ERROR

    def _begun(self, step: StepBase, scope: Scope, place: Place) -> Steps:
        if not step.enabled:
            return _told(skipped(self._run, step, place, "disabled"))
        compiled = self._run.program.steps[id(step)]
        variables = compiled.variables
        inner = scope.inside(Layer(Source.STEP, variables, place.path)) if variables else scope
        try:
            reason = None if compiled.condition is None else self._condition(compiled.condition, inner, place)
            passes = () if reason else self._passes(step, compiled, inner, place)
        except StepError as fault:
            return _told(stopped(self._run, step, place, fault))
        if reason is not None:
            return _told(skipped(self._run, step, place, reason))
        if not compiled.many:  # the sequence has just looked at the bounds
            return self._pass(step, inner, place, next(iter(passes)))
        if step.for_each is not None and step.for_each.concurrency > 1:
            return self._concurrent(step, inner, place, passes, step.for_each.concurrency)
        return self._in_turn(step, inner, place, passes)

    def _condition(self, condition: Formula, scope: Scope, place: Place) -> str | None:
        if condition.holds(self._run.names(scope, place, "/condition")):
            return None
        return f"condition is false: {condition.text}"

    def _passes(self, step: StepBase, compiled: CompiledStep, scope: Scope, place: Place) -> Iterable[Pass]:
        rows = self._rows(step, compiled, place) if isinstance(step, CaseStep) else _NO_ROWS
        if not compiled.many:
            return _ONCE if rows[0] is None else (Pass(None, {}, rows[0]),)
        items = [None] if step.for_each is None else self._items(compiled, scope, place)
        times = step.repeat.times if step.repeat else 1
        if len(items) * times * len(rows) > 1_000_000:
            raise StepError(ErrorClass.DEFINITION, "for_each, repeat and dataset together give over a million passes")
        return self._numbered(step, items, times, rows)

    def _numbered(self, step: StepBase, items: list[Any], times: int, rows: Rows) -> Iterator[Pass]:
        index = 0
        for item in items:
            for round_number in range(times):
                for row in rows:
                    values = {"iteration": index, "repeat": round_number}
                    if step.for_each is not None:
                        values[step.for_each.as_name] = item
                    yield Pass(index, values, row)
                    index += 1

    def _items(self, compiled: CompiledStep, scope: Scope, place: Place) -> list[Any]:
        items = render(compiled.items, self._run.names(scope, place, "/for_each"))
        if not isinstance(items, list):
            reason = f"an array is needed to go through, not {kind_in_words(items)}"
            raise StepError(ErrorClass.VARIABLE, f"{compiled.field}.for_each.items: {reason}")
        return items

    def _rows(self, step: CaseStep, compiled: CompiledStep, place: Place) -> Rows:
        if compiled.case is not None and compiled.case.chosen is not None:
            return compiled.case.chosen
        try:
            return choose_rows(step.case, step.dataset, f"{self._run.seed}/{place.path}")
        except DefinitionError as fault:
            raise StepError(ErrorClass.DEFINITION, str(fault)) from None

    def _in_turn(self, step: StepBase, scope: Scope, place: Place, passes: Iterable[Pass]) -> Steps:
        outcomes = []
        for one in passes:
            here = place.iteration(one.index or 0)
            reason = here.bounds.reason
            if reason is not None:
                yield skipped(self._run, step, here, reason, iteration=one.index)
                break
            outcomes.append((yield from self._pass(step, scope, here, one)))
            if self._run.tally.exhausted:
                break
        return worst(outcomes)

    def _concurrent(
        self, step: StepBase, scope: Scope, place: Place, passes: Iterable[Pass], concurrency: int
    ) -> Steps:
        branches: list[Scope] = []
        doubts = place.doubt.branches(concurrency)

        def all_branches() -> Iterator[partial[Steps]]:
            for one in passes:
                if place.bounds.is_set() or self._run.tally.exhausted:
                    return
                branch = scope.fork()
                branches.append(branch)
                here = replace(place.iteration(one.index or 0), jar=place.jar.copy(), doubt=doubts.branch())
                yield partial(self._pass, step, branch, here, one)

        outcomes = yield from side_by_side(all_branches(), concurrency, self._run.crew)
        for branch in branches:
            scope.join(branch)
        return worst(outcomes)

    def _pass(self, step: StepBase, scope: Scope, place: Place, one: Pass) -> Steps:
        inner = scope.inside(Layer(Source.STEP, one.values, place.path)) if one.values else scope
        done = self._run.plan.resume.done.get(place.path)
        if done is not None:
            return _silent(resumed(self._run, scope, place, done))
        match step:
            case GroupStep():
                return self.sequence(step.steps, inner, place.under(step.name or step.key), "steps")
            case ParallelStep():
                return self._branches(step, inner, place.under(step.name or step.key))
        if not self._run.tally.take():
            return _silent(Outcome.SKIPPED)
        match step:
            case CaseStep():
                return self._case(step, inner, place, one)
            case WaitStep():
                return self._wait(step, inner, place, one)
            case ScenarioStep():
                return self._calls.call(step, inner, place)
        raise TypeError(type(step))

    def _case(self, step: CaseStep, scope: Scope, place: Place, one: Pass) -> Steps:
        result = run_case(self._run, step, scope, place, one.row, one.index)
        yield result
        return result.outcome

    def _wait(self, step: WaitStep, scope: Scope, place: Place, one: Pass) -> Steps:
        result = timed(self._run, step, place, one.index, lambda: self._sleep(step, scope, place))
        yield result
        return result.outcome

    def _sleep(self, step: WaitStep, scope: Scope, place: Place) -> None:
        value = render(self._run.program.steps[id(step)].wait, self._run.names(scope, place))
        try:
            seconds = float(value) / 1000
        except (TypeError, ValueError):
            seconds = -1.0
        if not 0 <= seconds <= 600:
            field = self._run.program.steps[id(step)].field
            reason = f"a number from 0 to 600000 is needed, not {brief(value)}"
            raise StepError(ErrorClass.VARIABLE, f"{field}.wait_ms: {reason}")
        place.bounds.wait(seconds)

    def _branches(self, step: ParallelStep, scope: Scope, place: Place) -> Steps:
        forks = [scope.fork() for _ in step.parallel]
        concurrency = min(step.concurrency, len(forks))
        doubts = place.doubt.branches(concurrency)
        places = [
            replace(place.child("parallel", index), jar=place.jar.copy(), doubt=doubts.branch())
            for index in range(len(forks))
        ]
        branches = [partial(self.step, *one) for one in zip(step.parallel, forks, places, strict=True)]
        outcomes: list[Outcome] = yield from side_by_side(branches, concurrency, self._run.crew)
        for fork in forks:
            scope.join(fork)
        return worst(outcomes)


def _told(result: StepResult) -> Steps:
    """One result and its outcome."""
    yield result
    return result.outcome


def _silent(outcome: Outcome) -> Steps:
    """An outcome without a result."""
    return outcome
    yield
