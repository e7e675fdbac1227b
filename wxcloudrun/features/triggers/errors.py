"""Refusals about triggers."""

from wxcloudrun.core.errors import Conflict, Missing, Unauthenticated


# fmt: off
class TriggerNotFound(Missing):
    zh, en = "触发器不存在", "There is no such trigger"


class TriggerDisabled(Conflict):
    zh, en = "触发器已停用，请先启用", "This trigger is switched off; enable it first"


class TriggerSignatureWrong(Unauthenticated):
    zh = "签名缺失、错误或已过期，请检查密钥和时钟"
    en = "The signature is missing, wrong or older than five minutes; check the secret and the clock"


class TooManyTriggers(Conflict):
    zh, en = "一个项目最多有 {limit} 个触发器", "A project has at most {limit} triggers"


class DeliveryKnown(Exception):
    """This request began a run before; caught where it is raised."""
# fmt: on
