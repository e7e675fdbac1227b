"""Runs and what their steps gave, as clients send and receive them."""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, StringConstraints, model_validator

from wxcloudrun.core.clock import iso
from wxcloudrun.core.fields import FILLED, RowNumber, Version
from wxcloudrun.core.pagination import Cursor, PageSize
from wxcloudrun.core.shapes import Advice, Input, View, example
from wxcloudrun.features.cases.schemas import CaseDraft, Tag
from wxcloudrun.features.environments.schemas import VariableName

StateName = Literal["queued", "running", "passed", "failed", "error", "canceled"]
TriggerName = Literal["manual", "schedule", "api", "rerun"]
PriorityName = Literal["interactive", "ci", "schedule"]
OutcomeName = Literal["passed", "failed", "error", "skipped"]
Inputs = Annotated[
    dict[VariableName, JsonValue],
    Field(
        max_length=100,
        description="Values of the scenario's inputs. Editors may give any variable, and `{{placeholders}}` in values.",
    ),
]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=FILLED)]


class DatasetPick(Input):
    """Which rows of data a case is run with; nothing: as the case says."""

    mode: Literal["none", "default", "one", "all", "random", "limit"]
    key: Annotated[str, Field(min_length=1, max_length=128, pattern=FILLED)] | None = Field(
        None, description="Of the dataset, for `one`."
    )
    count: Annotated[int, Field(ge=1, le=10_000)] = Field(1, description="For `random` and `limit`.")


Label = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=FILLED)]


class RunLabels(Input):
    """What of the target a run tries; runs of the same branch are compared with one another."""

    branch: Label | None = None
    version: Label | None = None
    commit: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=FILLED)] | None = None


