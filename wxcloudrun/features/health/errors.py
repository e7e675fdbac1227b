"""Refusals about health."""

from wxcloudrun.core.errors import Unavailable


class NotReady(Unavailable):
    """The service cannot serve yet, or for the moment; `data.present` says why."""

    zh, en = "服务尚未就绪", "The service is not ready to serve"
