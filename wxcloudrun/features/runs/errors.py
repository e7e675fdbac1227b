"""Refusals about runs."""

from wxcloudrun.core.errors import ApiError, Conflict, Forbidden, Missing, Rejected
from wxcloudrun.features.cases.errors import CaseNotFound
from wxcloudrun.features.environments.errors import (
    DefaultEnvironmentMissing,
    EnvironmentNotFound,
    SecretsUnreadable,
)
from wxcloudrun.features.scenarios.errors import (
    CalledScenarioTrashed,
    CallsTooDeep,
    CaseMovedAway,
    CaseTrashed,
    ScenarioInTrash,
    ScenarioNotFound,
    ScenarioTooLarge,
)


# fmt: off
class RunNotFound(Missing):
    zh, en = "运行不存在", "There is no such run"


class ResultNotFound(Missing):
    zh, en = "步骤结果不存在", "The run has no such result"


class BodyNotFound(Missing):
    zh, en = "报文内容不存在", "The run has no such body; it may have been removed by retention"


class RunEnded(Conflict):
    zh, en = "运行已结束，无法取消", "The run has ended already; there is nothing to cancel"


class RunNotEnded(Conflict):
    zh, en = "运行尚未结束，请等待结束或先取消", "The run has not ended; wait for its end, or cancel it first"


class NothingToRun(Conflict):
    zh, en = "没有可执行的内容，请检查场景、标签或步骤", "There is nothing to run; check scenario, tag and steps"


class TooManyScenarios(Conflict):
    zh, en = "带该标签的场景超过 {limit} 个，请用更具体的标签", (
        "More than {limit} scenarios have this tag; use a tag that fewer have"
    )


class PlanTooLarge(Conflict):
    zh, en = "执行计划超过 {limit} MiB，请减少步骤或数据", (
        "The plan would have more than {limit} MiB; run fewer steps, or less data"
    )


class NothingFailed(Conflict):
    zh, en = "没有失败的步骤，无需重跑", "No step failed, so there is nothing to run again"


class PlanGone(Conflict):
    zh, en = "该运行的执行计划已清除，请用当前定义重跑", "The plan of this run is gone; run today's definitions instead"


class DraftNotKept(Conflict):
    zh, en = "草稿没有当前定义，请按原计划重跑或重新提交草稿", (
        "A draft has no definition of today; run the same plan again, or send the draft again"
    )


class CreatorOnlyCase(Forbidden):
    zh, en = "用例“{case}”仅创建者可执行，请联系其创建者", "Only its creator may run the case `{case}`; ask that person"


class PlanRejected(Rejected):
    zh, en = "执行计划无法执行，请修正标出的内容", "The plan cannot work; mend what `fields` names"


class RangeNotSatisfiable(ApiError):
    status = 416
    zh, en = "请求的范围超出内容长度 {size}", "The range begins behind the end; there are {size} bytes"
# fmt: on


PLANNED = (
    ScenarioNotFound, ScenarioInTrash, CaseNotFound, CaseTrashed, CaseMovedAway, CalledScenarioTrashed, CallsTooDeep,
    ScenarioTooLarge,
    EnvironmentNotFound, DefaultEnvironmentMissing, SecretsUnreadable, CreatorOnlyCase, NothingToRun,
    TooManyScenarios, PlanTooLarge, PlanRejected,
)  # fmt: skip
"""What may hinder whatever starts a run."""
