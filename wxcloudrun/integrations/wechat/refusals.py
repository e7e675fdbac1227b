"""What a caller of ours is told when a call to WeChat fails: one translation for every feature."""

from wxcloudrun.core.errors import (
    ApiError,
    Conflict,
    FieldFault,
    InvalidInput,
    Throttled,
    Unavailable,
    UpstreamFailed,
    UpstreamSlow,
)
from wxcloudrun.integrations.wechat import errors as wechat


# fmt: off
class WechatBusy(Throttled):
    zh, en = "微信接口调用过于频繁，请稍后再试", "WeChat's limit is reached; please try again later"


class WechatMisconfigured(Unavailable):
    zh, en = "微信接入尚未配置好，请联系管理员", "The WeChat settings are not right; tell the administrator"


class WechatUnavailable(UpstreamFailed):
    zh, en = "微信服务暂时不可用，请重试", "WeChat did not answer properly; please try again"


class WechatTimeout(UpstreamSlow):
    zh, en = "微信服务响应超时，请重试", "WeChat did not answer in time; please try again"


class WechatUserUnknown(Conflict):
    zh, en = "微信不认识该用户", "WeChat does not know this user in this mini-program"


class WechatUserInactive(Conflict):
    zh, en = "用户需在两小时内使用过小程序", "The user must have opened the mini-program within the last two hours"


class PageUnpublished(Conflict):
    zh, en = "该页面尚未发布", "This page is not part of the released mini-program"
# fmt: on


def translated(error: wechat.WeChatError) -> ApiError:
    """Our refusal for WeChat's; a feature looks first at the errors that have a meaning of their own there."""
    if isinstance(error, wechat.Unavailable):
        return WechatTimeout() if error.maybe_sent else WechatUnavailable()
    if isinstance(error, wechat.RateLimited):
        return WechatBusy(retry_after=error.retry_after)
    if isinstance(error, wechat.InvalidArgument):
        return InvalidInput(fields=(FieldFault(error.field or "body", error.rule or "refused_by_wechat"),))
    for kinds, refusal in _PLAIN:
        if isinstance(error, kinds):
            return refusal()
    if isinstance(error, wechat.Busy | wechat.SendInFlight):
        return WechatBusy(retry_after=1)
    return WechatUnavailable()


_PLAIN: tuple[tuple[tuple[type[wechat.WeChatError], ...], type[ApiError]], ...] = (
    ((wechat.Misconfigured, wechat.TokenRejected), WechatMisconfigured),
    ((wechat.UnknownUser,), WechatUserUnknown),
    ((wechat.UserInactive,), WechatUserInactive),
    ((wechat.PageUnpublished,), PageUnpublished),
)
