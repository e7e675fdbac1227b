"""Who may have WeChat do what; and the address that WeChat pushes to."""

from wxcloudrun.core.errors import BodyTooLarge, InvalidInput, NotFound
from wxcloudrun.core.http import Access, Limit, Route
from wxcloudrun.core.http.later import Later
from wxcloudrun.features.users.errors import ContentRefused, UserNotFound
from wxcloudrun.features.wechat import errors
from wxcloudrun.integrations.wechat import refusals

controller = Later("wxcloudrun.features.wechat.controller")
MOST_PUSHED = 256 * 1024  # bytes

_UPSTREAM = (
    InvalidInput,
    refusals.WechatBusy,
    refusals.WechatMisconfigured,
    refusals.WechatUnavailable,
    refusals.WechatTimeout,
)
_PAGES = (*_UPSTREAM, refusals.PageUnpublished)
_PERSON = (*_UPSTREAM, errors.NoWechatIdentity, refusals.WechatUserUnknown)
_SEND = (*_PERSON, refusals.PageUnpublished, errors.NotSubscribed, errors.TemplateUnusable, ContentRefused)
_FEW = Limit(user="30/minute")
_MORE = Limit(user="60/minute")

ROUTES = [
    Route(
        "GET", "/wechat/push", controller.check_push_url, Access.ANYONE, errors=(NotFound, errors.PushRefused), raw=True
    ),
    Route(
        "POST",
        "/wechat/push",
        controller.push,
        Access.ANYONE,
        max_body=MOST_PUSHED,
        errors=(NotFound, errors.PushRefused, errors.PushUnreadable, BodyTooLarge),
        raw=True,
    ),
    Route("POST", "/api/wechat/qrcodes", controller.qrcode, Access.VERIFIED, limit=_FEW, errors=_PAGES),
    Route("POST", "/api/wechat/links", controller.link, Access.VERIFIED, limit=_FEW, errors=_PAGES),
    Route(
        "POST",
        "/api/wechat/text_checks",
        controller.check_text,
        Access.VERIFIED,
        limit=_MORE,
        errors=(*_PERSON, refusals.WechatUserInactive, ContentRefused),
    ),
    Route("POST", "/api/wechat/sessions/check", controller.check_session, Access.USER, limit=_FEW, errors=_PERSON),
    Route("GET", "/api/wechat/subscriptions", controller.own_subscriptions, Access.USER),
    Route(
        "POST",
        "/api/wechat/subscriptions",
        controller.report_subscriptions,
        Access.USER,
        limit=_FEW,
        idempotent=True,
        errors=(errors.TooManyTemplates,),
    ),
    Route(
        "POST",
        "/api/wechat/messages",
        controller.send_message,
        Access.ADMINISTRATOR,
        limit=_MORE,
        errors=(UserNotFound, *_SEND),
    ),
]
