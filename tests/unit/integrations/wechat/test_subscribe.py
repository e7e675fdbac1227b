"""Subscribe messages."""

import logging
import threading
import time

import pytest

from wxcloudrun.integrations.wechat.errors import (
    ContentRejected,
    InvalidArgument,
    PageUnpublished,
    SendInFlight,
    TemplateUnusable,
    UnknownUser,
    UserRefused,
)
from wxcloudrun.integrations.wechat.subscribe import AppState, Language, SubscribeMessage
from wxcloudrun.integrations.wechat.subscribe_values import broken_rule, shortened

SEND = "/cgi-bin/message/subscribe/send"
SENT = {"errcode": 0, "errmsg": "ok", "msgid": 3248682510344192008}
IN_FLIGHT = {"errcode": 43108, "errmsg": "concurrent"}


def _message(openid: str = "openid-1", **changes: object) -> SubscribeMessage:
    return SubscribeMessage(openid, "template-1", **{"values": {"thing1": "夜间回归😀"}, **changes})


def test_a_message_is_sent_whole_and_its_id_is_exact(wechat, client):
    wechat.on(SEND, SENT)
    message = _message(page="pages/run?id=1", state=AppState.TRIAL, language=Language.EN_US)
    assert client.send_subscribe_message(message) == 3248682510344192008
    assert wechat.calls(SEND)[0].json == {
        "touser": "openid-1",
        "template_id": "template-1",
        "page": "pages/run?id=1",
        "data": {"thing1": {"value": "夜间回归😀"}},
        "miniprogram_state": "trial",
        "lang": "en_US",
    }


def test_the_released_version_in_chinese_is_the_default_and_a_page_is_optional(wechat, client):
    wechat.on(SEND, {"errcode": 0, "errmsg": "ok"})
    assert client.send_subscribe_message(_message()) is None
    sent = wechat.calls(SEND)[0].json
    assert (sent["miniprogram_state"], sent["lang"], "page" in sent) == ("formal", "zh_CN", False)


@pytest.mark.parametrize(
    ("errcode", "kind"),
    [
        (40003, UnknownUser),
        (40037, TemplateUnusable),
        (43107, TemplateUnusable),
        (41030, PageUnpublished),
        (43101, UserRefused),
        (45168, ContentRejected),
    ],
)
def test_a_refusal_has_its_meaning_and_is_not_tried_again(wechat, client, errcode, kind):
    wechat.on(SEND, {"errcode": errcode, "errmsg": "x"})
    with pytest.raises(kind):
        client.send_subscribe_message(_message())
    assert len(wechat.calls(SEND)) == 1


def test_a_value_that_wechat_refuses_is_named(wechat, client):
    wechat.on(SEND, {"errcode": 47003, "errmsg": "argument invalid! data.thing1.value invalid rid: 1"})
    with pytest.raises(InvalidArgument) as caught:
        client.send_subscribe_message(_message())
    assert caught.value.field == "thing1"


def test_a_user_who_said_no_is_no_cause_for_alarm(wechat, client, caplog):
    caplog.set_level(logging.INFO)
    wechat.on(SEND, {"errcode": 43101, "errmsg": "user refuse to accept the msg"})
    with pytest.raises(UserRefused):
        client.send_subscribe_message(_message())
    assert [record.levelname for record in caplog.records if "wechat" in record.name] == ["INFO"]
    assert "openid-1" not in caplog.text


def test_two_sends_at_once_are_tried_again_after_a_moment(wechat, client, pauses):
    wechat.on(SEND, IN_FLIGHT, IN_FLIGHT, SENT)
    assert client.send_subscribe_message(_message()) == SENT["msgid"]
    assert pauses == [0.3, 0.6]


def test_sends_that_stay_in_flight_end(wechat, client):
    wechat.on(SEND, IN_FLIGHT)
    with pytest.raises(SendInFlight):
        client.send_subscribe_message(_message())
    assert len(wechat.calls(SEND)) == 3


