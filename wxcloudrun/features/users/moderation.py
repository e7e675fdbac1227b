"""WeChat's opinion of what people write about themselves, and of the pictures they show."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from wxcloudrun.core.actor import SYSTEM
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.logging import log
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.users.dao import MediaCheckDao, UserDao
from wxcloudrun.features.users.errors import ContentCheckUnavailable, ContentRefused
from wxcloudrun.features.users.pictures import PictureFiles
from wxcloudrun.features.users.schemas import media_path
from wxcloudrun.integrations.wechat import errors as wechat
from wxcloudrun.integrations.wechat.contract import WeChat

if TYPE_CHECKING:
    from wxcloudrun.integrations.wechat.content import MediaVerdict

_logger = logging.getLogger("wxcloudrun.users")
_AWAITED = timedelta(days=1)  # WeChat promises half an hour


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

        openid = _openid(self._users, user_id)
        try:
            verdict = self._wechat.content.text(openid, text, Scene.PROFILE)
        except wechat.ContentRejected:
            raise ContentRefused from None
        except wechat.WeChatError as error:
            raise _unavailable(error) from None
        if verdict.suggestion is not Suggestion.PASS:
            raise ContentRefused


class AvatarModeration:
    """Has WeChat fetch and judge avatars. A verdict comes later as an event; what is not fine is then taken down."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        audit: AuditService,
        files: PictureFiles,
        wechat_client: Callable[[], WeChat],
        public_url: str,
        users: UserDao | None = None,
        checks: MediaCheckDao | None = None,
    ) -> None:
        """`public_url` is this service's address as WeChat reaches it, without a slash at its end."""
        self.session = session
        self._clock = clock
        self._audit = audit
        self._files = files
        self._wechat = wechat_client
        self._public_url = public_url
        self._users = users or UserDao(session)
        self._checks = checks or MediaCheckDao(session)

    def ask(self, user_id: int, file: str) -> str:
        """Have WeChat begin to check a stored file, outside a transaction; the trace_id of the verdict to come.

        Raises ContentCheckUnavailable.
        """
        from wxcloudrun.integrations.wechat.content import MediaType, Scene  # noqa: PLC0415 - as above

        openid = _openid(self._users, user_id)
        url = f"{self._public_url}{media_path(file)}"
        try:
            return self._wechat().content.media(openid, url, MediaType.IMAGE, Scene.PROFILE)
        except wechat.WeChatError as error:
            raise _unavailable(error) from None

    def expect(self, trace_id: str, user_id: int, file: str) -> None:
        """In the transaction that makes the file an avatar."""
        self._checks.add(trace_id, user_id, file, self._clock.now())

    @unit_of_work
    def judged(self, verdict: "MediaVerdict") -> bool:
        """Act on a verdict; false when its trace_id is not known, perhaps not yet.

        Without an opinion, as when WeChat could not fetch the file, the avatar stays; so the log says it.
        """
        from wxcloudrun.integrations.wechat.content import Suggestion  # noqa: PLC0415 - as above

        check = self._checks.get(verdict.trace_id)
        if check is None:
            return False
        if verdict.verdict is None:
            facts = {"user": check.user_id, "trace": check.trace_id, "download_failed": verdict.download_failed}
            log(_logger, "avatar not judged", logging.WARNING, **facts)
        elif verdict.verdict.suggestion is not Suggestion.PASS:
            self._take_down(check.user_id, check.file, verdict.verdict.suggestion.value)
            log(_logger, "avatar refused", user=check.user_id, trace=check.trace_id, label=verdict.verdict.label)
        self._checks.remove(check.trace_id)
        return True

    def clear(self) -> int:
        """Give up checks whose verdict did not come within a day; how many. Called in the background."""
        count = self._clear()
        if count:
            log(_logger, "no verdict came: does the message push arrive?", logging.WARNING, count=count)
        return count

    @unit_of_work
    def _clear(self) -> int:
        return self._checks.clear(self._clock.now() - _AWAITED)

    def _take_down(self, user_id: int, file: str, suggestion: str) -> None:
        person = self._users.locked(user_id)
        if person is None or person.avatar != file:
            return  # replaced meanwhile, or its person is gone
        self._users.edit(user_id, {"avatar": None}, self._clock.now())
        self._files.let_go([file])
        after = {"avatar": False, "suggestion": suggestion}
        self._audit.record(SYSTEM, "user.avatar_refused", ("user", user_id), {"avatar": True}, after)


def _openid(users: UserDao, user_id: int) -> str:
    person = users.get(user_id)
    if person is None or person.openid is None:
        raise ContentCheckUnavailable
    return str(person.openid)


def _unavailable(error: wechat.WeChatError) -> ContentCheckUnavailable:
    log(_logger, "content check failed", logging.WARNING, errcode=error.errcode, rid=error.rid)
    return ContentCheckUnavailable()
