"""Refusals about runs."""

from wxcloudrun.core.errors import Conflict, Forbidden, Missing, Rejected


# fmt: off
class RunNotFound(Missing):
    zh, en = "运行不存在", "There is no such run"


class ResultNotFound(Missing):
    zh, en = "步骤结果不存在", "The run has no such result"


class BodyNotFound(Missing):
    zh, en = "报文内容不存在", "The run has no such body; it may have been removed by retention"


class RunEnded(Conflict):
    zh, en = "运行已结束", "The run has ended already"


class NothingToRun(Conflict):
    zh, en = "没有可执行的内容，请检查场景、标签或步骤", "There is nothing to run; check scenario, tag and steps"


class NothingFailed(Conflict):
    zh, en = "没有失败的步骤，无需重跑", "No step failed, so there is nothing to run again"


class PlanGone(Conflict):
    zh, en = "该运行的执行计划已清除，请用当前定义重跑", "The plan of this run is gone; run today's definitions"


class CreatorOnlyCase(Forbidden):
    zh, en = "用例“{case}”仅创建者可执行", "Only its creator may run the case {case}"


class PlanRejected(Rejected):
    zh, en = "执行计划无法执行，请修正标出的内容", "The plan cannot work; mend what `fields` names"
# fmt: on
