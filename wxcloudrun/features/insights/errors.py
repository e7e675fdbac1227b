"""Refusals about what many runs tell."""

from wxcloudrun.core.errors import Conflict, Missing


# fmt: off
class ClusterNotFound(Missing):
    zh, en = "失败原因不存在", "There is no such cause of failures"


class BaselineNotFound(Missing):
    zh = "没有可比较的运行：同一场景或用例、环境和分支还没有通过的运行"
    en = "There is no run to compare with: none of the same scenario or case, environment and branch has passed yet"


class ClusterIntoItself(Conflict):
    zh = "不能合并到自身，也不能合并到已合并的原因"
    en = "A cause is not merged into itself, nor into one that is merged"


class ClusterNotMerged(Conflict):
    zh, en = "该原因没有合并到这里", "That cause was not merged into this one"


class ClusterNotDivisible(Conflict):
    zh = "该原因在这里没有失败，或者只有这里的失败，或者已合并到其他原因"
    en = "This cause has no failures there, or no others, or it is merged into another one"


class QuarantineNotFound(Missing):
    zh, en = "该用例没有被隔离", "This case is not in quarantine"
# fmt: on