class RunMade(Input):
    """What to run: one of `scenario_id`, `case_id`, `tag`, `draft`."""

    model_config = example({"scenario_id": 1})

    scenario_id: RowNumber | None = None
    case_id: RowNumber | None = None
    tag: Tag | None = Field(None, description="Every scenario that has this tag, side by side; at most 50.")
    draft: CaseDraft | None = Field(None, description="A case that is not saved, as for .../cases/check. For editors.")
    dataset: DatasetPick | None = Field(None, description="For a case.")
    environment_id: RowNumber | None = Field(
        None, description="The project's default environment unless said otherwise."
    )
    inputs: Inputs = {}
    labels: RunLabels = RunLabels()
    priority: PriorityName = "interactive"
    deadline_ms: Annotated[int, Field(ge=1000, le=86_400_000)] = 3_600_000
    concurrency: Annotated[int, Field(ge=1, le=64)] = 8
    title: Title | None = Field(None, description="In lists; the name of what is run unless said otherwise.")

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        given = [name for name in ("scenario_id", "case_id", "tag", "draft") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give one of scenario_id, case_id, tag, draft")
        if self.dataset is not None and self.case_id is None:
            raise ValueError("`dataset` goes with `case_id`")
        return self


class Rerun(Input):
    """How to run again: the same plan, of it only what failed with what that needs, or the definitions of today."""

    model_config = example({"what": "failed"})

    what: Literal["plan", "failed", "today"] = "plan"


class RunsQuery(Input):
    """Which runs to list, the newest first."""

    state: StateName | None = None
    scenario_id: RowNumber | None = None
    case_id: RowNumber | None = None
    schedule_id: RowNumber | None = None
    cursor: Cursor | None = None
    size: PageSize = 20


class ResultsQuery(Input):
    """Which results to list, in the order in which they came."""

    cursor: Cursor | None = None
    outcome: OutcomeName | None = None
    size: PageSize = 50


class EventsQuery(Input):
    """Where to begin; a browser that comes back says it itself by `Last-Event-ID`."""

    after: Annotated[int, Field(ge=-1, le=2**31 - 1)] = Field(
        -1, description="Number of the last result that is known."
    )


class BodyQuery(Input):
    """Which part of a body to fetch, in bytes."""

    offset: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0
    length: Annotated[int, Field(ge=1, le=2**53 - 1)] | None = Field(None, description="To the end unless said.")


class Counts(View):
    """Steps by outcome; requests that were sent."""

    passed: int
    failed: int
    error: int
    skipped: int
    passed_after_retry: int
    requests: int


class LabelsView(View):
    """What of the target a run tried."""

    branch: str | None
    version: str | None
    commit: str | None


class RunLine(View):
    """A run in a list. Times of answers in milliseconds."""

    id: int
    title: str
    state: str
    reason: str | None
    scenario_id: int | None
    case_id: int | None
    tag: str | None
    environment_id: int | None
    environment: str
    labels: LabelsView
    trigger: str
    priority: str
    requester_id: int | None
    origin_id: int | None
    schedule_id: int | None
    counts: Counts
    min_ms: float | None
    mean_ms: float | None
    max_ms: float | None
    created_at: str
    started_at: str | None
    ended_at: str | None
    canceling: bool = Field(description="Somebody canceled it, and it is coming to its end.")

    @classmethod
    def of(cls, row: Any, **more: Any) -> Self:
        """The view of a run's row."""
        same = ("id", "title", "reason", "scenario_id", "case_id", "environment_id", "environment", "requester_id")
        return cls(
            **{name: getattr(row, name) for name in same},
            origin_id=row.origin_id,
            schedule_id=row.schedule_id,
            tag=json.loads(row.asked or "{}").get("tag"),
            labels=LabelsView(branch=row.branch, version=row.target_version, commit=row.commit_id),
            state=row.state.name.lower(),
            trigger=row.trigger.name.lower(),
            priority=row.priority.name.lower(),
            counts=Counts(
                passed=row.passed,
                failed=row.failed,
                error=row.error,
                skipped=row.skipped,
                passed_after_retry=row.after_retry,
                requests=row.requests,
            ),
            min_ms=row.min_ms,
            mean_ms=row.mean_ms,
            max_ms=row.max_ms,
            created_at=iso(row.created_at),
            started_at=None if row.started_at is None else iso(row.started_at),
            ended_at=None if row.ended_at is None else iso(row.ended_at),
            canceling=row.cancel_at is not None and not row.state.final,
            **more,
        )


class RunView(RunLine):
    """A run. While it waits, `place` is how many of the project's runs go before it."""

    place: int | None
    summary: Any = Field(description="At its end: what the engine says of the whole run; of secrets `***`.")


class RunStarted(RunView):
    """A run that was just begun. `warnings` are names that nothing gives a value, as far as one can tell now."""

    warnings: list[Advice]


class ResultLine(View):
    """What one step gave, in a list."""

    seq: int
    path: str
    ordinal: str
    kind: str
    phase: str
    name: str
    step_id: int | None
    case_id: int | None
    dataset: str | None
    outcome: str
    error_class: str | None
    status: int | None
    started_at: str
    duration_ms: float
    message: str | None

    @classmethod
    def of(cls, row: Any, **more: Any) -> Self:
        """The view of a result's row."""
        names = [name for name in ResultLine.model_fields if name != "outcome"]
        return cls(**{name: getattr(row, name) for name in names}, outcome=row.outcome.name.lower(), **more)


class ResultView(ResultLine):
    """Everything that one step gave; of secrets `***`. A body with a `ref` can be fetched whole at /bodies/{ref}."""

    explanation: str | None = Field(description="Why it did not pass, and how to repeat it; text of several lines.")
    detail: dict[str, Any]


class RetentionChange(Input):
    """Limits to change; null takes the operator's again."""

    model_config = example({"days": 90, "runs": 5000})

    days: Annotated[int, Field(ge=1, le=3650)] | None = Field(None, description="After their end.")
    runs: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    bytes: Annotated[int, Field(ge=1_000_000, le=2**53 - 1)] | None = Field(None, description="Of results and bodies.")
    version: Version | None = None


class Taken(View):
    """What runs take, or took."""

    runs: int
    results: int
    bytes: int
    at: str | None = Field(description="When it was measured, or freed last.")


class RetentionView(View):
    """How long a project keeps its runs; `own`: which of the limits are its own and not the operator's."""

    days: int
    runs: int
    bytes: int
    own: list[str]
    version: int
    used: Taken
    freed: Taken

    @classmethod
    def of(cls, row: Any, limits: Any) -> Self:
        """The view of a project's row, and of the limits that hold."""
        names = ("days", "runs", "bytes")
        counted = ("runs", "results", "bytes")
        return cls(
            **{name: getattr(limits, name) for name in names},
            own=[name for name in names if getattr(row, f"keep_{name}") is not None],
            version=row.version,
            used=Taken(**{name: getattr(row, name) for name in counted}, at=_moment(row.measured_at)),
            freed=Taken(**{name: getattr(row, f"freed_{name}") for name in counted}, at=_moment(row.freed_at)),
        )


def _moment(value: Any) -> str | None:
    return None if value is None else iso(value)
