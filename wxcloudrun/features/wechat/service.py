"""Codes, links and checks that WeChat makes for a mini-program."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing, UnreadableSecret
from wxcloudrun.core.db import AnySession
from wxcloudrun.core.errors import FieldFault, InvalidInput
from wxcloudrun.features.users.admission import SESSION_KEY, Admission
from wxcloudrun.features.wechat import errors
from wxcloudrun.features.wechat.schemas import Link, LinkBody, Qrcode, QrcodeBody, SessionCheck, TextCheck
from wxcloudrun.integrations.wechat import errors as wechat
from wxcloudrun.integrations.wechat.contract import WeChat

MOST_REPLY = 1000 * 1024  # bytes that come back through wx.cloud.callContainer
_ENVELOPE = 1024
_OUR_NAMES = {"page": "path", "expires_at": "expire_days"}


class WechatService:
    """Asks WeChat on somebody's behalf."""

    def __init__(
        self, session: AnySession, clock: Clock, keys: KeyRing, admission: Admission, wechat_client: WeChat
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._admission = admission
        self._wechat = wechat_client

    def qrcode(self, body: QrcodeBody) -> Qrcode:
        """A mini-program code. Raises InvalidInput, PageUnpublished and what `errors.translated` gives."""
        from wxcloudrun.integrations.wechat.qrcode import CodeStyle, EnvVersion  # noqa: PLC0415 - loads requests

        version = EnvVersion(body.env_version)
        released = version is EnvVersion.RELEASE
        style = CodeStyle(width=body.width)
        image = self._ask(lambda: self._wechat.codes.qrcode(body.scene, body.page, version, released, style))
        text = base64.b64encode(image.content).decode()
        if len(text) > MOST_REPLY - _ENVELOPE:
            raise InvalidInput(fields=(FieldFault("width", "picture_too_large"),))
        return Qrcode(mime=image.mime, image_base64=text)

    def link(self, body: LinkBody) -> Link:
        """A link for browsers and text messages. Raises InvalidInput, PageUnpublished and as above."""
        until = self._clock.now() + timedelta(days=body.expire_days)
        try:
            return Link(url_link=self._ask(lambda: self._wechat.codes.urllink(body.path, body.query, until)))
        except InvalidInput as refusal:
            fields = tuple(FieldFault(_OUR_NAMES.get(f.field, f.field), f.reason) for f in refusal.fields)
        raise InvalidInput(fields=fields)

    def check_text(self, actor: Actor, content: str) -> TextCheck:
        """WeChat's opinion of a text. No answer of it is never taken for `pass`.

        Raises NoWechatIdentity, WechatUserInactive and as above.
        """
        from wxcloudrun.integrations.wechat.content import Scene  # noqa: PLC0415 - loads requests

        openid = self._person(actor).openid
        verdict = self._ask(lambda: self._wechat.content.text(openid, content, Scene.COMMENT))
        return TextCheck(suggestion=verdict.suggestion.value, label=verdict.label)

    def check_session(self, actor: Actor) -> SessionCheck:
        """Whether the session_key kept at the last login still is the current one. Raises NoWechatIdentity."""
        person = self._person(actor)
        session_key = self._session_key(person)
        if session_key is None:
            return SessionCheck(valid=False)
        return SessionCheck(valid=self._ask(lambda: self._still_current(person.openid, session_key)))

    def _still_current(self, openid: str, session_key: str) -> bool:
        try:
            self._wechat.user.check_session(openid, session_key)
        except wechat.SessionExpired:
            return False
        return True

    def _person(self, actor: Actor) -> Row[Any]:
        row = self._admission.known(actor.user_id or 0)
        if row is None or not row.openid:
            raise errors.NoWechatIdentity
        return row

    def _session_key(self, person: Row[Any]) -> str | None:
        if person.session_key is None:
            return None
        try:
            return self._keys.decrypt(person.session_key, SESSION_KEY)
        except UnreadableSecret:  # its key was withdrawn: the next login brings another
            return None

    def _ask[R](self, question: Callable[[], R]) -> R:
        self.session.rollback()  # no transaction is open while WeChat is asked
        try:
            return question()
        except wechat.WeChatError as error:
            refusal = errors.translated(error)
        raise refusal
