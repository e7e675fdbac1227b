"""Refusals about environments."""

from wxcloudrun.core.errors import Conflict, Missing


# fmt: off
class EnvironmentNotFound(Missing):
    zh, en = "环境不存在，请查看环境列表", "There is no such environment; look at the project's list of environments"


class DefaultEnvironmentMissing(Conflict):
    zh, en = "项目还没有默认环境，请先指定", "The project has no default environment; choose one"


class EnvironmentNameTaken(Conflict):
    zh, en = "环境名称已存在，请换一个", "The project has an environment of this name already; choose another one"


class SecretsUnreadable(Conflict):
    zh, en = "敏感变量无法解密，请重新填写", "The secrets here cannot be decrypted any more; enter them again"
# fmt: on
