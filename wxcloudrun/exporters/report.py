"""What exporters are given: a run, its steps in the plan's order, its failures by cause, and what changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wxcloudrun.analysis.shapes import PathChange
from wxcloudrun.analysis.variables import VariableChange

NOT_PASSED = ("failed", "error")


@dataclass(frozen=True, slots=True)
class Totals:
    """Steps by outcome. Times in milliseconds: of steps (`p50_ms`, `p95_ms`), and from the run's start to its end."""

    passed: int = 0
    failed: int = 0
    error: int = 0
    skipped: int = 0
    passed_after_retry: int = 0
    requests: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    duration_ms: float | None = None

    @property
    def steps(self) -> int:
        """All of them."""
        return self.passed + self.failed + self.error + self.skipped


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run. `name` is what was run, the same in every run of it; `title` is what people called this one.

    Times are ISO 8601, UTC. `link` is where a browser finds this run, None where nobody said.
    """

    id: int
    project: str
    name: str
    title: str
    state: str
    reason: str | None
    environment: str
    trigger: str
    started_at: str | None
    ended_at: str | None
    totals: Totals
    labels: Mapping[str, str] = field(default_factory=dict)
    link: str | None = None


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What one step gave. `detail` is the engine's result as JSON, bodies put back; everything in it is masked.

    `known` and `muted` are what people say of its failure: somebody knows the cause, it stops no pipeline.
    """

    seq: int
    path: str
    phase: str
    kind: str
    name: str
    outcome: str
    started_at: str
    duration_ms: float
    trail: tuple[str, ...] = ()
    dataset: str | None = None
    iteration: int | None = None
    case_id: int | None = None
    error_class: str | None = None
    status: int | None = None
    message: str | None = None
    explanation: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    known: bool = False
    muted: bool = False

    @property
    def good(self) -> bool:
        """True when nothing went wrong; a step that was skipped did not."""
        return self.outcome not in NOT_PASSED

    @property
    def request(self) -> Mapping[str, Any] | None:
        """The request that was sent, if any."""
        return self.detail.get("request")

    @property
    def response(self) -> Mapping[str, Any] | None:
        """The answer, if one came."""
        return self.detail.get("response")

    @property
    def attempts(self) -> list[Mapping[str, Any]]:
        """Every sending, in order."""
        return self.detail.get("attempts") or []

    @property
    def earlier(self) -> list[Mapping[str, Any]]:
        """The attempts before the last one that did not pass."""
        return [one for one in self.attempts[:-1] if one["outcome"] != "passed"]


def own_error(run: RunFacts) -> StepFacts | None:
    """What went wrong with a run as a whole where no step tells of it: readers that see steps only would see green."""
    totals = run.totals
    if run.state not in ("error", "canceled") or totals.failed or totals.error:
        return None
    return StepFacts(
        seq=-1,
        path="",
        phase="steps",
        kind="run",
        name="the run as a whole",
        outcome="error",
        started_at=run.ended_at or run.started_at or "1970-01-01T00:00:00.000Z",
        duration_ms=0.0,
        error_class=run.state,
        message=run.reason or run.state,
    )


@dataclass(frozen=True, slots=True)
class OtherRun:
    """A run that this one is compared with."""

    id: int
    state: str
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class ChangedShape:
    """A step whose answer is built differently, and where."""

    seq: int
    name: str
    dataset: str | None
    paths: tuple[PathChange, ...]


@dataclass(frozen=True, slots=True)
class ChangedVariable:
    """A variable with another value, the first step that used it, and how many did."""

    change: VariableChange
    step: str
    steps: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different from the last comparable run; None for what nobody can tell. `green`: the last that passed.

    `not_looked_at`: steps of both whose answers and variables were not compared, since they are too many or too long.
    """

    before: OtherRun | None = None
    green: OtherRun | None = None
    new_failures: int = 0
    fixed: int = 0
    still_failing: int = 0
    added: int = 0
    removed: int = 0
    shapes: tuple[ChangedShape, ...] = ()
    variables: tuple[ChangedVariable, ...] = ()
    not_looked_at: int = 0


@dataclass(frozen=True, slots=True)
class Cause:
    """Failures that have one cause. `steps` are the first of them; `since` is the run that had it first.

    `fresh`: how many of them did not fail in the last comparable run; None where there is none.
    """

    key: str
    title: str
    count: int
    steps: tuple[StepFacts, ...] = ()
    fresh: int | None = None
    since: OtherRun | None = None
    state: str | None = None
    note: str | None = None
    link: str | None = None
