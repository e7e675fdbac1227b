"""One attempt of a case step: act, render, send, extract, judge. It keeps everything; recording comes later."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.judge.assertion import AssertionOutcome
from wxcloudrun.engine.judge.reading import ResponseView
from wxcloudrun.engine.plan.case import Dataset, SignAction
from wxcloudrun.engine.plan.steps import CaseStep
from wxcloudrun.engine.ready.actions import NO_EFFECTS, Effects, carry_out
from wxcloudrun.engine.ready.checks import Taken
from wxcloudrun.engine.ready.compiled_case import CompiledCase
from wxcloudrun.engine.ready.places import located
from wxcloudrun.engine.render.names import Names
from wxcloudrun.engine.render.template import render
from wxcloudrun.engine.render.variables import Layer, Scope, Source
from wxcloudrun.engine.response import Hop, Response
from wxcloudrun.engine.result.masked_body import as_text, masked_body
from wxcloudrun.engine.result.records import Attempt, Outcome, timing_record
from wxcloudrun.engine.result.redaction import sensitive_name, session_name
from wxcloudrun.engine.run.context import Place, Run
from wxcloudrun.engine.run.outcomes import discreet, unforeseen
from wxcloudrun.engine.run.retry import SAFE_METHODS
from wxcloudrun.engine.send.exchange import Exchange, SentRequest
from wxcloudrun.engine.send.prepare import PreparedRequest
from wxcloudrun.engine.send.request import RequestSpec
from wxcloudrun.engine.send.spool import discard_body

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Trial:
    """What one attempt gave, not masked."""

    __slots__ = (
        "effects",
        "error",
        "exchange",
        "judged",
        "names",
        "outcome",
        "reason",
        "sent_at",
        "spec",
        "taken",
        "trace",
        "used",
        "view",
    )

    def __init__(self) -> None:
        self.outcome = Outcome.PASSED
        self.error: StepError | None = None
        self.reason: str | None = None
        self.sent_at = ""
        self.spec: RequestSpec | None = None
        self.exchange: Exchange | None = None
        self.view: ResponseView | None = None
        self.taken: tuple[Taken, ...] = ()
        self.judged: tuple[tuple[int, AssertionOutcome], ...] = ()
        self.effects = NO_EFFECTS
        self.names: Names | None = None
        self.used: Mapping[str, tuple[Source, Any]] = _NOTHING
        self.trace: tuple[str, str] | None = None

    @property
    def response(self) -> Response | None:
        """The answer, if there was one."""
        return self.exchange.response if self.exchange else None

    @property
    def requests(self) -> tuple[SentRequest, ...]:
        """What went over the wire, even when no answer came."""
        return self.exchange.requests if self.exchange else getattr(self.error, "requests", ())

    @property
    def hops(self) -> tuple[Hop, ...]:
        """Redirects that were followed."""
        return self.exchange.response.hops if self.exchange else getattr(self.error, "hops", ())

    @property
    def status(self) -> int | None:
        """The answer's status."""
        return self.exchange.response.status if self.exchange else None

    def header(self, name: str) -> str | None:
        """A header of the answer."""
        return self.exchange.response.header(name) if self.exchange else None

    def fail(self, reason: str) -> None:
        """Mark it failed without an assertion."""
        self.outcome, self.reason = Outcome.FAILED, reason

    def stop(self, fault: StepError) -> None:
        """Mark it as an error, unless an earlier error says why already."""
        if self.error is None:
            self.outcome, self.error = Outcome.ERROR, fault

    def summary(self, number: int, wait_ms: float, mask: Callable[[str], str]) -> Attempt:
        """The attempt as a line of the result."""
        response, error = self.response, self.error
        message = error.message if error else self.reason
        trace_id, parent_id = self.trace or (None, None)
        return {
            "number": number,
            "outcome": str(self.outcome),
            "sent_at": self.sent_at,
            "wait_ms": wait_ms,
            "status": response.status if response else None,
            "error_class": str(error.error_class) if error else None,
            "message": mask(message) if message else None,
            "timing": timing_record(response.timing) if response else None,
            "peer": response.peer if response else None,
            "trace_id": trace_id,
            "parent_id": parent_id,
        }


