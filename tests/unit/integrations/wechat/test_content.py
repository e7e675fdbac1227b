"""Content check: nothing but WeChat's word means "passed"."""

import pytest

from wxcloudrun.integrations.wechat.content import Label, MediaType, Scene, Suggestion
from wxcloudrun.integrations.wechat.errors import (
    Busy,
    ContentRejected,
    InvalidAnswer,
    InvalidArgument,
    RateLimited,
    Unavailable,
    UnknownUser,
    UserInactive,
    WeChatError,
)

TEXT = "/wxa/msg_sec_check"
MEDIA = "/wxa/media_check_async"


def _result(suggest: object, label: object = 100) -> dict[str, object]:
    return {"errcode": 0, "errmsg": "ok", "trace_id": "t-1", "result": {"suggest": suggest, "label": label}}


@pytest.mark.parametrize(
    ("suggest", "label"), [("pass", Label.NORMAL), ("review", Label.OTHER), ("risky", Label.CRIME)]
)
def test_wechats_advice_is_passed_on(wechat, client, suggest, label):
    wechat.on(TEXT, _result(suggest, int(label)))
    verdict = client.content.text("openid-1", "text", Scene.PROFILE, nickname="n")
    assert (verdict.suggestion, verdict.label, verdict.trace_id) == (Suggestion(suggest), label, "t-1")
    assert wechat.calls(TEXT)[0].json == {
        "content": "text",
        "version": 2,
        "scene": 1,
        "openid": "openid-1",
        "nickname": "n",
    }


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"errcode": -1}, Busy),
        ({"errcode": 61010}, UserInactive),
        ({"errcode": 43104}, UnknownUser),
        ({"errcode": 40003}, UnknownUser),
        ({"errcode": 40129}, InvalidArgument),
        ({"errcode": 44991}, RateLimited),
        ({"errcode": 87014}, ContentRejected),
        ({"errcode": 0, "errmsg": "ok"}, InvalidAnswer),
        (_result("fine"), InvalidAnswer),
        (_result(None), InvalidAnswer),
        (_result(["pass"]), InvalidAnswer),
        (_result("pass", None), InvalidAnswer),
        (b"", InvalidAnswer),
    ],
)
def test_no_answer_but_a_verdict_is_a_verdict(wechat, client, answer, kind):
    wechat.on(TEXT, answer)
    with pytest.raises(kind):
        client.content.text("openid-1", "text", Scene.COMMENT)


@pytest.mark.parametrize("fault", ["reset", "close", "hang"])
def test_an_unavailable_check_is_no_pass(wechat, client, fault):
    wechat.on(TEXT, wechat.fault(fault))
    with pytest.raises(Unavailable):
        client.content.text("openid-1", "text", Scene.COMMENT)


def test_an_app_without_settings_passes_nothing(make_client):
    with pytest.raises(WeChatError):
        make_client(appid="", secret="").content.text("openid-1", "text", Scene.COMMENT)


def test_2500_characters_are_checked(wechat, client):
    wechat.on(TEXT, _result("pass"))
    assert client.content.text("openid-1", "字" * 2500, Scene.COMMENT).suggestion is Suggestion.PASS


@pytest.mark.parametrize("text", ["字" * 2501, ""])
def test_more_and_nothing_are_found_before_sending(wechat, client, text):
    with pytest.raises(InvalidArgument) as caught:
        client.content.text("openid-1", text, Scene.COMMENT)
    assert caught.value.field == "content"
    assert wechat.seen == []


def test_a_media_check_gives_the_id_of_its_result(wechat, client):
    wechat.on(MEDIA, {"errcode": 0, "errmsg": "ok", "trace_id": "t-2"})
    url = "https://example.com/a.png"
    assert client.content.media("openid-1", url, MediaType.IMAGE, Scene.PROFILE) == "t-2"
    assert wechat.calls(MEDIA)[0].json == {
        "media_url": url,
        "media_type": 2,
        "version": 2,
        "scene": 1,
        "openid": "openid-1",
    }


@pytest.mark.parametrize("url", ["", "cloud://x/a.png", "/a.png"])
def test_only_a_public_address_can_be_checked(wechat, client, url):
    with pytest.raises(InvalidArgument):
        client.content.media("openid-1", url, MediaType.IMAGE, Scene.PROFILE)
    assert wechat.seen == []
