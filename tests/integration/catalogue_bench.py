"""A shelf of things for tests of the catalogue: what is on it, and what a list of it must be by plain reading."""

import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import delete, event, insert, select
from sqlalchemy.orm import Session

from wxcloudrun.core.catalogue import Catalogue, Entry, Wanted, folder_terms, own, private, shared, term
from wxcloudrun.core.db import db, transaction
from wxcloudrun.core.grams import folded
from wxcloudrun.features.cases.models import Case, CaseGram, CaseTerm, CaseText
from wxcloudrun.features.projects.models import Project
from wxcloudrun.features.users.models import User

AT = datetime(2025, 1, 1, tzinfo=UTC)
TABLES: tuple[Any, ...] = (CaseTerm.__table__, CaseGram.__table__, CaseText.__table__, Case.__table__)
COLUMNS = (Case.__table__.c.id, Case.__table__.c.name)
_NAMES = ("Login", "log out", "订单 查询", "订单", "支付😀", "100%", "a_b", "c\\d", "it's", "Straße", "İstanbul", "x")


@dataclass
class Shelf:
    """Things in a catalogue, and their entries as they must be in it."""

    session: Session
    project: int
    user: int
    bound: int
    asked: list[str]
    entries: dict[int, Entry] = field(default_factory=dict)

    @property
    def catalogue(self) -> Catalogue:
        """A catalogue that knows nothing of what was asked before."""
        return Catalogue(self.session, *TABLES, bound=self.bound)

    def add(self, entries: Mapping[int, Entry]) -> None:
        """Put new things on it."""
        rows = [self._row(number, entry.name) for number, entry in entries.items()]
        with transaction(self.session):
            self.session.execute(insert(Case), rows)
            self.catalogue.add(entries)
        self.entries.update(entries)

    def put(self, number: int, entry: Entry) -> None:
        """Change how a thing is found."""
        with transaction(self.session):
            self.catalogue.put(number, entry)
        self.entries[number] = entry

    def remove(self, *numbers: int) -> None:
        """Take things off."""
        with transaction(self.session):
            self.catalogue.remove(*numbers)
            self.session.execute(delete(Case).where(Case.id.in_(numbers)))
        for number in numbers:
            del self.entries[number]

    def pages(self, wanted: Wanted) -> Iterator[list[int]]:
        """Numbers of the things on each page, to the end."""
        while True:
            found = self.catalogue.page(wanted, COLUMNS)
            assert len(found.rows) <= wanted.size
            yield [row.id for row in found.rows]
            if found.next is None:
                return
            wanted = replace(wanted, cursor=found.next)

    def listed(self, wanted: Wanted) -> list[int]:
        """Numbers of all that is listed."""
        return [number for page in self.pages(wanted) for number in page]

    def rows(self) -> list[set[tuple[Any, ...]]]:
        """All that is written, table by table."""
        with self.session.get_bind().connect() as connection:  # type: ignore[union-attr]  # it is an engine
            return [{tuple(row) for row in connection.execute(select(table))} for table in TABLES[:3]]

    def _row(self, number: int, name: str) -> dict[str, Any]:
        people = {"project_id": self.project, "creator_id": self.user, "owner_id": self.user}
        case = {"id": number, "name": name[:128], "lane": number, "method": "GET", "url": "", "content": "{}"}
        return people | case | {"created_at": AT, "updated_at": AT}


@contextmanager
def shelf(app: Flask, bound: int) -> Iterator[Shelf]:
    """An empty one in the application's database."""
    with app.app_context():
        engine, asked = db.engine, []
    with Session(engine) as session:
        user = User(created_at=AT, updated_at=AT)
        project = Project(name="with a shelf", created_at=AT, updated_at=AT)
        session.add_all([user, project])
        session.commit()
        numbers = project.id, user.id
        session.rollback()

        def note(connection, cursor, statement, parameters, context, executemany) -> None:
            if statement != "BEGIN":
                asked.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        yield Shelf(session, *numbers, bound, asked)
        event.remove(engine, "before_cursor_execute", note)


def anything(choice: random.Random) -> Entry:
    """Some thing or other: shared, or private to one of two people."""
    name = f"{choice.choice(_NAMES)}{choice.choice(['', ' ', '-'])}{choice.choice(_NAMES)}"
    terms = [f"status:{choice.randint(1, 4)}", f"method:{choice.choice(['GET', 'POST'])}"]
    terms += [term("tag", tag) for tag in choice.sample(["smoke", "Smoke", "慢", "50%", "a_b"], choice.randint(0, 3))]
    terms += folder_terms(choice.choice(["", "a", "a/b", "a/b/c", "订单/" + "深" * 80]))
    whose = choice.choice([None, None, None, 1, 2])
    return Entry(
        scopes=[shared(1)] if whose is None else [own(1, whose), private(1)],
        terms=terms,
        text=f"{name}\nhttps://api.example.test/v1/{choice.choice(['orders', 'Users', '订单'])}/{choice.randint(1, 300)}",
        name=name,
        position=choice.randint(0, 5),
        updated_at=AT + timedelta(microseconds=choice.randint(0, 40)),
    )


def expected(entries: Mapping[int, Entry], wanted: Wanted) -> list[int]:
    """The numbers of the list, by reading everything."""
    sort = wanted.sort or "-id"
    text = folded(wanted.text or "")
    numbers = [
        number
        for number, entry in entries.items()
        if set(wanted.scopes) & set(entry.scopes)
        and set(wanted.terms) <= set(entry.terms)
        and (text in folded(entry.text))
    ]
    return sorted(numbers, key=lambda number: _place(entries[number], number, sort), reverse=sort.startswith("-"))


def _place(entry: Entry, number: int, sort: str) -> tuple[Any, ...]:
    key = sort.removeprefix("-")
    if key == "id":
        return (number,)
    return (folded(entry.name)[:64] if key == "name" else getattr(entry, key), number)


def some(choice: random.Random, numbers: Iterable[int]) -> dict[int, Entry]:
    """Things with these numbers."""
    return {number: anything(choice) for number in numbers}
