"""What many runs tell, as clients ask for it and are shown it."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from wxcloudrun.core.fields import LINE, TEXT, RowNumber, Version
from wxcloudrun.core.pagination import Cursor, PageSize
from wxcloudrun.core.shapes import Input, View, example
from wxcloudrun.features.reports.schemas import ChangedShapeView, ChangedVariableView

Note = Annotated[str, StringConstraints(max_length=1000, pattern=TEXT)]
Link = Annotated[str, StringConstraints(max_length=500, pattern=r"^https?://[^\x00-\x20\x7f]+$")]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINE)]


class TrendQuery(Input):
    """Of what the trend is asked."""

    of: Literal["project", "scenario", "case"] = "project"
    id: RowNumber | None = Field(None, description="Number of the scenario or case.")
    environment_id: RowNumber | None = Field(None, description="Only runs in this environment.")
    by: Literal["day", "run"] = "day"
    days: Annotated[int, Field(ge=1, le=366)] = 30

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.of == "project") != (self.id is None):
            raise ValueError("a scenario or case has an id, the project has none")
        return self


class CauseCount(View):
    """A cause, and how many failures it has."""

    id: int
    count: int


class TrendCause(CauseCount):
    """One of the ten causes with most failures in the whole range."""

    title: str
    state: str


class TrendPoint(View):
    """A day (UTC) or a run. `pass_rate`: the share of steps that passed; percentiles of a day are a tenth off at most.

    A run has `mean_ms` and `max_ms` instead, and no causes. Of the range's ten causes `causes` has those of the day.
    """

    day: str
    run_id: int | None
    state: str | None
    runs: int
    green: int
    passed: int
    failed: int
    error: int
    skipped: int
    pass_rate: float | None
    p50_ms: float | None
    p95_ms: float | None
    mean_ms: float | None
    max_ms: float | None
    causes: list[CauseCount]
    other_causes: int


class TrendView(View):
    """Points, the oldest first; days without a run are left out. `other_causes`: failures with none of the `causes`."""

    items: list[TrendPoint]
    causes: list[TrendCause]
    other_causes: int


class ClustersQuery(Input):
    """Which causes to list."""

    state: Literal["open", "known", "resolved"] = "open"
    sort: Literal["size", "last_seen"] = "last_seen"
    cursor: Cursor | None = None
    size: PageSize = 20


class ClusterChange(Input):
    """What people know of a cause; what is not sent stays, null takes it away."""

    model_config = example(
        {"state": "known", "note": "the mock has no stock", "link": "https://tracker.example.com/42"}
    )

    state: Literal["open", "known", "resolved"] | None = None
    note: Note | None = None
    link: Link | None = None
    owner_id: RowNumber | None = Field(None, description="A member of the project.")
    version: Version | None = None


class ClusterMerge(Input):
    """Into which cause this one goes."""

    into: RowNumber


class ClusterSplit(Input):
    """What is taken out of a cause: one that was merged into it, or its failures of a case, or of a scenario."""

    model_config = example({"case_id": 7})

    cluster_id: RowNumber | None = Field(None, description="A cause that was merged into this one.")
    case_id: RowNumber | None = None
    scenario_id: RowNumber | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.cluster_id, self.case_id, self.scenario_id)) != 1:
            raise ValueError("say one of cluster_id, case_id and scenario_id")
        return self


class FailuresQuery(Input):
    """Which of the kept failures to list, the newest first."""

    cursor: Cursor | None = None
    size: PageSize = 20


class SeenView(View):
    """A run, and when it ended."""

    run_id: int
    at: str


class ClusterLine(View):
    """A cause of failures. `recurred_at`: it was resolved and came back then.

    `last_good` is the last comparable run that passed before it was seen first, or came back; the run may be gone. What
    was taken out of another cause (`split_from`) has of its failures those of `only_scenario_id` or `only_case_id`.
    """

    id: int
    key: str
    title: str
    state: str
    size: int
    first_seen: SeenView
    last_seen: SeenView
    last_good: SeenView | None
    split_from: int | None
    only_scenario_id: int | None
    only_case_id: int | None
    recurred_at: str | None
    note: str | None
    link: str | None
    owner_id: int | None
    version: int


class NearView(View):
    """Another cause that looks alike, 0 to 1; nothing is merged by itself."""

    id: int
    title: str
    state: str
    nearness: float


class PlaceView(View):
    """Where failures of a cause came from. Names are those of today, null for what is gone or not everybody's."""

    scenario_id: int | None
    scenario: str | None
    case_id: int | None
    case: str | None
    count: int
    first_run_id: int
    last_run_id: int


