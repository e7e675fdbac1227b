"""Schedules and their ticks as clients send and receive them."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from wxcloudrun.core.clock import iso
from wxcloudrun.core.fields import LINE, RowNumber, Version
from wxcloudrun.core.pagination import Cursor, PageNumber, PageSize
from wxcloudrun.core.shapes import Advice, Input, View, example
from wxcloudrun.features.cases.schemas import Tag
from wxcloudrun.features.runs.schemas import DatasetPick, Inputs

OverlapName = Literal["skip", "queue", "cancel_running"]
MisfireName = Literal["skip", "once", "all"]
OutcomeName = Literal["fired", "late", "skipped", "waiting"]
TARGETS = ("scenario_id", "case_id", "tag")
TIMES = ("cron", "every_ms", "at")
_DAY = r"2\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_TIME = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?"
_MOMENT = rf"^{_DAY}T{_TIME}(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$"


def _moment(text: str) -> str:
    datetime.fromisoformat(text)  # refuses what is in no calendar
    return text


Moment = Annotated[
    str,
    StringConstraints(pattern=_MOMENT),
    AfterValidator(_moment),
    Field(description="ISO 8601 with an offset or `Z`.", examples=["2026-03-01T02:00:00+08:00"]),
]
ScheduleName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=LINE)]
CronText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, pattern=LINE),
    Field(description="Five fields: minute, hour, day of month, month, day of week.", examples=["30 2 * * mon-fri"]),
]
ZoneName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$"),
    Field(description="IANA name of the zone in which `cron` is meant."),
]
EveryMs = Annotated[int, Field(ge=60_000, le=31_622_400_000, description="A minute at least, 366 days at most.")]
GraceMs = Annotated[
    int, Field(ge=1000, le=86_400_000, description="A planned time counts as missed when it is longer ago than this.")
]
DeadlineMs = Annotated[int, Field(ge=1000, le=86_400_000)]
Concurrency = Annotated[int, Field(ge=1, le=64)]
DEFAULT_ZONE = "Asia/Shanghai"


class _Fields(Input):
    """What is to be run and when, as far as it is sent."""

    scenario_id: RowNumber | None = None
    case_id: RowNumber | None = None
    tag: Tag | None = Field(None, description="Every scenario that has this tag at that time; at most 50.")
    dataset: DatasetPick | None = Field(None, description="For a case.")
    environment_id: RowNumber | None = Field(
        None, description="The project's default environment at that time unless said otherwise."
    )
    cron: CronText | None = None
    every_ms: EveryMs | None = None
    anchor_at: Moment | None = Field(None, description="`every_ms` is counted from here; now unless said otherwise.")
    at: Moment | None = Field(None, description="Once, at this moment.")

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        for group in (TARGETS, TIMES):
            if sum(getattr(self, name) is not None for name in group) > 1:
                raise ValueError(f"give one of {', '.join(group)}")
        return self


class ScheduleMade(_Fields):
    """A new schedule: one of `scenario_id`, `case_id`, `tag`, at one of `cron`, `every_ms`, `at`."""

    model_config = example({"name": "every night", "scenario_id": 1, "cron": "30 2 * * mon-fri"})

    name: ScheduleName
    enabled: bool = True
    inputs: Inputs = {}
    deadline_ms: DeadlineMs = 3_600_000
    concurrency: Concurrency = 8
    time_zone: ZoneName = DEFAULT_ZONE
    overlap: OverlapName = Field("skip", description="While a run of this schedule still goes on.")
    misfire: MisfireName = Field("once", description="What is done about times that passed while no worker looked.")
    grace_ms: GraceMs = 60_000

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        for group in (TARGETS, TIMES):
            if all(getattr(self, name) is None for name in group):
                raise ValueError(f"give one of {', '.join(group)}")
        return self


class ScheduleChange(_Fields):
    """The fields to change; those that are not sent stay. From then on it runs with the rights of who changed it."""

    model_config = example({"cron": "0 6 * * *", "overlap": "queue"})

    name: ScheduleName | None = None
    inputs: Inputs | None = None
    deadline_ms: DeadlineMs | None = None
    concurrency: Concurrency | None = None
    time_zone: ZoneName | None = None
    overlap: OverlapName | None = None
    misfire: MisfireName | None = None
    grace_ms: GraceMs | None = None
    version: Version | None = None


class SchedulesQuery(Input):
    """Which schedules to list, the oldest first."""

    scenario_id: RowNumber | None = None
    case_id: RowNumber | None = None
    enabled: bool | None = None
    page: PageNumber = 1
    size: PageSize = 20


class TicksQuery(Input):
    """Which ticks to list, the newest first."""

    since: Moment | None = Field(None, description="From here on.")
    until: Moment | None = Field(None, description="Up to here, and not this moment itself.")
    cursor: Cursor | None = None
    size: PageSize = 20


class TimesQuery(Input):
    """A time to be tried: one of `cron`, `every_ms`, `at`."""

    cron: CronText | None = None
    time_zone: ZoneName = DEFAULT_ZONE
    every_ms: EveryMs | None = None
    anchor_at: Moment | None = None
    at: Moment | None = None
    count: Annotated[int, Field(ge=1, le=50)] = 5


class TimeView(View):
    """A planned time, in UTC and in the zone of the schedule."""

    at: str
    local: str

    @classmethod
    def of(cls, moment: datetime, local: datetime) -> Self:
        """The view of a moment."""
        return cls(at=iso(moment), local=local.isoformat(timespec="seconds"))


class NextTimes(View):
    """The next planned times."""

    upcoming: list[TimeView]


class LastTick(View):
    """What became of the newest planned time."""

    planned_at: str
    outcome: str
    reason: str | None
    run_id: int | None


class ScheduleLine(View):
    """A schedule in a list.

    `person_id` is whose rights its runs have; `next_at` is null while it is paused, or over.
    """

    id: int
    name: str
    enabled: bool
    scenario_id: int | None
    case_id: int | None
    tag: str | None
    environment_id: int | None
    cron: str | None
    time_zone: str
    every_ms: int | None
    anchor_at: str
    at: str | None
    overlap: str
    misfire: str
    grace_ms: int
    deadline_ms: int
    concurrency: int
    person_id: int | None
    next_at: str | None
    last: LastTick | None
    version: int
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, row: Any, **more: Any) -> Self:
        """The view of a schedule's row."""
        times = {name: _iso(getattr(row, name)) for name in ("anchor_at", "at", "next_at", "created_at", "updated_at")}
        words = {name: getattr(row, name).name.lower() for name in ("overlap", "misfire")}
        told = {name: getattr(row, name) for name in ScheduleLine.model_fields if name not in {*times, *words, "last"}}
        return cls(**{**told, **times, **words}, last=_last(row), **more)


