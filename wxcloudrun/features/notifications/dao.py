"""Questions about channels, rules and deliveries, and about the runs and people they are for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, func, insert, or_, select, update

from wxcloudrun.core.dao import Dao
from wxcloudrun.core.db import fetch
from wxcloudrun.core.listing import page_of
from wxcloudrun.features.notifications.models import (
    DeliveryState,
    NoticeAttempt,
    NoticeChannel,
    NoticeDelivery,
    NoticeRule,
)
from wxcloudrun.features.projects.models import Project, ProjectMember
from wxcloudrun.features.runs.models import Run, RunState
from wxcloudrun.features.wechat.models import Subscription

_C: Any = NoticeChannel.__table__
_U: Any = NoticeRule.__table__
_D: Any = NoticeDelivery.__table__
_A: Any = NoticeAttempt.__table__
_R: Any = Run.__table__
_P: Any = Project.__table__
_M: Any = ProjectMember.__table__
_S: Any = Subscription.__table__
_TOLD: Final = 5_000  # runs that a digest counts at most


@dataclass(frozen=True, slots=True)
class DeliveriesWanted:
    """Which deliveries of a project, the newest first: those with these columns, behind a number."""

    project_id: int
    columns: Mapping[str, object]
    before: int | None = None
    size: int = 20


class ChannelDao(Dao):
    """Reads and writes channels and rules."""

    def channel(self, project_id: int, channel_id: int, *, locked: bool = False) -> Row[Any] | None:
        """A channel of that project; `locked`: nobody else changes it before this transaction ends."""
        query = select(_C).where(_C.c.project_id == project_id, _C.c.id == channel_id)
        return self._one(query) if not locked else self._run(query.with_for_update()).one_or_none()

    def channels(self, project_id: int, numbers: Collection[int]) -> dict[int, Row[Any]]:
        """Those of these channels that are the project's."""
        query = select(_C).where(_C.c.project_id == project_id, _C.c.id.in_(numbers))
        return {row.id: row for row in fetch(self._session, query)} if numbers else {}

    def channels_page(self, project_id: int, offset: int, size: int) -> tuple[list[Row[Any]], int]:
        """Channels, the newest first, and how many there are."""
        return page_of(self._session, select(_C).where(_C.c.project_id == project_id), "-id", offset, size)

    def add_channel(self, values: Mapping[str, object]) -> int:
        """A new channel; its number."""
        return self._add(_C, values)

    def change_channel(self, channel_id: int, values: Mapping[str, object]) -> None:
        """Change columns."""
        self._run(update(_C).where(_C.c.id == channel_id).values(**values))

    def remove_channel(self, channel_id: int) -> None:
        """Remove a channel with its deliveries."""
        own = select(_D.c.id).where(_D.c.channel_id == channel_id)
        self._run(delete(_A).where(_A.c.delivery_id.in_(own)))
        self._run(delete(_D).where(_D.c.channel_id == channel_id))
        self._run(delete(_C).where(_C.c.id == channel_id))

    def rule(self, project_id: int, rule_id: int, *, locked: bool = False) -> Row[Any] | None:
        """A rule of that project; `locked` as above."""
        query = select(_U).where(_U.c.project_id == project_id, _U.c.id == rule_id)
        return self._one(query) if not locked else self._run(query.with_for_update()).one_or_none()

    def rules(self, project_id: int) -> Sequence[Row[Any]]:
        """Rules that are switched on, the oldest first."""
        query = select(_U).where(_U.c.project_id == project_id, _U.c.enabled.is_(True))
        return fetch(self._session, query.order_by(_U.c.id))

    def every_rule(self, project_id: int) -> Sequence[Row[Any]]:
        """All rules of a project, which nobody else changes before this transaction ends."""
        return self._run(select(_U).where(_U.c.project_id == project_id).order_by(_U.c.id).with_for_update()).all()

    def rules_page(self, project_id: int, offset: int, size: int) -> tuple[list[Row[Any]], int]:
        """Rules, the newest first, and how many there are."""
        return page_of(self._session, select(_U).where(_U.c.project_id == project_id), "-id", offset, size)

    def add_rule(self, values: Mapping[str, object]) -> int:
        """A new rule; its number."""
        return self._add(_U, values)

    def change_rule(self, rule_id: int, values: Mapping[str, object]) -> None:
        """Change columns."""
        self._run(update(_U).where(_U.c.id == rule_id).values(**values))

    def remove_rule(self, rule_id: int) -> None:
        """Remove a rule; what it told stays."""
        self._run(delete(_U).where(_U.c.id == rule_id))

    def due_rules(self, now: datetime, size: int) -> Sequence[Row[Any]]:
        """`id` and `project_id` of rules whose digest is due."""
        query = select(_U.c.id, _U.c.project_id).where(_U.c.next_at <= now).order_by(_U.c.next_at).limit(size)
        return fetch(self._session, query)

    def run(self, run_id: int) -> Row[Any] | None:
        """A run without its summary, with `project`, the project's name."""
        columns = [column for column in _R.c if column.name != "summary"]
        query = select(*columns, _P.c.name.label("project")).join(_P, _P.c.id == _R.c.project_id)
        return self._one(query.where(_R.c.id == run_id))

    def runs_between(self, project_id: int, since: datetime, until: datetime) -> Sequence[Row[Any]]:
        """What ended in a project meanwhile, except what was canceled and private ones; the newest first."""
        names = ("title", "state", "asked", "scenario_id", "case_id", "environment_id", "branch", "trigger")
        query = select(*(_R.c[name] for name in names)).where(
            _R.c.project_id == project_id,
            _R.c.ended_at >= since,
            _R.c.ended_at < until,
            _R.c.state.in_((RunState.PASSED, RunState.FAILED, RunState.ERROR)),
            _R.c.private_to.is_(None),
        )
        return fetch(self._session, query.order_by(_R.c.id.desc()).limit(_TOLD))

    def project(self, project_id: int) -> str:
        """A project's name."""
        row = self._one(select(_P.c.name).where(_P.c.id == project_id))
        return "" if row is None else str(row.name)

    def subscribers(self, project_id: int, template_id: str) -> list[int]:
        """Members who accept one more message of that template."""
        query = select(_M.c.user_id).join(_S, _S.c.user_id == _M.c.user_id)
        query = query.where(_M.c.project_id == project_id, _S.c.template_id == template_id, _S.c.remaining > 0)
        return [row.user_id for row in fetch(self._session, query.order_by(_M.c.user_id))]


