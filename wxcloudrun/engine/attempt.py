"""One attempt of a case step: act, render, send, extract, judge. It keeps everything; recording comes later."""

from dataclasses import dataclass, field
from typing import Any

from wxcloudrun.engine.actions import Effects, carry_out
from wxcloudrun.engine.case import Dataset
from wxcloudrun.engine.checks import Judged, Taken
from wxcloudrun.engine.clock import stamp
from wxcloudrun.engine.compiled_case import CompiledCase
from wxcloudrun.engine.context import Place, Run
from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.exchange import Exchange, SentRequest
from wxcloudrun.engine.names import Names
from wxcloudrun.engine.reading import ResponseView
from wxcloudrun.engine.records import Attempt, Outcome
from wxcloudrun.engine.request import RequestSpec
from wxcloudrun.engine.response import Hop, Response
from wxcloudrun.engine.spool import discard_body
from wxcloudrun.engine.steps import CaseStep
from wxcloudrun.engine.template import render
from wxcloudrun.engine.throttle import Cancel
from wxcloudrun.engine.variables import Layer, Scope, Source


@dataclass(slots=True)
class Trial:
    """What one attempt gave, not masked."""

    outcome: Outcome = Outcome.PASSED
    error: StepError | None = None
    reason: str | None = None
    sent_at: str = ""
    spec: RequestSpec | None = None
    exchange: Exchange | None = None
    view: ResponseView | None = None
    taken: tuple[Taken, ...] = ()
    judged: tuple[Judged, ...] = ()
    effects: Effects = field(default_factory=Effects)
    used: dict[str, tuple[Source, Any]] = field(default_factory=dict)
    trace: tuple[str, str] | None = None

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

    def summary(self, number: int, wait_ms: float) -> Attempt:
        """The attempt as a line of the result."""
        response = self.response
        return Attempt(
            number,
            self.outcome,
            self.sent_at,
            wait_ms,
            response.status if response else None,
            self.error.error_class if self.error else None,
            self.error.message if self.error else self.reason,
            response.timing if response else None,
            response.peer if response else None,
            *(self.trace or (None, None)),
        )
