"""Carries one message to its receiver, by the way that its channel has. Knows no rows and opens no transaction."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from wxcloudrun.features.notifications.models import ChannelKind
from wxcloudrun.integrations.notice import Notice, Outcome

if TYPE_CHECKING:
    from wxcloudrun.integrations.mail import MailServer
    from wxcloudrun.integrations.web_hook import Poster

type WechatSend = Callable[[int, Notice], Outcome]


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be carried. `mark` goes along, the same for each attempt."""

    kind: ChannelKind
    event: str
    notice: Notice
    url: str = field(default="", repr=False)
    secret: str | None = field(default=None, repr=False)
    recipients: tuple[str, ...] = field(default=(), repr=False)
    person: int = 0


@dataclass(frozen=True, slots=True)
class Ways:
    """What carriers work with. `bases` stand in for robots' hosts; without `mail` and `wechat` neither is sent."""

    poster: "Callable[[], Poster]"
    bases: Mapping[str, str] = field(default_factory=dict)
    mail: "MailServer | None" = None
    wechat: WechatSend | None = None


def carry(job: Job, ways: Ways, now: datetime) -> Outcome:
    """What became of it."""
    if job.kind is ChannelKind.WEBHOOK:
        return _to_web_hook(job, ways, now)
    if job.kind is ChannelKind.MAIL:
        return _by_mail(job, ways, now)
    if job.kind is ChannelKind.WECHAT:
        if ways.wechat is None:
            return _off("WECHAT_NOTICE_TEMPLATE")
        return ways.wechat(job.person, job.notice)
    return _to_robot(job, ways, now)


def hook_body(job: Job) -> bytes:
    """What a web hook receives; each attempt the same bytes."""
    told: dict[str, Any] = {"delivery": job.notice.mark, "text": job.notice.title, **(job.notice.data or {})}
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")


def _to_web_hook(job: Job, ways: Ways, now: datetime) -> Outcome:
    from wxcloudrun.integrations.web_hook import DELIVERY_HEADER, EVENT_HEADER, signed  # noqa: PLC0415 - loads the engine

    names = {DELIVERY_HEADER: job.notice.mark, EVENT_HEADER: job.event}
    return ways.poster().send(signed(job.url, hook_body(job), job.secret or "", names, now), now)[0]


def _to_robot(job: Job, ways: Ways, now: datetime) -> Outcome:
    from wxcloudrun.integrations.robots import Door, Robot, judged, request_of  # noqa: PLC0415 - as above

    robot = Robot(job.kind.name.lower())
    door = Door(robot, job.url, job.secret, ways.bases.get(robot.value, ""))
    outcome, body = ways.poster().send(request_of(door, job.notice, now), now)
    return judged(robot, outcome, body)


def _by_mail(job: Job, ways: Ways, now: datetime) -> Outcome:
    from wxcloudrun.integrations import mail  # noqa: PLC0415 - who sends no mail needs none of it

    return _off("MAIL_HOST") if ways.mail is None else mail.send(ways.mail, job.recipients, job.notice, now)


def _off(setting: str) -> Outcome:
    return Outcome(False, None, f"the operator has to set {setting}", final=True)


def marked(notice: Notice, mark: str) -> Notice:
    """The notice with what tells its delivery from others."""
    return replace(notice, mark=mark)
