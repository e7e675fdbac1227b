"""Tables of a catalogue: columns that each kind of thing gives to tables of its own."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from wxcloudrun.core.catalogue_entry import NAME_LENGTH, TERM_LENGTH, TEXT_LENGTH
from wxcloudrun.core.columns import ROW_ID, UtcDateTime, code
from wxcloudrun.core.db import Base
from wxcloudrun.core.grams import LONGEST

# In the order of code points on every server, whatever language the database was made for.
_NAME_KEY = code(NAME_LENGTH).with_variant(String(NAME_LENGTH, collation="C"), "postgresql")
_EXACT_TEXT = Text().with_variant(mysql.TEXT(collation="utf8mb4_bin"), "mysql", "mariadb")


class TermColumns:
    """A table of terms: thing `item_id` is found under `term` by those who see `scope`, in any of four orders."""

    scope: Mapped[str] = mapped_column(code(48), primary_key=True)
    term: Mapped[str] = mapped_column(code(TERM_LENGTH), primary_key=True)
    item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    position: Mapped[int]
    name_key: Mapped[str] = mapped_column(_NAME_KEY)
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
    gram: Mapped[str] = mapped_column(code(LONGEST), primary_key=True)
    item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[object, ...]:
        """The key finds things by text; this index the pieces of one thing."""
        return (Index(None, "item_id"), Base.__table_args__)


class TextColumns:
    """A table of what each thing is found by: its text, and its terms one a line, with a line's end around each.

    The text is casefolded, since databases fold case each in their way.
    """

    item_id: Mapped[int] = mapped_column(ROW_ID, primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(code(TEXT_LENGTH))
    terms: Mapped[str] = mapped_column(_EXACT_TEXT)
