"""What each event that WeChat pushes leads to."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wxcloudrun.core.logging import log
from wxcloudrun.features.wechat.inbox import Handler
from wxcloudrun.features.wechat.subscriptions import SubscriptionService

if TYPE_CHECKING:
    from wxcloudrun.integrations.wechat.content import MediaVerdict
    from wxcloudrun.integrations.wechat.push_message import PushMessage

_logger = logging.getLogger("wxcloudrun.wechat.push")


class NotKnownYet(LookupError):
    """The event speaks of something whose row is not there, perhaps not yet: it is handled again later."""


@dataclass(frozen=True)
class Reactions:
    """What other features do about an event; `app.py` fills it in. None: nobody does anything, the event is ignored.

    Each is called inside a transaction and changes rows only; when that fails it is called again. `erase` gets the
    number of a person who closed the WeChat account, `limit` that of one who withdrew what was granted to this
    mini-program. `judged` gets the verdict of a media check and says whether it knows its trace_id.
    """

    erase: Callable[[int], object] | None = None
    limit: Callable[[int], object] | None = None
    judged: "Callable[[MediaVerdict], bool] | None" = None


class Events:
    """Acts on events."""

    def __init__(self, appid: str, subscriptions: SubscriptionService, reactions: Reactions) -> None:
        self._appid = appid
        self._subscriptions = subscriptions
        self._reactions = reactions

    def handlers(self) -> Mapping[str, Handler]:
        """By the name of the event."""
        return {
            "user_authorization_cancellation": lambda message: self._told(self._reactions.erase, message, "erased"),
            "user_authorization_revoke": lambda message: self._told(self._reactions.limit, message, "limited"),
            "subscribe_msg_popup_event": self._answered,
            "subscribe_msg_change_event": self._answered,
            "subscribe_msg_sent_event": _delivered,
            "wxa_media_check": self._judged,
        }

    def _answered(self, message: "PushMessage") -> str:
        answers = {
            str(entry["TemplateId"])[:64]: str(entry.get("SubscribeStatusString", ""))
            for entry in message.entries
            if entry.get("TemplateId")
        }
        known = self._subscriptions.heard(self._appid, message.openid, answers, message.created_at)
        return "counted" if known else "unknown_person"

    def _told(self, reaction: Callable[[int], object] | None, message: "PushMessage", outcome: str) -> str:
        if reaction is None:
            return "ignored"
        openid = str(message.fields.get("OpenID") or message.openid)
        user_id = self._subscriptions.person(self._appid, openid)
        if user_id is None:
            return "unknown_person"
        self._subscriptions.forget(user_id)
        reaction(user_id)
        return outcome

    def _judged(self, message: "PushMessage") -> str:
        from wxcloudrun.integrations.wechat.content import media_verdict  # noqa: PLC0415 - loads requests

        if self._reactions.judged is None:
            return "ignored"
        verdict = media_verdict(dict(message.fields))
        if not self._reactions.judged(verdict):
            raise NotKnownYet
        return "judged" if verdict.verdict is not None else "not_judged"


def _delivered(message: "PushMessage") -> str:
    """The last word on a message that was sent: it is in the log, since nothing can be done about it any more."""
    failed = [str(entry.get("ErrorCode")) for entry in message.entries if str(entry.get("ErrorCode", "0")) != "0"]
    for code in failed:
        log(_logger, "message not delivered", errcode=code)
    return "not_delivered" if failed else "delivered"
