"""How a thing is to be found: scopes, terms and text, and the rows that say so."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wxcloudrun.core.grams import folded, grams

ALL = "*"  # the term that everything has; it is written by itself
PUBLIC = "public"  # the scope of what every verified user sees
TERM_LENGTH = 64
NAME_LENGTH = 64  # of a folded name, for the order; the item's number decides beyond
TEXT_LENGTH = 512


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


def possible(project_id: int, user_id: int) -> tuple[str, ...]:
    """The scopes of which some are visible to that person, whatever their role may be."""
    return (shared(project_id), private(project_id), own(project_id, user_id))


def term(kind: str, value: object) -> str:
    """The term `kind:value`; a long value, or one that no term may hold, goes in as its hash."""
    whole = f"{kind}:{value}"
    if len(whole) <= TERM_LENGTH and "\n" not in whole and not whole.endswith(" "):  # to MariaDB "a " is "a"
        return whole
    return f"{kind}:{hashlib.sha256(whole.encode()).hexdigest()[:40]}"


def folder_terms(folder: str) -> list[str]:
    """Terms of a thing in the folder `a/b/c`: it is found in `a`, `a/b` and `a/b/c`. The root folder has none."""
    parts = folder.split("/") if folder else []
    return [term("folder", "/".join(parts[:depth])) for depth in range(1, len(parts) + 1)]


@dataclass(frozen=True, slots=True)
class Entry:
    """How a thing is to be found: by whom (one scope or more), by which filters (terms) and text, and where it stands.

    `name` is what the order `name` goes by (case does not count). `text` holds what is searched, one thing a line:
    a scenario's is its name, a case's `f"{name}\\n{url[:128]}"`.
    """

    scopes: Sequence[str]
    terms: Sequence[str]
    text: str
    name: str
    position: int
    updated_at: datetime


def key_columns(entry: Entry) -> dict[str, Any]:
    """Where it stands in each order."""
    name = folded(entry.name)[:NAME_LENGTH]
    return {"position": entry.position, "name_key": name, "updated_at": entry.updated_at}


def term_rows(item_id: int, entry: Entry) -> list[dict[str, Any]]:
    """Its rows in the table of terms."""
    keys = key_columns(entry)
    terms = dict.fromkeys([ALL, *entry.terms])
    return [{"scope": scope, "term": one, "item_id": item_id, **keys} for scope in entry.scopes for one in terms]


def gram_rows(item_id: int, entry: Entry) -> list[dict[str, Any]]:
    """Its rows in the table of grams."""
    pieces = sorted(grams(_text(entry)))
    return [{"scope": scope, "gram": piece, "item_id": item_id} for scope in entry.scopes for piece in pieces]


def text_row(item_id: int, entry: Entry) -> dict[str, Any]:
    """Its row in the table of texts."""
    terms = "".join(f"{one}\n" for one in dict.fromkeys(entry.terms))
    return {"item_id": item_id, "text": _text(entry), "terms": f"\n{terms}"}


def _text(entry: Entry) -> str:
    return folded(entry.text)[:TEXT_LENGTH]
