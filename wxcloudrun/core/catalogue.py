"""Lists that cost the same however long they are: an index of the words under which each thing is to be found."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from wxcloudrun.core.columns import UtcDateTime, code
from wxcloudrun.core.db import Base


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
