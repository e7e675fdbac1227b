"""Longer pieces of text

Revises: 0011
"""

from collections.abc import Iterator
from itertools import batched
from typing import Any

import sqlalchemy as sa
from alembic import op

from wxcloudrun.core.columns import code

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KINDS = ("case", "scenario")
_SIZE = 6
_AT_ONCE = 200  # things whose pieces are written together


def upgrade() -> None:
    for kind in _KINDS:
        _resize(kind, 3, _SIZE)
        connection, table = op.get_bind(), _grams(kind)
        for some in batched(_found(connection, kind), _AT_ONCE):
            rows = [
                {"scope": scope, "gram": piece, "item_id": item}
                for scope, item, text in some
                for piece in sorted(_pieces(text))
            ]
            if rows:
                connection.execute(sa.insert(table), rows)


def downgrade() -> None:
    for kind in _KINDS:
        table = _grams(kind)
        op.execute(sa.delete(table).where(_longer(table)))
        _resize(kind, _SIZE, 3)


def _found(connection: Any, kind: str) -> Iterator[tuple[str, int, str]]:
    """Scope, number and searched text of each thing."""
    terms = sa.table(f"{kind}_terms", sa.column("scope"), sa.column("term"), sa.column("item_id"))
    texts = sa.table(f"{kind}_texts", sa.column("item_id"), sa.column("text"))
    joined = terms.join(texts, texts.c.item_id == terms.c.item_id)
    query = sa.select(terms.c.scope, terms.c.item_id, texts.c.text).select_from(joined).where(terms.c.term == "*")
    for scope, item, text in connection.execute(query).all():
        yield scope, item, text


def _pieces(text: str) -> set[str]:
    """Every six characters, line by line, as core/grams.py had them when this was written."""
    lines = text.split("\n")
    pieces = (line[start : start + _SIZE] for line in lines for start in range(len(line) - _SIZE + 1))
    return {piece.replace(" ", "_") for piece in pieces}


def _grams(kind: str) -> sa.TableClause:
    return sa.table(f"{kind}_grams", sa.column("scope"), sa.column("gram", sa.String()), sa.column("item_id"))


def _longer(table: sa.TableClause) -> sa.ColumnElement[bool]:
    """Counted in characters; SQLite's function has another name, which on other servers counts bytes."""
    length = sa.func.length if op.get_bind().dialect.name == "sqlite" else sa.func.char_length
    return length(table.c.gram) > 3


def _resize(kind: str, old: int, new: int) -> None:
    with op.batch_alter_table(f"{kind}_grams") as batch_op:
        batch_op.alter_column("gram", existing_type=code(old), type_=code(new), existing_nullable=False)
