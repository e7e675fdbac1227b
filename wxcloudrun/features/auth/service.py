"""Logging in: one exchange per code, a person found or made, a session begun."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, retrying, transaction, unit_of_work
from wxcloudrun.core.errors import ApiError, every_error
from wxcloudrun.core.ids import digest
from wxcloudrun.core.logging import log
from wxcloudrun.core.tokens import AccessTokens
from wxcloudrun.features.auth import errors
from wxcloudrun.features.auth.dao import ExchangeDao, SessionDao
from wxcloudrun.features.auth.refresh import RefreshToken, RefreshTokens
from wxcloudrun.features.auth.schemas import MOCK_CODE, LoggedIn
from wxcloudrun.features.users.admission import Admission, Identity
from wxcloudrun.integrations.wechat import errors as wechat
from wxcloudrun.integrations.wechat import refusals
from wxcloudrun.integrations.wechat.contract import WeChat

_logger = logging.getLogger("wxcloudrun.auth")
CODE_LIFE = timedelta(minutes=5)
_ANSWER = "login_exchanges.answer"
_OWNER_GIVES_UP = timedelta(seconds=15)
_PAUSE_S = 0.05


@dataclass(frozen=True)
class LoginRules:
    """What the operator decided about logging in; lives are seconds."""

    appid: str
    refresh_ttl_s: int
    session_ttl_s: int
    allow_mock: bool = False


class LoginService:
    """Turns a code of wx.login into a session."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        tokens: AccessTokens,
        wechat_client: WeChat,
        admission: Admission,
        rules: LoginRules,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._tokens = tokens
        self._wechat = wechat_client
        self._admission = admission
        self._rules = rules
        self._sleep = sleep
        self._refresh = RefreshTokens(keys.lookup_key)
        self._sessions = SessionDao(session)
        self._exchanges = ExchangeDao(session)

    def login(self, code: str, device: str) -> LoggedIn:
        """The session of a code. The same code again, also at once and in other processes, gets the same answer.

        Raises the errors of this feature, and AccountDisabled.
        """
        if code == MOCK_CODE:
            return self._mock_login(device)
        code_hash = digest(code)
        while not self._first(code_hash):
            answer = self._answer_of_first(code_hash)
            if answer is not None:
                return answer
        try:
            return self._admit(self._exchange(code, code_hash), code_hash, device)
        except ApiError as error:
            self._remember_failure(code_hash, error)
            raise

    def identify(self, identity: Identity) -> int:
        """The number of the person whom Cloud Run vouches for; made when new. Raises AccountDisabled."""
        return self._again_if_taken(lambda: self._admission.admit(identity)).user_id

    def _mock_login(self, device: str) -> LoggedIn:
        if not self._rules.allow_mock:
            raise errors.MockCodeRefused
        return self._admit(Identity(self._rules.appid, "devtools-mock-person"), None, device)

    def _first(self, code_hash: str) -> bool:
        try:
            retrying(lambda: self._claim(code_hash))
        except IntegrityError:
            return False
        return True

    def _claim(self, code_hash: str) -> None:
        with transaction(self.session):
            self._exchanges.add(code_hash, self._clock.now())

    def _answer_of_first(self, code_hash: str) -> LoggedIn | None:
        """What the first asker got; None when WeChat is to be asked: the code turned out to be unused, its life is
        over, or the session it gave has ended. WeChat takes no code twice, its simulator the reusable ones.
        """
        while True:
            self.session.rollback()  # a new look, not the old snapshot
            row = self._exchanges.get(code_hash)
            if row is None:
                return None
            age = self._clock.now() - row.created_at
            answer = self._repeated(row.answer) if row.answer is not None and age <= CODE_LIFE else None
            if age > CODE_LIFE or (row.answer is not None and answer is None):
                self._forget(code_hash, row.created_at)
                return None
            if row.failure is not None:
                raise _error_named(row.failure)
            if answer is not None:
                return answer
            if age > _OWNER_GIVES_UP:
                raise errors.LoginCodeInvalid  # the process that asked first died
            self.session.rollback()
            self._sleep(_PAUSE_S)

    def _repeated(self, sealed: str) -> LoggedIn | None:
        """The answer again, if its session goes on."""
        answer = LoggedIn.model_validate_json(self._keys.decrypt(sealed, _ANSWER))
        token = self._refresh.recognise(answer.refresh_token)
        row = None if token is None else self._sessions.by_family(token.family)
        return answer if row is not None and row.ended_at is None else None

    def _forget(self, code_hash: str, since: datetime) -> None:
        self.session.rollback()
        retrying(lambda: self._release(code_hash, since))

    def _exchange(self, code: str, code_hash: str) -> Identity:
        try:
            person = self._wechat.code_to_session(code)
        except wechat.WeChatError as error:
            failure, code_unused = _translated(error)
            log(_logger, "login refused", reason=failure.name(), errcode=error.errcode, rid=error.rid)
            if code_unused:
                retrying(lambda: self._release(code_hash))
            raise failure from None
        return Identity(self._rules.appid, person.openid, person.session_key, person.unionid)

    def _release(self, code_hash: str, since: datetime | None = None) -> None:
        with transaction(self.session):
            self._exchanges.release(code_hash, since)

    @unit_of_work
    def _remember_failure(self, code_hash: str, error: ApiError) -> None:
        self._exchanges.fail(code_hash, error.name())

    def _admit(self, identity: Identity, code_hash: str | None, device: str) -> LoggedIn:
        return self._again_if_taken(lambda: self._begin(identity, code_hash, device))

    def _again_if_taken[R](self, work: Callable[[], R]) -> R:
        """Two devices of one new person may log in at once: whoever is second finds the row on the second look."""
        try:
            return work()
        except IntegrityError:
            return work()

    @unit_of_work
    def _begin(self, identity: Identity, code_hash: str | None, device: str) -> LoggedIn:
        person = self._admission.admit(identity)
        token = self._refresh.first()
        session_id = self._new_session(person.user_id, token, device)
        answer = LoggedIn(
            token=self._tokens.issue(person.user_id, session_id, person.token_version),
            expires_in=self._tokens.ttl_s,
            refresh_token=token.text,
            is_new_user=person.is_new,
            user=person.profile,
        )
        if code_hash is not None:
            self._exchanges.answer(code_hash, self._keys.encrypt(answer.model_dump_json(), _ANSWER))
        return answer

    def _new_session(self, user_id: int, token: RefreshToken, device: str) -> int:
        now = self._clock.now()
        return self._sessions.add(
            {
                "user_id": user_id,
                "family": token.family,
                "refresh_hash": digest(token.text),
                "rotated_at": now,
                "device": device,
                "created_at": now,
                "expires_at": now + timedelta(seconds=min(self._rules.refresh_ttl_s, self._rules.session_ttl_s)),
            }
        )


def _translated(error: wechat.WeChatError) -> tuple[ApiError, bool]:
    """Our refusal for WeChat's, and whether the code is certainly unused and may be tried again."""
    if isinstance(error, wechat.Unavailable):
        return refusals.translated(error), not error.maybe_sent
    kinds: list[tuple[type[wechat.WeChatError], ApiError, bool]] = [
        (wechat.CodeInvalid, errors.LoginCodeInvalid(), False),
        (wechat.InvalidArgument, errors.LoginCodeInvalid(), False),
        (wechat.LoginBlocked, errors.LoginBlocked(), False),
        (wechat.RateLimited, errors.LoginBusy(retry_after=60), True),
        (wechat.Busy, refusals.WechatUnavailable(retry_after=1), True),
        (wechat.Misconfigured, refusals.WechatMisconfigured(), True),
    ]
    for kind, failure, code_unused in kinds:
        if isinstance(error, kind):
            return failure, code_unused
    return refusals.translated(error), False


def _error_named(name: str) -> ApiError:
    return next((kind() for kind in every_error() if kind.name() == name), errors.LoginCodeInvalid())
