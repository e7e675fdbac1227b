"""The WeChat client: one object for one mini-program, made once and shared by threads.

    client = WeChatClient(WeChatConfig(appid=..., secret=...), tokens=store, clock=SystemClock())
    session = client.code_to_session(code)

Every call raises the exceptions of errors.py and nothing of the libraries below.
"""

import time

import requests

from wxcloudrun.integrations.wechat.api import Api, Image, logged
from wxcloudrun.integrations.wechat.config import Clock, Sleep, TokenMode, WeChatConfig
from wxcloudrun.integrations.wechat.content import ContentCheck
from wxcloudrun.integrations.wechat.errors import Misconfigured
from wxcloudrun.integrations.wechat.http import WeChatHttp
from wxcloudrun.integrations.wechat.login import Login, LoginSession
from wxcloudrun.integrations.wechat.phone import PhoneNumber, UserApi
from wxcloudrun.integrations.wechat.qrcode import Codes
from wxcloudrun.integrations.wechat.subscribe import SubscribeMessage, Subscriptions
from wxcloudrun.integrations.wechat.token import ManagedTokens
from wxcloudrun.integrations.wechat.token_fetch import TokenFetch
from wxcloudrun.integrations.wechat.token_source import OPERATION, FileTokens, NoTokens, TokenSource
from wxcloudrun.integrations.wechat.token_store import TokenStore


class WeChatClient:
    """What a mini-program's backend asks WeChat for.

    `user` (phone number, session), `codes` (codes and links) and `content` (text and media check) hold the calls in
    groups; the most used ones are methods here. Nothing is sent before the first call.
    """

    def __init__(
        self,
        config: WeChatConfig,
        tokens: TokenStore,
        clock: Clock,
        session: requests.Session | None = None,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.config = config
        http = WeChatHttp(config, session)
        self._managed: ManagedTokens | None = None
        source = self._source(http, tokens, clock, sleep)
        api = Api(http, source)
        self._login = Login(config, http, clock, sleep)
        self._subscriptions = Subscriptions(api, sleep)
        self.user = UserApi(config, api, clock)
        self.codes = Codes(api, clock)
        self.content = ContentCheck(api)

    def code_to_session(self, code: str) -> LoginSession:
        """See Login.exchange."""
        return self._login.exchange(code)

    def phone_number(self, code: str) -> PhoneNumber:
        """See UserApi.phone_number."""
        return self.user.phone_number(code)

    def send_subscribe_message(self, message: SubscribeMessage) -> int | None:
        """See Subscriptions.send."""
        return self._subscriptions.send(message)

    def qrcode(self, scene: str, page: str | None = None) -> Image:
        """See Codes.qrcode, which takes more."""
        return self.codes.qrcode(scene, page)

    def force_token_refresh(self) -> None:
        """Let WeChat end the present access token: for an operator, after a leak. See ManagedTokens.force_refresh."""
        if self._managed is None:
            raise Misconfigured(OPERATION, detail="this token mode fetches no tokens")
        logged(OPERATION, self._managed.force_refresh)

    def _source(self, http: WeChatHttp, tokens: TokenStore, clock: Clock, sleep: Sleep) -> TokenSource:
        if self.config.token_mode is TokenMode.NONE:
            return NoTokens()
        if self.config.token_mode is TokenMode.CLOUDBASE_FILE:
            return FileTokens(self.config.token_file, clock)
        fetch = TokenFetch(self.config, http)
        mode = self.config.token_mode.value
        lease = self.config.total_seconds + 2
        self._managed = ManagedTokens(self.config.appid, mode, fetch, tokens, clock, sleep, lease)
        return self._managed
