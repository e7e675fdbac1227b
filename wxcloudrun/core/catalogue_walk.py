"""The questions of a catalogue: each walks an index in the wanted order, so that its cost hangs on the page alone."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a catalogue, and what to say to its database."""

    terms: Table
    grams: Table
    texts: Table
    things: Table
    dialect: str


@dataclass(frozen=True, slots=True)
class Word:
    """Something that things are listed under. `kind` names the column, term or gram."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Order:
    """`key` is the column that it goes by before the number, None for the number alone; `going_on`: after a page."""

    key: str | None
    falling: bool
    going_on: bool

    def sorted(self, places: Iterable[Row[Any]]) -> list[Row[Any]]:
        """Rows of `reach_statement` in this order."""
        return sorted(places, key=lambda row: (row.listed_key, row.listed_id), reverse=self.falling)


@functools.lru_cache(maxsize=512)
def page_statement(
    tables: Tables,
    order: Order,
    walked: tuple[str, ...],
    probes: int,
    text: bool,
    ends: bool,
    size: int,
    columns: tuple[Column[Any], ...],
) -> Select[Any]:
    """The items of a page and one more, with `listed_key` and `listed_id`, where each stands in the list.

    `walked` names for each scope the column of its word: term or gram. Each item must have `probes` further terms, and
    the text if there is one. Parameters: scope_0.., word_0.., probe_0.., text, after_key and after_id (going on),
    end_key and end_id (where it ends, if it does).
    """
    parts = []
    for number, word in enumerate(walked):
        walk = _walk(tables, order, word, number, number)
        if ends:
            walk = walk.where(_to_end(tables, order, *_keys(tables, order, word)))
        if probes or text:
            walk = walk.where(_holding(tables, word, _probes(tables, probes, text)))
        parts.append(select(walk.limit(_literal(size + 1)).subquery()))
    listed = _union(parts).subquery("listed")
    things = tables.things
    whole = select(*columns, *listed.c).select_from(listed.join(things, things.c.id == listed.c.listed_id))
    return whole.order_by(*_ordered(order, listed.c.listed_key, listed.c.listed_id)).limit(_literal(size + 1))


@functools.lru_cache(maxsize=512)
def reach_statement(tables: Tables, order: Order, words: tuple[str, ...], scopes: int, bound: int) -> Select[Any]:
    """Where `bound` things under each word end: `listed_id`, `listed_key`, `scope` and `word` (numbers), in no order.

    A word without a row reaches to the end. `words` names the column of each, term or gram. Parameters: scope_0..,
    word_0.., after_key and after_id.
    """
    parts = []
    for scope in range(scopes):
        for number, word in enumerate(words):
            walk = _walk(tables, order, word, scope, number).limit(_literal(1)).offset(_literal(bound - 1))
            parts.append(select(walk.subquery(), _literal(scope).label("scope"), _literal(number).label("word")))
    return select(_union(parts).subquery())


def _walk(tables: Tables, order: Order, word: str, scope: int, number: int) -> Select[Any]:
    """Things under a word in a scope, in order."""
    table = _table(tables, word)
    key, item = _keys(tables, order, word)
    walk = select(item.label("listed_id"), key.label("listed_key")).where(
        table.c.scope == bindparam(f"scope_{scope}", type_=table.c.scope.type),
        table.c[word] == bindparam(f"word_{number}", type_=table.c[word].type),
    )
    if order.going_on:
        walk = walk.where(_after(tables, order, key, item))
    for dialect in ("mysql", "mariadb"):  # for a small limit they rather sort what another index finds
        walk = walk.with_hint(table, f"FORCE INDEX ({_index(table, order)})", dialect)
    return walk.order_by(*_ordered(order, key, item))


def _index(table: Table, order: Order) -> str:
    """The name of the index that has the order."""
    return next((str(one.name) for one in table.indexes if order.key in one.columns.keys()[2:3]), "PRIMARY")


def _after(tables: Tables, order: Order, key: Any, item: Any) -> Any:
    """What comes after the page before, written so that each database takes it as one range of the index."""
    last = bindparam("after_id", type_=item.type)
    if order.key is None:
        return item < last if order.falling else item > last
    last_key = bindparam("after_key", type_=key.type)
    if _sees_rows(tables):
        here, there = tuple_(key, item), tuple_(last_key, last)
        return here < there if order.falling else here > there
    beyond, tied = (key < last_key, item < last) if order.falling else (key > last_key, item > last)
    return or_(beyond, and_(key == last_key, tied))


def _to_end(tables: Tables, order: Order, key: Any, item: Any) -> Any:
    """What comes before the end, and the end itself."""
    last = bindparam("end_id", type_=item.type)
    if order.key is None:
        return item >= last if order.falling else item <= last
    last_key = bindparam("end_key", type_=key.type)
    if _sees_rows(tables):
        here, there = tuple_(key, item), tuple_(last_key, last)
        return here >= there if order.falling else here <= there
    before, tied = (key > last_key, item >= last) if order.falling else (key < last_key, item <= last)
    return or_(before, and_(key == last_key, tied))


def _sees_rows(tables: Tables) -> bool:
    """True where a comparison of rows is a range; MySQL and MariaDB would read the whole list."""
    return tables.dialect not in {"mysql", "mariadb"}


def _probes(tables: Tables, probes: int, text: bool) -> list[tuple[Any, Any]]:
    """Columns of the text's row, and what each must hold."""
    held = [(tables.texts.c.terms, f"probe_{number}") for number in range(probes)]
    held += [(tables.texts.c.text, "text")] * text
    return [(column, bindparam(name, type_=column.type)) for column, name in held]


def _holding(tables: Tables, word: str, probes: list[tuple[Any, Any]]) -> Any:
    """All at one look, thing by thing: as a join, PostgreSQL would read the whole table where it guesses wrong."""
    find = func.strpos if tables.dialect in {"postgresql", "cockroachdb"} else func.instr
    mine = tables.texts.c.item_id == _table(tables, word).c.item_id
    held = select(literal(1)).where(mine, *(find(*probe) > 0 for probe in probes))
    return held.correlate(_table(tables, word)).scalar_subquery().is_not(None)


def _table(tables: Tables, word: str) -> Table:
    return tables.grams if word == "gram" else tables.terms


def _keys(tables: Tables, order: Order, word: str) -> tuple[Any, Any]:
    columns = _table(tables, word).c
    return columns[order.key or "item_id"], columns.item_id


def _ordered(order: Order, key: Any, item: Any) -> list[Any]:
    keys = [item] if order.key is None else [key, item]
    return [one.desc() for one in keys] if order.falling else keys


def _union(parts: list[Select[Any]]) -> Any:
    return union_all(*parts) if len(parts) > 1 else parts[0]


def _literal(value: int) -> Any:
    """In the statement itself: a planner that does not know a limit plans for a tenth of the table."""
    return literal_column(str(value))
