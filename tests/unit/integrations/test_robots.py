"""Robots: signatures, bodies and limits as their makers' pages say, and what is in an answer of status 200."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from wxcloudrun.integrations.notice import Notice, Outcome
from wxcloudrun.integrations.robots import (
    MOST,
    OFFICIAL,
    Door,
    Robot,
    dingtalk_signature,
    feishu_signature,
    is_official,
    judged,
    request_of,
)

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
NOTICE = Notice(
    title="【失败】登录：2 步失败",
    good=False,
    mark="D7",
    facts=(("环境", "staging"), ("分支", "main")),
    points=("2x POST /login: status is 500",),
    link="https://x.example/api/projects/1/runs/2/report.html",
    link_text="查看报告",
)
NASTY = Notice(
    title="<font color=red>*a*</font>",
    good=False,
    facts=(("l", "<at id=all></at> [x](http://e) ![i](http://e)"),),
    points=("`code` <@all>\n# head\u202e",),
)
LONG = Notice("题" * 200, False, "D1", facts=(("标", "值" * 300),) * 8, points=("因" * 400,) * 60)


def door(robot: Robot, secret: str | None = None) -> Door:
    return Door(robot, OFFICIAL[robot][0] + "abc-123", secret)


def body(robot: Robot, notice: Notice = NOTICE, secret: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(request_of(door(robot, secret), notice, NOW).body)
    return found


def text(robot: Robot, notice: Notice) -> str:
    found = body(robot, notice)
    if robot is Robot.WECOM:
        return str(found["markdown"]["content"])
    return str(
        found["markdown"]["text"] if robot is Robot.DINGTALK else found["card"]["elements"][0]["text"]["content"]
    )


def test_dingtalk_is_signed_to_in_the_address():
    url = request_of(door(Robot.DINGTALK, "SEC123"), NOTICE, NOW).url
    query = parse_qs(urlsplit(url).query)
    milliseconds = str(int(NOW.timestamp() * 1000))
    assert query["timestamp"] == [milliseconds]
    right = base64.b64encode(hmac.digest(b"SEC123", f"{milliseconds}\nSEC123".encode(), hashlib.sha256)).decode()
    assert query["sign"] == [right]
    assert "+" not in dingtalk_signature("SEC123", 1_700_000_000_000)
    assert query["access_token"] == ["abc-123"]


def test_feishu_is_signed_to_in_the_body():
    found = body(Robot.FEISHU, secret="demo")
    assert found["timestamp"] == str(int(NOW.timestamp()))
    right = base64.b64encode(hmac.digest(f"{found['timestamp']}\ndemo".encode(), b"", hashlib.sha256)).decode()
    assert found["sign"] == right
    assert feishu_signature("demo", int(NOW.timestamp())) == right
    assert "sign" not in body(Robot.FEISHU)


def test_bodies_have_the_shape_that_each_robot_reads():
    assert body(Robot.WECOM).keys() == {"msgtype", "markdown"}
    assert body(Robot.DINGTALK)["markdown"].keys() == {"title", "text"}
    card = body(Robot.FEISHU)["card"]
    assert card["header"]["title"] == {"tag": "plain_text", "content": NOTICE.title}
    assert card["elements"][1]["actions"][0]["url"] == NOTICE.link


@pytest.mark.parametrize("robot", Robot)
def test_each_tells_verdict_cause_link_and_delivery(robot):
    whole = json.dumps(body(robot), ensure_ascii=False)
    for part in (NOTICE.title, "staging", "status is 500", "report.html", "D7"):
        assert part in whole


@pytest.mark.parametrize("robot", Robot)
def test_texts_of_strangers_steer_nothing(robot):
    shown = text(robot, NASTY)
    own = '**<font color="warning">' if robot is Robot.WECOM else ""
    shown = shown.removeprefix(own)
    assert "<at" not in shown
    assert "<@" not in shown
    assert "](http" not in shown
    assert "\u202e" not in shown
    assert "\n# head" not in shown


@pytest.mark.parametrize("robot", Robot)
def test_a_long_notice_is_cut_to_the_limit_and_keeps_its_verdict(robot):
    post = request_of(door(robot), LONG, NOW)
    size = len(text(robot, LONG).encode()) if robot is Robot.WECOM else len(post.body)
    assert size <= MOST[robot]
    assert "题" * 100 in post.body.decode()
    assert "…" in post.body.decode()


@pytest.mark.parametrize(
    ("robot", "answer", "sent", "wait"),
    [
        (Robot.WECOM, {"errcode": 0, "errmsg": "ok"}, True, None),
        (Robot.WECOM, {"errcode": 45009, "errmsg": "api freq out of limit"}, False, 60.0),
        (Robot.WECOM, {"errcode": 93000, "errmsg": "invalid webhook url"}, False, None),
        (Robot.DINGTALK, {"errcode": 0, "errmsg": "ok"}, True, None),
        (Robot.DINGTALK, {"errcode": 130101, "errmsg": "send too fast"}, False, 60.0),
        (Robot.DINGTALK, {"errcode": 310000, "errmsg": "sign not match"}, False, None),
        (Robot.FEISHU, {"StatusCode": 0, "StatusMessage": "success", "code": 0, "msg": "success"}, True, None),
        (Robot.FEISHU, {"code": 9499, "msg": "too many request", "data": {}}, False, 60.0),
        (Robot.FEISHU, {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}, False, None),
    ],
)
def test_an_answer_of_200_may_be_a_refusal(robot, answer, sent, wait):
    content = json.dumps(answer).encode()
    found = judged(robot, Outcome(True, 200, content.decode()), content)
    assert (found.sent, found.wait_s, found.final) == (sent, wait, False)


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"[]", b'{"errcode": "0"}', b"{}", b'{"errcode": false}', b"[" * 9999]
)
def test_garbage_is_no_success(content):
    assert not judged(Robot.WECOM, Outcome(True, 200, "x"), content).sent


@pytest.mark.parametrize(
    ("url", "official"),
    [
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx", True),
        ("http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6", False),
        ("https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key=1", False),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", False),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a&b=c", False),
    ],
)
def test_only_addresses_of_the_robots_maker_are_taken(url, official):
    assert is_official(Robot.WECOM, url) is official


def test_another_host_may_stand_in():
    stand_in = Door(Robot.FEISHU, OFFICIAL[Robot.FEISHU][1] + "k", None, "http://127.0.0.1:9/")
    assert stand_in.place() == "http://127.0.0.1:9/open-apis/bot/v2/hook/k"
    assert Door(Robot.WECOM, OFFICIAL[Robot.WECOM][0] + "k", None, "http://a").place().endswith("send?key=k")
