"""Runs a plan: `Engine(plan).run()` yields results as they happen, then `summary` says how it ended."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wxcloudrun.engine.bounds import Bounds, Cancel
from wxcloudrun.engine.clock import Clock, SystemClock, stamp
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.sources import has_placeholder
from wxcloudrun.engine.plan.case import Variable
from wxcloudrun.engine.plan.plan import Plan
from wxcloudrun.engine.plan.walk import scenarios_of, steps_of
from wxcloudrun.engine.ready.check import check_program
from wxcloudrun.engine.ready.program import Program
from wxcloudrun.engine.render.template import compile_tree, is_template
from wxcloudrun.engine.render.variables import Scope, Source
from wxcloudrun.engine.result.records import Outcome, Phase
from wxcloudrun.engine.result.redaction import Redactor, sensitive_name
from wxcloudrun.engine.result.result import RunOutcome, RunSummary, StepResult, WriteBack
from wxcloudrun.engine.run.context import Hooks, Place, Run, Sends, Tally
from wxcloudrun.engine.run.doubt import Doubt
from wxcloudrun.engine.run.flow import Flow
from wxcloudrun.engine.run.once import Cache, LocalCache
from wxcloudrun.engine.run.parallel import Crew
from wxcloudrun.engine.run.recorder import variable_records
from wxcloudrun.engine.run.throttle import Gates, LocalThrottle, Throttle
from wxcloudrun.engine.send.cookies import CookieJar
from wxcloudrun.engine.send.egress import AddressGuard
from wxcloudrun.engine.send.sender import Sender
from wxcloudrun.engine.send.wire import Limits

MAX_THREADS = 256


class Engine:
    """One run of one plan.

    `sender`, `clock`, `cache`, `throttle` and `cancel` (an Event) may be handed in; the defaults send with libcurl
    through the plan's address guard and keep everything in this process. `hooks` tell the caller of each request
    before it is sent and of long bodies. Raises `DefinitionError` when the plan cannot work.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        sender: Sends | None = None,
        clock: Clock | None = None,
        cache: Cache | None = None,
        throttle: Throttle | None = None,
        cancel: Cancel | None = None,
        hooks: Hooks | None = None,
    ) -> None:
        self._plan = plan
        program = Program(plan)
        self._warnings = check_program(program)
        self._cancel: Cancel = cancel or threading.Event()
        self._clock = clock or SystemClock()
        self._owned = sender_of(plan) if sender is None else None
        redactor = redactor_of(plan)
        limits = plan.limits
        self._run = Run(
            plan=plan,
            program=program,
            sender=sender or self._owned or sender_of(plan),
            clock=self._clock,
            cache=cache or LocalCache(),
            throttle=throttle or LocalThrottle(),
            redactor=redactor,
            gates=Gates(limits.concurrency, limits.per_host),
            crew=Crew(MAX_THREADS),
            tally=Tally(limits.max_steps),
            seed=str(plan.seed),
            hooks=hooks or Hooks(),
        )
        self._summary: RunSummary | None = None

    @property
    def summary(self) -> RunSummary:
        """How the run ended; only after `run` has come to its end."""
        if self._summary is None:
            raise RuntimeError("the run has not ended: read every result of run() first")
        return self._summary

    def run(self) -> Iterator[StepResult]:
        """Carry the plan out. Results come as they happen; only one is held at a time."""
        plan, run = self._plan, self._run
        started, began = self._clock.now(), self._clock.monotonic()
        bounds = Bounds(self._cancel, self._clock, began + plan.limits.deadline_ms / 1000)
        scope = Scope(run.program.layers(plan.scenario, _inputs(plan), ""))
        place = Place("", "", Phase.STEPS, bounds, CookieJar(), doubt=Doubt(plan.resume.ahead))
        count = _Count()
        try:
            for result in Flow(run).scenario(scope, place):
                count.add(result)
                yield result
        finally:
            if self._owned is not None:
                self._owned.close()
        for outcome in run.done:
            count.counts[outcome] += 1
        self._summary = self._summed(count, scope, bounds, stamp(started), began)

    def _summed(self, count: "_Count", scope: Scope, bounds: Bounds, started: str, began: float) -> RunSummary:
        run = self._run
        reason = self._reason(bounds)
        made = {name: (Source.EXTRACTED, value) for name, value in scope.extracted.items()}
        declared = run.program.shared_names
        return RunSummary(
            outcome=self._outcome(count, reason),
            passed=count.counts[Outcome.PASSED],
            failed=count.counts[Outcome.FAILED],
            error=count.counts[Outcome.ERROR],
            skipped=count.counts[Outcome.SKIPPED],
            passed_after_retry=count.after_retry,
            requests=count.requests,
            started_at=started,
            duration_ms=(self._clock.monotonic() - began) * 1000,
            min_ms=count.min_ms,
            mean_ms=count.sum_ms / count.answers if count.answers else None,
            max_ms=count.max_ms,
            reason=reason,
            variables=variable_records(run.redactor, made),
            outputs=self._outputs(scope),
            warnings=(*self._warnings, *run.redactor.warnings),
            write_back=tuple(
                WriteBack(name, value, name in run.redactor.names)
                for name, value in scope.shared.items()
                if name in declared
            ),
        )

    def _outputs(self, scope: Scope) -> dict[str, Any]:
        made = scope.extracted
        redactor = self._run.redactor
        return {name: redactor.named(name, made[name]) for name in self._plan.scenario.outputs if name in made}

    def _reason(self, bounds: Bounds) -> str | None:
        if bounds.reason is not None:
            return bounds.reason
        if self._run.tally.exhausted:
            return f"the plan's limit of {self._plan.limits.max_steps} results was reached"
        return None

    def _outcome(self, count: "_Count", reason: str | None) -> RunOutcome:
        if self._cancel.is_set():
            return RunOutcome.CANCELED
        if reason is not None or count.counts[Outcome.ERROR]:
            return RunOutcome.ERROR
        return RunOutcome.FAILED if count.counts[Outcome.FAILED] else RunOutcome.PASSED


