"""The counter's table."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.columns import ROW_ID
from wxcloudrun.core.db import Base


class Counter(Base):
    """One row: the count."""

    __tablename__ = "counters"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(BigInteger, default=0)
