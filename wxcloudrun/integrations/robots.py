"""Robots of WeCom, DingTalk and Feishu (Lark) groups: their requests, signatures, limits, and what their answers mean.

Sources: developer.work.weixin.qq.com/document/path/91770 (WeCom group robots); open.dingtalk.com "custom robot access"
and "robot security settings"; open.feishu.cn "custom bot usage guide".
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

from wxcloudrun.exporters.wording import one_line
from wxcloudrun.integrations.notice import Notice, Outcome, fitted, told
from wxcloudrun.integrations.web_hook import Post


class Robot(StrEnum):
    """Whose robot it is."""

    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"


OFFICIAL: Final[Mapping[Robot, tuple[str, ...]]] = {
    Robot.WECOM: ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=",),
    Robot.DINGTALK: ("https://oapi.dingtalk.com/robot/send?access_token=",),
    Robot.FEISHU: (
        "https://open.feishu.cn/open-apis/bot/v2/hook/",
        "https://open.larksuite.com/open-apis/bot/v2/hook/",
    ),
}
"""How addresses of robots begin."""

MOST: Final[Mapping[Robot, int]] = {Robot.WECOM: 4096, Robot.DINGTALK: 20_000, Robot.FEISHU: 20_000}
"""Bytes of a text (WeCom), of a whole request (the others)."""

_LIMITED: Final[Mapping[Robot, frozenset[int]]] = {
    Robot.WECOM: frozenset({45009, 45033}),
    Robot.DINGTALK: frozenset({130101, 410100, 90018}),
    Robot.FEISHU: frozenset({9499, 11232}),
}
_PAUSE_S: Final = 60.0  # each allows so many messages a minute and asks to wait for the next
_LOOKALIKES: Final = str.maketrans("<>[]`*", "＜＞［］ˋ＊")  # noqa: RUF001 - neither knows an escape that is always shown as meant
_ENTITIES: Final = str.maketrans({one: f"&#{ord(one)};" for one in "&<>[]`*~_"})


@dataclass(frozen=True, slots=True)
class Door:
    """A robot with its address and the secret with which it wants to be signed to; `base` stands in for its host."""

    robot: Robot
    url: str
    secret: str | None = None
    base: str = ""

    def place(self) -> str:
        """Where the request goes."""
        if not self.base:
            return self.url
        parts = urlsplit(self.url)
        return f"{self.base.rstrip('/')}{parts.path}" + (f"?{parts.query}" if parts.query else "")


def is_official(robot: Robot, url: str) -> bool:
    """True for an address that the robot's maker gives out, with a key behind it that is one word."""
    rest = next((url.removeprefix(start) for start in OFFICIAL[robot] if url.startswith(start)), "")
    return rest.replace("-", "").replace("_", "").isalnum() and rest.isascii()


def request_of(door: Door, notice: Notice, now: datetime) -> Post:
    """The request that shows a notice in the robot's group."""
    writers: dict[Robot, Callable[[Door, Notice, datetime], Post]] = {
        Robot.WECOM: _to_wecom,
        Robot.DINGTALK: _to_dingtalk,
        Robot.FEISHU: _to_feishu,
    }
    return writers[door.robot](door, notice, now)


def judged(robot: Robot, outcome: Outcome, body: bytes) -> Outcome:
    """What the answer really says: a status of 200 may hold a refusal."""
    if not outcome.sent:
        return outcome
    number, words = _answer(body)
    if number == 0:
        return outcome
    if number is None:
        return replace(outcome, sent=False, detail=told(f"not the answer of a robot: {outcome.detail}"))
    wait = _PAUSE_S if number in _LIMITED[robot] else None
    return replace(outcome, sent=False, detail=outcome.detail or f"{number} {words}", wait_s=wait)


def dingtalk_signature(secret: str, milliseconds: int) -> str:
    """HMAC-SHA256 of `<milliseconds>\\n<secret>` with the secret, in Base64, as it stands in an address."""
    mac = hmac.new(secret.encode(), f"{milliseconds}\n{secret}".encode(), hashlib.sha256).digest()
    return quote_plus(base64.b64encode(mac))


def feishu_signature(secret: str, seconds: int) -> str:
    """HMAC-SHA256 of nothing with the key `<seconds>\\n<secret>`, in Base64."""
    mac = hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return base64.b64encode(mac).decode()


