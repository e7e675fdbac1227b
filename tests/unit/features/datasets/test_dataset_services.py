"""Datasets of a case: their order, the default one and their credentials, with everything around made up."""

import random
from types import SimpleNamespace

import pytest

from tests.unit.features.cases.test_case_services import EDITOR, RUNNER, house
from tests.unit.features.cases.test_case_services import made as case_made
from tests.unit.features.datasets.stand_ins import FakeDatasetDao
from tests.unit.features.users.stand_ins import KEYS, FakeClock
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.errors import EditConflict, InvalidInput
from wxcloudrun.features.datasets.errors import DatasetKeyTaken, DatasetNotFound, DefaultDatasetDisabled
from wxcloudrun.features.datasets.order import DatasetOrder
from wxcloudrun.features.datasets.schemas import DatasetChange, DatasetCopied, DatasetMade, DatasetMoved, DatasetsQuery
from wxcloudrun.features.datasets.service import DatasetService
from wxcloudrun.features.projects.errors import RightRequired


@pytest.fixture
def here() -> SimpleNamespace:
    around, rows = house(), FakeDatasetDao()
    around.case = case_made(around, who=EDITOR)
    around.datasets = DatasetService(around.session, FakeClock(), KEYS, around.audit, around.access, rows)
    around.order = DatasetOrder(around.session, around.audit, around.access, rows)
    around.kept = rows
    return around


def made(here: SimpleNamespace, who: int = EDITOR, **fields: object) -> int:
    return here.datasets.add(Actor(who), here.project, here.case, DatasetMade.model_validate(fields)).id


def changed(here: SimpleNamespace, number: int, **fields: object):
    return here.datasets.change(Actor(EDITOR), here.project, here.case, number, DatasetChange.model_validate(fields))


def moved(here: SimpleNamespace, number: int, **place: object):
    return here.order.move(Actor(EDITOR), here.project, here.case, number, DatasetMoved.model_validate(place))


def listed(here: SimpleNamespace) -> list[int]:
    query = DatasetsQuery(size=100)
    return [one.id for one in here.datasets.page(Actor(RUNNER), here.project, here.case, query).items]


def test_whatever_is_moved_the_order_is_that_of_a_list(here: SimpleNamespace):
    expected = [made(here, name=str(number)) for number in range(6)]
    choice = random.Random(4)
    for _ in range(60):
        one, other = choice.sample(expected, 2)
        way = choice.choice(["first", "last", "before", "after"])
        moved(here, one, **({"to": way} if way in {"first", "last"} else {way: other}))
        expected.remove(one)
        ends = {"first": 0, "last": len(expected)}
        at = ends[way] if way in ends else expected.index(other) + (way == "after")
        expected.insert(at, one)
        assert listed(here) == expected
    assert sorted(row["position"] for row in here.kept.rows.values()) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("place", [{}, {"to": "first", "before": 1}, {"after": 99}])
def test_a_place_is_one_of_three_and_there(here: SimpleNamespace, place: dict[str, object]):
    number = made(here)
    with pytest.raises(InvalidInput):
        moved(here, number, **place)


def test_there_is_one_default_and_it_is_not_out_of_use(here: SimpleNamespace):
    first, second = made(here, is_default=True), made(here)
    here.order.make_default(Actor(EDITOR), here.project, here.case, second)
    marks = [here.datasets.view(Actor(RUNNER), here.project, here.case, one).is_default for one in (first, second)]
    assert marks == [False, True]
    with pytest.raises(DefaultDatasetDisabled):
        changed(here, second, enabled=False)
    changed(here, first, enabled=False)
    with pytest.raises(DefaultDatasetDisabled):
        here.order.make_default(Actor(EDITOR), here.project, here.case, first)
    here.datasets.remove(Actor(EDITOR), here.project, here.case, second)
    assert here.order.clear_default(Actor(EDITOR), here.project, here.case).id is None


def test_a_key_is_made_of_the_name_and_taken_once(here: SimpleNamespace):
    made(here, name="paid by card")
    number = made(here, name="paid by card")
    assert [row["key"] for row in here.kept.rows.values()] == ["paid_by_card", "paid_by_card_2"]
    with pytest.raises(DatasetKeyTaken):
        changed(here, number, key="paid_by_card")
    copy = here.datasets.copy(Actor(EDITOR), here.project, here.case, number, DatasetCopied())
    assert copy.key == "paid_by_card_2_2"


def test_credentials_are_kept_apart_and_a_mark_keeps_them(here: SimpleNamespace):
    number = made(here, headers={"X-Token": "s3cret", "X-Trace": "1"})
    assert "s3cret" not in str(here.kept.rows)
    assert "s3cret" not in str(here.audit.entries)
    view = changed(here, number, headers={"X-Token": {"is_set": True}, "X-Trace": "2"})
    assert view.headers == {"X-Token": {"is_set": True}, "X-Trace": "2"}
    assert KEYS.decrypt(here.kept.rows[number]["secrets"], "datasets.secrets") == '[["headers", "X-Token", "s3cret"]]'
    with pytest.raises(InvalidInput):
        changed(here, number, headers={"X-Api-Key": {"is_set": True}})


def test_an_older_edit_is_refused_with_the_present_state(here: SimpleNamespace):
    number = made(here, name="first")
    changed(here, number, name="second", version=1)
    with pytest.raises(EditConflict) as caught:
        changed(here, number, name="third", version=1)
    assert caught.value.present.name == "second"


def test_a_runner_reads_and_changes_nothing(here: SimpleNamespace):
    number = made(here)
    assert listed(here) == [number]
    with pytest.raises(RightRequired):
        made(here, RUNNER)
    with pytest.raises(DatasetNotFound):
        here.datasets.view(Actor(RUNNER), here.project, here.case, number + 1)
