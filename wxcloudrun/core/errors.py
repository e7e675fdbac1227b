"""The errors that services raise; one class a cause, and the edge answers each with its status, name and message."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

MOST_FAULTS: Final = 50  # fields that a refusal names


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One rejected field: its dotted path (`user.nickname`, `items.3`) and the name of the reason.

    `position` is the offset of the fault inside a text, counted from 0; `detail` a sentence that says more, in English
    (who reads Chinese gets it from core/sentences.py).
    """

    field: str
    reason: str
    position: int | None = None
    detail: str | None = None


class ApiError(Exception):
    """An answer that is not success.

    A subclass sets `zh` and `en`, the sentence for people; its `name` is the class name in lower case with
    underscores and is what programs read. `status` comes from the category it inherits.
    """

    status = 500
    zh = "服务出错了，请稍后再试"
    en = "Something went wrong on our side; please try again later"

    def __init__(
        self,
        *,
        fields: tuple[FieldFault, ...] = (),
        retry_after: int | None = None,
        present: object = None,
        values: dict[str, object] | None = None,
    ) -> None:
        super().__init__(self.name())
        self.fields = fields
        self.retry_after = retry_after  # seconds
        self.present = present  # the present state, of an edit conflict
        self.values = values or {}  # what the sentence's {placeholders} stand for

    @classmethod
    def name(cls) -> str:
        """The stable name in `data.error`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()

    def message(self, language: str) -> str:
        """The sentence for people, in `zh` or `en`."""
        return (self.en if language == "en" else self.zh).format(**self.values)


class Unparsable(ApiError):
    """400: the request could not be read."""

    status = 400


class Unauthenticated(ApiError):
    """401: nobody, or a session that ended."""

    status = 401


class Forbidden(ApiError):
    """403: known, and not allowed."""

    status = 403


class Missing(ApiError):
    """404: not there, or not for these eyes."""

    status = 404


class Conflict(ApiError):
    """409: against the present state."""

    status = 409


class Rejected(ApiError):
    """422: read, and not acceptable."""

    status = 422


class Throttled(ApiError):
    """429: too often."""

    status = 429


class UpstreamFailed(ApiError):
    """502: somebody else's server answered wrongly."""

    status = 502


class Unavailable(ApiError):
    """503: cannot be done for now."""

    status = 503


class UpstreamSlow(ApiError):
    """504: somebody else's server did not answer in time."""

    status = 504


# fmt: off
class InternalError(ApiError):
    zh, en = ApiError.zh, ApiError.en


class BadJson(Unparsable):
    zh, en = "请求体不是有效的 JSON", "The request body is not valid JSON"


class BadRequest(Unparsable):
    zh, en = "请求无法解析", "The request could not be read"


class SessionRequired(Unauthenticated):
    zh, en = "请先登录", "Please log in first"


class SessionEnded(Unauthenticated):
    zh, en = "登录已失效，请重新登录", "Your session has ended; please log in again"


class ApiTokenRefused(Forbidden):
    zh = "接口令牌只能用于其所属项目的接口，请登录后再操作"
    en = "An API token works below its own project only; log in to do this"


class AccountDisabled(Forbidden):
    zh, en = "账号已停用", "This account is disabled"


class AdministratorRequired(Forbidden):
    zh, en = "需要管理员权限", "Only an administrator may do this"


class VerificationRequired(Forbidden):
    zh = "需要先通过认证，请提交认证申请或联系管理员"
    en = "Please get verified first: apply for it, or ask an administrator"


class NotFound(Missing):
    zh, en = "没有找到", "Not found"


class MethodNotAllowed(ApiError):
    status = 405
    zh, en = "不支持该请求方法", "This method is not supported here"


class EditConflict(Conflict):
    zh, en = "内容已被他人修改，请刷新后重试", "Somebody changed this meanwhile; reload and try again"


class BodyTooLarge(ApiError):
    status = 413
    zh, en = "请求体过大，上限 {limit} 字节", "The request body is too large; at most {limit} bytes"


class UnsupportedMediaType(ApiError):
    status = 415
    zh, en = "不支持该内容类型，请使用 {wanted}", "Unsupported content type; send {wanted}"


class InvalidInput(Rejected):
    zh, en = "输入有误，请检查标出的字段", "Some fields are not acceptable; see `fields`"


class TooManyRequests(Throttled):
    zh, en = "操作太频繁，请稍后再试", "Too many requests; please wait a moment"


class IdempotencyKeyReused(Rejected):
    zh, en = "同一幂等键用于了不同的请求", "This Idempotency-Key was used for another request"


class RequestInProgress(Conflict):
    zh, en = "同一请求正在处理中", "The same request is still being carried out"


class DatabaseUnavailable(Unavailable):
    zh, en = "数据库暂时不可用，请稍后再试", "The database is unavailable for the moment; please try again"
# fmt: on


def every_error(root: type[ApiError] = ApiError) -> Iterator[type[ApiError]]:
    """Every error class with a message of its own, for the documentation and its tests."""
    for child in root.__subclasses__():
        if "zh" in vars(child):
            yield child
        yield from every_error(child)


def refuse(faults: Iterable[FieldFault]) -> None:
    """Raises InvalidInput with the first of them, where there are any."""
    told = tuple(islice(faults, MOST_FAULTS))
    if told:
        raise InvalidInput(fields=told)


class Objection(Protocol):
    """What the engine has against something that a person wrote: a dotted path, a sentence, an offset in the text."""

    field: str
    reason: str
    position: int | None


def not_usable(objection: Objection, hidden: Iterable[str]) -> FieldFault:
    """The objection as it is told. It could repeat a secret, so of those, at the paths `hidden`, only the place is."""
    secret = any(f"{objection.field}.".startswith(f"{path}.") for path in hidden)
    told = (None, None) if secret else (objection.position, objection.reason)
    return FieldFault(objection.field, "not_usable", *told)
