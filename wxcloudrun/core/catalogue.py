"""Lists that cost the same however long they are: an index of the words under which each thing is to be found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched, product
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Row, Table, delete, insert, select, tuple_, update

from wxcloudrun.core.catalogue_entry import (
    ALL,
    PUBLIC,
    Entry,
    folder_terms,
    gram_rows,
    key_columns,
    own,
    possible,
    private,
    shared,
    term,
    term_rows,
    text_row,
    trash,
    visible,
)
from wxcloudrun.core.catalogue_tables import GramColumns, TermColumns, TextColumns
from wxcloudrun.core.catalogue_walk import Order, Tables, Word, page_statement, reach_statement
from wxcloudrun.core.dao import Question
from wxcloudrun.core.db import AnySession, fetch
from wxcloudrun.core.errors import FieldFault, InvalidInput
from wxcloudrun.core.grams import asked, folded, grams
from wxcloudrun.core.pagination import cursor, position

__all__ = [
    "PUBLIC",
    "Ahead",
    "Catalogue",
    "Entry",
    "Found",
    "Known",
    "GramColumns",
    "ListCursor",
    "Sort",
    "TermColumns",
    "TextColumns",
    "Wanted",
    "folder_terms",
    "own",
    "possible",
    "private",
    "shared",
    "term",
    "trash",
    "visible",
]

type Sort = Literal["id", "-id", "position", "-position", "name", "-name", "updated_at", "-updated_at"]

# It may hold 64 characters of a name, and so be longer than other cursors.
ListCursor = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,1200}$", description="`next` of the list before.")]

_NEWEST: Sort = "-id"
_KEYS = {"id": None, "position": "position", "name": "name_key", "updated_at": "updated_at"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_AT_ONCE = 500  # numbers in one statement
# Looked at in each scope for one page. More of them make fewer short pages, and a page of what is rare dearer: with
# 150 one that finds nothing costs half as much again among 100,000 as among 1,000, with 300 twice as much.
BOUND = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which things: those that one of the scopes shows, that have all the terms, and the text if there is one.

    Scopes have no thing in common. `text` is found literally, whatever its case. `sort` None means newest first; with a
    text only `id` and `-id` are possible. `size` is how many at most. Where words are equally good the first one leads.
    """

    scopes: Sequence[str]
    terms: Sequence[str] = ()
    text: str | None = None
    sort: Sort | None = None
    cursor: str | None = None
    size: int = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A page. It may be short, or empty, while `next` is not None: then much was looked at that did not fit."""

    rows: list[Row[Any]]
    next: str | None


@dataclass(frozen=True, slots=True)
class Ahead(Question):
    """How far each word leads in each of these scopes; the rows are those of `reach_statement`, in any order."""

    scopes: tuple[str, ...]


type Known = tuple[Ahead | None, Sequence[Row[Any]]]


class Catalogue:
    """The lists of one kind of thing. `terms`, `grams`, `texts` are its tables here, `things` is its own, with `id`.

    `bound` is how many things of each scope are looked at for one page.
    """

    def __init__(
        self, session: AnySession, terms: Table, grams: Table, texts: Table, things: Table, bound: int = BOUND
    ) -> None:
        self._session = session
        self._terms, self._grams, self._texts, self._things = terms, grams, texts, things
        self._bound = bound

    def ahead(self, wanted: Wanted) -> Ahead | None:
        """What has to be known before `page`, in these scopes or some of them; None where one word leads.

        Of a wrong cursor or sort nothing is said here: `page` does, to those who may ask.
        """
        if not _needs_more(wanted):
            return None
        try:
            start = _Start.of(wanted)
        except InvalidInput:
            return None
        words = _words(wanted)
        kinds = tuple(word.kind for word in words)
        statement = reach_statement(self._tables(), start.order, kinds, len(wanted.scopes), self._bound)
        return Ahead(statement, start.values | _scoped(wanted) | _numbered(words), tuple(wanted.scopes))

    def page(self, wanted: Wanted, columns: Sequence[ColumnElement[Any]], known: Known | None = None) -> Found:
        """Rows of these columns of `things`, in order; `known` is what `ahead` gave, with its rows.

        Two questions where more than one thing must be true and nothing is known, or else one. Raises InvalidInput:
        `cursor: invalid` for one that this order did not give, `sort: not_with_q`.
        """
        start, words = _Start.of(wanted), _words(wanted)
        text, terms = folded(wanted.text or ""), tuple(wanted.terms)
        values = start.values | _scoped(wanted)
        walked, end = [words[0]] * len(wanted.scopes), None
        probes: tuple[str, ...] = ()
        ahead = self.ahead(wanted) if known is None else known[0]
        if ahead is not None:
            rows = fetch(self._session, ahead.statement, ahead.values) if known is None else known[1]
            walked, end = _led(words, [ahead.scopes.index(scope) for scope in wanted.scopes], start.order.sorted(rows))
            probes = terms
        kinds, ends = tuple(word.kind for word in walked), end is not None
        shape = (self._tables(), start.order, kinds, len(probes), bool(text), ends, wanted.size, tuple(columns))
        values |= _numbered(walked) | {f"probe_{number}": f"\n{probe}\n" for number, probe in enumerate(probes)}
        values |= {"text": text} if text else {}
        values |= start.bounds(end) if end else {}
        rows = list(fetch(self._session, page_statement(*shape), values))
        if len(rows) > wanted.size:
            rows = rows[: wanted.size]
            end = rows[-1]
        return Found(rows, start.cursor(end) if end else None)

    def add(self, entries: Mapping[int, Entry]) -> None:
        """Write things that were never in the catalogue: three statements, however many they are."""
        self._insert(self._terms, [row for item, entry in entries.items() for row in term_rows(item, entry)])
        self._insert(self._grams, [row for item, entry in entries.items() for row in gram_rows(item, entry)])
        self._insert(self._texts, [text_row(item, entry) for item, entry in entries.items()])

    def put(self, item_id: int, entry: Entry) -> None:
        """Write how a thing is found now, new or not: only what differs. The caller holds the thing's own row."""
        before = fetch(self._session, self._written(item_id))
        if not before:
            self.add({item_id: entry})
            return
        was, scopes = before[0], [row.scope for row in before]
        keys, text = key_columns(entry), text_row(item_id, entry)
        if any(getattr(was, name) != value for name, value in keys.items()):
            self._run(update(self._terms).where(self._terms.c.item_id == item_id).values(**keys))
        terms = [ALL, *was.terms.split("\n")[1:-1]]
        self._exchange(self._terms, item_id, set(product(scopes, terms)), term_rows(item_id, entry))
        self._exchange(self._grams, item_id, set(product(scopes, grams(was.text))), gram_rows(item_id, entry))
        if (was.text, was.terms) != (text["text"], text["terms"]):
            self._run(update(self._texts).where(self._texts.c.item_id == item_id).values(**text))

    def put_all(self, entries: Mapping[int, Entry]) -> None:
        """The same for many things, each written anew: six statements for up to 500 of them."""
        self.remove(*entries)
        self.add(entries)

    def remove(self, *item_ids: int) -> None:
        """Nobody finds these any more. The trash is no removal: it is `put` with scopes of `trash`."""
        for some in batched(item_ids, _AT_ONCE):
            for table in (self._terms, self._grams, self._texts):
                self._run(delete(table).where(table.c.item_id.in_(some)))

    def _tables(self) -> Tables:
        dialect = self._session.get_bind().dialect.name
        return Tables(self._terms, self._grams, self._texts, self._things, dialect)

    def _written(self, item_id: int) -> Any:
        terms, texts = self._terms.c, self._texts.c
        mine = (terms.item_id == item_id, terms.term == ALL, texts.item_id == terms.item_id)
        keys = (terms.scope, terms.position, terms.name_key, terms.updated_at)
        return select(*keys, texts.text, texts.terms).where(*mine)

    def _exchange(self, table: Table, item_id: int, before: set[tuple[str, str]], rows: list[dict[str, Any]]) -> None:
        """Make `rows` all that there is of one thing, where these scopes and words were."""
        scope, word, item = table.primary_key.columns
        now = {(row[scope.name], row[word.name]): row for row in rows}
        if gone := before - set(now):
            mine = [item == item_id]
            mine += [] if gone == before else [tuple_(scope, word).in_(sorted(gone))]
            self._run(delete(table).where(*mine))
        self._insert(table, [row for key, row in now.items() if key not in before])

    def _insert(self, table: Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._run(insert(table), rows)

    def _run(self, statement: Any, rows: list[dict[str, Any]] | None = None) -> None:
        self._session.connection().execute(statement, rows)


@dataclass(frozen=True, slots=True)
class _Start:
    """In which order a page is read, and after what."""

    sort: Sort
    order: Order
    values: dict[str, object]

    @classmethod
    def of(cls, wanted: Wanted) -> "_Start":
        """Raises InvalidInput."""
        sort = wanted.sort or _NEWEST
        key = _KEYS[sort.removeprefix("-")]
        if wanted.text and key:
            raise InvalidInput(fields=(FieldFault("sort", "not_with_q"),))
        order = Order(key, sort.startswith("-"), wanted.cursor is not None)
        return cls(sort, order, {} if wanted.cursor is None else _after(wanted.cursor, sort, key))

    def bounds(self, end: Row[Any]) -> dict[str, object]:
        """Parameters: up to this place and no farther."""
        return {"end_id": end.listed_id} | ({"end_key": end.listed_key} if self.order.key else {})

    def cursor(self, last: Row[Any]) -> str:
        """The mark of what comes after this place."""
        if self.order.key is None:
            return cursor(self.sort, last.listed_id)
        key = last.listed_key
        return cursor(self.sort, (key - _EPOCH) // _MICROSECOND if isinstance(key, datetime) else key, last.listed_id)


def _after(mark: str, sort: Sort, key: str | None) -> dict[str, object]:
    """What a cursor says. Raises InvalidInput, also for the cursor of another order."""
    between: tuple[type, ...] = () if key is None else (str,) if key == "name_key" else (int,)
    values = position(mark, (str, *between, int)) or ()
    too_far = key == "position" and abs(values[1]) >= 2**31
    if values[0] != sort or too_far:
        raise InvalidInput(fields=(FieldFault("cursor", "invalid"),))
    if key is None:
        return {"after_id": values[1]}
    after = _EPOCH + values[1] * _MICROSECOND if key == "updated_at" else values[1]
    return {"after_key": after, "after_id": values[2]}


def _needs_more(wanted: Wanted) -> bool:
    """True when what a word leads to need not be wanted."""
    return bool(wanted.text) or len(wanted.terms) > 1


def _words(wanted: Wanted) -> list[Word]:
    """What everything that is wanted is listed under."""
    words = [Word("term", one) for one in wanted.terms]
    return words + [Word("gram", one) for one in asked(folded(wanted.text or ""))] or [Word("term", ALL)]


def _led(words: list[Word], scopes: list[int], reached: Sequence[Row[Any]]) -> tuple[list[Word], Row[Any] | None]:
    """For each scope the word that leads on farthest; and where the first of them stops, None for nowhere."""
    walked, stops = [], []
    for scope in scopes:
        mine = [row for row in reached if row.scope == scope]
        to_the_end = set(range(len(words))) - {row.word for row in mine}
        walked.append(words[min(to_the_end) if to_the_end else mine[-1].word])
        stops += [] if to_the_end else mine[-1:]
    return walked, next((row for row in reached if row in stops), None)


def _scoped(wanted: Wanted) -> dict[str, object]:
    return {f"scope_{number}": scope for number, scope in enumerate(wanted.scopes)}


def _numbered(words: Sequence[Word]) -> dict[str, object]:
    return {f"word_{number}": word.value for number, word in enumerate(words)}
