"""What each pushed event leads to, told to stand-ins."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from wxcloudrun.features.wechat.execution import Events, NotKnownYet, Reactions
from wxcloudrun.integrations.wechat.errors import InvalidAnswer
from wxcloudrun.integrations.wechat.push_message import PushMessage, parse_push


class Subscriptions:
    """Knows one person and notes what it hears."""

    def __init__(self) -> None:
        self.heard_answers: list[Mapping[str, str]] = []
        self.forgotten: list[int] = []

    def person(self, appid: str, openid: str) -> int | None:
        return 7 if (appid, openid) == ("wx-app", "known") else None

    def heard(self, appid: str, openid: str, answers: Mapping[str, str], at: datetime) -> bool:
        self.heard_answers.append(answers)
        assert at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
        return self.person(appid, openid) is not None

    def forget(self, user_id: int) -> int:
        self.forgotten.append(user_id)
        return 1


def message(event: str, openid: str = "known", **fields: Any) -> PushMessage:
    head = {"MsgType": "event", "Event": event, "FromUserName": openid, "CreateTime": 1_700_000_000}
    return parse_push(json.dumps(head | fields))


def outcome(sent: PushMessage, reactions: Reactions | None = None, known: Subscriptions | None = None) -> str:
    events = Events("wx-app", known or Subscriptions(), reactions or Reactions())  # type: ignore[arg-type]  # a stand-in
    return events.handlers()[sent.event or ""](sent)


def test_one_answer_is_an_object_and_several_are_a_list():
    known = Subscriptions()
    one = {"TemplateId": "T1", "SubscribeStatusString": "accept"}
    two = {"TemplateId": "T2", "SubscribeStatusString": "reject"}
    assert outcome(message("subscribe_msg_popup_event", List=one), known=known) == "counted"
    assert outcome(message("subscribe_msg_popup_event", List=[one, two, {"x": 1}]), known=known) == "counted"
    assert known.heard_answers == [{"T1": "accept"}, {"T1": "accept", "T2": "reject"}]


def test_the_person_is_the_one_in_the_events_own_field():
    erased: list[int] = []
    sent = message("user_authorization_cancellation", openid="gh_account", OpenID="known")
    known = Subscriptions()
    assert outcome(sent, Reactions(erase=erased.append), known) == "erased"
    assert (erased, known.forgotten) == ([7], [7])


def test_erasing_and_limiting_are_two_things():
    limited: list[int] = []
    reactions = Reactions(limit=limited.append)
    assert outcome(message("user_authorization_revoke"), reactions) == "limited"
    assert outcome(message("user_authorization_cancellation"), reactions) == "ignored"
    assert limited == [7]


def test_nobody_is_erased_for_a_stranger():
    erased: list[int] = []
    sent = message("user_authorization_cancellation", openid="stranger")
    assert outcome(sent, Reactions(erase=erased.append)) == "unknown_person"
    assert erased == []


def test_a_verdict_about_an_unknown_check_comes_again():
    verdict = {"trace_id": "t", "errcode": 0, "result": {"suggest": "pass", "label": 100}}
    with pytest.raises(NotKnownYet):
        outcome(message("wxa_media_check", **verdict), Reactions(judged=lambda _: False))
    assert outcome(message("wxa_media_check", **verdict), Reactions(judged=lambda _: True)) == "judged"
    assert outcome(message("wxa_media_check", **verdict)) == "ignored"


def test_a_verdict_that_makes_no_sense_is_not_taken_for_a_pass():
    with pytest.raises(InvalidAnswer):
        outcome(message("wxa_media_check", trace_id="t", errcode=0), Reactions(judged=lambda _: True))


@pytest.mark.parametrize(("code", "result"), [("0", "delivered"), (0, "delivered"), ("43101", "not_delivered")])
def test_a_delivery_is_read_whether_its_code_is_a_number_or_text(code, result):
    assert outcome(message("subscribe_msg_sent_event", List={"TemplateId": "T", "ErrorCode": code})) == result
