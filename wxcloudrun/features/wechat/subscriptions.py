"""Subscribe messages: who accepts how many, and sending one."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor, Status
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import FieldFault, InvalidInput
from wxcloudrun.core.logging import log
from wxcloudrun.core.pagination import Page
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.users.admission import Admission
from wxcloudrun.features.users.errors import UserNotFound
from wxcloudrun.features.wechat import errors
from wxcloudrun.features.wechat.dao import SubscriptionDao
from wxcloudrun.features.wechat.schemas import MessageBody, MessageSent, SubscriptionView
from wxcloudrun.integrations.wechat import errors as wechat
from wxcloudrun.integrations.wechat.contract import WeChat

_logger = logging.getLogger("wxcloudrun.wechat")
SAME_ANSWER = timedelta(minutes=10)  # so far apart may a client's report and WeChat's event of one answer be
_MOST_TEMPLATES = 100
_ACCEPTED = {"accept", "acceptWithAudio", "acceptWithAlert"}
_REFUSED = {"reject", "ban"}


class SubscriptionService:
    """Keeps count of accepted messages and sends them."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        audit: AuditService,
        admission: Admission,
        wechat_client: Callable[[], WeChat],
        subscriptions: SubscriptionDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._audit = audit
        self._admission = admission
        self._wechat = wechat_client
        self._subscriptions = subscriptions or SubscriptionDao(session)

    def own(self, actor: Actor) -> Page[SubscriptionView]:
        """One's own rights, by template."""
        rows = self._subscriptions.of_person(actor.user_id or 0)
        return Page(items=[_view(row) for row in rows], page=1, size=_MOST_TEMPLATES, total=len(rows))

    def report(self, actor: Actor, answers: Mapping[str, str]) -> Page[SubscriptionView]:
        """What the client says its user answered. Raises TooManyTemplates."""
        self._report(actor.user_id or 0, answers)
        return self.own(actor)

    def person(self, appid: str, openid: str) -> int | None:
        """The number of the person behind a WeChat identity."""
        return self._subscriptions.person(appid, openid)

    @unit_of_work
    def heard(self, appid: str, openid: str, answers: Mapping[str, str], at: datetime) -> bool:
        """What an event of WeChat says the user answered, at `at`; false for a stranger."""
        user_id = self._subscriptions.person(appid, openid)
        if user_id is None:
            return False
        for template_id, answer in sorted(answers.items()):
            self._count(user_id, template_id, answer, at, -1)
        return True

    @unit_of_work
    def forget(self, user_id: int) -> int:
        """Remove what is known of a deleted person's answers; how many rows."""
        return self._subscriptions.forget(user_id)

    def send(self, actor: Actor, body: MessageBody) -> MessageSent:
        """Send one message.

        Raises UserNotFound, NoWechatIdentity, InvalidInput with the broken rule of each value, NotSubscribed, and what
        `errors.translated` gives. A right that was certainly not used is given back.
        """
        _check_values(body.data)
        openid = self._take(actor, body)
        try:
            msgid = self._deliver(openid, body)
        except wechat.WeChatError as error:
            self._not_sent(body, error)
            raise _renamed(errors.translated(error), body.data) from None
        row = self._subscriptions.get(body.user_id, body.template_id)
        return MessageSent(msgid=None if msgid is None else str(msgid), remaining=row.remaining if row else 0)

    @unit_of_work
    def _report(self, user_id: int, answers: Mapping[str, str]) -> None:
        now = self._clock.now()
        known = {row.template_id for row in self._subscriptions.of_person(user_id)}
        if len(known | answers.keys()) > _MOST_TEMPLATES:
            raise errors.TooManyTemplates
        for template_id, answer in sorted(answers.items()):
            self._count(user_id, template_id, answer, now, 1)

    def _count(self, user_id: int, template_id: str, answer: str, at: datetime, side: int) -> None:
        """Add one answer; `side` is 1 for a client's report and -1 for an event."""
        new = {"remaining": 0, "ahead": 0, "state": answer[:16], "reported_at": at, "version": 1}
        row = self._subscriptions.locked(user_id, template_id, new)
        ahead = row.ahead if abs(at - row.reported_at) <= SAME_ANSWER else 0
        self._subscriptions.change(user_id, template_id, _after(row.remaining, ahead, at, answer, side))

    @unit_of_work
    def _take(self, actor: Actor, body: MessageBody) -> str:
        person = self._admission.known(body.user_id)
        if person is None or person.status is not Status.ACTIVE:
            raise UserNotFound
        if not person.openid:
            raise errors.NoWechatIdentity
        if not self._subscriptions.take(body.user_id, body.template_id):
            raise errors.NotSubscribed
        after = {"template": body.template_id}
        self._audit.record(actor, "wechat.message", ("user", body.user_id), None, after)
        return str(person.openid)

    def _deliver(self, openid: str, body: MessageBody) -> int | None:
        from wxcloudrun.integrations.wechat.subscribe import SubscribeMessage  # noqa: PLC0415 - loads requests

        message = SubscribeMessage(openid, body.template_id, body.data, body.page)
        return self._wechat().send_subscribe_message(message)

    @unit_of_work
    def _not_sent(self, body: MessageBody, error: wechat.WeChatError) -> None:
        log(_logger, "message not sent", error=type(error).__name__, errcode=error.errcode, rid=error.rid)
        if isinstance(error, wechat.UserRefused):
            self._subscriptions.use_up(body.user_id, body.template_id)
        elif not _maybe_sent(error):
            self._subscriptions.give_back(body.user_id, body.template_id)


def _after(remaining: int, ahead: int, at: datetime, answer: str, side: int) -> dict[str, object]:
    """The columns after an answer: an acceptance counts unless the other side has told it before."""
    if answer in _ACCEPTED:
        told_before = ahead * side < 0
        remaining, ahead = remaining if told_before else remaining + 1, ahead + side
        state = "accept"
    else:
        remaining, ahead = (0, 0) if answer in _REFUSED else (remaining, ahead)
        state = answer[:16]
    return {"remaining": remaining, "ahead": ahead, "state": state, "reported_at": at}


def _maybe_sent(error: wechat.WeChatError) -> bool:
    return isinstance(error, wechat.InvalidAnswer) or (isinstance(error, wechat.Unavailable) and error.maybe_sent)


def _check_values(data: Mapping[str, str]) -> None:
    from wxcloudrun.integrations.wechat.subscribe_values import broken_rule  # noqa: PLC0415 - not needed to start

    broken = ((key, broken_rule(key, value)) for key, value in data.items())
    faults = tuple(FieldFault(_field(key), rule) for key, rule in broken if rule is not None)
    if faults:
        raise InvalidInput(fields=faults)


def _renamed(refusal: Exception, data: Mapping[str, str]) -> Exception:
    """The refusal with the names of our own body: WeChat speaks of `thing1`, we of `data.thing1`."""
    if isinstance(refusal, InvalidInput):
        fields = (FieldFault(_field(f.field) if f.field in data else f.field, f.reason) for f in refusal.fields)
        return InvalidInput(fields=tuple(fields))
    return refusal


def _field(key: str) -> str:
    return f"data.{''.join(letter if letter.isprintable() else '?' for letter in key[:40])}"


def _view(row: Row[Any]) -> SubscriptionView:
    return SubscriptionView(template_id=row.template_id, remaining=row.remaining, state=row.state, version=row.version)
