"""What a run gives: one `StepResult` for each request, wait or skip, and a `RunSummary` at the end. Masked already."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any

from wxcloudrun.engine.response import Cookie
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


@dataclass(frozen=True, slots=True)
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
        return self.outcome is Outcome.PASSED and any(a.outcome is not Outcome.PASSED for a in self.attempts)

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values; everything in it is masked."""
        data: dict[str, Any] = _plain(self)
        del data["carried"], data["cookies"]
        data["passed_after_retry"] = self.passed_after_retry
        return data

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
        data: dict[str, Any] = _plain(self)
        data["write_back"] = [item.name for item in self.write_back]
        data["total"] = self.total
        data["success_rate"] = self.success_rate
        return data


_SIMPLE = frozenset((str, int, float, bool, type(None)))
_WRITERS: dict[type, Callable[[Any], Any]] = {}


def _plain(value: Any) -> Any:
    """Dataclasses to dicts, tuples to lists, words to strings; JSON values stay what they are."""
    kind = type(value)
    if kind in _SIMPLE:
        return value
    writer = _WRITERS.get(kind)
    if writer is None:
        writer = _WRITERS[kind] = _writer(kind)
    return writer(value)


def _writer(kind: type) -> Callable[[Any], Any]:
    """How values of a type are written; found out once a type."""
    if is_dataclass(kind):
        names = tuple(one.name for one in fields(kind))
        read = attrgetter(*names)
        return lambda value: {
            name: item if type(item) in _SIMPLE else _plain(item) for name, item in zip(names, read(value), strict=True)
        }
    if issubclass(kind, Mapping):
        return lambda value: {key: _plain(item) for key, item in value.items()}
    if issubclass(kind, tuple | list):
        return lambda value: [item if type(item) in _SIMPLE else _plain(item) for item in value]
    return str
