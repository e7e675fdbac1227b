"""Reads WeChat's answers with tolerance for their form, and turns an errcode into the exception of its meaning."""

import json
import re
from collections.abc import Mapping
from typing import Any

from wxcloudrun.integrations.wechat.errors import (
    Busy,
    CodeInvalid,
    ContentRejected,
    InvalidAnswer,
    InvalidArgument,
    LoginBlocked,
    Misconfigured,
    PageUnpublished,
    RateLimited,
    Refused,
    SendInFlight,
    SessionExpired,
    TemplateUnusable,
    TokenRejected,
    UnknownUser,
    UserInactive,
    UserRefused,
    WeChatError,
)
from wxcloudrun.integrations.wechat.http import RawAnswer

JsonObject = dict[str, Any]
Meanings = Mapping[int, type[WeChatError]]

TOKEN_CODES = frozenset({40001, 40014, 42001})
"""Codes that a new access token may cure; 41001 (none was sent) is not one of them."""

SECRET_MEANINGS: Meanings = {40001: Misconfigured}
"""Where the secret is sent, 40001 means that the secret is wrong."""

PHONE_MEANINGS: Meanings = {40013: CodeInvalid}
"""Where a code is exchanged with a token, 40013 means that another app made the code."""

_MEANINGS: Meanings = {
    -1: Busy,
    40029: CodeInvalid,
    40163: CodeInvalid,
    40226: LoginBlocked,
    87009: SessionExpired,
    40003: UnknownUser,
    43104: UnknownUser,
    61010: UserInactive,
    43101: UserRefused,
    43108: SendInFlight,
    40037: TemplateUnusable,
    43107: TemplateUnusable,
    41030: PageUnpublished,
    85079: PageUnpublished,
    45168: ContentRejected,
    87014: ContentRejected,
    40001: TokenRejected,
    40014: TokenRejected,
    42001: TokenRejected,
    **dict.fromkeys((44990, 44991, 45009, 45011), RateLimited),
    **dict.fromkeys((40002, 40013, 40125, 40164, 40243, 41001, 41002, 41004, 43002, 48001, 61003), Misconfigured),
    **dict.fromkeys((89501, 89503, 89506, 89507), Misconfigured),
    **dict.fromkeys((40004, 40097, 40129, 40165, 40169, 40212, 41008), InvalidArgument),
    **dict.fromkeys((44002, 47001, 47003, 85401), InvalidArgument),
}
_RETRY_AFTER = {44990: 1, 45009: 3600}
_FIELDS = {40004: "media_type", 40129: "scene", 40165: "path", 40169: "scene", 40212: "query", 41008: "js_code"}
_DETAILS = {
    40002: "permission or grant type",
    40013: "AppID",
    40001: "AppSecret",
    40125: "AppSecret",
    40164: "address not in the account's list",
    40243: "AppSecret is frozen",
    41001: "no access token was added on the way",
    41002: "AppID is missing",
    41004: "AppSecret is missing",
    48001: "the account may not use this interface",
}


def json_object(operation: str, raw: RawAnswer) -> JsonObject:
    """The JSON object in an answer, whatever its Content-Type says; control characters and a BOM are accepted.

    Raises InvalidAnswer if there is none. The body is not part of the error.
    """
    text = raw.body.decode("utf-8-sig", errors="replace").strip()
    value = _loaded(text)
    if not isinstance(value, dict):
        reason = "not a JSON object" if text else "empty"
        raise InvalidAnswer(operation, http_status=raw.status, reason=reason)
    if raw.status >= 400 and not errcode_of(operation, value):
        raise InvalidAnswer(operation, http_status=raw.status, reason="not a success")
    return value


def _loaded(text: str) -> object:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def errcode_of(operation: str, data: JsonObject) -> int:
    """The errcode, which is 0 if absent and may come as text."""
    code = whole_number(data.get("errcode", 0))
    if code is None:
        raise InvalidAnswer(operation, http_status=200, reason="errcode is not a number")
    return code


def raise_for_errcode(operation: str, data: JsonObject, special: Meanings | None = None) -> None:
    """Raises the exception that `errcode` means, unless it is 0. `special` goes before the general meanings.

    Of `errmsg` only the request id, the caller's address and the name of a field are taken: its wording is no
    interface, and it can repeat what was sent.
    """
    code = errcode_of(operation, data)
    if code:
        raise _error(operation, code, str(data.get("errmsg", "")), special or {})


def _error(operation: str, code: int, errmsg: str, special: Meanings) -> WeChatError:
    kind = special.get(code) or _MEANINGS.get(code, Refused)
    rid = _request_id(errmsg)
    if kind is RateLimited:
        return RateLimited(operation, errcode=code, rid=rid, retry_after=_RETRY_AFTER.get(code, 60))
    if kind is InvalidArgument:
        return InvalidArgument(operation, errcode=code, rid=rid, field=_FIELDS.get(code) or _field(errmsg))
    if kind is Misconfigured:
        detail, address = _DETAILS.get(code), _address(errmsg) if code == 40164 else None
        return Misconfigured(operation, errcode=code, rid=rid, detail=detail, address=address)
    return kind(operation, errcode=code, rid=rid)


def _request_id(errmsg: str) -> str | None:
    found = re.search(r"rid: ([0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8})\b", errmsg)
    found = found or re.search(r"req_id: ([A-Za-z0-9_.-]{1,24})(?=[\s\]]|$)", errmsg)
    return found[1] if found else None


def _field(errmsg: str) -> str | None:
    found = re.search(r"\bdata\.([a-z_]{1,20}[0-9]{1,3})\b", errmsg)
    return found[1] if found else None


def _address(errmsg: str) -> str | None:
    found = re.search(r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b", errmsg)
    return found[0] if found else None


def text_of(operation: str, data: JsonObject, name: str) -> str:
    """A text that must be there and not empty. Raises InvalidAnswer."""
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidAnswer(operation, http_status=200, reason=f"{name} is missing")
    return value


def object_of(operation: str, data: JsonObject, name: str) -> JsonObject:
    """An object that must be there. Raises InvalidAnswer."""
    value = data.get(name)
    if not isinstance(value, dict):
        raise InvalidAnswer(operation, http_status=200, reason=f"{name} is missing")
    return value


def number_of(operation: str, data: JsonObject, name: str) -> int:
    """A whole number that must be there, as a number or as text. Raises InvalidAnswer."""
    value = whole_number(data.get(name))
    if value is None:
        raise InvalidAnswer(operation, http_status=200, reason=f"{name} is missing")
    return value


def whole_number(value: object) -> int | None:
    """A whole number from a number or its text, else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value.strip()):
        return int(value)
    return None
