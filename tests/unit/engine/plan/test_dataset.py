"""Which rows a step is run with."""

import pytest
from pydantic import ValidationError

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.plan.case import Case, Dataset
from wxcloudrun.engine.plan.dataset import choose_rows
from wxcloudrun.engine.plan.steps import DatasetChoice

CASE = Case(
    request={"url": "/"},
    datasets=[
        Dataset(key="a"),
        Dataset(key="b", default=True),
        Dataset(key="off", enabled=False),
        Dataset(key="c"),
    ],
)


def keys(seed="s", case=CASE, **choice):
    return [row.key if row else None for row in choose_rows(case, DatasetChoice(**choice), seed)]


def test_each_mode_gives_its_rows():
    assert keys() == ["b"]
    assert keys(mode="none") == [None]
    assert keys(mode="one", key="c") == ["c"]
    assert keys(mode="all") == ["a", "b", "c"]
    assert keys(mode="limit", count=2) == ["a", "b"]
    assert keys(case=Case(request={"url": "/"})) == [None]


def test_random_rows_repeat_with_the_seed_and_are_never_taken_twice():
    drawn = {tuple(keys(seed=str(number), mode="random", count=2)) for number in range(40)}
    assert len(drawn) > 3
    assert all(len(set(pair)) == 2 for pair in drawn)
    assert keys(mode="random", count=2) == keys(mode="random", count=2)
    assert sorted(keys(mode="random", count=99)) == ["a", "b", "c"]


@pytest.mark.parametrize(("key", "words"), [("off", "disabled"), ("zzz", "it has a, b, off, c")])
def test_a_row_that_cannot_be_used_is_refused(key, words):
    with pytest.raises(DefinitionError, match=words):
        keys(mode="one", key=key)


def test_asking_for_rows_where_there_are_none_is_refused():
    with pytest.raises(DefinitionError, match="needs datasets"):
        keys(case=Case(request={"url": "/"}), mode="all")


def test_one_needs_a_key():
    with pytest.raises(ValidationError, match="needs the dataset's `key`"):
        DatasetChoice(mode="one")
