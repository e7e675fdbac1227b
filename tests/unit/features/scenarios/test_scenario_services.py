"""Scenarios and their steps: order, copies, calls, warnings, versions, rights and secrets, with all around made up."""

import itertools
import random
from types import SimpleNamespace

import pytest

from tests.unit.features.cases.test_case_services import CREATOR, EDITOR, OWNER, RUNNER, VIEWER, house
from tests.unit.features.cases.test_case_services import made as case_made
from tests.unit.features.environments.stand_ins import FakeEnvironmentDao, FakeVariableDao
from tests.unit.features.scenarios.stand_ins import FakeScenarioDao, FakeStepDao
from tests.unit.features.users.stand_ins import KEYS, FakeClock
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.errors import EditConflict, InvalidInput
from wxcloudrun.features.environments.planning import EnvironmentPlanning
from wxcloudrun.features.projects.access import ProjectAccess
from wxcloudrun.features.projects.errors import ProjectNotFound, RightRequired
from wxcloudrun.features.scenarios.access import ScenarioAccess
from wxcloudrun.features.scenarios.checking import ScenarioChecking
from wxcloudrun.features.scenarios.copies import ScenarioCopies
from wxcloudrun.features.scenarios.errors import (
    CallsTooDeep,
    ScenarioCircle,
    ScenarioInTrash,
    ScenarioInUse,
    ScenarioNameTaken,
    ScenarioNotFound,
    StepCaseHidden,
    StepInItself,
    StepKeyTaken,
    StepNotFound,
)
from wxcloudrun.features.scenarios.schemas import (
    CheckQuery,
    Placed,
    ScenarioChange,
    ScenarioCopied,
    ScenarioMade,
    StepChange,
    StepMade,
    StepsQuery,
)
from wxcloudrun.features.scenarios.service import ScenarioService
from wxcloudrun.features.scenarios.steps import StepService

STRANGER = 77
CHECK = CheckQuery()


@pytest.fixture
def here() -> SimpleNamespace:
    around = house()
    projects, rows = ProjectAccess(None, around.projects), FakeScenarioDao()
    kept = FakeStepDao(rows, around.rows)
    access = ScenarioAccess(None, projects, rows)
    planning = EnvironmentPlanning(None, KEYS, FakeEnvironmentDao(), FakeVariableDao())
    checking = ScenarioChecking(None, access, planning, kept)
    told = (around.session, FakeClock())
    around.scenarios = ScenarioService(*told, KEYS, around.audit, projects, access, checking, kept)
    around.steps = StepService(*told, KEYS, around.audit, access, around.access, checking, kept)
    around.copies = ScenarioCopies(*told, around.audit, access, checking, kept)
    around.checking, around.kept, around.found = checking, kept, rows
    around.scenario = scenario(around)
    return around


def scenario(here: SimpleNamespace, name: str = "buy", who: int = EDITOR, **fields: object) -> int:
    return here.scenarios.add(Actor(who), here.project, ScenarioMade.model_validate({"name": name, **fields})).id


def rewritten(here: SimpleNamespace, number: int, who: int = EDITOR, **fields: object):
    return here.scenarios.change(Actor(who), here.project, number, ScenarioChange.model_validate(fields))


def added(here: SimpleNamespace, owner: int | None = None, who: int = EDITOR, **fields: object):
    made = StepMade.model_validate({"kind": "wait", **({"wait_ms": 1} if "kind" not in fields else {}), **fields})
    return here.steps.add(Actor(who), here.project, owner or here.scenario, made)


def edited(here: SimpleNamespace, number: int, owner: int | None = None, who: int = EDITOR, **fields: object):
    change = StepChange.model_validate(fields)
    return here.steps.change(Actor(who), here.project, owner or here.scenario, number, change)


def moved(here: SimpleNamespace, number: int, who: int = EDITOR, **place: object):
    return here.steps.move(Actor(who), here.project, here.scenario, number, Placed.model_validate(place))


def calling(here: SimpleNamespace, owner: int, called: int, **fields: object):
    return added(here, owner, kind="scenario", scenario_id=called, **fields)


def listed(here: SimpleNamespace, owner: int | None = None, who: int = RUNNER) -> list:
    return here.steps.page(Actor(who), here.project, owner or here.scenario, StepsQuery()).items


