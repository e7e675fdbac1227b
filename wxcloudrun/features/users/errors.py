"""Refusals about people."""

from wxcloudrun.core.errors import Conflict, Missing, Rejected, Unavailable


# fmt: off
class UserNotFound(Missing):
    zh, en = "用户不存在", "There is no such user"


class PhoneTaken(Conflict):
    zh, en = "该手机号已绑定其他账号", "This phone number belongs to another account"


class OwnAccountProtected(Conflict):
    zh, en = "不能停用、降级或删除自己的管理员账号", "Administrators cannot disable, demote or delete themselves"


class ContentRefused(Rejected):
    zh, en = "内容不符合规范，请修改", "WeChat's content check refused this text; please change it"


class ContentCheckUnavailable(Unavailable):
    zh, en = "内容检查暂不可用，请稍后再试", "The content check is unavailable for the moment; please try again"
# fmt: on
