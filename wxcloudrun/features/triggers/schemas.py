"""Triggers as clients send and receive them."""

import json
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator

from wxcloudrun.core.clock import iso
from wxcloudrun.core.fields import FILLED, LINE, RowNumber, Version
from wxcloudrun.core.pagination import PageNumber, PageSize
from wxcloudrun.core.shapes import Input, View, example
from wxcloudrun.features.cases.schemas import Tag
from wxcloudrun.features.runs.schemas import Inputs

TriggerName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=LINE)]
Branch = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=FILLED)]
TARGETS = ("scenario_id", "tag", "case_id")


class TriggerContent(Input):
    """What a trigger begins."""

    scenario_id: RowNumber | None = None
    tag: Tag | None = Field(None, description="Every scenario that has this tag.")
    case_id: RowNumber | None = None
    environment_id: RowNumber | None = Field(None, description="The project's default one unless said otherwise.")
    inputs: Inputs = {}
    branches: Annotated[list[Branch], Field(max_length=20)] = Field(
        [], description="Only pushes to these begin a run, `*` stands for anything; none listed: every push does."
    )


class TriggerMade(TriggerContent):
    """An address at which another server begins runs: one of `scenario_id`, `tag`, `case_id`."""

    model_config = example({"name": "after deployment", "tag": "smoke", "branches": ["main", "release/*"]})

    name: TriggerName
    enabled: bool = True

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if sum(getattr(self, name) is not None for name in TARGETS) != 1:
            raise ValueError("give one of scenario_id, tag, case_id")
        return self


class TriggerChange(TriggerContent):
    """The fields to change; those that are not sent stay. Another target takes the place of the one before."""

    model_config = example({"branches": ["main"], "enabled": True})

    name: TriggerName | None = None
    enabled: bool | None = None
    new_secret: bool = Field(False, description="Make a new secret, shown this once; the one before ends at once.")
    version: Version | None = None

    @model_validator(mode="after")
    def _one_thing_at_most(self) -> Self:
        if sum(getattr(self, name) is not None for name in TARGETS) > 1:
            raise ValueError("give one of scenario_id, tag, case_id")
        return self


class TriggersQuery(Input):
    """Which triggers to list, the newest first."""

    page: PageNumber = 1
    size: PageSize = 20


class TriggerView(View):
    """A trigger. `refusal` names why the last request that was signed began no run."""

    id: int
    name: str
    path: str = Field(description="Where signed requests are sent, below the address of this service.")
    scenario_id: int | None
    tag: str | None
    case_id: int | None
    environment_id: int | None
    inputs: dict[str, Any]
    branches: list[str]
    enabled: bool
    maker_id: int
    version: int
    created_at: str
    updated_at: str
    used_at: str | None
    run_id: int | None
    refusal: str | None

    @classmethod
    def of(cls, row: Any, **more: Any) -> Self:
        """The view of a trigger's row."""
        same = ("id", "name", "enabled", "maker_id", "version", "run_id", "refusal")
        return cls(
            **{name: getattr(row, name) for name in same},
            path=f"/api/hooks/{row.key}",
            **json.loads(row.wanted),
            created_at=iso(row.created_at),
            updated_at=iso(row.updated_at),
            used_at=None if row.used_at is None else iso(row.used_at),
            **more,
        )


class TriggerShown(TriggerView):
    """A trigger; with its secret where that was just made, this once."""

    secret: str | None


class Received(View):
    """What a signed request began: a run, or, with the reason, none."""

    run_id: int | None
    reason: str | None = Field(description="`ping`, `branch_not_wanted` or null.")
