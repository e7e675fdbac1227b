"""The counter's rule, with a stand-in for its row."""

from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from wxcloudrun.features.counter.controller import change, read
from wxcloudrun.features.counter.schemas import CountChange
from wxcloudrun.features.counter.service import CounterService


class FakeCounterDao:
    """The row, in memory."""

    def __init__(self) -> None:
        self.count = 0

    def value(self) -> int:
        return self.count

    def add(self, step: int) -> None:
        self.count += step

    def set(self, value: int) -> None:
        self.count = value


@pytest.fixture
def counter() -> CounterService:
    counters: Any = FakeCounterDao()
    return CounterService(Session(create_engine("sqlite://")), counters)


def test_adding_gives_the_count_right_after(counter: CounterService):
    assert [counter.increment() for _ in range(3)] == [1, 2, 3]
    assert counter.read() == 3


def test_clearing_gives_zero(counter: CounterService):
    counter.increment()
    assert counter.clear() == 0
    assert counter.read() == 0


def test_the_words_of_the_starting_documents_are_inc_and_clear(counter: CounterService):
    assert change(CountChange(action="inc"), counter) == 1
    assert change(CountChange(action="inc"), counter) == 2
    assert read(counter) == 2
    assert change(CountChange(action="clear"), counter) == 0
