"""Exchanges the code of wx.login for the user's identity.

A code works once, for five minutes. So it is sent again only where WeChat certainly has not used it: when no
connection came about, and when WeChat says that it is busy. No access token takes part: login works without one.
"""

import re
from dataclasses import dataclass, field

from wxcloudrun.integrations.wechat.answers import SECRET_MEANINGS, json_object, raise_for_errcode, text_of
from wxcloudrun.integrations.wechat.api import logged
from wxcloudrun.integrations.wechat.config import Clock, Sleep, WeChatConfig
from wxcloudrun.integrations.wechat.errors import Busy, InvalidArgument, Misconfigured, MockCode, Unavailable
from wxcloudrun.integrations.wechat.http import Call, WeChatHttp
from wxcloudrun.integrations.wechat.single_flight import SingleFlight

_OPERATION = "code_to_session"
_MOCK_CODE = "the code is a mock one"
_CODE = re.compile(r"[A-Za-z0-9_-]{1,128}")
_PAUSES = (0.2, 0.5)


@dataclass(frozen=True)
class LoginSession:
    """Who logged in. The session_key is WeChat's secret about the user: never send it to the client, never log it.

    `unionid` is None unless the app belongs to an Open Platform account; it can appear later for a known user.
    """

    openid: str = field(repr=False)
    session_key: str = field(repr=False)
    unionid: str | None = field(default=None, repr=False)


class Login:
    """See `exchange`. Source: WeChat's page on code2Session."""

    def __init__(self, config: WeChatConfig, http: WeChatHttp, clock: Clock, sleep: Sleep) -> None:
        self._config = config
        self._http = http
        self._sleep = sleep
        self._flights = SingleFlight[LoginSession](clock, config.login_reuse_seconds)

    def exchange(self, code: str) -> LoginSession:
        """The session that a code stands for; the same code within five minutes gives the same session.

        Raises MockCode, InvalidArgument (the code's form), CodeInvalid, LoginBlocked, RateLimited, Busy,
        Misconfigured, Unavailable (`maybe_sent`: the code may be used up, ask for a new one), InvalidAnswer.
        """
        check_code(_OPERATION, code)
        return self._flights.run(code, lambda: logged(_OPERATION, lambda: self._exchange(code)))

    def _exchange(self, code: str) -> LoginSession:
        if not self._config.appid or not self._config.secret:
            raise Misconfigured(_OPERATION, detail="AppID or AppSecret is missing")
        if self._config.secret_would_travel_openly:
            raise Misconfigured(_OPERATION, detail="login by code needs https")
        for pause in _PAUSES:
            try:
                return self._attempt(code)
            except (Busy, Unavailable) as fault:
                if isinstance(fault, Unavailable) and fault.maybe_sent:
                    raise
            self._sleep(pause)
        return self._attempt(code)

    def _attempt(self, code: str) -> LoginSession:
        query = {
            "appid": self._config.appid,
            "secret": self._config.secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        data = json_object(_OPERATION, self._http.send(Call(_OPERATION, "GET", "/sns/jscode2session", query)))
        raise_for_errcode(_OPERATION, data, SECRET_MEANINGS)
        unionid = data.get("unionid")
        return LoginSession(
            openid=text_of(_OPERATION, data, "openid"),
            session_key=text_of(_OPERATION, data, "session_key"),
            unionid=unionid if isinstance(unionid, str) and unionid else None,
        )


def check_code(operation: str, code: str) -> None:
    """Raises MockCode or InvalidArgument for a text that cannot be a code of WeChat; nothing of it is repeated."""
    if code == _MOCK_CODE:
        raise MockCode(operation, errcode=40029)
    if not _CODE.fullmatch(code):
        raise InvalidArgument(operation, field="code", rule="1 to 128 of A-Z a-z 0-9 _ -")
