"""What every DAO does with a row, and with a constraint that says no."""

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, UniqueConstraint, create_engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wxcloudrun.core.dao import Dao, unique

NAME = UniqueConstraint("name")
THINGS = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("code", String, unique=True),
    NAME,
)


class NameTakenError(Exception):
    """The name is another thing's."""


class Things(Dao):
    """A DAO as features have them."""

    judge = unique(THINGS, NameTakenError, "name")

    def add(self, name: str | None, code: str) -> int:
        return self._add(THINGS, {"name": name, "code": code}, self.judge)

    def named(self, name: str):
        return self._one(select(THINGS).where(THINGS.c.name == name))


@pytest.fixture
def things():
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        THINGS.create(connection)
    with Session(engine) as session:
        session.info["in_transaction"] = True
        yield Things(session)


def test_a_new_row_has_a_number_and_is_found(things: Things):
    number = things.add("a", "1")
    assert things.named("a").id == number
    assert things.named("b") is None


def test_the_constraint_that_was_named_speaks_in_our_words(things: Things):
    things.add("a", "1")
    with pytest.raises(NameTakenError):
        things.add("a", "2")


@pytest.mark.parametrize(("name", "code"), [("b", "1"), (None, "2")])
def test_any_other_one_in_its_own(things: Things, name: str | None, code: str):
    things.add("a", "1")
    with pytest.raises(IntegrityError):
        things.add(name, code)


def test_of_several_constraints_one_has_to_be_named():
    assert unique(THINGS, NameTakenError, "name").constraint is NAME
    with pytest.raises(ValueError, match="too many values"):
        unique(THINGS, NameTakenError)
