"""Refusals about cases."""

from wxcloudrun.core.errors import Conflict, Forbidden, Missing


# fmt: off
class CaseNotFound(Missing):
    zh, en = "用例不存在，或在回收站中（请先恢复）", "There is no such case, or it is in the trash; restore it then"


class CaseVersionNotFound(Missing):
    zh, en = "用例没有该版本，请查看版本列表", "The case has no such version; its versions are listed"


class CaseNameTaken(Conflict):
    zh = "用例名称已存在，请换一个名称或文件夹"
    en = "The folder has a case of this name already; choose another name or folder"


class CaseInUse(Conflict):
    zh, en = "用例正被场景使用：{scenarios}，请先移除", "Scenarios use this case: {scenarios}; remove it there first"


class CaseCreatorRequired(Forbidden):
    zh = "仅用例的创建者或项目所有者可以修改，请联系他们"
    en = "Only the case's creator or a project owner may do this; ask them"
# fmt: on
