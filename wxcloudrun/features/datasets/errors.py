"""Refusals about datasets."""

from wxcloudrun.core.errors import Conflict, Missing


# fmt: off
class DatasetNotFound(Missing):
    zh, en = "数据集不存在，请查看用例的数据集列表", "There is no such dataset; look at the case's list of datasets"


class DatasetKeyTaken(Conflict):
    zh, en = "该用例已有相同 key 的数据集，请换一个", "The case has a dataset of this key already; choose another key"


class TooManyDatasets(Conflict):
    zh, en = "一个用例最多 {limit} 个数据集，请先删除不用的", "A case has at most {limit} datasets; remove some first"


class DefaultDatasetDisabled(Conflict):
    zh = "停用的数据集不能作为默认数据集，请先启用它或取消默认"
    en = "A disabled dataset cannot be the default one; enable it, or make another one the default first"
# fmt: on
