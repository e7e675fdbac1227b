"""Triggers, and the deliveries that began a run."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wxcloudrun.core.columns import ENCRYPTED, LONG_TEXT, ROW_ID, UtcDateTime, code, row_id
from wxcloudrun.core.db import Base


class RunTrigger(Base):
    """An address with a secret; `wanted` is JSON: what is run, where, with which inputs, for which branches.

    A run that it begins has the rights of `maker_id`, as a runner. `refusal` names why the last request began none.
    """

    __tablename__ = "run_triggers"
    __table_args__ = (Index(None, "project_id", "id"), Base.__table_args__)

    id: Mapped[int] = row_id()
    project_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("projects.id"))
    maker_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("users.id"))
    key: Mapped[str] = mapped_column(code(32), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    wanted: Mapped[str] = mapped_column(LONG_TEXT)
    secret: Mapped[str] = mapped_column(String(255), info=ENCRYPTED)
    enabled: Mapped[bool]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    run_id: Mapped[int | None] = mapped_column(ROW_ID)
    refusal: Mapped[str | None] = mapped_column(code(64))


class TriggerDelivery(Base):
    """A request that began a run: sent again it begins no other one. Its sender says which it is."""

    __tablename__ = "trigger_deliveries"
    __table_args__ = (UniqueConstraint("trigger_id", "delivery_hash"), Base.__table_args__)

    id: Mapped[int] = row_id()
    trigger_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("run_triggers.id"))
    delivery_hash: Mapped[str] = mapped_column(code(64))
    run_id: Mapped[int | None] = mapped_column(ROW_ID)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
