"""The outside of a push: query signatures, the encrypted envelope, and the reading of a reply."""

import json
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from wxcloudrun.simulator import crypto
from wxcloudrun.simulator.push.events import written
from wxcloudrun.simulator.push.record import Outcome
from wxcloudrun.simulator.records import AppConfig, PushFormat, PushMode
from wxcloudrun.simulator.wire import Json

SUCCESS = b"success"
_ENVELOPE = ("Encrypt", "MsgSignature", "TimeStamp", "Nonce")


@dataclass(frozen=True)
class Sealed:
    """A request to the push URL: its query and its body."""

    query: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Stamp:
    """What makes each push different: seconds since 1970, the nonce, and the 16 random bytes of the cipher."""

    timestamp: int
    nonce: str
    random: bytes


@dataclass(frozen=True)
class Verdict:
    """What a reply with HTTP 200 amounts to, and the message in it."""

    outcome: Outcome
    message: str = ""
    reason: str = ""


def check_query(app: AppConfig, stamp: Stamp, echostr: str) -> dict[str, str]:
    """The query of the URL check."""
    return _signed(app, stamp) | {"echostr": echostr}


def seal(app: AppConfig, payload: Json, stamp: Stamp, tail: str | None = None) -> Sealed:
    """The payload as the app's mode and format want it; `tail` replaces the appid inside the cipher."""
    message = written(payload, app.push_format)
    if app.push_mode is PushMode.CLOUDRUN:
        return Sealed({}, message)
    query = _signed(app, stamp) | {"openid": str(payload.get("FromUserName", ""))}
    if app.push_mode is PushMode.PLAIN:
        return Sealed(query, message)
    encrypted = crypto.encrypt_push(app.encoding_aes_key, tail or app.appid, message, stamp.random)
    signature = crypto.sorted_sha1(app.token, str(stamp.timestamp), stamp.nonce, encrypted)
    shown = payload if app.push_mode is PushMode.COMPAT else {"ToUserName": payload.get("ToUserName", "")}
    body = written({**shown, "Encrypt": encrypted}, app.push_format)
    return Sealed({**query, "encrypt_type": "aes", "msg_signature": signature}, body)


def judge(app: AppConfig, reply: bytes) -> Verdict:
    """Whether a reply is an acknowledgement, a message, or something that WeChat cannot use."""
    if reply.strip() in (b"", SUCCESS) or _says_errcode_zero(reply):
        return Verdict(Outcome.ACKNOWLEDGED)
    if app.push_mode in (PushMode.PLAIN, PushMode.CLOUDRUN):
        return Verdict(Outcome.REPLIED, reply.decode("utf-8", "replace"))
    fields = _fields(reply, app.push_format)
    missing = [name for name in _ENVELOPE if not fields.get(name)]
    if missing:
        return Verdict(Outcome.BAD_REPLY, reason=f"no envelope: {', '.join(missing)} missing")
    encrypted, signature, timestamp, nonce = (fields[name] for name in _ENVELOPE)
    if not crypto.same(crypto.sorted_sha1(app.token, timestamp, nonce, encrypted), signature):
        return Verdict(Outcome.BAD_REPLY, reason="MsgSignature does not fit")
    try:
        message = crypto.decrypt_push(app.encoding_aes_key, app.appid, encrypted)
    except crypto.CipherError as error:
        return Verdict(Outcome.BAD_REPLY, reason=str(error))
    return Verdict(Outcome.REPLIED, message.decode("utf-8", "replace"))


def _signed(app: AppConfig, stamp: Stamp) -> dict[str, str]:
    timestamp = str(stamp.timestamp)
    signature = crypto.sorted_sha1(app.token, timestamp, stamp.nonce)
    return {"signature": signature, "timestamp": timestamp, "nonce": stamp.nonce}


def _says_errcode_zero(reply: bytes) -> bool:
    return _json_fields(reply).get("ErrCode") == "0"


def _fields(reply: bytes, language: PushFormat) -> dict[str, str]:
    return _json_fields(reply) if language is PushFormat.JSON else _xml_fields(reply)


def _json_fields(reply: bytes) -> dict[str, str]:
    try:
        document = json.loads(reply)
    except ValueError:
        return {}
    return {name: str(value) for name, value in document.items()} if isinstance(document, dict) else {}


def _xml_fields(reply: bytes) -> dict[str, str]:
    try:
        root: Element = fromstring(reply)
    except (ParseError, DefusedXmlException):
        return {}
    return {child.tag: child.text or "" for child in root}
