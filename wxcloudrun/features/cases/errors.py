"""Refusals about cases."""

from wxcloudrun.core.errors import Conflict, Forbidden, Missing


# fmt: off
class CaseNotFound(Missing):
    zh, en = "用例不存在", "There is no such case"


class CaseVersionNotFound(Missing):
    zh, en = "用例没有该版本", "The case has no such version"


class CaseNameTaken(Conflict):
    zh, en = "用例名称已存在", "The folder has a case of this name already; choose another name or folder"


class CaseInUse(Conflict):
    zh, en = "用例正被场景使用：{scenarios}，请先移除", "Scenarios use this case: {scenarios}; remove it there first"


class CaseCreatorRequired(Forbidden):
    zh, en = "仅用例的创建者或项目所有者可以修改该设置", "Only the case's creator or a project owner may change this"
# fmt: on
