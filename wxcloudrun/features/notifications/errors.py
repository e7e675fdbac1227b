"""Refusals about messages."""

from wxcloudrun.core.errors import Conflict, Missing


# fmt: off
class ChannelNotFound(Missing):
    zh, en = "通知渠道不存在", "There is no such channel"


class RuleNotFound(Missing):
    zh, en = "通知规则不存在", "There is no such rule"


class DeliveryNotFound(Missing):
    zh, en = "通知记录不存在", "There is no such delivery"


class TooManyChannels(Conflict):
    zh, en = "一个项目最多有 {limit} 个通知渠道", "A project has at most {limit} channels"


class TooManyRules(Conflict):
    zh, en = "一个项目最多有 {limit} 条通知规则", "A project has at most {limit} rules"


class DeliveryUnderWay(Conflict):
    zh, en = "该通知仍在发送中，结束后才能重发", "This delivery is still under way; replay it once it has ended"
# fmt: on
