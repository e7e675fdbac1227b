"""The token file of Cloud Run."""

import pytest

from wxcloudrun.integrations.wechat.config import TokenMode
from wxcloudrun.integrations.wechat.errors import Misconfigured, TokenRejected, Unavailable

CHECK = "/wxa/checksession"
OK = {"errcode": 0, "errmsg": "ok"}
FILE_TOKEN = "cloudbase_access_token"


@pytest.fixture(autouse=True)
def _accepting(wechat):
    wechat.on(CHECK, OK)


def _call(client) -> None:
    client.user.check_session("openid", "key")


def test_the_token_file_is_read_again_once_a_minute(wechat, make_client, clock, tmp_path):
    path = tmp_path / "token"
    path.write_text("first\n")
    client = make_client(token_mode=TokenMode.CLOUDBASE_FILE, token_file=path)
    _call(client)
    path.write_text("second")
    clock.advance(59)
    _call(client)
    clock.advance(2)
    _call(client)
    assert [one.query[FILE_TOKEN] for one in wechat.seen] == ["first", "first", "second"]
    assert all("access_token" not in one.query for one in wechat.seen)


@pytest.mark.parametrize("text", ["default-tcb-wx-access-token", "default-tcb-wx-access-token\n", "", " "])
def test_the_placeholder_in_the_file_is_no_token(wechat, make_client, tmp_path, text):
    path = tmp_path / "token"
    path.write_text(text)
    client = make_client(token_mode=TokenMode.CLOUDBASE_FILE, token_file=path)
    with pytest.raises(Unavailable) as caught:
        _call(client)
    assert not caught.value.maybe_sent
    path.write_text("now")
    _call(client)
    assert [one.query[FILE_TOKEN] for one in wechat.seen] == ["now"]


def test_without_the_file_an_operator_has_to_act(make_client, tmp_path):
    with pytest.raises(Misconfigured):
        _call(make_client(token_mode=TokenMode.CLOUDBASE_FILE, token_file=tmp_path / "none"))


def test_a_refused_file_token_is_tried_again_only_if_the_file_has_changed(wechat, make_client, tmp_path):
    path = tmp_path / "token"
    path.write_text("first")
    client = make_client(token_mode=TokenMode.CLOUDBASE_FILE, token_file=path)
    _call(client)
    wechat.on(CHECK, lambda seen: OK if seen.query[FILE_TOKEN] == "second" else {"errcode": 42001})
    with pytest.raises(TokenRejected):
        _call(client)
    assert len(wechat.seen) == 2
    path.write_text("second")
    _call(client)
    assert [one.query[FILE_TOKEN] for one in wechat.seen] == ["first", "first", "first", "second"]