class DeliveryDao(Dao):
    """Reads and writes deliveries and attempts."""

    def get(self, project_id: int, delivery_id: int) -> Row[Any] | None:
        """A delivery of that project."""
        return self._one(select(_D).where(_D.c.project_id == project_id, _D.c.id == delivery_id))

    def page(self, wanted: DeliveriesWanted) -> Sequence[Row[Any]]:
        """Deliveries."""
        conditions = [_D.c.project_id == wanted.project_id]
        conditions += [_D.c[name] == value for name, value in wanted.columns.items()]
        conditions += [] if wanted.before is None else [_D.c.id < wanted.before]
        return fetch(self._session, select(_D).where(*conditions).order_by(_D.c.id.desc()).limit(wanted.size))

    def log(self, delivery_id: int, size: int) -> Sequence[Row[Any]]:
        """The newest attempts, the newest first."""
        query = select(_A).where(_A.c.delivery_id == delivery_id).order_by(_A.c.id.desc()).limit(size)
        return fetch(self._session, query)

    def known(self, keys: Collection[str]) -> set[str]:
        """Those of these keys that have their delivery."""
        if not keys:
            return set()
        query = select(_D.c.dedupe_key).where(_D.c.dedupe_key.in_(keys))
        return {row.dedupe_key for row in fetch(self._session, query)}

    def add(self, values: Mapping[str, object]) -> int:
        """A new delivery; its number."""
        return self._add(_D, values)

    def channels_due(self, now: datetime, busy: Collection[int], size: int) -> list[int]:
        """Channels that have something to send and do not rest, the one that waits longest first."""
        awake = or_(_C.c.paused_until.is_(None), _C.c.paused_until <= now)
        query = select(_D.c.channel_id, func.min(_D.c.due_at).label("first")).join(_C, _C.c.id == _D.c.channel_id)
        query = query.where(_D.c.state == DeliveryState.WAITING, _D.c.due_at <= now, awake)
        query = query.where(_D.c.channel_id.not_in(busy)) if busy else query
        query = query.group_by(_D.c.channel_id).order_by(func.min(_D.c.due_at), _D.c.channel_id).limit(size)
        return [row.channel_id for row in fetch(self._session, query)]

    def next_of(self, channel_id: int, now: datetime) -> Row[Any] | None:
        """What a channel is to send next, with `kind`, `enabled`, `url`, `secret`, `recipients` of the channel."""
        names = ("kind", "enabled", "url", "secret", "recipients")
        query = select(_D, *(_C.c[name] for name in names)).join(_C, _C.c.id == _D.c.channel_id)
        query = query.where(_D.c.channel_id == channel_id, _D.c.state == DeliveryState.WAITING, _D.c.due_at <= now)
        return self._one(query.order_by(_D.c.due_at, _D.c.id).limit(1))

    def take(self, seen: Row[Any], until: datetime) -> bool:
        """Begin the next attempt of what was `seen`; false when somebody else did."""
        same = (_D.c.id == seen.id, _D.c.attempts == seen.attempts, _D.c.due_at == seen.due_at)
        statement = update(_D).where(*same, _D.c.state == DeliveryState.WAITING)
        return bool(self._run(statement.values(attempts=seen.attempts + 1, due_at=until)).rowcount)

    def settle(self, delivery_id: int, attempts: int, values: Mapping[str, object]) -> bool:
        """Change columns while that attempt is the newest and nothing is settled."""
        same = (_D.c.id == delivery_id, _D.c.attempts == attempts, _D.c.state == DeliveryState.WAITING)
        return bool(self._run(update(_D).where(*same).values(**values)).rowcount)

    def change(self, delivery_id: int, seen: DeliveryState, values: Mapping[str, object]) -> bool:
        """Change columns of a delivery that still is in that state."""
        statement = update(_D).where(_D.c.id == delivery_id, _D.c.state == seen)
        return bool(self._run(statement.values(**values)).rowcount)

    def attempt(self, values: Mapping[str, object]) -> None:
        """Note an attempt."""
        self._run(insert(_A), dict(values))

    def held(self, now: datetime, size: int) -> Sequence[Row[Any]]:
        """`project_id`, `channel_id`, `rule_id`, `recipient_id` of what was held back until now."""
        names = ("project_id", "channel_id", "rule_id", "recipient_id")
        query = select(*(_D.c[name] for name in names)).distinct()
        return fetch(self._session, query.where(_D.c.state == DeliveryState.HELD, _D.c.due_at <= now).limit(size))

    def held_of(self, group: Row[Any], now: datetime) -> Sequence[Row[Any]]:
        """What was held back for that channel, rule and person until now, the oldest first; locked."""
        same = [_D.c[name] == getattr(group, name) for name in ("channel_id", "rule_id", "recipient_id")]
        query = select(_D).where(*same, _D.c.state == DeliveryState.HELD, _D.c.due_at <= now).order_by(_D.c.id)
        return self._run(query.with_for_update()).all()

    def clear(self, before: datetime, size: int) -> int:
        """Forget deliveries that ended before that moment; how many."""
        query = select(_D.c.id).where(_D.c.ended_at < before).order_by(_D.c.ended_at).limit(size)
        numbers = [row.id for row in fetch(self._session, query)]
        if numbers:
            self._run(delete(_A).where(_A.c.delivery_id.in_(numbers)))
            self._run(delete(_D).where(_D.c.id.in_(numbers)))
        return len(numbers)
