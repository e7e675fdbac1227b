"""What can go wrong between this product and WeChat, as a tree of exceptions.

WeChatError                 everything below; `operation`, `errcode` (0: none was given), `rid` (WeChat's request id)
    CodeInvalid             login or phone code unknown, expired, of another app, or used (`used`): ask for a new one
        MockCode            the literal code that DevTools gives without a real AppID
    LoginBlocked            WeChat considers the user a high risk; never try again
    SessionExpired          the session_key is no longer the user's current one: log in again
    UnknownUser             the openid is not a user of this app
    UserInactive            the user has not been in the app within the last two hours
    UserRefused             the user gave no (or no further) permission for this message: a normal outcome
    SendInFlight            another message to the same user is under way
    TemplateUnusable        the message template is unknown or banned
    PageUnpublished         the page is not part of the released version, or no version is released
    ContentRejected         WeChat refused words in the text
    RateLimited             a limit is reached; `retry_after` in seconds
    Busy                    WeChat asks to try again in a moment
    TokenRejected           WeChat refused the access token, and a renewed one too
    Misconfigured           AppID, secret, address list or permission is wrong: an operator has to act
    Unavailable             no answer; `maybe_sent` tells whether WeChat may have received the request
    InvalidAnswer           an answer that cannot be what WeChat means to say; `http_status`
    InvalidArgument         a value WeChat would refuse or has refused; `field`, `rule`
    DecryptFailed           encrypted user data that cannot be read with this session_key
    WatermarkRejected       user data made for another app, or too old
    PushRejected            a pushed message that must not be believed; `reason`
    Refused                 an errcode without a meaning of its own here

No attribute and no text of these holds a secret, a token, a code, a session_key or a URL, and none of them is
chained to an exception of the HTTP library, whose text would. They can be copied and pickled.
"""
# ruff: noqa: N818 - each class is named after its meaning; "Error" stands in the name of the root

from collections.abc import Callable
from enum import StrEnum
from typing import Any


class WeChatError(Exception):
    """The root of the tree: `operation` is this package's name of the call, never its URL."""

    meaning = "WeChat call failed"

    def __init__(self, operation: str, *, errcode: int = 0, rid: str | None = None) -> None:
        super().__init__(operation)
        self.operation = operation
        self.errcode = errcode
        self.rid = rid

    def facts(self) -> dict[str, object]:
        """The fields that tell this fault from others of its class, safe to log."""
        return {}

    def __str__(self) -> str:
        known = {"errcode": self.errcode or None, "rid": self.rid, **self.facts()}
        listed = ", ".join(f"{name} {value}" for name, value in known.items() if value is not None)
        return f"{self.operation}: {self.meaning}" + (f" ({listed})" if listed else "")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def __reduce__(self) -> tuple[Callable[..., "WeChatError"], tuple[Any, ...]]:
        return _rebuild, (type(self), self.args, dict(self.__dict__))


def _rebuild(kind: type[WeChatError], args: tuple[Any, ...], attributes: dict[str, Any]) -> WeChatError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


class CodeInvalid(WeChatError):
    """A one-time code that cannot be exchanged (40029), or was exchanged before (40163)."""

    meaning = "the code is not valid or no longer valid"

    @property
    def used(self) -> bool:
        """WeChat says that the code was exchanged before."""
        return self.errcode == 40163

    def facts(self) -> dict[str, object]:
        return {"used": "yes" if self.used else None}


class MockCode(CodeInvalid):
    """DevTools runs without a real AppID and made up the code."""

    meaning = "DevTools made up this code: open the project there with a real AppID"


class LoginBlocked(WeChatError):
    """The user is a high risk to WeChat (40226)."""

    meaning = "WeChat blocks this user's login"


class SessionExpired(WeChatError):
    """The session_key is not the current one (87009)."""

    meaning = "the session_key is no longer valid"


class UnknownUser(WeChatError):
    """No such openid in this app (40003, 43104)."""

    meaning = "the openid is not a user of this app"


class UserInactive(WeChatError):
    """The user must have used the app within two hours (61010)."""

    meaning = "the user has not used the app within two hours"


class UserRefused(WeChatError):
    """The user did not accept, or what was accepted is used up (43101)."""

    meaning = "the user gave no permission for this message"


class SendInFlight(WeChatError):
    """Two sends to one user at a time (43108)."""

    meaning = "another message to this user is under way"


