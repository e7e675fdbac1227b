"""A pushed message read from JSON or XML into one shape."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from wxcloudrun.integrations.wechat.answers import whole_number
from wxcloudrun.integrations.wechat.errors import PushFault, PushRejected

_DEEPEST = 8
_SUBSCRIBE_PARTS = ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent", "SubscribeMsgSentEvent")
_LATEST = 253402300799


@dataclass(frozen=True)
class PushMessage:
    """One message or event.

    `msg_id` is text, since it is above 2^53; events have none. `event` is None for a user's message. `fields` holds
    everything, numbers as WeChat wrote them, so read them with int(). `entries` are the items of a subscribe event's
    `List`, whichever way WeChat nested it. `dedupe_key` is the same each time WeChat delivers the message again: 64
    hex digits for a unique column.
    """

    msg_type: str
    event: str | None
    openid: str = field(repr=False)
    to_user: str = field(repr=False)
    created_at: datetime
    msg_id: str | None
    fields: Mapping[str, Any] = field(repr=False)
    entries: tuple[Mapping[str, Any], ...] = field(repr=False)
    dedupe_key: str


def parse_push(text: str) -> PushMessage:
    """The message in a body, JSON or XML by its first character. Raises PushRejected (malformed)."""
    fields = push_fields(text)
    created = whole_number(fields.get("CreateTime"))
    msg_type, openid = _text(fields, "MsgType"), _text(fields, "FromUserName")
    if created is None or not 0 <= created <= _LATEST or not msg_type or not openid:
        raise PushRejected(PushFault.MALFORMED)
    msg_id, event = _text(fields, "MsgId") or None, _text(fields, "Event") or None
    entries = _entries(fields)
    return PushMessage(
        msg_type=msg_type,
        event=event,
        openid=openid,
        to_user=_text(fields, "ToUserName"),
        created_at=datetime.fromtimestamp(created, UTC),
        msg_id=msg_id,
        fields=MappingProxyType(fields),
        entries=entries,
        dedupe_key=_dedupe_key(fields, msg_id, openid, created, event, entries),
    )


def push_fields(text: str) -> dict[str, Any]:
    """The fields of a body. XML with a DTD or entities is refused. Raises PushRejected (malformed)."""
    fields = _xml(text) if text.lstrip().startswith("<") else _json(text)
    if not isinstance(fields, dict):
        raise PushRejected(PushFault.MALFORMED)
    return fields


def _json(text: str) -> object:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _xml(text: str) -> object:
    try:
        root = fromstring(text.strip(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    return _plain(root, 0)


def _plain(element: Element, depth: int) -> object:
    if depth > _DEEPEST:
        raise PushRejected(PushFault.MALFORMED)
    if len(element) == 0:
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        value = _plain(child, depth + 1)
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    return found


def _entries(fields: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    nested = [fields[name] for name in _SUBSCRIBE_PARTS if isinstance(fields.get(name), dict)]
    listed: object = next((part["List"] for part in (fields, *nested) if "List" in part), [])
    several = listed if isinstance(listed, list) else [listed]
    return tuple(MappingProxyType(one) for one in several if isinstance(one, dict))


def _dedupe_key(
    fields: Mapping[str, Any],
    msg_id: str | None,
    openid: str,
    created: int,
    event: str | None,
    entries: tuple[Mapping[str, Any], ...],
) -> str:
    if msg_id:
        parts = ["message", msg_id]
    else:
        # Two events of one kind can reach one user in the same second; these ids tell them apart.
        own = [_text(fields, name) for name in ("trace_id", "OutTradeNo")]
        listed = [f"{_text(one, 'TemplateId')}/{_text(one, 'MsgID')}" for one in entries]
        parts = ["event", openid, str(created), event or "", *own, *sorted(listed)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