@dataclass(slots=True)
class _Count:
    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    requests: int = 0
    answers: int = 0
    after_retry: int = 0
    sum_ms: float = 0.0
    min_ms: float | None = None
    max_ms: float | None = None

    def add(self, result: StepResult) -> None:
        sent = len(result.attempts)
        self.counts[result.outcome] += 1
        self.requests += sent
        if sent > 1:
            self.after_retry += result.passed_after_retry
        if result.response is not None:
            self._took(result.response["timing"]["total_ms"])

    def _took(self, ms: float) -> None:
        self.answers += 1
        self.sum_ms += ms
        if self.min_ms is None or ms < self.min_ms:
            self.min_ms = ms
        if self.max_ms is None or ms > self.max_ms:
            self.max_ms = ms


def sender_of(plan: Plan) -> Sender:
    """Sends through an address guard of its own that lets through what the plan allows."""
    limits = Limits(head_bytes=plan.limits.head_bytes, max_body_bytes=plan.limits.max_body_bytes)
    nonce_key = f"{plan.id}/{plan.seed}/{plan.hash_key}".encode()
    return Sender(AddressGuard(plan.network.allowed), limits=limits, nonce_key=nonce_key)


def _inputs(plan: Plan) -> dict[str, Any]:
    """The run's inputs, compiled; raises `DefinitionError` when a required one is missing."""
    for one in plan.scenario.inputs:
        if one.required and one.name not in plan.inputs:
            raise DefinitionError(f"inputs.{one.name}", "the scenario requires this input and the run gives none")
    return {name: compile_tree(value, f"inputs.{name}") for name, value in plan.inputs.items()}


def redactor_of(plan: Plan) -> Redactor:
    """What masks the plan's secrets: every one that it holds, whatever its scope."""
    redactor = Redactor(plan.hash_key)
    _register(redactor, (*plan.environment.variables, *plan.project.variables))
    for scenario in scenarios_of(plan.scenario):
        _register(redactor, scenario.variables)
        for step in steps_of(scenario):
            _register(redactor, step.variables)
        for one in scenario.inputs:
            if one.secret:
                redactor.add(plan.inputs.get(one.name, one.default), one.name)
    return redactor


def _register(redactor: Redactor, variables: tuple[Variable, ...]) -> None:
    """A value with placeholders is registered once it is rendered; until then its name is."""
    for variable in variables:
        if not variable.secret and sensitive_name(variable.name):
            redactor.learn(variable.value if not has_placeholder(variable.value) else None, variable.name)
        if variable.secret:
            redactor.names.add(variable.name)
            meant = compile_tree(variable.value, variable.name)  # a secret may hold braces that are only escaped
            if not is_template(meant):
                redactor.add(meant, variable.name)
