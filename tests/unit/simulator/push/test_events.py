"""How pushed messages read in JSON and in XML."""

import json
from xml.etree.ElementTree import fromstring

from wxcloudrun.simulator import AppConfig
from wxcloudrun.simulator.push import events
from wxcloudrun.simulator.records import PushFormat

APP = AppConfig()


def as_json(payload):
    return json.loads(events.written(payload, PushFormat.JSON))


def as_xml(payload):
    return fromstring(events.written(payload, PushFormat.XML))


def test_one_answer_in_a_popup_is_an_object_in_json_and_two_are_a_list():
    one = events.popup(APP, "o1", 5.9, [("T", "accept")])
    two = events.popup(APP, "o1", 5.9, [("T", "accept"), ("U", "reject")])
    assert as_json(one) == {
        "ToUserName": APP.original_id,
        "FromUserName": "o1",
        "CreateTime": "5",
        "MsgType": "event",
        "Event": "subscribe_msg_popup_event",
        "List": {"TemplateId": "T", "SubscribeStatusString": "accept", "PopupScene": "0"},
    }
    assert [row["TemplateId"] for row in as_json(two)["List"]] == ["T", "U"]


def test_answers_stand_inside_an_element_of_their_own_in_xml():
    two = as_xml(events.popup(APP, "o1", 5, [("T", "accept"), ("U", "reject")]))
    assert [row.findtext("TemplateId") for row in two.findall("SubscribeMsgPopupEvent/List")] == ["T", "U"]
    assert as_xml(events.sent(APP, "o1", 5, "T", 7)).findtext("SubscribeMsgSentEvent/List/MsgID") == "7"
    assert as_xml(events.changed(APP, "o1", 5, "T")).find("SubscribeMsgChangeEvent/List") is not None


def test_a_media_verdict_is_a_list_in_json_and_one_element_in_xml():
    payload = events.media_checked(APP, "o1", 5, "t-1", ("risky", 20002))
    assert as_json(payload)["detail"] == [
        {"strategy": "content_model", "errcode": 0, "suggest": "risky", "label": 20002, "prob": 90}
    ]
    root = as_xml(payload)
    assert root.findtext("detail/label") == root.findtext("result/label") == "20002"


def test_media_that_cannot_be_downloaded_has_no_verdict():
    payload = as_json(events.media_checked(APP, "o1", 5, "t-1", None))
    assert payload["errcode"] == -1008
    assert "result" not in payload


def test_a_text_keeps_its_emoji_and_cannot_leave_its_cdata():
    message = events.text_message(APP, "o1", 5, "你好😀]]></Content>", 2**60)
    assert as_json(message)["Content"] == as_xml(message).findtext("Content") == "你好😀]]></Content>"
    assert as_xml(message).findtext("MsgId") == str(2**60)