class ScheduleView(ScheduleLine):
    """A schedule. Values of `inputs` are shown to editors only; others see null in their place."""

    dataset: Any
    inputs: dict[str, Any] | None = Field(description="Null where the key that encrypted them was withdrawn.")
    upcoming: list[TimeView]


class ScheduleSaved(ScheduleView):
    """A schedule that was just written. `warnings` are names that nothing gives a value, as far as one can tell now."""

    warnings: list[Advice]


class TickView(View):
    """What became of a planned time.

    `late_ms` is how long after its time it was handled; `times` how many planned times the entry stands for.
    """

    schedule_id: int
    name: str
    planned_at: str
    handled_at: str
    outcome: str
    late_ms: int
    reason: str | None
    detail: str | None
    run_id: int | None
    times: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """The view of a tick's row."""
        same = ("schedule_id", "name", "reason", "detail", "run_id", "times")
        return cls(
            **{name: getattr(row, name) for name in same},
            planned_at=iso(row.planned_at),
            handled_at=iso(row.handled_at),
            outcome=row.outcome.name.lower(),
            late_ms=max(int((row.handled_at - row.planned_at).total_seconds() * 1000), 0),
        )


def dataset_of(row: Any) -> Any:
    """Which rows of data a schedule's case is run with."""
    return None if row.dataset is None else json.loads(row.dataset)


def _last(row: Any) -> LastTick | None:
    if row.last_planned_at is None:
        return None
    outcome = row.last_outcome.name.lower()
    return LastTick(
        planned_at=iso(row.last_planned_at), outcome=outcome, reason=row.last_reason, run_id=row.last_run_id
    )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)
