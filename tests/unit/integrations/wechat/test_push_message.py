"""The shape of pushed messages, from JSON and from XML."""

import json

import pytest

from wxcloudrun.integrations.wechat.content import Suggestion, media_verdict
from wxcloudrun.integrations.wechat.errors import PushFault, PushRejected
from wxcloudrun.integrations.wechat.push_message import parse_push

USER = "o9AgO5Kd5ggOC-bXrbNODIiE3bGY"
TEXT_XML = (
    f"<xml><ToUserName>gh</ToUserName><FromUserName><![CDATA[{USER}]]></FromUserName><CreateTime>1714112445</CreateTime>"
    "<MsgType>text</MsgType><Content><![CDATA[你好😀]]></Content><MsgId>23456789012345678</MsgId></xml>"
)


def _event(**fields: object) -> str:
    return json.dumps({"ToUserName": "gh", "FromUserName": USER, "CreateTime": 1, "MsgType": "event", **fields})


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<xml><FromUserName>&b;</FromUserName><MsgType>text</MsgType><CreateTime>1</CreateTime></xml>"
)
FILE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]><xml><MsgType>&f;</MsgType></xml>'
EMPTY_DTD = "<!DOCTYPE xml><xml><FromUserName>o</FromUserName><MsgType>t</MsgType><CreateTime>1</CreateTime></xml>"


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        FILE,
        EMPTY_DTD,
        "",
        "[]",
        "null",
        "{",
        "<xml>",
        "<xml></xml>",
        "<xml>" + "<a>" * 3000 + "</a>" * 3000 + "</xml>",
        "[" * 100_000,
        '{"MsgType": "event", "CreateTime": 1}',
        _event(CreateTime="soon"),
        _event(CreateTime=10**18),
        _event(MsgType={"a": 1}),
    ],
)
def test_what_is_no_message_is_refused(body):
    with pytest.raises(PushRejected) as caught:
        parse_push(body)
    assert caught.value.reason is PushFault.MALFORMED


def test_a_delivery_that_is_repeated_has_the_same_key():
    xml = TEXT_XML
    first, again = parse_push(xml), parse_push(xml)
    assert first.dedupe_key == again.dedupe_key
    assert len(first.dedupe_key) == 64
    assert parse_push(xml.replace("23456789012345678", "23456789012345679")).dedupe_key != first.dedupe_key


def test_the_notation_does_not_change_the_key():
    xml = parse_push(TEXT_XML)
    message = {"FromUserName": USER, "MsgType": "text", "CreateTime": 1, "MsgId": 23456789012345678}
    from_json = parse_push(json.dumps(message))
    assert (from_json.msg_id, from_json.dedupe_key) == (xml.msg_id, xml.dedupe_key)


def test_events_are_told_apart_by_user_time_and_kind():
    events = [
        _event(Event="a"),
        _event(Event="b"),
        _event(Event="a", CreateTime=2),
        _event(Event="a", FromUserName="other"),
        _event(Event="a", trace_id="t1"),
        _event(Event="a", List={"TemplateId": "T", "MsgID": "1"}),
        _event(Event="a", List={"TemplateId": "T", "MsgID": "2"}),
    ]
    assert len({parse_push(one).dedupe_key for one in events}) == len(events)
    assert parse_push(_event(Event="a", RetryTimes=1)).dedupe_key == parse_push(events[0]).dedupe_key


ENTRY = {"TemplateId": "T", "SubscribeStatusString": "accept", "PopupScene": "0"}


@pytest.mark.parametrize(
    ("listed", "count"), [(ENTRY, 1), ([ENTRY], 1), ([ENTRY, ENTRY], 2), ([], 0), ("x", 0), (["x", ENTRY], 1)]
)
def test_a_subscribe_event_in_json_has_its_entries(listed, count):
    message = parse_push(_event(Event="subscribe_msg_popup_event", CreateTime="1620973045", List=listed))
    assert len(message.entries) == count
    assert all(dict(one) == ENTRY for one in message.entries)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("part", ["SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent", "SubscribeMsgSentEvent"])
def test_a_subscribe_event_in_xml_has_its_entries(count, part):
    entry = "<List><TemplateId>T</TemplateId><MsgID>1864323726461255680</MsgID></List>"
    head = "<FromUserName>o</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType><Event>e</Event>"
    message = parse_push(f"<xml>{head}<{part}>{entry * count}</{part}></xml>")
    assert [one["MsgID"] for one in message.entries] == ["1864323726461255680"] * count


def test_a_message_shows_no_user_when_printed():
    assert USER not in repr(parse_push(_event(Event="debug_demo")))


def test_a_message_cannot_be_changed():
    with pytest.raises(TypeError):
        parse_push(_event(Event="debug_demo")).fields["Event"] = "x"


MEDIA = {
    "appid": "wx1",
    "trace_id": "62f11967-2b24d27a-34715985",
    "version": 2,
    "detail": [{"strategy": "content_model", "errcode": 0, "suggest": "pass", "label": 100, "prob": 90}],
    "errcode": 0,
    "errmsg": "ok",
    "result": {"suggest": "risky", "label": 20002},
}


def test_a_media_check_event_in_json_and_in_xml():
    from_json = media_verdict(dict(parse_push(_event(Event="wxa_media_check", **MEDIA)).fields))
    xml = (
        "<xml><FromUserName>o</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType>"
        "<Event>wxa_media_check</Event><trace_id>62f11967-2b24d27a-34715985</trace_id><errcode>0</errcode>"
        "<result><suggest>risky</suggest><label>20002</label></result><detail><errcode>0</errcode></detail></xml>"
    )
    assert from_json == media_verdict(dict(parse_push(xml).fields))
    assert from_json.verdict is not None
    assert (from_json.verdict.suggestion, from_json.verdict.label) == (Suggestion.RISKY, 20002)


def test_a_media_check_that_could_not_load_the_media_is_no_pass():
    verdict = media_verdict({**MEDIA, "errcode": -1008})
    assert (verdict.verdict, verdict.download_failed) == (None, True)
    assert media_verdict({**MEDIA, "errcode": 1}).verdict is None
