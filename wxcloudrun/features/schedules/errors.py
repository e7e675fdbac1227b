"""Refusals about schedules."""

from wxcloudrun.core.errors import Conflict, Missing


# fmt: off
class ScheduleNotFound(Missing):
    zh, en = "定时不存在", "There is no such schedule"


class TooManySchedules(Conflict):
    zh, en = "项目最多 {limit} 个定时，请先删除不用的", "A project has {limit} schedules at most; remove one first"


class ScheduleOver(Conflict):
    zh, en = "该定时不会再触发，请先修改时间", "This schedule has no time left; change its time first"
# fmt: on
