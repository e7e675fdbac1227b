"""Deliveries: what was sent, and what of it is sent once more; and trying a channel."""

import json
import secrets
from typing import Any, Final

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.pagination import Slice, cursor, position
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.notifications.dao import ChannelDao, DeliveriesWanted, DeliveryDao
from wxcloudrun.features.notifications.errors import ChannelNotFound, DeliveryNotFound, DeliveryUnderWay
from wxcloudrun.features.notifications.models import ChannelKind, DeliveryState
from wxcloudrun.features.notifications.schemas import (
    DEFAULT_ZONE,
    AttemptView,
    DeliveriesQuery,
    DeliveryLine,
    DeliveryView,
)
from wxcloudrun.features.notifications.texts import local, trial_notice
from wxcloudrun.features.projects.access import ProjectAccess, Right

_SHOWN: Final = 50


class DeliveryService:
    """What editors of a project see of its messages."""

    def __init__(
        self, session: AnySession, clock: Clock, audit: AuditService, access: ProjectAccess, template: str = ""
    ) -> None:
        self.session = session
        self._clock = clock
        self._audit = audit
        self._access = access
        self._template = template
        self._channels = ChannelDao(session)
        self._deliveries = DeliveryDao(session)

    def page(self, actor: Actor, project_id: int, query: DeliveriesQuery) -> Slice[DeliveryLine]:
        """Deliveries, the newest first. Raises ProjectNotFound, RightRequired, InvalidInput."""
        before = position(query.cursor, (int,))
        self._access.require(actor, project_id, Right.EDIT, archived=True)
        columns: dict[str, object] = query.model_dump(include={"channel_id", "rule_id", "run_id"}, exclude_none=True)
        if query.state is not None:
            columns["state"] = DeliveryState[query.state.upper()]
        wanted = DeliveriesWanted(project_id, columns, None if before is None else before[0], query.size + 1)
        rows = self._deliveries.page(wanted)
        shown = rows[: query.size]
        mark = cursor(shown[-1].id) if len(rows) > query.size else None
        return Slice(items=[DeliveryLine.of(row) for row in shown], next=mark)

    def view(self, actor: Actor, project_id: int, delivery_id: int) -> DeliveryView:
        """A delivery with its attempts. Raises ProjectNotFound, RightRequired, DeliveryNotFound."""
        self._access.require(actor, project_id, Right.EDIT, archived=True)
        return self._view(project_id, delivery_id)

    @unit_of_work
    def replay(self, actor: Actor, project_id: int, delivery_id: int) -> DeliveryView:
        """Send once more, under the same mark.

        Raises ProjectNotFound, RightRequired, ProjectArchived, DeliveryNotFound, DeliveryUnderWay.
        """
        self._access.require(actor, project_id, Right.EDIT)
        row, now = self._row(project_id, delivery_id), self._clock.now()
        fresh: dict[str, Any] = {"state": DeliveryState.WAITING, "reason": None, "attempts": 0, "ended_at": None}
        fresh |= {"began_at": now, "due_at": now}
        if not (row.state.final and self._deliveries.change(row.id, row.state, fresh)):
            raise DeliveryUnderWay
        target = ("notice_delivery", row.id)
        self._audit.record(actor, "notice_delivery.replayed", target, None, {"event": row.event}, project_id=project_id)
        return self._view(project_id, delivery_id)

    @unit_of_work
    def try_channel(self, actor: Actor, project_id: int, channel_id: int) -> DeliveryView:
        """Send a test message, to oneself where the channel is WeChat.

        Raises ProjectNotFound, RightRequired, ProjectArchived, ChannelNotFound.
        """
        self._access.require(actor, project_id, Right.EDIT)
        channel, now = self._channels.channel(project_id, channel_id), self._clock.now()
        if channel is None:
            raise ChannelNotFound
        notice = trial_notice(channel.name, channel.language, local(now, DEFAULT_ZONE))
        self._channels.change_channel(channel_id, {"paused_until": None})
        number = self._deliveries.add(
            {
                **new_delivery(project_id, channel_id, "test", notice.as_kept(), now),
                "recipient_id": (actor.user_id or 0) if channel.kind is ChannelKind.WECHAT else 0,
                "dedupe_key": f"test:{secrets.token_hex(16)}",
            }
        )
        target = ("notice_channel", channel_id)
        self._audit.record(actor, "notice_channel.tried", target, None, None, project_id=project_id)
        return self._view(project_id, number)

    def _view(self, project_id: int, delivery_id: int) -> DeliveryView:
        log = [AttemptView.of(one) for one in self._deliveries.log(delivery_id, _SHOWN)]
        return DeliveryView.of(self._row(project_id, delivery_id), log=log)

    def _row(self, project_id: int, delivery_id: int) -> Row[Any]:
        row = self._deliveries.get(project_id, delivery_id)
        if row is None:
            raise DeliveryNotFound
        return row


def new_delivery(project_id: int, channel_id: int, event: str, content: object, now: Any) -> dict[str, Any]:
    """The columns of a delivery that is due at once; `recipient_id` and `dedupe_key` are missing."""
    return {
        "project_id": project_id,
        "channel_id": channel_id,
        "rule_id": None,
        "run_id": None,
        "event": event,
        "state": DeliveryState.WAITING,
        "reason": None,
        "content": json.dumps(content, ensure_ascii=False),
        "created_at": now,
        "began_at": now,
        "due_at": now,
        "attempts": 0,
        "ended_at": None,
    }