class ClusterView(ClusterLine):
    """A cause with what its key is made of, what was merged into it and taken out of it, and what is near it.

    `places` are the twenty where it was seen most, of `places_count`.
    """

    parts: dict[str, str]
    merged: list[NearView]
    taken_out: list[NearView]
    places: list[PlaceView]
    places_count: int
    near: list[NearView]


class ClusterFailureView(View):
    """A failure: `runs/{run_id}/results/{seq}` tells all of it while the run is kept."""

    run_id: int
    seq: int
    case_id: int | None
    scenario_id: int | None
    name: str
    at: str


class ComparedRun(View):
    """A run that another one is compared with."""

    run_id: int
    state: str
    ended_at: str | None
    branch: str | None
    version: str | None
    commit: str | None


class ComparedCounts(View):
    """How many steps differ, and how."""

    new_failures: int
    fixed: int
    still_failing: int
    other_cause: int
    added: int
    removed: int
    slower: int
    changed_shape: int
    changed_variables: int


class ComparedStep(View):
    """A step that differs; `key` is the same in every run. `seq` is its result's number where the later run has it."""

    key: str
    name: str
    case_id: int | None
    dataset: str | None
    phase: str
    seq: int | None
    cause: str | None
    title: str | None


class SlowerStep(ComparedStep):
    """A step that takes longer than its history allows, in milliseconds."""

    usual_ms: float
    limit_ms: float
    now_ms: float


class ComparisonView(View):
    """What is different since another run; of each kind the first hundred steps, `counts` count all of them.

    Answers and variables are compared for the steps in `new_failures` and `other_cause` and 500 more. `not_looked_at`
    are steps of both runs beyond these, and those with answers that are cut or too long.
    """

    baseline: ComparedRun
    counts: ComparedCounts
    new_failures: list[ComparedStep]
    fixed: list[ComparedStep]
    still_failing: list[ComparedStep]
    other_cause: list[ComparedStep]
    added: list[ComparedStep]
    removed: list[ComparedStep]
    slower: list[SlowerStep]
    changed_shape: list[ChangedShapeView]
    changed_variables: list[ChangedVariableView]
    not_looked_at: int
    quarantined: list[int]


class FlakyQuery(Input):
    """Which cases to list by what their history tells."""

    kind: Literal["flaky", "borderline", "regression", "fixed", "steady_pass", "steady_fail"] = "flaky"
    cursor: Cursor | None = None
    size: PageSize = 20


class ReasonView(View):
    """The reason in both languages."""

    zh: str
    en: str


class FlakyView(View):
    """What the last outcomes of a case tell, and why. `proof` is the run that proves it. `outcomes`, the oldest first:
    P passed, R passed after a retry, F failed, I failed together with many others."""

    case_id: int
    name: str
    dataset: str | None
    scenario_id: int | None
    environment_id: int | None
    kind: str
    reason: ReasonView
    runs: int
    flips: int
    rate: float
    low: float
    high: float
    proof: int | None
    outcomes: str
    quarantined_until: str | None


class QuarantineMade(Input):
    """For how long a case's failures stop no pipeline, and why."""

    model_config = example({"days": 7, "reason": "the mock is slow, #42"})

    days: Annotated[int, Field(ge=1, le=90)]
    reason: Reason


class QuarantineView(View):
    """A case in quarantine; it ends by itself."""

    case_id: int
    until: str
    reason: str


class IncidentsQuery(Input):
    """How far back incidents are sought."""

    days: Annotated[int, Field(ge=1, le=30)] = 7


class IncidentView(View):
    """Many cases of one host that failed within minutes; `phase` is what most of them met.

    Of cases the first 500 are told apart, of runs the newest hundred.
    """

    host: str
    start: str
    end: str
    cases: int
    failures: int
    phase: str
    runs: list[int]


class IncidentsView(View):
    """Incidents, the newest first."""

    items: list[IncidentView]
