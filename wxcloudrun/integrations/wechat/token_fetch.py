"""Asks WeChat for an access token."""

from wxcloudrun.integrations.wechat.answers import (
    SECRET_MEANINGS,
    JsonObject,
    json_object,
    number_of,
    raise_for_errcode,
    text_of,
)
from wxcloudrun.integrations.wechat.config import TokenMode, WeChatConfig
from wxcloudrun.integrations.wechat.errors import InvalidAnswer, Misconfigured
from wxcloudrun.integrations.wechat.http import Call, WeChatHttp
from wxcloudrun.integrations.wechat.token import FetchedToken
from wxcloudrun.integrations.wechat.token_source import OPERATION

_LONGEST_LIFE = 7200


class TokenFetch:
    """Asks WeChat for an access token. Source: WeChat's pages on getStableAccessToken and getAccessToken."""

    def __init__(self, config: WeChatConfig, http: WeChatHttp) -> None:
        self._config = config
        self._http = http

    def __call__(self, force: bool) -> FetchedToken:
        """One fetch. Raises Misconfigured (secret, address list), RateLimited, Busy, Unavailable, InvalidAnswer."""
        if not self._config.appid or not self._config.secret:
            raise Misconfigured(OPERATION, detail="AppID or AppSecret is missing")
        data = json_object(OPERATION, self._http.send(self._call(force)))
        raise_for_errcode(OPERATION, data, SECRET_MEANINGS)
        return _fetched(data)

    def _call(self, force: bool) -> Call:
        who = {"grant_type": "client_credential", "appid": self._config.appid, "secret": self._config.secret}
        if self._config.token_mode is TokenMode.LEGACY:
            return Call(OPERATION, "GET", "/cgi-bin/token", who)
        return Call(OPERATION, "POST", "/cgi-bin/stable_token", body={**who, "force_refresh": force})


def _fetched(data: JsonObject) -> FetchedToken:
    seconds = number_of(OPERATION, data, "expires_in")
    if seconds <= 0:
        raise InvalidAnswer(OPERATION, http_status=200, reason="the token has no time left")
    return FetchedToken(text_of(OPERATION, data, "access_token"), min(seconds, _LONGEST_LIFE))
