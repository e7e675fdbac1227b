"""What the DAO of datasets promises: kept on every database, and by that of the tests."""

from types import SimpleNamespace

import pytest
from sqlalchemy import insert

from tests.unit.features.datasets.stand_ins import FakeDatasetDao
from tests.unit.features.users.stand_ins import START
from wxcloudrun.core.db import db, transaction
from wxcloudrun.features.cases.models import Case
from wxcloudrun.features.datasets.dao import DatasetDao
from wxcloudrun.features.datasets.errors import DatasetKeyTaken
from wxcloudrun.features.projects.models import Project
from wxcloudrun.features.users.models import User


def dataset(here, key: str, position: int, case: int = 0) -> int:
    stamp = {"version": 1, "created_at": START, "updated_at": START}
    values = {"case_id": here.cases[case], "key": key, "name": key, "enabled": True, "position": position}
    return here.dao.add({**values, "content": "{}", "secrets": None, **stamp})


def keys(here, case: int = 0) -> list[str]:
    return [row.key for row in here.dao.of_case(here.cases[case])]


def a_dataset_is_read_as_written_in_its_own_case(here):
    number = dataset(here, "卡 😀", 1)
    row = here.dao.get(here.cases[0], number)
    assert (row.id, row.key, row.position, row.enabled, row.marked) == (number, "卡 😀", 1, True, None)
    assert here.dao.get(here.cases[1], number) is None
    here.dao.change(number, {"name": "other", "version": 2})
    assert (here.dao.get(here.cases[0], number).name, here.dao.get(here.cases[0], number).version) == ("other", 2)


def a_key_is_taken_once_a_case(here):
    first = dataset(here, "same", 1)
    dataset(here, "same", 1, case=1)
    second = dataset(here, "Same", 2)
    with pytest.raises(DatasetKeyTaken), here.attempt():
        dataset(here, "same", 3)
    with pytest.raises(DatasetKeyTaken), here.attempt():
        here.dao.change(second, {"key": "same"})
    here.dao.change(first, {"key": "same"})


def datasets_come_in_their_order_page_by_page(here):
    for key, position in (("c", 3), ("a", 1), ("b", 2)):
        dataset(here, key, position)
    dataset(here, "x", 1, case=1)
    assert keys(here) == [row.key for row in here.dao.places(here.cases[0])] == ["a", "b", "c"]
    rows, total = here.dao.page(here.cases[0], 1, 1)
    assert ([row.key for row in rows], total) == (["b"], 3)
    assert here.dao.page(here.cases[0], 9, 1) == ([], 3)


def a_stretch_of_one_case_is_shifted(here):
    for position, key in enumerate("abcd", 1):
        dataset(here, key, position)
    dataset(here, "x", 2, case=1)
    here.dao.shift(here.cases[0], 2, 3, 10)
    here.dao.shift(here.cases[0], 12, None, 1)
    assert [(row.key, row.position) for row in here.dao.of_case(here.cases[0])] == [
        ("a", 1),
        ("d", 4),
        ("b", 13),
        ("c", 14),
    ]
    assert here.dao.of_case(here.cases[1])[0].position == 2


def one_of_a_case_is_the_default_until_it_is_removed(here):
    first, second = dataset(here, "a", 1), dataset(here, "b", 2)
    for number in (first, second):
        here.dao.mark(here.cases[0], number)
    assert [row.marked is not None for row in here.dao.of_case(here.cases[0])] == [False, True]
    here.dao.unmark(here.cases[0])
    assert here.dao.get(here.cases[0], second).marked is None
    here.dao.mark(here.cases[0], first)
    here.dao.remove(here.cases[0], [first])
    assert keys(here) == ["b"]
    assert here.dao.get(here.cases[0], second).marked is None


PROMISES = [
    a_dataset_is_read_as_written_in_its_own_case,
    a_key_is_taken_once_a_case,
    datasets_come_in_their_order_page_by_page,
    a_stretch_of_one_case_is_shifted,
    one_of_a_case_is_the_default_until_it_is_removed,
]
each_promise = pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)


class _NothingToUndo:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None


@each_promise
def test_the_dao_of_the_tests_keeps_the_promise(promise):
    promise(SimpleNamespace(dao=FakeDatasetDao(), cases=[7, 8], attempt=_NothingToUndo))


@each_promise
def test_the_real_dao_keeps_the_promise(promise, each_app):
    with each_app.app_context(), transaction(db.session) as session:
        stamp = {"created_at": START, "updated_at": START}

        def added(table, **values) -> int:
            return session.execute(insert(table).values(**values, **stamp)).inserted_primary_key[0]

        user, project = added(User), added(Project, name="p")
        people = {"project_id": project, "creator_id": user, "owner_id": user}
        blank = {"method": "GET", "url": "", "content": "{}", "lane": 0}
        cases = [added(Case, name=name, **people, **blank) for name in ("one", "other")]
        promise(SimpleNamespace(dao=DatasetDao(session), cases=cases, attempt=session.begin_nested))
