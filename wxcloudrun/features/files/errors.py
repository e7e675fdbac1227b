"""Refusals about files."""

from wxcloudrun.core.errors import Conflict, Missing


# fmt: off
class FileNotFound(Missing):
    zh, en = "文件不存在，请查看文件列表或重新上传", "There is no such file; look at the list of files, or upload it"


class FileContentLost(Missing):
    zh, en = "文件内容已丢失，请重新上传", "The content of this file is lost; upload it again"


class FileInUse(Conflict):
    zh, en = "文件正被用例使用，请先从用例中移除", "Cases use this file; take it out of them first"


class TooManyFiles(Conflict):
    zh = "项目文件数已达上限 {limit}，请先删除不用的文件"
    en = "A project keeps at most {limit} files; remove some first"


class FileSpaceUsedUp(Conflict):
    zh = "项目文件总大小将超过上限 {limit} MiB，请先删除不用的文件"
    en = "The files of a project may have {limit} MiB altogether; remove some first"
# fmt: on