def order(here: SimpleNamespace) -> list[int]:
    return [one.id for one in listed(here)]


def needing(here: SimpleNamespace, name: str, **fields: object):
    """A step whose case needs a variable."""
    case = case_made(here, f"needs {name}", request={"url": f"/{{{{{name}}}}}"})
    return added(here, kind="case", case_id=case, **fields)


def giving(here: SimpleNamespace, name: str, **fields: object):
    """A step whose case gives a variable a value."""
    taken = [{"name": name, "source": "status"}]
    case = case_made(here, f"gives {name}", extractions=taken)
    return added(here, kind="case", case_id=case, **fields)


def told(answer) -> list[tuple[str, str, int | None]]:
    return [(one.kind, one.name, one.step_id) for one in answer.warnings]


def test_whatever_is_moved_the_order_is_that_of_a_list(here: SimpleNamespace):
    expected = [added(here, name=str(number)).id for number in range(6)]
    choice = random.Random(4)
    for _ in range(60):
        one, other = choice.sample(expected, 2)
        way = choice.choice(["first", "last", "before", "after"])
        moved(here, one, **({"to": way} if way in {"first", "last"} else {way: other}))
        expected.remove(one)
        ends = {"first": 0, "last": len(expected)}
        at = ends[way] if way in ends else expected.index(other) + (way == "after")
        expected.insert(at, one)
        assert order(here) == expected
    assert [one.position for one in listed(here)] == [0, 1, 2, 3, 4, 5]


def test_of_two_moves_both_are_done_whoever_is_first(here: SimpleNamespace):
    a, b, c, d = (added(here, name=name).id for name in "abcd")
    moved(here, d, EDITOR, before=b)
    answer = moved(here, a, OWNER, after=c)
    assert order(here) == [d, b, c, a]
    assert answer.scenario_version == 1 + 4 + 2
    assert here.audit.actions[-2:] == ["step.moved", "step.moved"]


def test_a_step_is_put_in_where_somebody_says(here: SimpleNamespace):
    group, last = added(here, kind="group").id, added(here).id
    inside = added(here, parent_id=group).id
    first = added(here, parent_id=group, to="first").id
    before, setup, teardown = (
        added(here, before=group).id,
        added(here, phase="setup").id,
        added(here, phase="teardown").id,
    )
    after = added(here, after=inside).id
    assert order(here) == [setup, before, group, first, inside, after, last, teardown]
    assert [one.depth for one in listed(here)] == [0, 0, 0, 1, 1, 1, 0, 0]
    assert {one.key for one in listed(here)} == {"group-1", *(f"wait-{number}" for number in range(2, 9))}
    with pytest.raises(StepKeyTaken):
        added(here, key="group-1")
    with pytest.raises(InvalidInput):
        added(here, before=group, to="first")
    with pytest.raises(StepNotFound):
        added(here, after=99)


def test_a_group_moves_and_goes_with_what_is_inside(here: SimpleNamespace):
    outer, other = added(here, kind="group").id, added(here, kind="group").id
    inner = added(here, kind="group", parent_id=outer).id
    step = added(here, parent_id=inner).id
    moved(here, inner, parent_id=other)
    assert order(here) == [outer, other, inner, step]
    with pytest.raises(StepInItself):
        moved(here, other, parent_id=inner)
    gone = here.steps.remove(Actor(EDITOR), here.project, here.scenario, other)
    assert (gone.removed, order(here)) == (3, [outer])


def test_a_copy_of_a_step_stands_behind_it_with_keys_of_its_own(here: SimpleNamespace):
    group, last = added(here, kind="group", key="pay").id, added(here).id
    inside = added(here, parent_id=group, name="inside").id
    copy = here.copies.step(Actor(EDITOR), here.project, here.scenario, group).id
    rows = listed(here)
    assert [one.id for one in rows[:3]] == [group, inside, copy]
    assert [(one.parent_id, one.name, one.depth) for one in rows[2:4]] == [(None, "", 0), (copy, "inside", 1)]
    assert rows[4].id == last
    assert len({one.key for one in rows}) == 5


