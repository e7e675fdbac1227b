"""What reaches WeChat, what is read from it, and what never leaves this package."""

import logging
import pickle
import socket
import traceback
from copy import copy
from dataclasses import replace

import pytest
import requests

from wxcloudrun.integrations.wechat.answers import json_object, raise_for_errcode
from wxcloudrun.integrations.wechat.client import WeChatClient
from wxcloudrun.integrations.wechat.config import TokenMode, WeChatConfig
from wxcloudrun.integrations.wechat.content import Scene
from wxcloudrun.integrations.wechat.errors import (
    InvalidAnswer,
    InvalidArgument,
    Misconfigured,
    PushFault,
    PushRejected,
    RateLimited,
    Refused,
    Unavailable,
    WeChatError,
)
from wxcloudrun.integrations.wechat.http import RawAnswer
from wxcloudrun.integrations.wechat.token_store import MemoryTokenStore

LOGIN = "/sns/jscode2session"
CHECK = "/wxa/checksession"
CODE = "canary-code"
SESSION_KEY = "canarysessionkey000000=="
FAULTS = ["hang", "reset", "close", "garbage", "500", "redirect", "403", "echo", "short", "large", "gzip"]


def _wire(wechat, fault, config):
    leak = f"https://api.weixin.qq.com/x?secret={config.secret}&js_code={CODE}".encode()
    return {
        "garbage": leak,
        "500": wechat.raw(leak, 500),
        "403": wechat.raw(leak, 403),
        "redirect": wechat.raw(leak, 302, Location=f"/elsewhere?secret={config.secret}"),
        "echo": {"errcode": 40013, "errmsg": f"invalid {leak.decode()} req_id: {config.secret}"},
        "short": wechat.raw(b'{"openid": "o"', Content_Length="4000"),
        "large": b" " * (3 * 1024 * 1024),
        "gzip": wechat.raw(leak, Content_Encoding="gzip"),
    }.get(fault) or wechat.fault(fault)


def _texts(error: BaseException) -> str:
    chain = [error.__cause__, error.__context__]
    return "\n".join([str(error), repr(error), *traceback.format_exception(error), repr(chain), repr(error.__dict__)])


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_of_a_login_tells_a_secret(wechat, client, config, caplog, fault):
    caplog.set_level(logging.DEBUG)
    wechat.on(LOGIN, _wire(wechat, fault, config))
    with pytest.raises(WeChatError) as caught:
        client.code_to_session(CODE)
    told = _texts(caught.value) + caplog.text + repr([record.__dict__ for record in caplog.records])
    assert "canary" not in told
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert wechat.calls("/elsewhere") == []


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_of_a_call_tells_the_token_or_the_key(wechat, client, config, caplog, fault):
    caplog.set_level(logging.DEBUG)
    wechat.on(CHECK, _wire(wechat, fault, config))
    with pytest.raises(WeChatError) as caught:
        client.user.check_session("openid", SESSION_KEY)
    told = _texts(caught.value) + caplog.text
    assert "canary" not in told
    assert wechat.calls(CHECK)[0].query["access_token"] == "canary-token-1"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("mode", [TokenMode.STABLE, TokenMode.LEGACY])
def test_no_fault_of_the_token_call_tells_the_secret(wechat, make_client, config, caplog, fault, mode):
    caplog.set_level(logging.DEBUG)
    wechat.on("/cgi-bin/stable_token", _wire(wechat, fault, config))
    wechat.on("/cgi-bin/token", _wire(wechat, fault, config))
    with pytest.raises(WeChatError) as caught:
        make_client(token_mode=mode).user.check_session("openid", SESSION_KEY)
    assert "canary" not in _texts(caught.value) + caplog.text


def test_the_librarys_own_log_lines_lose_their_query(wechat, client, caplog):
    caplog.set_level(logging.DEBUG, logger="urllib3")
    wechat.on(LOGIN, {"openid": "o", "session_key": "k"})
    client.code_to_session(CODE)
    assert LOGIN in caplog.text
    assert "canary" not in caplog.text


def test_a_refused_connection_tells_no_secret(make_client, free_port, caplog):
    client = make_client(api_base=f"http://127.0.0.1:{free_port}")
    with pytest.raises(Unavailable) as caught:
        client.code_to_session(CODE)
    assert caught.value.reason == "connect"
    assert "canary" not in _texts(caught.value) + caplog.text


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (socket.gaierror("no such host"), "host name"),
        (TimeoutError(), "connect timeout"),
        (OSError("no route"), "connect"),
    ],
)
def test_what_was_not_connected_was_certainly_not_sent(make_client, monkeypatch, fault, reason):
    def fail(*args: object, **kwargs: object) -> None:
        raise fault

    monkeypatch.setattr("urllib3.connection.connection.create_connection", fail)
    with pytest.raises(Unavailable) as caught:
        make_client(api_base="https://wechat.invalid").code_to_session(CODE)
    assert (caught.value.reason, caught.value.maybe_sent) == (reason, False)


def test_settings_hide_their_secrets():
    config = WeChatConfig("wx1", secret="canary-1", push_token="canary-2", push_aes_key="canary-3")
    assert "canary" not in repr(config)


@pytest.mark.parametrize("base", ["api.weixin.qq.com", "ftp://x", "https://x/", "https://u@x", "https://x?y=1", ""])
def test_an_address_that_cannot_work_is_refused_at_the_start(base):
    with pytest.raises(ValueError, match="api_base"):
        WeChatConfig("wx1", secret="s", api_base=base)


def test_a_time_limit_of_zero_is_refused(config):
    with pytest.raises(ValueError, match="time limits"):
        replace(config, read_seconds=0)


