"""The client against the real WeChat: `./manual_test.sh`, with an AppID and AppSecret in `.env.manual`."""

import os
import sys
from dataclasses import replace

import pytest

from wxcloudrun.core.clock import SystemClock
from wxcloudrun.integrations.wechat.client import WeChatClient
from wxcloudrun.integrations.wechat.config import TokenMode, WeChatConfig
from wxcloudrun.integrations.wechat.errors import CodeInvalid, Misconfigured
from wxcloudrun.integrations.wechat.http import WeChatHttp
from wxcloudrun.integrations.wechat.token_fetch import TokenFetch
from wxcloudrun.integrations.wechat.token_store import MemoryTokenStore

pytestmark = pytest.mark.skipif(
    os.environ.get("USE_REAL_WECHAT_CREDENTIALS", "").lower() != "true",
    reason="needs the real WeChat: USE_REAL_WECHAT_CREDENTIALS is not true (./manual_test.sh)",
)


@pytest.fixture
def config():
    settings = {name: os.environ.get(name, "") for name in ("WX_APPID", "WX_SECRET")}
    missing = [name for name, value in settings.items() if not value or "test" in value]
    assert not missing, f"fill in {' and '.join(missing)} in .env.manual"
    return WeChatConfig(settings["WX_APPID"], settings["WX_SECRET"], token_mode=TokenMode.STABLE)


@pytest.fixture
def client(config):
    return WeChatClient(config, MemoryTokenStore(), SystemClock())


@pytest.fixture
def code():
    given = os.environ.get("WX_TEST_CODE", "").strip()
    if given:
        return given
    if not sys.stdin.isatty():
        pytest.skip("needs a fresh code of wx.login: WX_TEST_CODE is not set")
    return input("\nA fresh code of wx.login: ").strip()


def test_a_fresh_code_tells_who_logs_in(client, code):
    session = client.code_to_session(code)
    assert session.openid
    assert session.session_key


def test_a_made_up_code_is_refused_as_such(client):
    with pytest.raises(CodeInvalid):
        client.code_to_session("a-code-that-nobody-was-given")


def test_an_access_token_is_given_and_stays_the_same_for_everybody(config):
    fetch = TokenFetch(config, WeChatHttp(config))
    first, second = fetch(force=False), fetch(force=False)
    assert first.token == second.token
    assert first.seconds > 0


def test_a_wrong_secret_is_refused_as_a_fault_of_the_settings(config):
    with pytest.raises(Misconfigured):
        TokenFetch(replace(config, secret="0" * 32), WeChatHttp(config))(force=False)
