"""What the DAOs of scenarios and steps promise: kept on every database, and by those of the tests."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from types import SimpleNamespace

import pytest
from sqlalchemy import insert

from tests.unit.features.cases.stand_ins import FakeCaseDao
from tests.unit.features.datasets.stand_ins import FakeDatasetDao
from tests.unit.features.scenarios.stand_ins import FakeScenarioDao, FakeStepDao
from tests.unit.features.users.stand_ins import START
from wxcloudrun.core.db import db, transaction
from wxcloudrun.core.errors import ApiError
from wxcloudrun.features.cases.models import Case, CaseStatus, Visibility
from wxcloudrun.features.datasets.dao import DatasetDao
from wxcloudrun.features.projects.models import Project
from wxcloudrun.features.scenarios.dao import ScenarioDao, StepDao
from wxcloudrun.features.scenarios.errors import ScenarioNameTaken, StepKeyTaken
from wxcloudrun.features.scenarios.models import Phase
from wxcloudrun.features.scenarios.service import entry
from wxcloudrun.features.scenarios.tree import Place, Tree, Where
from wxcloudrun.features.users.models import User

STAMP = {"version": 1, "created_at": START, "updated_at": START}


def scenario(here, name: str, **fields: object) -> int:
    values = {"project_id": here.projects[0], "folder": "", "name": name, "lane": 0, "description": "", "tags": "[]"}
    values |= {"status": CaseStatus.DRAFT, "creator_id": here.user, "owner_id": here.user, "position": 0}
    values |= {"run_count": 0, "content": "{}", "secrets": None, "deleted_at": None, **STAMP, **fields}
    return here.scenarios.add(values, entry(values))


def step(here, owner: int, key: str, kind: str = "wait", **fields: object) -> int:
    """A step at the end, or where `position` says."""
    nodes = here.steps.nodes(owner)
    values = {"scenario_id": owner, "key": key, "kind": kind, "name": key, "phase": Phase.STEPS, "parent_id": None}
    values |= {"position": len(nodes), "depth": 0, "enabled": True, "case_id": None, "called_id": None}
    return here.steps.add({**values, "content": "{}", "secrets": None, **STAMP, **fields})


def change(here, number: int, **values: object) -> None:
    row = here.scenarios.several([number])[number]
    here.scenarios.change(number, values, entry(row._asdict() | values))


def order(here, owner: int) -> list[str]:
    return [row.key for row in here.steps.of([owner])]


def a_scenario_is_read_as_written_in_its_own_project(here):
    number = scenario(here, "买 😀")
    step(here, number, "a")
    row = here.scenarios.get(here.projects[0], number)
    assert (row.id, row.name, row.status, row.steps_count, row.origin_id) == (
        number,
        "买 😀",
        CaseStatus.DRAFT,
        1,
        None,
    )
    assert here.scenarios.get(here.projects[1], number) is None
    assert here.scenarios.locked(here.projects[1], number) is None
    assert here.scenarios.locked(here.projects[0], number).name == "买 😀"
    later = START + timedelta(hours=1)
    here.scenarios.touch(number, 7, later)
    here.scenarios.count_run([number, number])
    found = here.scenarios.several([number, number + 1000])[number]
    assert (found.version, found.updated_at, found.run_count) == (7, later, 1)


def a_name_is_taken_once_a_folder_and_free_in_the_trash(here):
    first, other = scenario(here, "same"), scenario(here, "same", folder="a")
    assert here.scenarios.names(here.projects[0], "a") == {"same"}
    with pytest.raises(ScenarioNameTaken), here.attempt():
        scenario(here, "same")
    with pytest.raises(ScenarioNameTaken), here.attempt():
        change(here, other, folder="")
    change(here, first, lane=None, deleted_at=START)
    change(here, other, folder="")
    assert here.scenarios.names(here.projects[0], "a") == set()


def a_key_is_taken_once_a_scenario(here):
    one, other = scenario(here, "one"), scenario(here, "other")
    step(here, one, "same")
    step(here, other, "same")
    second = step(here, one, "Same")
    assert here.steps.keys(one) == {"same", "Same"}
    with pytest.raises(StepKeyTaken), here.attempt():
        step(here, one, "same")
    with pytest.raises(StepKeyTaken), here.attempt():
        here.steps.change(second, {"key": "same"})
    here.steps.change(second, {"name": "changed"})
    assert here.steps.get(one, second).name == "changed"
    assert here.steps.get(other, second) is None


def steps_come_in_their_order_page_by_page_and_make_room(here):
    one, other = scenario(here, "one"), scenario(here, "other")
    for key in "abd":
        step(here, one, key)
    step(here, other, "x")
    here.steps.make_room(one, 2, 1)
    step(here, one, "c", position=2)
    assert order(here, one) == ["a", "b", "c", "d"]
    rows, total = here.steps.page(one, 1, 2)
    assert ([row.key for row in rows], total) == (["b", "c"], 4)
    assert [row.key for row in here.steps.of([other, one])] == ["a", "b", "c", "d", "x"]
    assert set(here.steps.at(one, 0)) == {0, 1, 2, 3}
    here.steps.add_all([{**_values(here, one), "key": "e", "position": 4, "depth": 1}])
    assert list(here.steps.at(one, 1)) == [4]


def whatever_is_moved_or_removed_the_order_stays_whole(here):
    one, other = scenario(here, "one"), scenario(here, "other")
    groups = [step(here, one, f"g{number}", "group") for number in range(3)]
    steps = [*groups, *(step(here, one, f"s{number}") for number in range(5))]
    step(here, other, "x")
    choice, moved = Random(8), 0
    for _ in range(40):
        tree, number = Tree(here.steps.nodes(one)), choice.choice(steps)
        anywhere = [
            Place(choice.choice([Where.FIRST, Where.LAST]), parent_id=choice.choice(groups)),
            Place(choice.choice([Where.BEFORE, Where.AFTER]), anchor_id=choice.choice(steps)),
            Place(Where.FIRST, phase=choice.choice(list(Phase))),
        ]
        place = choice.choice(anywhere)
        try:
            move = tree.move(number, place)
        except ApiError:
            continue
        here.steps.move(one, number, move)
        moved += 1
        assert here.steps.nodes(one)[move.start + move.by].id == number
        assert _whole(here, one), (number, place)
    assert moved > 20
    inside = Tree(here.steps.nodes(one)).inside(groups[0])
    here.steps.remove(one, inside)
    assert len(here.steps.nodes(one)) == len(steps) - len(inside)
    assert _whole(here, one)
    assert order(here, other) == ["x"]


def who_calls_whom_is_told_with_the_steps(here):
    top, middle, low = (scenario(here, name) for name in ("top", "middle", "low"))
    first = step(here, top, "a", "scenario", called_id=middle)
    step(here, top, "b", "scenario", called_id=middle)
    step(here, top, "c")
    step(here, middle, "d", "scenario", called_id=low)
    assert sorted(here.steps.calls([top]), key=str) == sorted([(top, middle, 2), (top, None, 1)], key=str)
    told = here.steps.callers([middle, low])
    assert {(one.scenario_id, one.called_id, one.name) for one in told} == {
        (top, middle, "top"),
        (middle, low, "middle"),
    }
    assert [row.key for row in here.steps.calling(middle)] == ["a", "b"]
    change(here, middle, lane=None, deleted_at=START)
    row = here.steps.get(top, first)
    assert (row.called_name, row.called_deleted_at, row.case_name) == ("middle", START, None)
    assert [one.deleted_at for one in here.steps.callers([low])] == [START]


def a_step_tells_of_its_case_and_the_case_of_its_users(here):
    one, other = scenario(here, "one"), scenario(here, "other")
    number = step(here, one, "a", "case", case_id=here.cases[0])
    step(here, one, "b", "case", case_id=here.cases[0])
    step(here, other, "a", "case", case_id=here.cases[0])
    row = here.steps.get(one, number)
    assert (row.case_name, row.case_project_id, row.case_visibility) == ("first", here.projects[0], Visibility.PROJECT)
    assert (row.case_deleted_at, row.case_creator_only, row.called_name) == (None, False, None)
    assert here.steps.users_of(here.cases[0]) == ["one", "other"]
    change(here, other, lane=None, deleted_at=START)
    assert here.steps.users_of(here.cases[0]) == ["one"]
    assert here.steps.users_of(here.cases[1]) == []
    assert {number: row.name for number, row in here.steps.cases(here.cases).items()} == {
        here.cases[0]: "first",
        here.cases[1]: "second",
    }


def some_datasets_of_a_case_are_told(here):
    for position, key in enumerate("abcdef", 1):
        values = {"case_id": here.cases[0], "key": key, "name": key, "enabled": True, "position": position}
        number = here.datasets.add({**values, "content": "{}", "secrets": None, **STAMP})
        if key == "f":
            here.datasets.mark(here.cases[0], number)
    found = here.steps.datasets(here.cases, ["e", "nobody"])
    assert [(row.key, row.marked is not None) for row in found] == [
        ("a", False),
        ("b", False),
        ("c", False),
        ("e", False),
        ("f", True),
    ]
    assert list(here.steps.datasets([], ["e"])) == []


def _values(here, owner: int) -> dict[str, object]:
    """A step's columns."""
    number = here.steps.nodes(owner)[0].id
    row = here.steps.get(owner, number)._asdict()
    return {name: row[name] for name in row if name != "id" and not name.startswith(("case_", "called_"))}


