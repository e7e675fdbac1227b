"""What a run gives: one `StepResult` for each request, wait or skip, and a `RunSummary` at the end. Masked already."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wxcloudrun.engine.record import record
from wxcloudrun.engine.response import Cookie
from wxcloudrun.engine.result.as_json import plain
from wxcloudrun.engine.result.explain import explain
from wxcloudrun.engine.result.records import (
    AssertionRecord,
    Attempt,
    Carried,
    DatasetRecord,
    ExtractionRecord,
    Outcome,
    Phase,
    RequestRecord,
    ResponseRecord,
    StepFault,
    VariableRecord,
)


class RunOutcome(StrEnum):
    """How a run ended; the worst of its steps, or canceled."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    CANCELED = "canceled"


@record(frozen=True, slots=True)
class StepResult:
    """What one step gave, in one iteration.

    Results arrive in order of completion; `ordinal` sorts (as text) in the plan's order and is the same in every run
    of a plan. `path` names the place (`steps/2/iterations/0`), `trail` the names of the steps around it.
    """

    ordinal: str
    path: str
    kind: str
    outcome: Outcome
    key: str
    name: str
    phase: Phase
    started_at: str
    duration_ms: float
    id: str | int | None = None
    case_id: str | int | None = None
    case_version: str | int | None = None
    trail: tuple[str, ...] = ()
    iteration: int | None = None
    dataset: DatasetRecord | None = None
    reason: str | None = None  # why it was skipped, came from the cache, or failed without an assertion
    error: StepFault | None = None
    attempts: tuple[Attempt, ...] = ()
    request: RequestRecord | None = None
    response: ResponseRecord | None = None
    assertions: tuple[AssertionRecord, ...] = ()
    extractions: tuple[ExtractionRecord, ...] = ()
    variables: tuple[VariableRecord, ...] = ()
    log: tuple[str, ...] = ()
    carried: tuple[Carried, ...] = field(default=(), repr=False)
    cookies: tuple[Cookie, ...] = field(default=(), repr=False)  # set by the answer, not masked, not in `to_json`

    @property
    def passed_after_retry(self) -> bool:
        """True when it passed, but not at the first attempt: a sign of flakiness."""
        return self.outcome is Outcome.PASSED and any([one["outcome"] != Outcome.PASSED for one in self.attempts])

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values; everything in it is masked. They belong to the result: copy before changing."""
        return {
            "ordinal": self.ordinal,
            "path": self.path,
            "kind": self.kind,
            "outcome": str(self.outcome),
            "key": self.key,
            "name": self.name,
            "phase": str(self.phase),
            "started_at": self.started_at,
            "duration_ms": self.duration_ms,
            "id": self.id,
            "case_id": self.case_id,
            "case_version": self.case_version,
            "trail": list(self.trail),
            "iteration": self.iteration,
            "dataset": plain(self.dataset) if self.dataset is not None else None,
            "reason": self.reason,
            "error": plain(self.error) if self.error is not None else None,
            "attempts": list(self.attempts),
            "request": self.request,
            "response": self.response,
            "assertions": list(self.assertions),
            "extractions": list(self.extractions),
            "variables": list(self.variables),
            "log": list(self.log),
            "passed_after_retry": self.passed_after_retry,
        }

    def explain(self) -> str:
        """Why the step did not pass, as a block of text that a person can act on."""
        return explain(self)


@dataclass(frozen=True, slots=True)
class WriteBack:
    """A value extracted with scope `global`: the caller stores it in the environment. Not masked."""

    name: str
    value: Any
    secret: bool = False


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The run as a whole. Durations in milliseconds over the requests that got an answer."""

    outcome: RunOutcome
    passed: int = 0
    failed: int = 0
    error: int = 0
    skipped: int = 0
    passed_after_retry: int = 0
    requests: int = 0
    started_at: str = ""
    duration_ms: float = 0.0
    min_ms: float | None = None
    mean_ms: float | None = None
    max_ms: float | None = None
    reason: str | None = None  # why it was canceled or stopped
    variables: tuple[VariableRecord, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    write_back: tuple[WriteBack, ...] = field(default=(), repr=False)

    @property
    def total(self) -> int:
        """Results, whatever their outcome."""
        return self.passed + self.failed + self.error + self.skipped

    @property
    def success_rate(self) -> float:
        """Share of the steps carried out that passed, 0 to 1; 1 when none was carried out."""
        done = self.passed + self.failed + self.error
        return self.passed / done if done else 1.0

    def to_json(self) -> dict[str, Any]:
        """The summary as JSON values; write-backs are named only, their values stay out."""
        data: dict[str, Any] = plain(self)
        data["write_back"] = [item.name for item in self.write_back]
        data["total"] = self.total
        data["success_rate"] = self.success_rate
        return data
