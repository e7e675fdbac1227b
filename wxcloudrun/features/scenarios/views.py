"""Scenarios and steps as they are shown."""

import json
from typing import Any

from wxcloudrun.core.clock import iso
from wxcloudrun.features.environments.variables import views
from wxcloudrun.features.scenarios.access import ScenarioGrip
from wxcloudrun.features.scenarios.content import STEP_PARTS
from wxcloudrun.features.scenarios.schemas import (
    CalledBrief,
    CaseBrief,
    InputView,
    ScenarioLine,
    ScenarioView,
    StepLine,
    StepView,
)

_SCENARIO = (
    "id", "name", "folder", "description", "creator_id", "owner_id", "position", "run_count", "origin_id", "version",
)  # fmt: skip
_STEP = ("id", "key", "name", "kind", "parent_id", "depth", "position", "enabled", "version")


def scenario_line(row: Any) -> ScenarioLine:
    """A scenario in a list."""
    return ScenarioLine(**_scenario(row))


def scenario_view(row: Any) -> ScenarioView:
    """A scenario; the row has `steps_count`."""
    content = json.loads(row.content)
    return ScenarioView(
        **_scenario(row),
        steps_count=row.steps_count,
        variables=views(content["variables"]),
        inputs=[InputView(**one) for one in content["inputs"]],
        outputs=content["outputs"],
        stop_on_failure=content["stop_on_failure"],
    )


def step_line(row: Any, grip: ScenarioGrip) -> StepLine:
    """A step in the list; of a case that they may not see its number only."""
    return StepLine(**_step(row, grip))


def step_view(row: Any, grip: ScenarioGrip) -> StepView:
    """A step."""
    content = {part: None for part in STEP_PARTS} | json.loads(row.content)
    content |= {"variables": views(content["variables"]), "inputs": content["inputs"] or {}}
    return StepView(**_step(row, grip), **content)


def _scenario(row: Any) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in _SCENARIO},
        "tags": json.loads(row.tags),
        "status": row.status.name.lower(),
        "deleted_at": None if row.deleted_at is None else iso(row.deleted_at),
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }


def _step(row: Any, grip: ScenarioGrip) -> dict[str, Any]:
    scenario = None
    if row.called_id is not None:
        trashed = row.called_deleted_at is not None
        scenario = CalledBrief(id=row.called_id, name=row.called_name, trashed=trashed)
    return {
        **{name: getattr(row, name) for name in _STEP},
        "phase": row.phase.name.lower(),
        "case": None if row.case_id is None else _case(row, grip),
        "scenario": scenario,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }


def _case(row: Any, grip: ScenarioGrip) -> CaseBrief:
    if not grip.sees_case_of(row):
        return CaseBrief(id=row.case_id, visible=False)
    return CaseBrief(
        id=row.case_id,
        visible=True,
        name=row.case_name,
        method=row.case_method,
        url=row.case_url,
        version=row.case_version,
        trashed=row.case_deleted_at is not None,
    )
