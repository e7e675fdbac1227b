"""Starting and canceling runs, with everything around the service made up."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.features.projects.stand_ins import FakeAudit, FakeMemberDao
from tests.unit.features.users.stand_ins import KEYS, START, FakeClock, FakeRow, FakeSession
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.dao import Question
from wxcloudrun.features.projects.access import ProjectAccess
from wxcloudrun.features.projects.errors import RightRequired
from wxcloudrun.features.projects.models import MemberRole, ProjectState
from wxcloudrun.features.runs.errors import PlanGone, PlanTooLarge, RunEnded, RunNotFound
from wxcloudrun.features.runs.models import Priority, RunState, Trigger
from wxcloudrun.features.runs.planning import Bounds, Frozen, RunPlanning
from wxcloudrun.features.runs.service import Around, RunService, Wish

RUNNER, VIEWER, OTHER = Actor(1), Actor(2), Actor(3)
COLUMNS = {
    "title": "buy", "scenario_id": 7, "case_id": None, "private_to": None, "asked": "{}", "origin_id": None,
    "priority": Priority.CI, "trigger": Trigger.MANUAL, "branch": None, "target_version": None, "commit_id": None,
}  # fmt: skip


class FakeQuestions:
    """RunQuestions over a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.plans: dict[int, str] = {}
        self.canceled: list[int] = []

    def add(self, values: dict[str, Any], plan: str) -> int:
        number = len(self.rows) + 1
        empty = dict.fromkeys(
            ("reason", "min_ms", "mean_ms", "max_ms", "started_at", "ended_at", "cancel_at", "summary")
        )
        self.rows[number] = {"id": number, "place": 0, "now": START, "beat_at": None, **empty, **values}
        self.plans[number] = plan
        return number

    def view(self, project_id: int, run_id: int) -> Any:
        row = self.rows.get(run_id)
        return FakeRow(**row) if row is not None and row["project_id"] == project_id else None

    locked = view

    def answers(self, question: Question) -> list[Any]:
        row = self.view(question.values["project"], question.values["run"])
        return [] if row is None else [row]

    def cancel(self, run_id: int) -> None:
        self.canceled.append(run_id)


def house() -> SimpleNamespace:
    members = FakeMemberDao({1: "runner", 2: "viewer", 3: "editor"})
    stamp = {"version": 1, "created_at": START, "updated_at": START}
    project = members.projects.add({"name": "p", "description": "", "state": ProjectState.ACTIVE, **stamp})
    for person, role in ((1, MemberRole.RUNNER), (2, MemberRole.VIEWER), (3, MemberRole.EDITOR)):
        members.add(project, person, role, START)
    here = SimpleNamespace(project=project, audit=FakeAudit(), questions=FakeQuestions(), woken=[], sent=[], counted=[])
    members.projects.answers = here.questions.answers
    around = Around(
        count=lambda case_id, scenarios: here.counted.append((case_id, scenarios)),
        wake=lambda: here.woken.append(1),
        queued=lambda number, priority: here.sent.append((number, priority)),
        let_go=lambda keys: None,
        lease_s=15,
    )
    here.session = FakeSession()
    here.planning = RunPlanning(KEYS, SimpleNamespace(plan_environment=None))
    made = (here.session, FakeClock(), here.audit, ProjectAccess(None, members.projects), None, here.planning)
    here.runs = RunService(*made, around, here.questions)
    return here


def queued(here: SimpleNamespace, **more: Any) -> int:
    wish = Wish(COLUMNS | more, Frozen({"inputs": {"pin": "s3cret"}}, 4, "staging", ("careful",)), (7,))
    return here.runs.queue(RUNNER, here.project, wish).id


def test_a_queued_run_is_recorded_counted_and_told_to_the_workers():
    here = house()
    number = queued(here)
    [(action, target, _, after, project)] = here.audit.entries
    assert (action, target, project) == ("run.started", ("run", number), here.project)
    assert after["inputs"] == ["pin"]
    assert "s3cret" not in str(after)
    assert (here.counted, here.woken) == ([(None, (7,))], [1])
    assert here.sent == [(number, Priority.CI)]
    assert here.planning.opened(here.questions.plans[number]) == {"inputs": {"pin": "s3cret"}}


def test_nobody_is_woken_for_a_run_that_was_not_kept():
    here = house()
    here.session.commit = lambda: (_ for _ in ()).throw(RuntimeError("the database is gone"))
    with pytest.raises(RuntimeError):
        queued(here)
    assert here.woken == []


def test_the_run_of_a_private_case_is_no_news_for_the_project():
    here = house()
    number = queued(here, private_to=1)
    assert here.audit.entries[0][4] is None
    with pytest.raises(RunNotFound):
        here.runs.view(OTHER, here.project, number)
    assert here.runs.view(RUNNER, here.project, number).id == number


def test_a_live_worker_is_asked_and_told_to_look():
    here = house()
    number = queued(here)
    here.questions.rows[number] |= {"state": RunState.RUNNING, "beat_at": START}
    assert here.runs.cancel(RUNNER, here.project, number).state == "running"
    assert (here.questions.canceled, here.woken) == ([number], [1, 1])


def test_a_viewer_cancels_nothing():
    here = house()
    number = queued(here)
    with pytest.raises(RightRequired):
        here.runs.cancel(VIEWER, here.project, number)


@pytest.mark.parametrize("state", [state for state in RunState if state.final])
def test_what_has_ended_is_not_canceled(state: RunState):
    here = house()
    number = queued(here)
    here.questions.rows[number]["state"] = state
    with pytest.raises(RunEnded):
        here.runs.cancel(RUNNER, here.project, number)


def test_a_plan_without_its_key_is_gone():
    planning = RunPlanning(KEYS, SimpleNamespace(plan_environment=None))
    for stored in (None, KEYS.encrypt("x", "another place")):
        with pytest.raises(PlanGone):
            planning.opened(stored)


def test_a_plan_that_no_column_holds_is_refused_before_it_is_written_out():
    case = {"request": {"url": "/", "body": {"kind": "raw", "text": "x" * 2**20}}}
    scenario = {"steps": [{"kind": "case", "case": case}] * 20}  # the same object, written twenty times
    environments = SimpleNamespace(plan_environment=lambda *_: ({}, {}))
    project = SimpleNamespace(id=1, name="p")
    with pytest.raises(PlanTooLarge):
        RunPlanning(KEYS, environments).frozen(project, None, scenario, inputs={}, bounds=Bounds(1000, 1))


def test_each_plan_has_random_values_of_its_own_and_a_repeated_one_those_of_the_first():
    environments = SimpleNamespace(plan_environment=lambda *_: ({}, {}))
    planning = RunPlanning(KEYS, environments, ["10.0.0.0/8"])
    scenario = {"steps": [{"kind": "wait", "wait_ms": 1}]}
    project = SimpleNamespace(id=1, name="p")
    plans = [planning.frozen(project, None, scenario, inputs={}, bounds=Bounds(1000, 1)).plan for _ in range(4)]
    assert len({plan["seed"] for plan in plans}) > 1
    again = RunPlanning(KEYS, environments).again(plans[0], 1)
    assert again["seed"] == plans[0]["seed"]
    assert again["network"] == {"allowed": []}, "what may be reached is for today to say"
