"""How the parts that send messages are made."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app

from wxcloudrun.core.actor import SYSTEM
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.container import Container
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import db
from wxcloudrun.core.errors import ApiError, InvalidInput, Throttled
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.notifications.carriers import Ways, WechatSend
from wxcloudrun.features.notifications.deliveries import DeliveryService
from wxcloudrun.features.notifications.rules import RuleService
from wxcloudrun.features.notifications.sending import PLACES, NoticeSending
from wxcloudrun.features.notifications.service import ChannelService
from wxcloudrun.features.notifications.telling import NoticeTelling, Places
from wxcloudrun.features.projects.access import ProjectAccess
from wxcloudrun.features.reports.service import ReportService
from wxcloudrun.features.users.errors import UserNotFound
from wxcloudrun.features.wechat.errors import NotSubscribed, NoWechatIdentity
from wxcloudrun.features.wechat.schemas import MessageBody
from wxcloudrun.features.wechat.subscriptions import SubscriptionService
from wxcloudrun.integrations.notice import Notice, Outcome

if TYPE_CHECKING:
    from config import Settings
    from wxcloudrun.integrations.mail import MailServer
    from wxcloudrun.integrations.web_hook import Poster

_NOBODY = (NotSubscribed, NoWechatIdentity, UserNotFound)


def provide_notices(settings: "Settings", container: Container, keys: KeyRing) -> None:
    """How channels and rules are kept, and how messages come about and leave."""
    get, provide = container.get, container.provide
    session: Any = db.session
    places = Places(settings.public_url, settings.wechat_notice_template)
    provide(ChannelService, lambda: ChannelService(session, get(Clock), keys, get(AuditService), get(ProjectAccess)))
    provide(RuleService, lambda: RuleService(session, get(Clock), get(AuditService), get(ProjectAccess)))
    provide(DeliveryService, lambda: DeliveryService(session, get(Clock), get(AuditService), get(ProjectAccess)))
    provide(NoticeTelling, lambda: NoticeTelling(session, get(Clock), lambda: get(ReportService), places))
    provide(Ways, lambda: _ways(settings, container))
    provide(ThreadPoolExecutor, lambda: ThreadPoolExecutor(PLACES, thread_name_prefix="notice"))
    provide(
        NoticeSending,
        lambda: NoticeSending(session, get(Clock), keys, get(Ways), lambda: get(ThreadPoolExecutor)),
    )


def _ways(settings: "Settings", container: Container) -> Ways:
    bases = {name: getattr(settings, f"{name}_base") for name in ("wecom", "dingtalk", "feishu")}
    template = settings.wechat_notice_template
    fields = dict(one.split("=", 1) for one in settings.wechat_notice_fields)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # threads need the application itself
    page = settings.wechat_notice_page or None
    send = _subscribe_messages(app, container, template, fields, page) if template else None
    return Ways(lambda: _poster(settings), bases, _mail_server(settings), send)


def _poster(settings: "Settings") -> "Poster":
    from wxcloudrun.integrations.web_hook import Poster  # noqa: PLC0415 - who sends nothing loads no engine

    return Poster(settings.notice_allowed)


def _mail_server(settings: "Settings") -> "MailServer | None":
    if not settings.mail_host:
        return None
    from wxcloudrun.integrations.mail import MailServer  # noqa: PLC0415 - as above

    return MailServer(
        host=settings.mail_host,
        port=settings.mail_port or (465 if settings.mail_security == "tls" else 587),
        sender=settings.mail_from,
        security=settings.mail_security,
        username=settings.mail_username,
        password=settings.mail_password.get_secret_value(),
        ca_file=None if settings.mail_ca_file is None else str(settings.mail_ca_file),
    )


def _subscribe_messages(
    app: Flask, container: Container, template: str, fields: dict[str, str], page: str | None
) -> WechatSend:
    def send(user_id: int, notice: Notice) -> Outcome:
        from wxcloudrun.integrations.wechat.subscribe_values import shortened  # noqa: PLC0415 - as above

        values = notice.values or {}
        data = {key: shortened(key, values.get(name, "-") or "-") for key, name in fields.items()}
        body = MessageBody(user_id=user_id, template_id=template, data=data, page=page)
        with app.app_context():
            return _sent(container.get(SubscriptionService), body)

    return send


def _sent(subscriptions: SubscriptionService, body: MessageBody) -> Outcome:
    """What became of a subscribe message. Whoever accepted no more of them is no failure (WeChat's 43101)."""
    try:
        subscriptions.send(SYSTEM, body)
    except _NOBODY as error:
        return Outcome(False, None, error.name(), drop=error.name())
    except InvalidInput as error:
        told = "; ".join(f"{one.field}: {one.reason}" for one in error.fields)
        return Outcome(False, None, told[:500], final=True)
    except Throttled as error:
        return Outcome(False, None, error.name(), wait_s=error.retry_after)
    except ApiError as error:
        return Outcome(False, None, error.name())
    return Outcome(True, 200, "accepted")
