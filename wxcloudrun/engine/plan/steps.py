"""The steps of a scenario and how they flow: repeat, for-each, retry, poll, groups, scenarios in scenarios."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Discriminator, Field, JsonValue, Tag, model_validator

from wxcloudrun.engine.errors import ErrorClass
from wxcloudrun.engine.plan.case import Case, Variable
from wxcloudrun.engine.shape import Name, Part, Reference

Milliseconds = Annotated[int, Field(ge=0, le=86_400_000)]
Count = Annotated[int, Field(ge=1, le=10_000)]
Branches = Annotated[int, Field(ge=1, le=64)]
Status = Annotated[int, Field(ge=100, le=599)] | Annotated[str, Field(pattern=r"^[1-5]xx$")]


class StepKind(StrEnum):
    """What a step does."""

    CASE = "case"
    SCENARIO = "scenario"
    GROUP = "group"
    PARALLEL = "parallel"
    WAIT = "wait"


class DatasetMode(StrEnum):
    """Which of the case's datasets a step uses."""

    NONE = "none"
    DEFAULT = "default"  # the one marked default, or none where there is none
    ONE = "one"
    ALL = "all"
    RANDOM = "random"
    LIMIT = "limit"  # the first `count`


class DatasetChoice(Part):
    """The rows a step is run with; `all`, `random` and `limit` give one result a row."""

    mode: DatasetMode = DatasetMode.DEFAULT
    key: str | None = None
    count: Count = 1

    @model_validator(mode="after")
    def _one_needs_a_key(self) -> "DatasetChoice":
        if self.mode is DatasetMode.ONE and not self.key:
            raise ValueError("mode `one` needs the dataset's `key`")
        return self


class Overrides(Part):
    """What a step changes in its case's request; the same rules of merging as in a dataset."""

    method: str | None = None
    url: str | None = None
    query: dict[str, JsonValue] = {}
    headers: dict[str, JsonValue] = {}
    cookies: dict[str, JsonValue] = {}
    body: JsonValue = None
    replace_body: dict[str, JsonValue] | None = None
    auth: dict[str, JsonValue] | None = None
    timeouts: dict[str, JsonValue] | None = None


class Backoff(Part):
    """Waiting times: `interval_ms * backoff ** n`, at most `max_interval_ms`."""

    interval_ms: Milliseconds = 1_000
    backoff: Annotated[float, Field(ge=1, le=10)] = 1.0
    max_interval_ms: Milliseconds = 60_000


class RetryOn(StrEnum):
    """Outcomes that are tried again."""

    FAILED = "failed"
    ERROR = "error"


class Retry(Backoff):
    """Send again when it went wrong. `attempts` counts the first one too.

    An attempt is repeated when its outcome is in `on`; `statuses` and `error_classes`, where given, narrow this to
    those answers and errors. `jitter` 0.2 makes each wait up to 20 % longer or shorter, by the plan's seed.
    """

    on: tuple[RetryOn, ...] = (RetryOn.FAILED, RetryOn.ERROR)
    statuses: tuple[Status, ...] = ()
    error_classes: tuple[ErrorClass, ...] = ()
    attempts: Annotated[int, Field(ge=2, le=20)] = 3
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.0
    retry_after: bool = True  # wait as long as the answer's Retry-After asks, within max_interval_ms


class Poll(Backoff):
    """Send until `until` is true. `fail_if` ends it at once; so does an error unless `through_errors`."""

    until: str
    fail_if: str | None = None
    timeout_ms: Annotated[int, Field(ge=1, le=86_400_000)] = 30_000
    through_errors: bool = False


class Repeat(Part):
    """The same step several times."""

    times: Count


class ForEach(Part):
    """The step once for each item; `items` is a list or one placeholder that gives a list."""

    items: list[JsonValue] | str
    as_name: Name = Field(default="item", alias="as")
    concurrency: Branches = 1


