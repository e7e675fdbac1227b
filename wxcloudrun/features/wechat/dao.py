"""Questions about the shared access token, the inbox of pushed messages, and rights to send messages."""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from wxcloudrun.core.actor import Status
from wxcloudrun.core.db import AnySession
from wxcloudrun.features.users.models import User
from wxcloudrun.features.wechat.models import PushMessage, Subscription, WechatToken

_T: Any = WechatToken.__table__
_M: Any = PushMessage.__table__
_S: Any = Subscription.__table__
_U: Any = User.__table__
_TOKEN = select(_T).where(_T.c.appid == bindparam("appid"), _T.c.mode == bindparam("mode"))


class TokenDao:
    """The one row of an app and mode."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def get(self, appid: str, mode: str) -> Row[Any] | None:
        """The row, if there is one."""
        return self._session.connection().execute(_TOKEN, {"appid": appid, "mode": mode}).one_or_none()

    def add(self, appid: str, mode: str, lease_until: datetime) -> None:
        """The first row, leased. Raises IntegrityError when somebody was first."""
        values = {"appid": appid, "mode": mode, "version": 0, "lease_until": lease_until}
        self._session.connection().execute(insert(WechatToken), values)

    def lease(self, appid: str, mode: str, version: int, *, now: datetime, until: datetime) -> bool:
        """Take the lease if the version is still that and nobody holds it."""
        free = or_(WechatToken.lease_until.is_(None), WechatToken.lease_until <= now)
        return self._change(appid, mode, version, {"lease_until": until}, free)

    def change(self, appid: str, mode: str, version: int, values: Mapping[str, object]) -> bool:
        """Change columns if the version is still that."""
        return self._change(appid, mode, version, values)

    def _change(self, appid: str, mode: str, version: int, values: Mapping[str, object], *more: Any) -> bool:
        where = (WechatToken.appid == appid, WechatToken.mode == mode, WechatToken.version == version, *more)
        return bool(
            self._session.connection().execute(update(WechatToken).where(*where).values(**values)).rowcount == 1
        )


class InboxDao:
    """Pushed messages."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def add(self, values: Mapping[str, object]) -> None:
        """A new message. Raises IntegrityError where it is there already."""
        self._session.connection().execute(insert(PushMessage), dict(values))

    def due(self, now: datetime, limit: int) -> Sequence[Row[Any]]:
        """Messages that may be handled now, oldest first."""
        query = select(_M).where(_M.c.handled_at.is_(None), _M.c.due_at <= now)
        return self._session.connection().execute(query.order_by(_M.c.id).limit(limit)).all()

    def take(self, number: int, attempts: int, until: datetime) -> bool:
        """Begin the next attempt if `attempts` is still how many there were; false when somebody else did."""
        return self._change(number, attempts, {"attempts": attempts + 1, "due_at": until})

    def change(self, number: int, attempts: int, values: Mapping[str, object]) -> bool:
        """Change columns while this attempt is the newest and the message is not handled."""
        return self._change(number, attempts, values)

    def name_outcome(self, number: int, outcome: str) -> None:
        """Say what came of a message that was handled."""
        self._session.connection().execute(update(PushMessage).where(_M.c.id == number).values(outcome=outcome[:32]))

    def clear(self, before: datetime) -> int:
        """Remove messages that were handled before that moment; how many there were."""
        return int(self._session.connection().execute(delete(PushMessage).where(_M.c.handled_at < before)).rowcount)

    def _change(self, number: int, attempts: int, values: Mapping[str, object]) -> bool:
        where = (_M.c.id == number, _M.c.attempts == attempts, _M.c.handled_at.is_(None))
        statement = update(PushMessage).where(*where).values(**values)
        return bool(self._session.connection().execute(statement).rowcount == 1)


class SubscriptionDao:
    """Who accepts how many messages of which template, and who is who."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def person(self, appid: str, openid: str) -> int | None:
        """The number of the person behind a WeChat identity."""
        query = select(_U.c.id).where(_U.c.appid == appid, _U.c.openid == openid, _U.c.status != Status.DELETED)
        number = self._session.connection().execute(query).scalar_one_or_none()
        return None if number is None else int(number)

    def get(self, user_id: int, template_id: str) -> Row[Any] | None:
        """The row of a person and template."""
        query = select(_S).where(_S.c.user_id == user_id, _S.c.template_id == template_id)
        return self._session.connection().execute(query).one_or_none()

    def locked(self, user_id: int, template_id: str, new: Mapping[str, object]) -> Row[Any]:
        """The same row, which nobody else changes until the transaction ends; made of `new` when there is none."""
        query = select(_S).where(_S.c.user_id == user_id, _S.c.template_id == template_id).with_for_update()
        row = self._session.connection().execute(query).one_or_none()
        if row is not None:
            return row
        with (
            contextlib.suppress(IntegrityError),
            self._session.begin_nested(),
        ):  # somebody may be first: then it is theirs
            key = {"user_id": user_id, "template_id": template_id}
            self._session.connection().execute(insert(Subscription), key | dict(new))
        return self._session.connection().execute(query).one()

    def of_person(self, user_id: int) -> Sequence[Row[Any]]:
        """A person's rows, by template."""
        query = select(_S).where(_S.c.user_id == user_id).order_by(_S.c.template_id).limit(100)
        return self._session.connection().execute(query).all()

    def take(self, user_id: int, template_id: str) -> bool:
        """Use up one right to send; false when none is left. In one statement, so that no two take the last one."""
        where = (_S.c.user_id == user_id, _S.c.template_id == template_id, _S.c.remaining > 0)
        values = {"remaining": Subscription.remaining - 1, "version": Subscription.version + 1}
        taken = self._session.connection().execute(update(Subscription).where(*where).values(**values))
        return bool(taken.rowcount == 1)

    def give_back(self, user_id: int, template_id: str) -> None:
        """Undo `take`."""
        self.change(user_id, template_id, {"remaining": Subscription.remaining + 1})

    def use_up(self, user_id: int, template_id: str) -> None:
        """WeChat says that no right is left."""
        self.change(user_id, template_id, {"remaining": 0, "ahead": 0})

    def change(self, user_id: int, template_id: str, values: Mapping[str, object]) -> None:
        """Change columns."""
        where = (_S.c.user_id == user_id, _S.c.template_id == template_id)
        statement = update(Subscription).where(*where).values(**values, version=Subscription.version + 1)
        self._session.connection().execute(statement)

    def forget(self, user_id: int) -> int:
        """Remove a person's rows; how many there were."""
        return int(self._session.connection().execute(delete(Subscription).where(_S.c.user_id == user_id)).rowcount)
