"""One's own phone number, which only WeChat can vouch for."""

import logging

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing, UnreadableSecret
from wxcloudrun.core.db import AnySession, unit_of_work
from wxcloudrun.core.errors import ApiError, TooManyRequests
from wxcloudrun.core.logging import log
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.users import errors
from wxcloudrun.features.users.admission import SESSION_KEY
from wxcloudrun.features.users.dao import UserDao
from wxcloudrun.features.users.schemas import PhoneBody, PhoneByCode, PhoneByEncryption, Profile
from wxcloudrun.features.users.service import PHONE, found, profile_of
from wxcloudrun.integrations.wechat import errors as wechat
from wxcloudrun.integrations.wechat.contract import WeChat

_logger = logging.getLogger("wxcloudrun.users")


class PhoneService:
    """Binds a phone number that WeChat has verified, and lets go of it."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        wechat_client: WeChat,
        users: UserDao | None = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._wechat = wechat_client
        self._users = users or UserDao(session)

    def bind(self, actor: Actor, body: PhoneBody) -> Profile:
        """Ask WeChat for the number and keep it, instead of an earlier one.

        Raises PhoneCodeInvalid, DecryptFailed, SessionKeyMissing, WechatPhoneUnavailable, TooManyRequests, PhoneTaken.
        """
        try:
            number = self._ask(actor, body.root)
        except wechat.WeChatError as error:
            failure = _translated(error)
            log(_logger, "phone refused", reason=failure.name(), errcode=error.errcode, rid=error.rid)
            raise failure from None
        return self._store(actor, number)

    def unbind(self, actor: Actor) -> Profile:
        """Have no phone number here."""
        return self._store(actor, None)

    def _ask(self, actor: Actor, wanted: PhoneByCode | PhoneByEncryption) -> str:
        if isinstance(wanted, PhoneByCode):
            return self._wechat.phone_number(wanted.code).e164
        session_key = self._session_key(actor)
        return self._wechat.user.phone_number_from_encrypted(session_key, wanted.iv, wanted.encrypted_data).e164

    def _session_key(self, actor: Actor) -> str:
        sealed = found(self._users.get(actor.user_id or 0)).session_key
        if sealed is None:
            raise errors.SessionKeyMissing
        try:
            return self._keys.decrypt(sealed, SESSION_KEY)
        except UnreadableSecret:
            raise errors.SessionKeyMissing from None

    @unit_of_work
    def _store(self, actor: Actor, number: str | None) -> Profile:
        before = found(self._users.locked(actor.user_id or 0))
        hashed = None if number is None else self._keys.lookup(number)
        if hashed == before.phone_hash:
            return profile_of(before, self._keys)
        sealed = None if number is None else self._keys.encrypt(number, PHONE)
        self._users.edit(before.id, {"phone": sealed, "phone_hash": hashed}, self._clock.now())
        action = "user.phone_removed" if number is None else "user.phone_bound"
        self._audit.record(actor, action, ("user", before.id), {"phone": before.phone}, {"phone": number})
        return profile_of(found(self._users.get(before.id)), self._keys)


def _translated(error: wechat.WeChatError) -> ApiError:
    if isinstance(error, wechat.RateLimited):
        return TooManyRequests(retry_after=error.retry_after)
    if isinstance(error, wechat.DecryptFailed):
        return errors.DecryptFailed()
    if isinstance(error, wechat.CodeInvalid | wechat.InvalidArgument | wechat.WatermarkRejected):
        return errors.PhoneCodeInvalid()
    return errors.WechatPhoneUnavailable()
