"""Sends deliveries that are due: a few at once, each channel one at a time, and no transaction is open meanwhile.

Who takes a delivery moves its `due_at` on by a lease; of two workers one does, and what a killed worker had taken is
sent again afterwards, under the same mark.
"""

import json
import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing, UnreadableSecret
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.logging import log
from wxcloudrun.core.masking import mask_text
from wxcloudrun.features.notifications.carriers import Job, Ways, carry, marked
from wxcloudrun.features.notifications.dao import ChannelDao, DeliveryDao
from wxcloudrun.features.notifications.models import DeliveryState
from wxcloudrun.features.notifications.schemas import mark_of
from wxcloudrun.features.notifications.service import SECRET, URL
from wxcloudrun.features.notifications.timing import GIVE_UP, pause, rest
from wxcloudrun.integrations.notice import Notice, Outcome

PLACES: Final = 8
LEASE: Final = timedelta(minutes=2)
KEPT: Final = timedelta(days=30)
_BATCH: Final = 500

_logger = logging.getLogger("wxcloudrun.notifications")


@dataclass(frozen=True, slots=True)
class Carried:
    """An attempt that came to its end."""

    at: datetime
    duration_ms: int
    outcome: Outcome


class NoticeSending:
    """Sends in threads of `executor`; `send` never waits for them, it looks at what they brought the next time."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        ways: Ways,
        executor: Callable[[], Executor],
        *,
        chance: Callable[[], float] = random.random,
        deliveries: DeliveryDao | None = None,
        channels: ChannelDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._ways = ways
        self._executor = executor
        self._chance = chance
        self._deliveries = deliveries or DeliveryDao(session)
        self._channels = channels or ChannelDao(session)
        self._under_way: dict[int, tuple[Row[Any], Future[Carried]]] = {}

    def send(self) -> int:
        """Note what came to its end and begin what is due; how many of both, 0 when there is nothing to do now."""
        ended = [number for number, (_, future) in self._under_way.items() if future.done()]
        for number in ended:
            row, future = self._under_way.pop(number)
            self._note(row, future.result())
        begun = 0
        free = PLACES - len(self._under_way)
        if free > 0:
            for channel_id in self._deliveries.channels_due(self._clock.now(), self._busy(), free):
                begun += self._begin(channel_id)
        return len(ended) + begun

    @unit_of_work
    def clear(self) -> int:
        """Forget deliveries that ended 30 days ago; how many. Called in the background."""
        return self._deliveries.clear(self._clock.now() - KEPT, _BATCH)

    def _busy(self) -> list[int]:
        return [row.channel_id for row, _ in self._under_way.values()]

    def _begin(self, channel_id: int) -> int:
        row = self._deliveries.next_of(channel_id, self._clock.now())
        if row is None or not self._take(row):
            return 0
        if not row.enabled:
            self._settle(row, {"state": DeliveryState.DROPPED, "reason": "channel_disabled", **self._ended()})
            return 1
        try:
            job = self._job(row)
        except UnreadableSecret:
            outcome = Outcome(False, None, "its secret cannot be read any more; enter it again", final=True)
            self._note(row, Carried(self._clock.now(), 0, outcome))
            return 1
        self.session.rollback()  # nothing is open while the receiver is asked
        self._under_way[row.id] = row, self._executor().submit(self._carried, job)
        return 1

    def _carried(self, job: Job) -> Carried:
        """Runs in another thread."""
        at, began = self._clock.now(), time.monotonic()
        try:
            outcome = carry(job, self._ways, at)
        except Exception as error:  # noqa: BLE001 - whatever a way raises, others go on, and this is tried again
            _logger.exception("message not carried", extra={"facts": {"kind": job.kind.name}})
            outcome = Outcome(False, None, f"a fault of ours: {type(error).__name__}")
        return Carried(at, round((time.monotonic() - began) * 1000), outcome)

    def _job(self, row: Row[Any]) -> Job:
        notice = marked(Notice.of(json.loads(row.content)), mark_of(row.id))
        return Job(
            kind=row.kind,
            event=row.event,
            notice=notice,
            url="" if row.url is None else self._keys.decrypt(row.url, URL),
            secret=None if row.secret is None else self._keys.decrypt(row.secret, SECRET),
            recipients=tuple(json.loads(row.recipients)),
            person=row.recipient_id,
        )

    @unit_of_work
    def _take(self, row: Row[Any]) -> bool:
        return self._deliveries.take(row, self._clock.now() + LEASE)

    @unit_of_work
    def _settle(self, row: Row[Any], values: dict[str, Any]) -> bool:
        return self._deliveries.settle(row.id, row.attempts + 1, values)

    @unit_of_work
    def _note(self, row: Row[Any], carried: Carried) -> None:
        """Keep the attempt, what follows from it for the delivery, and how its channel is."""
        outcome, now = carried.outcome, self._clock.now()
        detail = mask_text(outcome.detail)
        self._deliveries.attempt(
            {
                "delivery_id": row.id,
                "at": carried.at,
                "duration_ms": carried.duration_ms,
                "sent": outcome.sent,
                "status": outcome.status,
                "detail": detail,
            }
        )
        self._deliveries.settle(row.id, row.attempts + 1, self._next(row, outcome, now))
        self._note_channel(row, outcome, detail, now)
        facts = {"delivery": row.id, "channel": row.channel_id, "sent": outcome.sent, "status": outcome.status}
        log(_logger, "message tried", attempt=row.attempts + 1, duration_ms=carried.duration_ms, **facts)

    def _next(self, row: Row[Any], outcome: Outcome, now: datetime) -> dict[str, Any]:
        """The columns of the delivery after that attempt."""
        if outcome.sent:
            return {"state": DeliveryState.SENT, "reason": None, **self._ended()}
        if outcome.drop is not None:
            return {"state": DeliveryState.DROPPED, "reason": outcome.drop, **self._ended()}
        due_at = now + pause(row.attempts + 1, outcome.wait_s, self._chance())
        if outcome.final or due_at - row.began_at > GIVE_UP:
            reason = "refused" if outcome.final else "gave_up"
            return {"state": DeliveryState.FAILED, "reason": reason, **self._ended()}
        return {"due_at": due_at}

    def _note_channel(self, row: Row[Any], outcome: Outcome, detail: str, now: datetime) -> None:
        channel = self._channels.channel(row.project_id, row.channel_id, locked=True)
        if channel is None or outcome.drop is not None:
            return
        if outcome.sent:
            well = {"failures": 0, "paused_until": None, "last_error": None, "used_at": now}
            self._channels.change_channel(channel.id, well)
            return
        failures = channel.failures + 1
        asked = None if outcome.wait_s is None else timedelta(seconds=outcome.wait_s)
        longest = max(filter(None, (rest(failures), asked)), default=None)
        told = f"{outcome.status or ''} {detail}".strip()[:500]
        paused = None if longest is None else now + longest
        self._channels.change_channel(channel.id, {"failures": failures, "paused_until": paused, "last_error": told})

    def _ended(self) -> dict[str, Any]:
        return {"ended_at": self._clock.now()}
