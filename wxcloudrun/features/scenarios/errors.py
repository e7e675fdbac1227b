"""Refusals about scenarios and their steps."""

from wxcloudrun.core.errors import Conflict, Forbidden, Missing, Rejected


# fmt: off
class ScenarioNotFound(Missing):
    zh, en = "场景不存在，请查看场景列表", "There is no such scenario; look at the list of scenarios"


class ScenarioNameTaken(Conflict):
    zh = "场景名称已存在，请换一个名称或文件夹"
    en = "The folder has a scenario of this name already; choose another name or folder"


class ScenarioInUse(Conflict):
    zh, en = "场景正被其他场景调用：{scenarios}，请先从中移除", (
        "Scenarios call this one: {scenarios}; remove their steps first"
    )


class ScenarioInTrash(Conflict):
    zh, en = "场景“{scenario}”在回收站中，请先恢复", "The scenario `{scenario}` is in the trash; restore it first"


class ScenarioCircle(Conflict):
    zh, en = "场景不能循环调用：{way}，请去掉其中一个调用", (
        "Scenarios would call one another in a circle: {way}; leave out one of these calls"
    )


class CallsTooDeep(Conflict):
    zh = "场景调用最多 {limit} 层，请直接调用其中一个"
    en = "Scenarios may call one another at most {limit} deep; call one of them directly"


class ScenarioTooLarge(Conflict):
    zh, en = "展开被调用的场景后最多 {limit} 个步骤，请拆分", (
        "With called scenarios in place there may be at most {limit} steps; split it"
    )


class TooManySteps(Conflict):
    zh, en = "一个场景最多 {limit} 个步骤，请拆分", "A scenario has at most {limit} steps; split it"


class StepNotFound(Missing):
    zh, en = "步骤不存在，请查看场景的步骤列表", "There is no such step; look at the scenario's list of steps"


class StepKeyTaken(Conflict):
    zh, en = "场景中已有该键的步骤，请换一个键", "The scenario has a step of this key already; choose another one"


class StepInItself(Rejected):
    zh = "步骤不能移动到自身内部或旁边，请另选位置"
    en = "A step cannot be put into itself or next to itself; choose another place"


class StepHoldsNone(Rejected):
    zh, en = "只有分组和并行步骤可以包含步骤，请另选 parent_id", (
        "Only groups and parallel steps hold others; choose one of these as `parent_id`"
    )


class NestingTooDeep(Rejected):
    zh, en = "分组最多嵌套 {limit} 层，请放到更外层", (
        "Groups may be inside one another at most {limit} deep; put the step further out"
    )


class StepCaseHidden(Forbidden):
    zh, en = "步骤使用了他人的私有用例，您不能修改或复制，请联系用例的创建者", (
        "A step uses somebody's private case; only those who see the case may change or copy it"
    )


class CaseTrashed(Conflict):
    zh, en = "步骤“{step}”的用例“{case}”在回收站中，请恢复或停用该步骤", (
        "The case `{case}` of step `{step}` is in the trash; restore it, or disable the step"
    )


class CaseMovedAway(Conflict):
    zh, en = "步骤“{step}”的用例已移到其他项目，请改选用例或停用该步骤", (
        "The case of step `{step}` was moved to another project; choose another case, or disable the step"
    )


class CalledScenarioTrashed(Conflict):
    zh, en = "步骤“{step}”调用的场景“{scenario}”在回收站中，请恢复或停用该步骤", (
        "The scenario `{scenario}` that step `{step}` calls is in the trash; restore it, or disable the step"
    )
# fmt: on
