"""Channels, rules and deliveries as clients send and receive them."""

import json
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints

from wxcloudrun.core.clock import iso
from wxcloudrun.core.fields import FILLED, LINE, RowNumber, Version
from wxcloudrun.core.pagination import Cursor, PageNumber, PageSize
from wxcloudrun.core.shapes import Input, View, example
from wxcloudrun.features.cases.schemas import Tag

KindName = Literal["webhook", "wecom", "dingtalk", "feishu", "mail", "wechat"]
EventName = Literal["run_ended", "run_failed", "first_failure", "recovery", "digest"]
StateName = Literal["held", "waiting", "sent", "failed", "dropped", "summed"]
TriggerName = Literal["manual", "schedule", "api", "rerun"]
Language = Literal["zh", "en"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=LINE)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^https?://[!-~]+$")]
Secret = Annotated[str, StringConstraints(min_length=8, max_length=200, pattern=r"^[!-~]+$")]
Address = Annotated[str, StringConstraints(max_length=254, pattern=r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,189}$")]
Recipients = Annotated[list[Address], Field(max_length=20)]
Numbers = Annotated[list[RowNumber], Field(max_length=50)]
Branch = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=FILLED)]
Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Zone = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$")]
CronText = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=LINE)]
DEFAULT_ZONE: Final = "Asia/Shanghai"


class ChannelMade(Input):
    """A receiver: `url` for a web hook and for robots, `recipients` for mail."""

    model_config = example(
        {"name": "team", "kind": "wecom", "url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0123-abcd"}
    )

    name: Name
    kind: KindName
    language: Language = "zh"
    enabled: bool = True
    url: Url | None = None
    secret: Secret | None = Field(
        None, description="With which requests are signed. A web hook gets a new one, shown this once, unless given."
    )
    recipients: Recipients = []


class ChannelChange(Input):
    """The fields to change; those that are not sent stay. A change ends a pause."""

    name: Name | None = None
    language: Language | None = None
    enabled: bool | None = None
    url: Url | None = None
    secret: Secret | None = None
    recipients: Recipients | None = None
    version: Version | None = None


class ListQuery(Input):
    """Which page, the newest first."""

    page: PageNumber = 1
    size: PageSize = 20


class WhetherSet(View):
    """Stands for what went in and never comes out."""

    is_set: bool


class ChannelView(View):
    """A channel. After `failures` in a row it rests until `paused_until`; `last_error` says why."""

    id: int
    name: str
    kind: str
    language: str
    enabled: bool
    url: WhetherSet
    secret: WhetherSet
    host: str | None
    recipients: list[str]
    failures: int
    paused_until: str | None
    last_error: str | None
    used_at: str | None
    version: int
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, row: Any, **more: Any) -> Self:
        """The view of a channel's row."""
        same = ("id", "name", "language", "enabled", "host", "failures", "last_error", "version")
        times = ("paused_until", "used_at", "created_at", "updated_at")
        return cls(
            **{name: getattr(row, name) for name in same},
            **{name: _iso(getattr(row, name)) for name in times},
            **{"secret": WhetherSet(is_set=row.secret is not None)} | more,
            kind=row.kind.name.lower(),
            url=WhetherSet(is_set=row.url is not None),
            recipients=json.loads(row.recipients),
        )


class ChannelSaved(ChannelView):
    """A channel; with its secret where that was just made, this once."""

    new_secret: str | None


class QuietHours(Input):
    """From one time of day until another in the rule's zone; over midnight where `start` is the later one."""

    start: Clock
    end: Clock


class RuleContent(Input):
    """What is told, and whom. A filter that lists nothing lets everything through."""

    events: Annotated[list[EventName], Field(min_length=1, max_length=5)]
    channel_ids: Annotated[list[RowNumber], Field(max_length=20)] = []
    scenario_ids: Numbers = []
    case_ids: Numbers = []
    tags: Annotated[list[Tag], Field(max_length=20)] = Field([], description="That were run.")
    environment_ids: Numbers = []
    branches: Annotated[list[Branch], Field(max_length=20)] = Field([], description="`*` stands for anything.")
    triggers: Annotated[list[TriggerName], Field(max_length=4)] = []
    quiet: QuietHours | None = Field(None, description="What happens meanwhile is told when they end, in one message.")


