"""One case at one place: attempts until it is good, polling is over or retries are used up; then its result."""

import hashlib

from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.plan.case import Dataset
from wxcloudrun.engine.plan.plan import Intent
from wxcloudrun.engine.plan.steps import CaseStep, Poll, Retry
from wxcloudrun.engine.render.names import Names
from wxcloudrun.engine.render.variables import Scope
from wxcloudrun.engine.result.records import Attempt, Outcome
from wxcloudrun.engine.result.result import StepResult
from wxcloudrun.engine.run.attempt import Trial, Trier
from wxcloudrun.engine.run.context import Place, Run
from wxcloudrun.engine.run.recorder import Course, record
from wxcloudrun.engine.run.retry import SAFE_METHODS, delay_ms, retry_delay_ms, wants_retry

_FIRST, _LAST = 10, 40


def run_case(
    run: Run, step: CaseStep, scope: Scope, place: Place, row: Dataset | None, iteration: int | None
) -> StepResult:
    """Carry out a case step; never raises for what a plan, a server or the network can do."""
    started, began = run.clock.stamp(), run.clock.monotonic()
    intent = run.plan.resume.intents.get(place.path)
    trier = Trier(run, step, scope, place, row, lambda: intent.idempotency_key if intent else _key(run, place))
    if intent is None and step.poll is None and step.retry is None:
        trial = trier.attempt(1)
        trier.judge(trial)
        kept = [trial.summary(1, 0.0, run.redactor.body)]
    else:
        loop = _Loop(run, step, place, trier, intent.attempt if intent else 0)
        refused = None if intent is None or _may_repeat(step, trier) else _interrupted(intent)
        trial = loop.run() if refused is None else trier.failed(refused)
        kept = loop.kept
    trier.hand_on(trial)
    took_ms = int((run.clock.monotonic() - began) * 1_000_000) / 1000  # whole microseconds
    result = record(run, step, place, trial, Course(started, took_ms, tuple(kept), row, iteration))
    trier.release(trial)
    return result


class _Loop:
    """The attempts of one step; of a long polling the first ten and the last forty are kept."""

    def __init__(self, run: Run, step: CaseStep, place: Place, trier: Trier, number: int) -> None:
        self.kept: list[Attempt] = []
        self._run = run
        self._step = step
        self._place = place
        self._trier = trier
        self._number = number
        self._wait_ms = 0.0
        self._until = run.clock.monotonic() + step.poll.timeout_ms / 1000 if step.poll else 0.0

    def run(self) -> Trial:
        """The last attempt, judged."""
        while True:
            self._number += 1
            trial = self._trier.attempt(self._number)
            wait = self._wait_before_next(trial)
            self._keep(trial)
            if wait is None:
                return trial
            try:
                self._place.bounds.wait(wait / 1000)
            except StepError as fault:
                return self._ended(trial, fault)
            self._wait_ms = wait
            self._trier.discard(trial)

    def _keep(self, trial: Trial) -> None:
        self.kept.append(trial.summary(self._number, self._wait_ms, self._run.redactor.body))
        if len(self.kept) > _FIRST + _LAST:
            del self.kept[_FIRST]

    def _ended(self, trial: Trial, fault: StepError) -> Trial:
        if trial.outcome is Outcome.PASSED or trial.error is None:
            trial.error, trial.outcome = fault, Outcome.ERROR
        return trial

    def _wait_before_next(self, trial: Trial) -> float | None:
        """Milliseconds until the next attempt; None when this one was the last."""
        if self._step.poll is not None:
            return self._poll(self._step.poll, trial)
        self._trier.judge(trial)
        if self._step.retry is not None:
            return self._retry(self._step.retry, trial)
        return None

    def _retry(self, retry: Retry, trial: Trial) -> float | None:
        error_class = trial.error.error_class if trial.error else None
        if self._number >= retry.attempts or not wants_retry(retry, trial.outcome, trial.status, error_class):
            return None
        seed = f"{self._run.seed}/{self._place.path}"
        return retry_delay_ms(retry, self._number, seed, trial.header("retry-after"), self._run.clock.now())

    def _poll(self, poll: Poll, trial: Trial) -> float | None:
        if trial.error is not None and not (poll.through_errors and _bearable(trial.error)):
            return None
        try:
            done = trial.error is None and self._poll_ended(trial)
        except StepError as fault:
            trial.error, trial.outcome = fault, Outcome.ERROR
            return None
        if done:
            return None
        wait = delay_ms(poll, self._number)
        if self._run.clock.monotonic() + wait / 1000 >= self._until:
            if trial.error is None:
                trial.fail(f"poll: `{poll.until}` did not become true within {poll.timeout_ms} ms")
            return None
        trial.outcome = Outcome.FAILED if trial.error is None else Outcome.ERROR
        return wait

    def _poll_ended(self, trial: Trial) -> bool:
        compiled = self._run.program.steps[id(self._step)]
        names: Names = self._trier.names_after(trial)
        if compiled.fail_if is not None and compiled.fail_if.holds(names, trial.view):
            trial.fail(f"poll: `{compiled.fail_if.text}` became true")
            return True
        if compiled.until is not None and compiled.until.holds(names, trial.view):
            self._trier.judge(trial)
            return True
        return False


def _bearable(fault: StepError) -> bool:
    return fault.error_class in (
        ErrorClass.RESOLVE,
        ErrorClass.CONNECT,
        ErrorClass.TLS,
        ErrorClass.TIMEOUT,
        ErrorClass.PROTOCOL,
    )


def _key(run: Run, place: Place) -> str:
    """The same in every attempt of this step in this run, and in no other run that has an id of its own."""
    return hashlib.sha256(f"{run.plan.id}/{run.seed}/{place.path}".encode()).hexdigest()[:32]


def _may_repeat(step: CaseStep, trier: Trier) -> bool:
    return step.case.idempotent or trier.method() in SAFE_METHODS


def _interrupted(intent: Intent) -> StepError:
    return StepError(
        ErrorClass.INTERRUPTED,
        f"the worker ended while attempt {intent.attempt} was under way; nobody knows whether the request arrived. "
        "Mark the case `idempotent` if it may be sent again",
    )