def test_a_copy_of_a_scenario_keeps_keys_and_gets_a_name(here: SimpleNamespace):
    added(here, key="pay")
    names, keys = [], []
    for _ in range(2):
        copy = here.copies.scenario(Actor(OWNER), here.project, here.scenario, ScenarioCopied())
        names.append(copy.name)
        keys.append([one.key for one in listed(here, copy.id)])
        assert (copy.owner_id, copy.origin_id, copy.steps_count) == (OWNER, here.scenario, 1)
    assert names == ["buy (2)", "buy (3)"]
    assert keys == [["pay"], ["pay"]]
    with pytest.raises(ScenarioNameTaken):
        here.copies.scenario(Actor(OWNER), here.project, here.scenario, ScenarioCopied(name="buy"))


def test_scenarios_call_one_another_in_no_circle(here: SimpleNamespace):
    a, b, c = (scenario(here, name) for name in "abc")
    calling(here, a, b)
    step = calling(here, b, c).id
    for owner, called, way in ((c, a, "c -> a -> b -> c"), (a, a, "a -> a"), (c, b, "c -> b -> c")):
        with pytest.raises(ScenarioCircle) as caught:
            calling(here, owner, called)
        assert caught.value.values["way"] == way
        assert listed(here, c) == []
    with pytest.raises(ScenarioCircle):
        edited(here, step, b, scenario_id=a)
    calling(here, c, here.scenario)


def test_scenarios_call_one_another_ten_deep(here: SimpleNamespace):
    chain = [scenario(here, f"s{number}") for number in range(12)]
    for caller, called in itertools.pairwise(chain[1:]):
        calling(here, caller, called)
    with pytest.raises(CallsTooDeep):
        calling(here, chain[0], chain[1])


def test_a_scenario_that_is_called_stays_out_of_the_trash(here: SimpleNamespace):
    caller = scenario(here, "caller")
    step = calling(here, caller, here.scenario).id
    with pytest.raises(ScenarioInUse) as caught:
        here.scenarios.remove(Actor(EDITOR), here.project, here.scenario)
    assert caught.value.values == {"scenarios": "caller"}
    here.steps.remove(Actor(EDITOR), here.project, caller, step)
    here.scenarios.remove(Actor(EDITOR), here.project, here.scenario)
    with pytest.raises(ScenarioInTrash):
        calling(here, caller, here.scenario)
    with pytest.raises(ScenarioInTrash):
        added(here)
    scenario(here, "buy")
    with pytest.raises(ScenarioNameTaken):
        here.scenarios.restore(Actor(EDITOR), here.project, here.scenario)


def test_a_variable_that_nobody_gives_is_warned_of_at_its_step(here: SimpleNamespace):
    user = needing(here, "order")
    assert told(user) == [("variable", "order", user.id)]
    maker = giving(here, "order", before=user.id)
    assert told(maker) == []
    assert told(moved(here, maker.id, to="last")) == [("variable", "order", user.id)]
    assert told(edited(here, user.id, variables=[{"name": "order", "value": "7"}])) == []
    assert told(edited(here, user.id, variables=[])) == [("variable", "order", user.id)]
    assert told(rewritten(here, here.scenario, inputs=[{"name": "order"}])) == []
    gone = rewritten(here, here.scenario, inputs=[], outputs=["nobody"])
    assert told(gone) == [("variable", "order", user.id), ("output", "nobody", None)]
    checked = here.checking.check(Actor(VIEWER), here.project, here.scenario, CHECK)
    assert told(checked) == told(gone)


def test_an_input_that_a_call_does_not_give_is_a_fault(here: SimpleNamespace):
    login = scenario(here, "log in", inputs=[{"name": "pin", "required": True}])
    step = calling(here, here.scenario, login)
    assert ("input_missing", "pin", step.id) in told(step)
    checked = here.checking.check(Actor(VIEWER), here.project, here.scenario, CHECK)
    assert [(one.kind, one.name) for one in checked.faults] == [("input_missing", "pin")]
    assert "input_missing" not in {one[0] for one in told(edited(here, step.id, inputs={"pin": "{{pin}}"}))}


