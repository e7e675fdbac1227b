"""Lists that cost the same however long they are: an index of the words under which each thing is to be found."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import BigInteger, Column, Index, Row, Table
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from wxcloudrun.core.columns import UtcDateTime, code
from wxcloudrun.core.db import AnySession, Base
from wxcloudrun.core.grams import folded, grams

type Sort = Literal["id", "-id", "position", "-position", "name", "-name", "updated_at", "-updated_at"]

# A cursor of a catalogue may hold 64 characters of a name, so it is longer than others.
ListCursor = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,1200}$", description="`next` of the list before.")]

ALL = "*"  # the term that everything has; `put` writes it by itself
PUBLIC = "public"  # the scope of what every verified user sees


class TermColumns:
    """A table of terms: thing `item_id` is found under `term` by those who see `scope`, in any of four orders."""

    scope: Mapped[str] = mapped_column(code(48), primary_key=True)
    term: Mapped[str] = mapped_column(code(64), primary_key=True)
    item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    position: Mapped[int]
    name_key: Mapped[str] = mapped_column(code(64))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[object, ...]:
        """One index an order, each ending in the number that decides between equals; and one to find a thing's own."""
        return (
            Index(None, "item_id"),
            Index(None, "scope", "term", "position", "item_id"),
            Index(None, "scope", "term", "name_key", "item_id"),
            Index(None, "scope", "term", "updated_at", "item_id"),
            Base.__table_args__,
        )


class GramColumns:
    """A table of short pieces of text: thing `item_id` has `gram` in its text and is seen by `scope`."""

    scope: Mapped[str] = mapped_column(code(48), primary_key=True)
    gram: Mapped[str] = mapped_column(code(3), primary_key=True)
    item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[object, ...]:
        """The key finds things by text; this index the pieces of one thing."""
        return (Index(None, "item_id"), Base.__table_args__)


class TextColumns:
    """A table of texts: what thing `item_id` is searched by, casefolded, since databases fold case each in their way."""

    item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(code(512))


def shared(project_id: int) -> str:
    """The scope of what all members of a project see."""
    return f"p{project_id}"


def own(project_id: int, user_id: int) -> str:
    """The scope of what is private to one member of a project."""
    return f"p{project_id}u{user_id}"


def private(project_id: int) -> str:
    """The scope of everything private in a project, for its owners. A private thing is in this and in `own`."""
    return f"p{project_id}private"


def trash(scope: str) -> str:
    """Where a thing of that scope is seen while it lies in the trash."""
    return f"{scope}-"


def visible(project_id: int, user_id: int, *, owner: bool) -> tuple[str, ...]:
    """The scopes that a member lists. They have no thing in common."""
    return (shared(project_id), private(project_id) if owner else own(project_id, user_id))


def term(kind: str, value: object) -> str:
    """The term `kind:value`; a long value goes in as its hash."""
    whole = f"{kind}:{value}"
    if len(whole) <= 64 and not whole.endswith(" "):  # MariaDB takes "a" and "a " for the same key
        return whole
    return f"{kind}:{hashlib.sha256(whole.encode()).hexdigest()[:40]}"


def folder_terms(folder: str) -> list[str]:
    """Terms of a thing in the folder `a/b/c`: it is found in `a`, `a/b` and `a/b/c`. The root folder has none."""
    parts = folder.split("/") if folder else []
    return [term("folder", "/".join(parts[:depth])) for depth in range(1, len(parts) + 1)]


@dataclass(frozen=True, slots=True)
class Entry:
    """How a thing is to be found: by whom (scopes), by which filters (terms), by which text, and where it stands.

    `name` is what the order `name` goes by (case does not count). `text` holds what is searched, one line each thing:
    a scenario's is its name, a case's `f"{name}\\n{url[:128]}"`.
    """

    scopes: Sequence[str]
    terms: Sequence[str]
    text: str
    name: str
    position: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which things: those that one of the scopes shows, that have all the terms, and the text if there is one.

    Scopes have no thing in common. `text` is found literally, whatever its case. `sort` None means newest first; with a
    text only `id` and `-id` are possible. `size` is how many at most.
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


class Catalogue:
    """The lists of one kind of thing. `terms`, `grams`, `texts`: its tables here; `things`: its own table, with `id`."""

    def __init__(self, session: AnySession, terms: Table, grams: Table, texts: Table, things: Table) -> None:
        self._session = session
        self._terms, self._grams, self._texts, self._things = terms, grams, texts, things

    def page(self, wanted: Wanted, columns: Sequence[Column[Any]]) -> Found:
        """Rows of these columns of `things`, in order, in at most two questions.

        Raises InvalidInput: `cursor: invalid` for one that this order did not give, `sort: not_with_q`.
        """
        raise NotImplementedError

    def add(self, entries: Mapping[int, Entry]) -> None:
        """Write things that were never in the catalogue: three statements for up to 500 of them."""
        raise NotImplementedError

    def put(self, item_id: int, entry: Entry) -> None:
        """Write how a thing is found now, new or not: only what differs. The caller holds the thing's own row."""
        raise NotImplementedError

    def put_all(self, entries: Mapping[int, Entry]) -> None:
        """The same for many things, in a constant number of statements for up to 500 of them."""
        raise NotImplementedError

    def remove(self, *item_ids: int) -> None:
        """Nobody finds these any more. The trash is no removal: it is `put` with scopes of `trash`."""
        raise NotImplementedError


def term_rows(item_id: int, entry: Entry) -> list[dict[str, Any]]:
    """Its rows in the table of terms."""
    keys = {"position": entry.position, "name_key": folded(entry.name)[:64], "updated_at": entry.updated_at}
    terms = dict.fromkeys([ALL, *entry.terms])
    return [{"scope": scope, "term": one, "item_id": item_id, **keys} for scope in entry.scopes for one in terms]


def gram_rows(item_id: int, entry: Entry) -> list[dict[str, Any]]:
    """Its rows in the table of grams."""
    pieces = sorted(grams(_text(entry)))
    return [{"scope": scope, "gram": piece, "item_id": item_id} for scope in entry.scopes for piece in pieces]


def text_row(item_id: int, entry: Entry) -> dict[str, Any]:
    """Its row in the table of texts."""
    return {"item_id": item_id, "text": _text(entry)}


def _text(entry: Entry) -> str:
    return folded(entry.text)[:512]