class TemplateUnusable(WeChatError):
    """Unknown (40037) or banned (43107) template."""

    meaning = "the message template cannot be used"


class PageUnpublished(WeChatError):
    """The page is missing from the released version (41030), or nothing is released (85079)."""

    meaning = "the page is not in the released version"


class ContentRejected(WeChatError):
    """Words WeChat does not let through (45168; 87014 from the first version of the text check)."""

    meaning = "WeChat refused the content"


class RateLimited(WeChatError):
    """A limit of a second, a minute or a day; `retry_after` is a number of seconds worth waiting."""

    meaning = "WeChat's limit is reached"

    def __init__(self, operation: str, *, errcode: int = 0, rid: str | None = None, retry_after: int = 60) -> None:
        super().__init__(operation, errcode=errcode, rid=rid)
        self.retry_after = retry_after

    def facts(self) -> dict[str, object]:
        return {"retry after seconds": self.retry_after}


class Busy(WeChatError):
    """WeChat's own server is busy (-1)."""

    meaning = "WeChat is busy"


class TokenRejected(WeChatError):
    """The access token was refused (40001, 40014, 42001), also after it was renewed once."""

    meaning = "WeChat refuses the access token"


class Misconfigured(WeChatError):
    """Nothing will work before an operator acts; `detail` says what to look at, `address` what WeChat saw of us."""

    meaning = "the WeChat settings are wrong"

    def __init__(
        self,
        operation: str,
        *,
        errcode: int = 0,
        rid: str | None = None,
        detail: str | None = None,
        address: str | None = None,
    ) -> None:
        super().__init__(operation, errcode=errcode, rid=rid)
        self.detail = detail
        self.address = address

    def facts(self) -> dict[str, object]:
        return {"detail": self.detail, "address": self.address}


class Unavailable(WeChatError):
    """No answer came. `maybe_sent` is false only if it is certain that WeChat received nothing."""

    meaning = "no answer from WeChat"

    def __init__(self, operation: str, *, maybe_sent: bool, reason: str) -> None:
        super().__init__(operation)
        self.maybe_sent = maybe_sent
        self.reason = reason

    def facts(self) -> dict[str, object]:
        return {"reason": self.reason, "maybe sent": "yes" if self.maybe_sent else "no"}


class InvalidAnswer(WeChatError):
    """Empty, cut short, not JSON, an error page, a redirect, or without a field that must be there."""

    meaning = "WeChat's answer makes no sense"

    def __init__(self, operation: str, *, http_status: int, reason: str) -> None:
        super().__init__(operation)
        self.http_status = http_status
        self.reason = reason

    def facts(self) -> dict[str, object]:
        return {"status": self.http_status, "reason": self.reason}


class InvalidArgument(WeChatError):
    """A value WeChat would refuse, found before sending (errcode 0), or one that it did refuse."""

    meaning = "a value is not what WeChat accepts"

    def __init__(
        self,
        operation: str,
        *,
        field: str | None,
        rule: str | None = None,
        errcode: int = 0,
        rid: str | None = None,
    ) -> None:
        super().__init__(operation, errcode=errcode, rid=rid)
        self.field = field
        self.rule = rule

    def facts(self) -> dict[str, object]:
        return {"field": self.field, "rule": self.rule}


class DecryptFailed(WeChatError):
    """One answer for every cause, so that nobody can learn from the difference."""

    meaning = "the encrypted data cannot be read"


class WatermarkRejected(WeChatError):
    """The data's watermark names another app or another time."""

    meaning = "the data was not made for this app at this time"


class PushFault(StrEnum):
    """Why a pushed message is not believed."""

    SIGNATURE = "signature"
    TIMESTAMP = "timestamp"
    PLAINTEXT = "plaintext"
    UNDECRYPTABLE = "undecryptable"
    APPID = "appid"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    SOURCE = "source"
    NOT_CONFIGURED = "not_configured"


class PushRejected(WeChatError):
    """A pushed message that must not be believed."""

    meaning = "the pushed message is refused"

    def __init__(self, reason: PushFault) -> None:
        super().__init__("push")
        self.reason = reason

    def facts(self) -> dict[str, object]:
        return {"reason": self.reason.value}


class Refused(WeChatError):
    """Another errcode: look it up with its rid."""

    meaning = "WeChat refused the request"