def test_an_older_edit_is_refused_with_the_present_state(here: SimpleNamespace):
    step = added(here, name="first").id
    rewritten(here, here.scenario, description="second", version=2)
    with pytest.raises(EditConflict) as caught:
        rewritten(here, here.scenario, description="third", version=2)
    assert (caught.value.present.description, caught.value.present.version) == ("second", 3)
    edited(here, step, name="second", version=1)
    with pytest.raises(EditConflict) as caught:
        edited(here, step, name="third", version=1)
    assert (caught.value.present.name, caught.value.present.version) == ("second", 2)
    assert listed(here)[0].name == "second"


@pytest.mark.parametrize("who", [VIEWER, RUNNER])
def test_who_may_not_edit_reads_and_changes_nothing(here: SimpleNamespace, who: int):
    step = added(here).id
    assert [one.id for one in listed(here, who=who)] == [step]
    refused = [
        lambda: scenario(here, "another", who),
        lambda: rewritten(here, here.scenario, who, description="x"),
        lambda: here.scenarios.remove(Actor(who), here.project, here.scenario),
        lambda: here.scenarios.restore(Actor(who), here.project, here.scenario),
        lambda: added(here, who=who),
        lambda: edited(here, step, who=who, name="x"),
        lambda: moved(here, step, who, to="first"),
        lambda: here.steps.remove(Actor(who), here.project, here.scenario, step),
        lambda: here.copies.step(Actor(who), here.project, here.scenario, step),
        lambda: here.copies.scenario(Actor(who), here.project, here.scenario, ScenarioCopied()),
    ]
    before = len(here.audit.entries)
    for attempt in refused:
        with pytest.raises(RightRequired):
            attempt()
    assert len(here.audit.entries) == before
    assert order(here) == [step]


def test_to_a_stranger_nothing_is_there_and_nothing_from_elsewhere(here: SimpleNamespace):
    step = added(here).id
    for attempt in (lambda: listed(here, who=STRANGER), lambda: edited(here, step, who=STRANGER, name="x")):
        with pytest.raises(ProjectNotFound):
            attempt()
    with pytest.raises(ScenarioNotFound):
        added(here, here.scenario + 1)
    with pytest.raises(StepNotFound):
        edited(here, step, scenario(here, "another"), name="x")


def test_of_somebody_elses_private_case_only_the_number_is_told(here: SimpleNamespace):
    case = case_made(here, "mine alone", who=CREATOR, visibility="private", request={"url": "/{{hidden}}"})
    step = added(here, who=CREATOR, kind="case", case_id=case).id
    shown = listed(here)[0].case
    assert (shown.id, shown.visible, shown.name, shown.url) == (case, False, None, None)
    with pytest.raises(StepCaseHidden):
        edited(here, step, name="x")
    with pytest.raises(StepCaseHidden):
        here.copies.step(Actor(EDITOR), here.project, here.scenario, step)
    checked = here.checking.check(Actor(EDITOR), here.project, here.scenario, CHECK)
    assert "hidden" not in str(checked)
    assert "mine alone" not in str(checked)
    assert "case_private" in {one.kind for one in checked.warnings}


def test_what_steps_gave_to_an_input_that_becomes_secret_is_kept_encrypted(here: SimpleNamespace):
    login = scenario(here, "log in", inputs=[{"name": "key_word"}, {"name": "user"}])
    callers = [here.scenario, scenario(here, "another")]
    steps = [calling(here, one, login, inputs={"key_word": "s3cret", "user": "eve"}).id for one in callers]
    assert "s3cret" in here.kept.rows[steps[0]]["content"]
    here.found.locks.clear()
    rewritten(here, login, inputs=[{"name": "key_word", "secret": True}, {"name": "user"}])
    assert here.found.locks == [login, *callers], "whoever changes such a step has to wait, in one order for all"
    for number in steps:
        row = here.kept.rows[number]
        assert "s3cret" not in row["content"]
        assert "eve" in row["content"]
        assert "s3cret" in KEYS.decrypt(row["secrets"], "scenario_steps.secrets")
    assert "s3cret" not in str(here.audit.entries[-1:])
    view = here.steps.view(Actor(VIEWER), here.project, here.scenario, steps[0])
    assert view.inputs == {"key_word": {"is_set": True}, "user": "eve"}
