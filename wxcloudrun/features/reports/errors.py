"""Refusals about reports and the links to them."""

from wxcloudrun.core.errors import Conflict, Missing


# fmt: off
class ShareNotFound(Missing):
    zh, en = "分享链接不存在", "There is no such link"


class TooManyShares(Conflict):
    zh, en = "该报告的有效分享链接已达 {limit} 个，请先撤回不用的", (
        "This report has {limit} links that work already; withdraw one that is not needed"
    )
# fmt: on