class Cached(Part):
    """Run the scenario once and hand its outputs to everybody for `ttl_ms`: log in once."""

    key: str = Field(min_length=1)
    ttl_ms: Annotated[int, Field(ge=1, le=86_400_000)] = 600_000


class StepBase(Part):
    """What every step has. `key` is the step's stable name: it stays when the step moves."""

    id: Reference = None
    key: str = ""
    name: str = ""
    enabled: bool = True
    condition: str | None = None  # an expression; false skips the step
    variables: tuple[Variable, ...] = ()
    repeat: Repeat | None = None
    for_each: ForEach | None = None
    stop_on_failure: bool | None = None  # None: as the scenario says


class CaseStep(StepBase):
    """Send a case's request."""

    kind: Literal[StepKind.CASE] = StepKind.CASE
    case: Case
    dataset: DatasetChoice = DatasetChoice()
    overrides: Overrides = Overrides()
    retry: Retry | None = None
    poll: Poll | None = None

    @model_validator(mode="after")
    def _retry_is_not_polling(self) -> "CaseStep":
        if self.retry and self.poll:
            raise ValueError("a step has `retry` or `poll`, not both; `poll.through_errors` bears errors")
        return self


class ScenarioStep(StepBase):
    """Run a scenario inside this one: it sees its inputs, the environment and the project; it gives its outputs."""

    kind: Literal[StepKind.SCENARIO] = StepKind.SCENARIO
    scenario: "Scenario"
    inputs: dict[Name, JsonValue] = {}
    cache: Cached | None = None


class GroupStep(StepBase):
    """Steps in sequence under one condition, repeat or for-each."""

    kind: Literal[StepKind.GROUP] = StepKind.GROUP
    steps: "tuple[Step, ...]"


class ParallelStep(StepBase):
    """Steps side by side, at most `concurrency` at once; none sees what another extracts."""

    kind: Literal[StepKind.PARALLEL] = StepKind.PARALLEL
    parallel: "tuple[Step, ...]"
    concurrency: Branches = 4


class WaitStep(StepBase):
    """Wait, in milliseconds; a string is a template."""

    kind: Literal[StepKind.WAIT] = StepKind.WAIT
    wait_ms: Annotated[int, Field(ge=0, le=600_000)] | str


def _kind_of(value: object) -> str | None:
    """The step's kind: said by `kind`, or by the part that only this kind has."""
    if isinstance(value, StepBase):
        return str(value.kind)  # type: ignore[attr-defined]  # every subclass has it
    if not isinstance(value, dict):
        return None
    if "kind" in value:
        return str(value["kind"])
    parts = {"case": "case", "scenario": "scenario", "parallel": "parallel", "steps": "group", "wait_ms": "wait"}
    return next((kind for part, kind in parts.items() if part in value), None)


Step = Annotated[
    Annotated[CaseStep, Tag("case")]
    | Annotated[ScenarioStep, Tag("scenario")]
    | Annotated[GroupStep, Tag("group")]
    | Annotated[ParallelStep, Tag("parallel")]
    | Annotated[WaitStep, Tag("wait")],
    Discriminator(
        _kind_of,
        custom_error_type="step_kind",
        custom_error_message="a step has one of `case`, `scenario`, `steps`, `parallel`, `wait_ms`",
    ),
]


class Input(Part):
    """A value a scenario asks for."""

    name: Name
    required: bool = False
    default: JsonValue = None
    secret: bool = False


class Scenario(Part):
    """Ordered steps that hand values on. `setup` runs first, `teardown` always runs."""

    id: Reference = None
    name: str = ""
    variables: tuple[Variable, ...] = ()
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Name, ...] = ()
    setup: tuple[Step, ...] = ()
    steps: tuple[Step, ...] = ()
    teardown: tuple[Step, ...] = ()
    stop_on_failure: bool = True


for _model in (ScenarioStep, GroupStep, ParallelStep, Scenario):
    _model.model_rebuild()
