"""Refusals about messages, and about what WeChat pushes."""

from wxcloudrun.core.errors import ApiError, Conflict, Forbidden, Rejected, Unparsable
from wxcloudrun.features.users.errors import ContentRefused
from wxcloudrun.integrations.wechat import errors as wechat
from wxcloudrun.integrations.wechat import refusals


# fmt: off
class PushRefused(Forbidden):
    zh, en = "拒绝", "Refused"


class PushUnreadable(Unparsable):
    zh, en = "无法解析", "Not readable"


class NoWechatIdentity(Conflict):
    zh, en = "该用户没有微信身份", "This person has no WeChat identity here"


class NotSubscribed(Conflict):
    zh, en = "用户未订阅该消息，或订阅次数已用完", "The person did not accept such a message, or the right is used up"


class TemplateUnusable(Rejected):
    zh, en = "消息模板不可用", "This message template is unknown or banned"


class TooManyTemplates(Rejected):
    zh, en = "订阅的模板过多", "Too many different templates"
# fmt: on


def translated(error: wechat.WeChatError) -> ApiError:
    """Our refusal for WeChat's."""
    if isinstance(error, wechat.UserRefused):
        return NotSubscribed()
    if isinstance(error, wechat.TemplateUnusable):
        return TemplateUnusable()
    if isinstance(error, wechat.ContentRejected):
        return ContentRefused()
    return refusals.translated(error)
