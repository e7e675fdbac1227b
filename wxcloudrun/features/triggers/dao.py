"""Questions about triggers and their deliveries."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, select, update

from wxcloudrun.core.dao import Dao, unique
from wxcloudrun.core.db import fetch
from wxcloudrun.core.listing import page_of
from wxcloudrun.features.triggers.errors import DeliveryKnown
from wxcloudrun.features.triggers.models import RunTrigger, TriggerDelivery

_T: Any = RunTrigger.__table__
_D: Any = TriggerDelivery.__table__
_BY_ID = select(_T).where(_T.c.project_id == bindparam("project"), _T.c.id == bindparam("id"))
_BY_KEY = select(_T).where(_T.c.key == bindparam("key"))
_ONCE = unique(_D, DeliveryKnown)


class TriggerDao(Dao):
    """Reads and writes triggers."""

    def get(self, project_id: int, trigger_id: int) -> Row[Any] | None:
        """A trigger of that project."""
        return self._one(_BY_ID, {"project": project_id, "id": trigger_id})

    def locked(self, project_id: int, trigger_id: int) -> Row[Any] | None:
        """The same, and nobody else changes it before this transaction ends."""
        return self._run(_BY_ID.with_for_update(), {"project": project_id, "id": trigger_id}).one_or_none()

    def by_key(self, key: str) -> Row[Any] | None:
        """The trigger with that key in its address."""
        return self._one(_BY_KEY, {"key": key})

    def page(self, project_id: int, offset: int, size: int) -> tuple[list[Row[Any]], int]:
        """Triggers, the newest first, and how many there are in all."""
        return page_of(self._session, select(_T).where(_T.c.project_id == project_id), "-id", offset, size)

    def add(self, values: Mapping[str, object]) -> int:
        """A new trigger; its number."""
        return self._add(_T, values)

    def change(self, trigger_id: int, values: Mapping[str, object]) -> None:
        """Change columns."""
        self._run(update(_T).where(_T.c.id == trigger_id).values(**values))

    def remove(self, trigger_id: int) -> None:
        """Remove a trigger with what it keeps of deliveries."""
        self._run(delete(_D).where(_D.c.trigger_id == trigger_id))
        self._run(delete(_T).where(_T.c.id == trigger_id))

    def delivery(self, trigger_id: int, delivery_hash: str) -> Row[Any] | None:
        """What that delivery began."""
        return self._one(select(_D).where(_D.c.trigger_id == trigger_id, _D.c.delivery_hash == delivery_hash))

    def add_delivery(self, trigger_id: int, delivery_hash: str, now: datetime) -> int:
        """Note a delivery that is about to begin a run. Raises DeliveryKnown."""
        values = {"trigger_id": trigger_id, "delivery_hash": delivery_hash, "run_id": None, "at": now}
        return self._add(_D, values, _ONCE)

    def began(self, delivery_id: int, run_id: int) -> None:
        """Note the run that a delivery began."""
        self._run(update(_D).where(_D.c.id == delivery_id).values(run_id=run_id))

    def clear(self, before: datetime, size: int) -> int:
        """Forget deliveries from before that moment; how many."""
        query = select(_D.c.id).where(_D.c.at < before).order_by(_D.c.at).limit(size)
        numbers = [row.id for row in fetch(self._session, query)]
        return self._run(delete(_D).where(_D.c.id.in_(numbers))).rowcount if numbers else 0
