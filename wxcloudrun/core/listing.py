"""One page of a numbered list and how many rows there are in all, asked in one question."""

from typing import Any

from sqlalchemy import Row, Select, collate, func, select, true

from wxcloudrun.core.db import AnySession, fetch

_TOTAL = "listed_in_all"


def page_of(session: AnySession, query: Select[Any], order: str, offset: int, size: int) -> tuple[list[Row[Any]], int]:
    """Rows `offset` to `offset + size` of `query`, and how many it has in all, also behind the last page.

    The query selects a column `id`, which decides between equals. `order` names one of its columns, `-` for falling.
    """
    column, falling = order.removeprefix("-"), order.startswith("-")
    inner = query.selected_columns
    numbers = query.with_only_columns(inner["id"], maintain_column_froms=True).subquery()
    counted = select(func.count().label(_TOTAL)).select_from(numbers).subquery()
    page = query.order_by(*_keys(inner[column], inner["id"], falling)).offset(offset).limit(size).subquery()
    whole = select(counted.c[_TOTAL], page).select_from(counted.outerjoin(page, true()))
    rows = fetch(session, whole.order_by(*_keys(page.c[column], page.c.id, falling)))
    return [row for row in rows if row.id is not None], int(rows[0][0])


def _keys(column: Any, number: Any, falling: bool) -> list[Any]:
    keys = [column] if column is number else [column, number]
    return [key.desc() for key in keys] if falling else keys


def holds(session: AnySession, column: Any, text: str) -> Any:
    """True where the column holds the text, whatever its case; every character of it, `%` and `_` too, means itself."""
    lowered: Any = func.lower(column)
    if session.get_bind().dialect.name in {"mysql", "mariadb"}:
        lowered = collate(lowered, "utf8mb4_bin")  # to utf8mb4_unicode_ci one emoji is as good as another
    return lowered.contains(text.lower(), autoescape=True)