def test_one_user_is_written_to_one_at_a_time_and_others_are_not_held_up(wechat, client):
    under_way: list[str] = []
    clashes: list[str] = []
    together: list[int] = []

    def slowly(seen):
        openid = seen.json["touser"]
        if openid in under_way:
            clashes.append(openid)
        under_way.append(openid)
        together.append(len(under_way))
        time.sleep(0.03)
        under_way.remove(openid)
        return SENT

    wechat.on(SEND, slowly)
    threads = [
        threading.Thread(target=client.send_subscribe_message, args=(_message(openid),))
        for openid in ("a", "a", "a", "b", "b", "c")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clashes == []
    assert max(together) > 1
    assert len(wechat.calls(SEND)) == 6
    assert client._subscriptions._users._locks == {}


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("thing1", ["一" * 20, "a b-c，d", "😀" * 20], ["一" * 21, "a\nb", "a\tb", "a\u2028b", "", " "]),
        ("number2", ["1", "-1.5", "9" * 32], ["9" * 33, "1,5", "一", "1.", "٣"]),
        ("letter3", ["abcXYZ", "a" * 32], ["a1", "a" * 33, "é"]),
        ("symbol4", ["!", "￥#%*-"], ["a", "1", "!!!!!!"]),
        ("character_string5", ["a-1 #", "x" * 32], ["x" * 33, "一"]),
        ("time6", ["15:01", "2019年10月1日 15:01", "09:30:00", "15:01~16:02"], ["24:00", "soon", "2019-10-01"]),
        (
            "date7",
            [
                "2019-10-01",
                "2019年10月1日",
                "2019/10/1",
                "2019.10.1",
                "10-01",
                "2019-10",
                "10月1日",
                "2019-10-01 15:01",
            ],
            ["2019-13-01", "soon", "15:01", "2019-10-01~"],
        ),
        ("date8", ["2019-10-01~2019-10-02"], ["2019-10-32"]),
        ("amount9", ["¥100", "￥1.50", "$9999999999", "10元", "1.5"], ["¥", "12345678901", "一元", "100块"]),
        ("phone_number1", ["+86-0766-66888866", "13800138000"], ["1" * 18, "1380013800O", "一"]),
        ("car_number1", ["粤A8Z888挂", "A12345"], ["粤A8Z888挂挂", "粤 A8Z888"]),
        ("name1", ["张三", "一" * 10, "John Smith", "a" * 20], ["一" * 11, "a" * 21, "John 3"]),
        ("phrase1", ["通过", "一" * 5], ["一" * 6, "ok", "通过!"]),
        ("enum1", ["anything"], ["", "a\rb"]),
        ("newtype1", ["anything at all " * 9], ["\x07"]),
        ("thing", [], ["a"]),
        ("Thing1", [], ["a"]),
    ],
)
def test_values_are_checked_by_their_type(key, good, bad):
    assert [value for value in good if broken_rule(key, value)] == []
    assert [value for value in bad if not broken_rule(key, value)] == []


def test_a_value_that_does_not_fit_is_found_before_sending(wechat, client):
    with pytest.raises(InvalidArgument) as caught:
        client.send_subscribe_message(_message(values={"thing1": "ok", "phrase2": "not chinese"}))
    assert (caught.value.field, caught.value.errcode) == ("phrase2", 0)
    assert wechat.seen == []


@pytest.mark.parametrize("changes", [{"openid": ""}, {"page": "p" * 1025}])
def test_an_empty_user_and_a_long_page_are_found_before_sending(wechat, client, changes):
    with pytest.raises(InvalidArgument) as caught:
        client.send_subscribe_message(_message(**changes))
    assert caught.value.field in changes
    assert wechat.seen == []


@pytest.mark.parametrize(
    ("key", "value", "cut"),
    [
        ("thing1", "一" * 21, "一" * 19 + "…"),
        ("thing1", "一" * 20, "一" * 20),
        ("thing1", "first\nsecond", "first second"),
        ("character_string1", "x" * 40, "x" * 29 + "..."),
        ("name1", "一" * 11, "一" * 9 + "…"),
        ("name1", "a" * 20, "a" * 20),
        ("phrase1", "一二三四五六", "一二三四五"),
        ("number1", "9" * 40, "9" * 40),
        ("time1", "late", "late"),
    ],
)
def test_only_free_text_is_shortened(key, value, cut):
    assert shortened(key, value) == cut


def test_a_message_may_be_shortened_to_fit(wechat, client):
    wechat.on(SEND, SENT)
    client.send_subscribe_message(_message(values={"thing1": "字" * 30}, truncate=True))
    assert wechat.calls(SEND)[0].json["data"]["thing1"]["value"] == "字" * 19 + "…"


def test_what_stays_too_long_is_refused_all_the_same(client):
    with pytest.raises(InvalidArgument):
        client.send_subscribe_message(_message(values={"number1": "9" * 40}, truncate=True))
