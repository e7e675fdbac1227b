"""WeChat's opinion of what people write about themselves."""

import logging

from wxcloudrun.core.db import AnySession
from wxcloudrun.core.logging import log
from wxcloudrun.features.users.dao import UserDao
from wxcloudrun.features.users.errors import ContentCheckUnavailable, ContentRefused
from wxcloudrun.integrations.wechat import errors as wechat
from wxcloudrun.integrations.wechat.contract import WeChat

_logger = logging.getLogger("wxcloudrun.users")


class ContentModeration:
    """Lets pass only what WeChat said is fine; without an answer nothing passes."""

    def __init__(self, session: AnySession, wechat_client: WeChat, users: UserDao | None = None) -> None:
        self._wechat = wechat_client
        self._users = users or UserDao(session)

    def check(self, user_id: int, text: str) -> None:
        """Ask about a text of a person's profile, outside a transaction.

        Raises ContentRefused, ContentCheckUnavailable.
        """
        from wxcloudrun.integrations.wechat.content import Scene, Suggestion  # noqa: PLC0415 - it brings in requests

        person = self._users.get(user_id)
        if person is None or person.openid is None:
            raise ContentCheckUnavailable
        try:
            verdict = self._wechat.content.text(person.openid, text, Scene.PROFILE)
        except wechat.ContentRejected:
            raise ContentRefused from None
        except wechat.WeChatError as error:
            log(_logger, "content check failed", logging.WARNING, errcode=error.errcode, rid=error.rid)
            raise ContentCheckUnavailable from None
        if verdict.suggestion is not Suggestion.PASS:
            raise ContentRefused
