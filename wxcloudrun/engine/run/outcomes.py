"""Results of steps that sent nothing: skipped, stopped before the first byte, waited, or done by an earlier worker."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.plan.plan import DoneStep
from wxcloudrun.engine.plan.steps import CaseStep, StepBase
from wxcloudrun.engine.ready.actions import CompiledAction
from wxcloudrun.engine.render.variables import Scope
from wxcloudrun.engine.response import Cookie
from wxcloudrun.engine.result.records import Carried, Outcome, StepFault
from wxcloudrun.engine.result.redaction import sensitive_name, session_name
from wxcloudrun.engine.result.result import StepResult
from wxcloudrun.engine.send.cookie_state import restore

if TYPE_CHECKING:
    from wxcloudrun.engine.run.context import Place, Run

_WORDS = 300
_RANK = (Outcome.SKIPPED, Outcome.PASSED, Outcome.FAILED, Outcome.ERROR)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """error before failed before passed before skipped; nothing at all passed."""
    return max(outcomes, key=_RANK.index, default=Outcome.PASSED)


def blank(run: "Run", step: StepBase, place: "Place", outcome: Outcome, iteration: int | None = None) -> StepResult:
    """A result that says where the step stands and how it ended, and nothing more."""
    case = step.case if isinstance(step, CaseStep) else None
    text = run.redactor.text
    return StepResult(
        ordinal=place.ordinal,
        path=place.path,
        kind=step.kind.value,  # type: ignore[attr-defined]  # every subclass of StepBase has a kind
        outcome=outcome,
        key=text(step.key),
        name=text(step.name or (case.name if case else "") or step.key),
        phase=place.phase,
        started_at=run.clock.stamp(),
        duration_ms=0.0,
        id=step.id,
        case_id=case.id if case else None,
        case_version=case.version if case else None,
        trail=tuple(text(name) for name in place.trail),
        iteration=iteration,
    )


def skipped(run: "Run", step: StepBase, place: "Place", reason: str, iteration: int | None = None) -> StepResult:
    """A step that was not carried out, and why."""
    return replace(blank(run, step, place, Outcome.SKIPPED, iteration), reason=run.redactor.text(reason))


def stopped(run: "Run", step: StepBase, place: "Place", fault: StepError) -> StepResult:
    """A step that could not begin."""
    return replace(blank(run, step, place, Outcome.ERROR), error=masked_fault(run, fault))


def cached(run: "Run", step: StepBase, place: "Place", kept: Mapping[str, Any]) -> StepResult:
    """A scenario whose outputs came from the cache; a worker that takes the run over needs them and the cookies."""
    carried = tuple(Carried(name, value, name in kept["secrets"]) for name, value in kept["outputs"].items())
    result = replace(blank(run, step, place, Outcome.PASSED), reason="outputs taken from the cache")
    return replace(result, carried=carried, cookies=tuple(Cookie(**one) for one in kept["cookies"]))


def timed(run: "Run", step: StepBase, place: "Place", iteration: int | None, action: Callable[[], None]) -> StepResult:
    """A step that does something without sending: passed, or an error when the action raises `StepError`."""
    result = blank(run, step, place, Outcome.PASSED, iteration)
    began = run.clock.monotonic()
    try:
        action()
    except StepError as fault:
        result = replace(result, outcome=Outcome.ERROR, error=masked_fault(run, fault))
    return replace(result, duration_ms=(run.clock.monotonic() - began) * 1000)


def resumed(run: "Run", scope: Scope, place: "Place", done: DoneStep) -> Outcome:
    """Take over a step whose result is recorded already: its values, its outcome, no result."""
    for one in done.carried:
        if one.secret:
            run.redactor.add(one.value, one.name)
        elif sensitive_name(one.name):
            run.redactor.learn(one.value, one.name)
        scope.keep(one.name, one.value, shared=one.shared)
    for cookie in done.cookies:
        if cookie["http_only"] or session_name(str(cookie["name"])):
            run.redactor.learn(cookie["value"])
    restore(place.jar, done.cookies, run.clock.now().timestamp())
    run.done.append(done.outcome)
    return done.outcome


def unforeseen(fault: Exception) -> StepError:
    """A fault that nothing in the engine knows how to tell; its class name is told, and its words where it has some."""
    words = str(fault).encode("utf-8", "backslashreplace").decode()[:_WORDS]
    told = f"{type(fault).__name__}: {words}" if words else type(fault).__name__
    return StepError(ErrorClass.INTERNAL, f"the engine could not carry this step out ({told}); please report it")


def discreet(fault: StepError, action: CompiledAction) -> StepError:
    """An expression's words about a value are not told when what it makes is secret."""
    if fault.error_class is not ErrorClass.EXPRESSION or not getattr(action.action, "secret", False):
        return fault
    reason = "the expression failed; why is not told, since what it makes is secret"
    return StepError(fault.error_class, f"{action.field}.expression: {reason}")


def masked_fault(run: "Run", fault: StepError) -> StepFault:
    """An error as it may leave."""
    text = run.redactor.body
    return StepFault(fault.error_class, text(fault.message), text(fault.detail) if fault.detail else None)