def _to_wecom(door: Door, notice: Notice, _: datetime) -> Post:
    color = "info" if notice.good else "warning"

    def text(notice: Notice) -> bytes:
        head = f'**<font color="{color}">{_plain(notice.title)}</font>**'
        facts = [f"> {_plain(label)}: {_plain(value)}" for label, value in notice.facts]
        points = [f"- {_plain(point)}" for point in notice.points]
        return "\n".join([head, *facts, *points, *_end(notice)]).encode()

    content = fitted(text, notice, MOST[Robot.WECOM]).decode()
    return Post(door.place(), _json({"msgtype": "markdown", "markdown": {"content": content}}), {}, _hidden(door))


def _to_dingtalk(door: Door, notice: Notice, now: datetime) -> Post:
    def body(notice: Notice) -> bytes:
        facts = [f"> {_plain(label)}: {_plain(value)}" for label, value in notice.facts]
        points = [f"- {_plain(point)}" for point in notice.points]
        # Two line ends: one alone is a blank there.
        text = "\n\n".join(["### " + _plain(notice.title), *facts, "\n".join(points), *_end(notice)])
        return _json({"msgtype": "markdown", "markdown": {"title": _plain(notice.title)[:64], "text": text}})

    url = door.place()
    if door.secret:
        moment = int(now.timestamp() * 1000)
        url += f"&timestamp={moment}&sign={dingtalk_signature(door.secret, moment)}"
    return Post(url, fitted(body, notice, MOST[Robot.DINGTALK]), {}, _hidden(door))


def _to_feishu(door: Door, notice: Notice, now: datetime) -> Post:
    signed: dict[str, Any] = {}
    if door.secret:
        seconds = int(now.timestamp())
        signed = {"timestamp": str(seconds), "sign": feishu_signature(door.secret, seconds)}

    def body(notice: Notice) -> bytes:
        return _json({**signed, "msg_type": "interactive", "card": _card(notice)})

    return Post(door.place(), fitted(body, notice, MOST[Robot.FEISHU]), {}, _hidden(door))


def _card(notice: Notice) -> dict[str, Any]:
    facts = [f"**{_entities(label)}** {_entities(value)}" for label, value in notice.facts]
    points = [f"- {_entities(point)}" for point in notice.points]
    text = "\n".join([*facts, *points, *filter(None, [_entities(notice.more)])])
    parts: list[dict[str, Any]] = [{"tag": "div", "text": {"tag": "lark_md", "content": text or "-"}}]
    if notice.link:
        label = {"tag": "plain_text", "content": notice.link_text}
        parts.append({"tag": "action", "actions": [{"tag": "button", "text": label, "url": notice.link}]})
    parts.append({"tag": "note", "elements": [{"tag": "plain_text", "content": notice.mark or "-"}]})
    color = "green" if notice.good else "red"
    header = {"title": {"tag": "plain_text", "content": one_line(notice.title)}, "template": color}
    return {"config": {"wide_screen_mode": True}, "header": header, "elements": parts}


def _end(notice: Notice) -> list[str]:
    link = [f"[{_plain(notice.link_text)}]({notice.link})"] if notice.link else []
    return [*filter(None, [_plain(notice.more)]), *link, *filter(None, [_plain(notice.mark)])]


def _answer(body: bytes) -> tuple[int | None, str]:
    """The number and the words of an answer: `errcode` of WeCom and DingTalk, `code` or `StatusCode` of Feishu."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None, ""
    if not isinstance(found, dict):
        return None, ""
    number = next((found[name] for name in ("errcode", "code", "StatusCode") if name in found), None)
    words = next((str(found[name]) for name in ("errmsg", "msg", "StatusMessage") if name in found), "")
    return (number if isinstance(number, int) and not isinstance(number, bool) else None), words


def _plain(text: str) -> str:
    """Somebody's text without what WeCom and DingTalk take for marks."""
    return one_line(text).translate(_LOOKALIKES)


def _entities(text: str) -> str:
    """Somebody's text as Feishu's cards show it."""
    return one_line(text).translate(_ENTITIES)


def _hidden(door: Door) -> tuple[str, ...]:
    key = door.url.rpartition("=")[2].rpartition("/")[2]
    return tuple(filter(None, (key, door.secret)))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
