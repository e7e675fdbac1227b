"""Which events a run is, and which rules let it through."""

from types import SimpleNamespace
from typing import Any

import pytest

from wxcloudrun.features.notifications.telling import happened, is_wanted
from wxcloudrun.features.runs.models import RunState, Trigger

ANY: dict[str, Any] = dict.fromkeys(("scenario_ids", "case_ids", "tags", "environment_ids", "branches", "triggers"), [])


def run(**values: Any) -> Any:
    usual = {"scenario_id": 1, "case_id": None, "asked": None, "environment_id": 2, "branch": "main"}
    return SimpleNamespace(**{**usual, "trigger": Trigger.SCHEDULE, **values})


@pytest.mark.parametrize(
    ("state", "before", "events"),
    [
        (RunState.PASSED, "passed", {"run_ended"}),
        (RunState.PASSED, None, {"run_ended"}),
        (RunState.PASSED, "failed", {"run_ended", "recovery"}),
        (RunState.PASSED, "error", {"run_ended", "recovery"}),
        (RunState.FAILED, "passed", {"run_ended", "run_failed", "first_failure"}),
        (RunState.ERROR, None, {"run_ended", "run_failed", "first_failure"}),
        (RunState.FAILED, "error", {"run_ended", "run_failed"}),
        (RunState.CANCELED, "passed", {"run_ended"}),
    ],
)
def test_a_run_is_what_it_is_beside_the_one_before(state, before, events):
    assert happened(state, before, whole=True) == events


def test_a_part_of_a_run_changes_no_colour():
    assert happened(RunState.PASSED, "failed", whole=False) == {"run_ended"}
    assert happened(RunState.FAILED, "passed", whole=False) == {"run_ended", "run_failed"}


@pytest.mark.parametrize(
    ("wanted", "through"),
    [
        ({}, True),
        ({"scenario_ids": [1]}, True),
        ({"scenario_ids": [9]}, False),
        ({"scenario_ids": [9], "tags": ["smoke"]}, True),
        ({"tags": ["slow"]}, False),
        ({"environment_ids": [3]}, False),
        ({"branches": ["release/*", "m*"]}, True),
        ({"branches": ["release/*"]}, False),
        ({"triggers": ["schedule", "api"]}, True),
        ({"scenario_ids": [1], "triggers": ["manual"]}, False),
    ],
)
def test_filters(wanted, through):
    assert is_wanted(ANY | wanted, run(asked='{"tag": "smoke"}')) is through


def test_a_run_without_a_branch_is_on_none():
    assert not is_wanted(ANY | {"branches": ["main"]}, run(branch=None))