def test_a_slow_answer_ends_at_the_total_limit(wechat, make_client):
    wechat.on(LOGIN, wechat.drip(*[b" "] * 200))
    with pytest.raises(Unavailable) as caught:
        make_client(total_seconds=0.3).code_to_session(CODE)
    assert caught.value.maybe_sent


def test_an_answer_in_pieces_is_put_together(wechat, client):
    wechat.on(LOGIN, wechat.drip(b'{"openid": "o", "ses', b'sion_key": "k"}'))
    assert client.code_to_session(CODE).openid == "o"


def test_a_redirect_is_not_followed(wechat, client):
    wechat.on(LOGIN, wechat.raw(b"", 302, Location="/elsewhere"))
    with pytest.raises(InvalidAnswer) as caught:
        client.code_to_session(CODE)
    assert caught.value.http_status == 302


def test_a_large_answer_is_not_read_to_its_end(wechat, make_client):
    wechat.on(LOGIN, b" " * 5000)
    with pytest.raises(InvalidAnswer) as caught:
        make_client(max_answer_bytes=4999).code_to_session(CODE)
    assert caught.value.reason == "too large"


def test_text_is_sent_as_utf8_json_without_escapes(wechat, client):
    wechat.on("/wxa/msg_sec_check", {"errcode": 0, "result": {"suggest": "pass", "label": 100}, "trace_id": "t"})
    client.content.text("openid", "你好😀", Scene.COMMENT)
    sent = wechat.calls("/wxa/msg_sec_check")[0]
    assert "你好😀".encode() in sent.body
    assert sent.headers["content-type"] == "application/json"


def test_half_a_surrogate_pair_is_a_wrong_argument(wechat, client):
    with pytest.raises(InvalidArgument):
        client.content.text("openid", "\ud83d", Scene.COMMENT)
    assert wechat.calls("/wxa/msg_sec_check") == []


def test_the_environments_proxy_is_not_used(wechat, client, monkeypatch, free_port):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port}")
    wechat.on(LOGIN, {"openid": "o", "session_key": "k"})
    assert client.code_to_session(CODE).openid == "o"


def test_cookies_are_not_kept(wechat, client, config):
    wechat.on(LOGIN, wechat.raw(b'{"openid": "o", "session_key": "k"}', Set_Cookie="a=b"))
    client.code_to_session("code-1")
    client.code_to_session("code-2")
    assert "cookie" not in wechat.seen[1].headers


def test_a_session_can_be_handed_in(wechat, config, clock, requests_mock):
    requests_mock.get(f"{wechat.url}{LOGIN}", json={"openid": "o", "session_key": "k"})
    client = WeChatClient(config, MemoryTokenStore(), clock, session=requests.Session())
    assert client.code_to_session(CODE).openid == "o"


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": 1, "text": "line\nend\x01"}',
        b' \r\n{"a": 1}\n',
        b'{"a": 1, "errcode": "0"}',
        b'{"a": 1, "broken": "\xff\xfe"}',
    ],
)
def test_json_is_read_whatever_its_form(body):
    assert json_object("x", RawAnswer(200, body))["a"] == 1


@pytest.mark.parametrize("body", [b"", b"[" * 100_000, b'{"a": ', b'"text"', b"7" * 5000])
def test_what_is_no_json_object_is_invalid(body):
    with pytest.raises(InvalidAnswer):
        json_object("x", RawAnswer(200, body))


def test_an_errcode_counts_also_with_a_status_of_400():
    data = json_object("x", RawAnswer(412, b'{"errcode": 45011}'))
    with pytest.raises(RateLimited) as caught:
        raise_for_errcode("x", data)
    assert caught.value.retry_after == 60


def test_a_status_of_400_without_an_errcode_is_no_success():
    with pytest.raises(InvalidAnswer):
        json_object("x", RawAnswer(404, b'{"openid": "o"}'))


def test_an_address_that_is_not_listed_is_named():
    errmsg = "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 65f2a1b3-12ab34cd-0badcafe"
    with pytest.raises(Misconfigured) as caught:
        raise_for_errcode("x", {"errcode": 40164, "errmsg": errmsg})
    assert caught.value.address == "203.0.113.7"
    assert "203.0.113.7" in str(caught.value)


def test_the_field_that_wechat_names_is_kept():
    with pytest.raises(InvalidArgument) as caught:
        raise_for_errcode("x", {"errcode": 47003, "errmsg": "argument invalid! data.thing01.value is empty"})
    assert caught.value.field == "thing01"


def test_an_unknown_errcode_is_kept_with_its_rid():
    with pytest.raises(Refused) as caught:
        raise_for_errcode("x", {"errcode": 87020, "errmsg": "dup rid: 65f2a1b3-12ab34cd-0badcafe"})
    assert str(caught.value) == ("x: WeChat refused the request (errcode 87020, rid 65f2a1b3-12ab34cd-0badcafe)")


@pytest.mark.parametrize(
    "error",
    [
        RateLimited("x", errcode=45011, rid="r", retry_after=7),
        Misconfigured("x", detail="d", address="1.2.3.4"),
        Unavailable("x", maybe_sent=True, reason="connect"),
        InvalidAnswer("x", http_status=502, reason="r"),
        InvalidArgument("x", field="f", rule="r"),
        PushRejected(PushFault.APPID),
    ],
)
def test_errors_survive_a_copy_and_a_pickle(error):
    for other in (copy(error), pickle.loads(pickle.dumps(error))):
        assert type(other) is type(error)
        assert (str(other), other.__dict__) == (str(error), error.__dict__)