def _whole(here, owner: int) -> bool:
    """True when nothing is wrong with the order, and no position is left out."""
    positions = [row.position for row in here.steps.of([owner])]
    return positions == list(range(len(positions))) and not list(Tree(here.steps.nodes(owner)).faults())


PROMISES = [
    a_scenario_is_read_as_written_in_its_own_project,
    a_name_is_taken_once_a_folder_and_free_in_the_trash,
    a_key_is_taken_once_a_scenario,
    steps_come_in_their_order_page_by_page_and_make_room,
    whatever_is_moved_or_removed_the_order_stays_whole,
    who_calls_whom_is_told_with_the_steps,
    a_step_tells_of_its_case_and_the_case_of_its_users,
    some_datasets_of_a_case_are_told,
]
each_promise = pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)


@contextlib.contextmanager
def nothing_to_undo() -> Iterator[None]:
    yield


@each_promise
def test_the_daos_of_the_tests_keep_the_promise(promise):
    cases, scenarios, datasets = FakeCaseDao(), FakeScenarioDao(), FakeDatasetDao()
    more = {"visibility": Visibility.PROJECT, "creator_only": False, "status": CaseStatus.DRAFT, "deleted_at": None}
    blank = {"project_id": 1, "folder": "", "method": "GET", "url": "", "content": "{}", "lane": 0, "creator_id": 1}
    numbers = [cases.add({"name": name, **blank, **more, **STAMP}) for name in ("first", "second")]
    steps = FakeStepDao(scenarios, cases, datasets)
    made = {"scenarios": scenarios, "steps": steps, "datasets": datasets, "cases": numbers}
    promise(SimpleNamespace(**made, projects=[1, 2], user=1, attempt=nothing_to_undo))


@each_promise
def test_the_real_daos_keep_the_promise(promise, each_app):
    with each_app.app_context(), transaction(db.session) as session:
        stamp = {"created_at": START, "updated_at": START}

        def added(table, **values) -> int:
            return session.execute(insert(table).values(**values, **stamp)).inserted_primary_key[0]

        user, projects = added(User), [added(Project, name=name) for name in ("p", "other")]
        people = {"project_id": projects[0], "creator_id": user, "owner_id": user}
        blank = {"method": "GET", "url": "", "content": "{}", "lane": 0}
        cases = [added(Case, name=name, **people, **blank) for name in ("first", "second")]
        made = {"scenarios": ScenarioDao(session), "steps": StepDao(session), "datasets": DatasetDao(session)}
        promise(SimpleNamespace(**made, cases=cases, projects=projects, user=user, attempt=session.begin_nested))