class RuleMade(RuleContent):
    """A new rule."""

    model_config = example({"name": "main", "events": ["first_failure", "recovery"], "channel_ids": [1]})

    name: Name
    enabled: bool = True
    time_zone: Zone = DEFAULT_ZONE
    digest_cron: CronText | None = Field(None, description="When a digest is told: five fields in `time_zone`.")


class RuleChange(Input):
    """The fields to change; those that are not sent stay."""

    name: Name | None = None
    enabled: bool | None = None
    time_zone: Zone | None = None
    digest_cron: CronText | None = None
    events: Annotated[list[EventName], Field(min_length=1, max_length=5)] | None = None
    channel_ids: Annotated[list[RowNumber], Field(max_length=20)] | None = None
    scenario_ids: Numbers | None = None
    case_ids: Numbers | None = None
    tags: Annotated[list[Tag], Field(max_length=20)] | None = None
    environment_ids: Numbers | None = None
    branches: Annotated[list[Branch], Field(max_length=20)] | None = None
    triggers: Annotated[list[TriggerName], Field(max_length=4)] | None = None
    quiet: QuietHours | None = None
    version: Version | None = None


class QuietView(View):
    """From one time of day until another."""

    start: str
    end: str


class RuleView(View):
    """A rule. `next_at` is when its next digest is due."""

    id: int
    name: str
    enabled: bool
    events: list[str]
    channel_ids: list[int]
    scenario_ids: list[int]
    case_ids: list[int]
    tags: list[str]
    environment_ids: list[int]
    branches: list[str]
    triggers: list[str]
    quiet: QuietView | None
    time_zone: str
    digest_cron: str | None
    next_at: str | None
    version: int
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """The view of a rule's row."""
        same = ("id", "name", "enabled", "time_zone", "digest_cron", "version")
        times = ("next_at", "created_at", "updated_at")
        return cls(
            **{name: getattr(row, name) for name in same},
            **{name: _iso(getattr(row, name)) for name in times},
            **json.loads(row.wanted),
        )


class DeliveriesQuery(Input):
    """Which deliveries to list, the newest first."""

    channel_id: RowNumber | None = None
    rule_id: RowNumber | None = None
    run_id: RowNumber | None = None
    state: StateName | None = None
    cursor: Cursor | None = None
    size: PageSize = 20


class AttemptView(View):
    """One attempt: the receiver's status and the beginning of its answer, or what went wrong."""

    at: str
    duration_ms: int
    sent: bool
    status: int | None
    detail: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """The view of an attempt's row."""
        same = ("duration_ms", "sent", "status", "detail")
        return cls(at=iso(row.at), **{name: getattr(row, name) for name in same})


class DeliveryLine(View):
    """A delivery in a list. `mark` goes along with the message, the same each time it is sent."""

    id: int
    mark: str
    channel_id: int
    rule_id: int | None
    run_id: int | None
    event: str
    title: str
    state: str
    reason: str | None
    attempts: int
    created_at: str
    due_at: str | None
    ended_at: str | None

    @classmethod
    def of(cls, row: Any, **more: Any) -> Self:
        """The view of a delivery's row."""
        same = ("id", "channel_id", "rule_id", "run_id", "event", "reason", "attempts")
        return cls(
            **{name: getattr(row, name) for name in same},
            mark=mark_of(row.id),
            title=json.loads(row.content)["title"],
            state=row.state.name.lower(),
            created_at=iso(row.created_at),
            due_at=None if row.state.final else iso(row.due_at),
            ended_at=_iso(row.ended_at),
            **more,
        )


class DeliveryView(DeliveryLine):
    """A delivery with its newest attempts, the newest first."""

    log: list[AttemptView]


def mark_of(delivery_id: int) -> str:
    """How receivers know a delivery."""
    return f"D{delivery_id}"


def _iso(moment: Any) -> str | None:
    return None if moment is None else iso(moment)