class Trier:
    """Makes the attempts of one case step at one place."""

    def __init__(
        self,
        run: Run,
        step: CaseStep,
        scope: Scope,
        place: Place,
        row: Dataset | None,
        key: Callable[[], str],
    ) -> None:
        case = run.program.steps[id(step)].case
        if case is None:
            raise TypeError("a case step is compiled with its case")
        self._run = run
        self._step = step
        self._place = place
        self._case: CompiledCase = case
        self._key = key
        self._outer = scope
        self._row = case.row(row)
        values = self._row.values
        self._scope = scope.inside(dataset=Layer(Source.DATASET, values, place.path)) if values else scope

    def method(self) -> str:
        """The request's method, for the question whether it may be repeated; unknown ones are not safe."""
        try:
            return self._row.request.render(self._run.names(self._scope, self._place)).method
        except StepError:
            return ""

    def failed(self, fault: StepError) -> Trial:
        """A trial that sent nothing because of an error."""
        trial = Trial()
        trial.stop(fault)
        return trial

    def attempt(self, number: int) -> Trial:
        """Act, render, send and extract. What goes wrong is in the trial; nothing is raised."""
        trial = Trial()
        try:
            if self._case.before:
                self._act(self._case.before, trial, "/before")
            names = trial.names = self._names(trial)
            trial.used = names.used
            trial.spec = self._row.request.render(names)
            base_url = render(self._run.program.base_url, names)
            prepared = self._prepared(trial.spec, base_url)
            trial.exchange = self._send(trial, prepared, number)
            self._read(trial, trial.exchange)
        except StepError as fault:
            trial.stop(located(fault, self._row.request.place_of))
        except DefinitionError as fault:
            trial.stop(StepError(ErrorClass.DEFINITION, str(fault)))
        except Exception as fault:  # the run loop: a fault of the engine ends this step, not the run
            if self._run.ended_by is not None:
                raise
            trial.stop(unforeseen(fault))
        return trial

    def judge(self, trial: Trial) -> None:
        """Evaluate the assertions, all of them, unless the attempt could not be carried out."""
        if trial.error is not None or trial.view is None:
            return
        missing = None
        for one in trial.taken:
            if not one.has_value:
                missing = one
                break
        names = self._names_for_checks(trial, "/after")
        try:
            trial.judged = self._case.checks.judge(trial.view, names, self._place.bounds.check)
        except StepError as fault:
            trial.stop(fault)
            return
        except Exception as fault:  # noqa: BLE001  # the run loop: a fault of the engine ends this step, not the run
            trial.stop(unforeseen(fault))
            return
        if names.used is not trial.used:
            trial.used = {**trial.used, **names.used}
        if missing is not None and missing.unreadable:
            trial.stop(StepError(ErrorClass.EXTRACTION, f"extraction `{missing.name}`: {missing.message}"))
        elif missing is not None:
            trial.fail(f"extraction `{missing.name}` is required and found nothing: {missing.message}")
        elif not all([one.passed for _, one in trial.judged]):
            trial.outcome = Outcome.FAILED

    def names_after(self, trial: Trial) -> Names:
        """The names as they are after the answer: what was extracted and computed included."""
        return self._names(trial, "/after")

    def hand_on(self, trial: Trial) -> None:
        """Keep what shall be seen by later steps."""
        for name, value in trial.effects.values.items():
            if name not in trial.effects.passing:
                self._outer.keep(name, value)
        for one in trial.taken:
            if one.has_value and one.scope != "step":
                self._outer.keep(one.name, one.value, shared=one.scope == "global")

    def release(self, trial: Trial) -> None:
        """Hand a long body to whoever wants it, then remove its file."""
        response = trial.response
        if response is None or response.body.spool is None:
            return
        body, told = response.body, self._run.hooks.on_body
        if told is not None and body.spool is not None:
            text = as_text(body.head, body.charset, truncated=True) is not None
            masked = masked_body(self._run.redactor, body.spool, body.charset, text=text)
            self._run.tell(told, body.sha256, masked)
        discard_body(response)

    def discard(self, trial: Trial) -> None:
        """Remove the file of a long body that no result shows."""
        if trial.response is not None:
            discard_body(trial.response)

    def _names(self, trial: Trial, part: str = "") -> Names:
        scope = self._scope
        if trial.taken or trial.effects.values:
            values = {one.name: one.value for one in trial.taken if one.has_value}
            scope = scope.with_extracted({**trial.effects.values, **values})
        return self._run.names(scope, self._place, part)

    def _names_for_checks(self, trial: Trial, part: str) -> Names:
        """Those of the rendering will do when no check asks for any: gathering them takes time."""
        if trial.names is not None and not self._case.checks.asks_names:
            return trial.names
        return self._names(trial, part)

    def _act(self, actions: Any, trial: Trial, part: str) -> None:
        if trial.effects is NO_EFFECTS:
            trial.effects = Effects()
        for index, action in enumerate(actions):
            names = self._names(trial, f"{part}/{index}")
            if isinstance(action.action, SignAction):
                self._run.redactor.learn(render(action.parts["key"], self._names(trial, f"{part}/{index}")))
            try:
                carry_out(action, names, self._place.bounds, trial.effects, trial.view)
            except UnicodeEncodeError:
                raise StepError(ErrorClass.HOOK, f"{action.field}: the text holds half of a surrogate pair") from None
            except StepError as fault:
                raise discreet(fault, action) from None
            trial.used = {**trial.used, **names.used}
            for name in trial.effects.secrets:
                self._run.redactor.add(trial.effects.values.get(name), name)

    def _prepared(self, spec: RequestSpec, base_url: str) -> PreparedRequest:
        """A request that is always the same is prepared once a run; of others, what never changes in them."""
        run, bounds = self._run, self._place.bounds
        template = self._row.request
        kept = run.prepared.get(id(template)) if template.lasting else None
        if kept is not None and kept[0] == base_url:
            return kept[1]
        for name, value in spec.path_params.items():
            if sensitive_name(name):
                run.redactor.learn(value, name)
        prepared = run.sender.prepare(
            spec,
            base_url=base_url or None,
            blobs=run.hooks.blobs,
            tokens=run.tokens,
            deadline=bounds.until,
            cancel=bounds.is_canceled,
            lasting=run.lasting.get(id(template)),
        )
        for secret in prepared.secrets:
            run.redactor.add(secret)
        if template.lasting:
            run.prepared[id(template)] = base_url, prepared
        elif template.framed:
            run.lasting[id(template)] = prepared.lasting
        return prepared

    def _send(self, trial: Trial, prepared: PreparedRequest, number: int) -> Exchange:
        run, bounds = self._run, self._place.bounds
        rate = run.plan.environment.rate_per_second
        if rate is not None:
            bounds.wait(run.throttle.reserve(run.environment_key, rate))
        if not run.crew.at_work:
            return self._sent(trial, prepared, number)
        with run.gates.through(prepared.draft.url.authority, bounds) as open_:
            if not open_:
                bounds.check()
            return self._sent(trial, prepared, number)

    def _sent(self, trial: Trial, prepared: PreparedRequest, number: int) -> Exchange:
        run, bounds = self._run, self._place.bounds
        if number == 1:
            self._check_doubt(prepared.draft.method)
        if run.hooks.on_intent is not None:
            run.tell(run.hooks.on_intent, self._place.path, number, self._key())
        trial.trace, headers = run.trace(self._place.path, number)
        header = self._step.case.idempotency_header
        if header is not None:
            headers = (*headers, (header, self._key()))
        trial.sent_at = run.clock.stamp()
        return run.sender.send(
            prepared, jar=self._place.jar, headers=headers, deadline=bounds.until, cancel=bounds.is_canceled
        )

    def _check_doubt(self, method: str) -> None:
        """Asked where the request is about to go out: what an earlier worker did not send does not count."""
        if self._step.case.idempotent or method in SAFE_METHODS or not self._place.doubt.take():
            return
        raise StepError(
            ErrorClass.INTERRUPTED,
            "the worker ended around this step; nobody knows whether the request was sent. "
            "Mark the case `idempotent` if it may be sent again",
        )

    def _read(self, trial: Trial, exchange: Exchange) -> None:
        trial.view = ResponseView(exchange.response)
        names = self._names_for_checks(trial, "/extract")
        trial.taken = self._case.checks.take(trial.view, names, self._place.bounds.check)
        for one in trial.taken:
            if one.secret:
                self._run.redactor.add(one.before_filters, one.name)
                if one.has_value:
                    self._run.redactor.add(one.value, one.name)
        for cookie in exchange.response.cookies:
            if cookie.http_only or session_name(cookie.name):
                self._run.redactor.learn(cookie.value)
        if self._case.after:
            self._act(self._case.after, trial, "/after-action")
