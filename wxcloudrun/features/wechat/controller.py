"""Codes, links, messages, checks and pushes over HTTP."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.http import Caller, Raw
from wxcloudrun.core.pagination import Page
from wxcloudrun.features.wechat.inbox import Inbox
from wxcloudrun.features.wechat.schemas import (
    Link,
    LinkBody,
    MessageBody,
    MessageSent,
    Qrcode,
    QrcodeBody,
    SessionCheck,
    SubscriptionsBody,
    SubscriptionView,
    TextCheck,
    TextCheckBody,
)
from wxcloudrun.features.wechat.service import WechatService
from wxcloudrun.features.wechat.subscriptions import SubscriptionService

_TEXT = "text/plain; charset=utf-8"


def check_push_url(caller: Caller, inbox: Inbox) -> Raw:
    """Answer WeChat's check of the push address."""
    return Raw(inbox.check_url(caller.query()), _TEXT)


def push(caller: Caller, inbox: Inbox) -> Raw:
    """Take in what WeChat pushes."""
    return Raw(inbox.receive(caller.query(), caller.body, caller.headers), _TEXT)


def qrcode(body: QrcodeBody, wechat: WechatService) -> Qrcode:
    """Make a mini-program code."""
    return wechat.qrcode(body)


def link(body: LinkBody, wechat: WechatService) -> Link:
    """Make a link that opens the mini-program."""
    return wechat.link(body)


def check_text(actor: Actor, body: TextCheckBody, wechat: WechatService) -> TextCheck:
    """Let WeChat judge a text of one's own."""
    return wechat.check_text(actor, body.content)


def check_session(actor: Actor, wechat: WechatService) -> SessionCheck:
    """See whether the session_key of the last login is still the current one."""
    return wechat.check_session(actor)


def own_subscriptions(actor: Actor, subscriptions: SubscriptionService) -> Page[SubscriptionView]:
    """List which messages one accepts."""
    return subscriptions.own(actor)


def report_subscriptions(
    actor: Actor, body: SubscriptionsBody, subscriptions: SubscriptionService
) -> Page[SubscriptionView]:
    """Report what wx.requestSubscribeMessage gave."""
    return subscriptions.report(actor, body.results)


def send_message(actor: Actor, body: MessageBody, subscriptions: SubscriptionService) -> MessageSent:
    """Send a subscribe message to somebody."""
    return subscriptions.send(actor, body)
