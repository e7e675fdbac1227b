"""The messages and events that WeChat pushes, and how they read in JSON and in XML.

Field names are those of the official samples. A `List` of subscribe events is an object when it has one entry; in XML
it stands inside an element named after the event, and `detail` of a media check is repeated instead of listed.
"""

import json
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

from wxcloudrun.simulator.records import AppConfig, PushFormat
from wxcloudrun.simulator.wire import Json

_WRAPPED_IN_XML = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}


def event(app: AppConfig, openid: str, now: float, name: str, fields: Json | None = None) -> Json:
    """An event of that name; events carry no MsgId."""
    return {
        "ToUserName": app.original_id,
        "FromUserName": openid,
        "CreateTime": int(now),
        "MsgType": "event",
        "Event": name,
        **(fields or {}),
    }


def text_message(app: AppConfig, openid: str, now: float, content: str, msgid: int) -> Json:
    """A text that a user wrote to customer service."""
    return {
        "ToUserName": app.original_id,
        "FromUserName": openid,
        "CreateTime": int(now),
        "MsgType": "text",
        "Content": content,
        "MsgId": msgid,
    }


def popup(app: AppConfig, openid: str, now: float, answers: Iterable[tuple[str, str]]) -> Json:
    """What a user answered in the popup: pairs of template id and `accept` or `reject`."""
    rows = [{"TemplateId": tid, "SubscribeStatusString": status, "PopupScene": "0"} for tid, status in answers]
    return _subscribe_event(app, openid, now, "subscribe_msg_popup_event", rows)


def changed(app: AppConfig, openid: str, now: float, template_id: str) -> Json:
    """A user who rejects a template in the settings."""
    rows = [{"TemplateId": template_id, "SubscribeStatusString": "reject"}]
    return _subscribe_event(app, openid, now, "subscribe_msg_change_event", rows)


def sent(app: AppConfig, openid: str, now: float, template_id: str, msgid: int) -> Json:
    """The delivery of a subscribe message."""
    rows = [{"TemplateId": template_id, "MsgID": str(msgid), "ErrorCode": "0", "ErrorStatus": "success"}]
    return _subscribe_event(app, openid, now, "subscribe_msg_sent_event", rows)


def media_checked(app: AppConfig, openid: str, now: float, trace_id: str, verdict: tuple[str, int] | None) -> Json:
    """The result of media_check_async; without a verdict the file could not be downloaded (-1008)."""
    fields: Json = {"appid": app.appid, "trace_id": trace_id, "version": 2}
    if verdict is None:
        return event(app, openid, now, "wxa_media_check", fields | {"errcode": -1008, "errmsg": "download failed"})
    result = {"suggest": verdict[0], "label": verdict[1]}
    fields["detail"] = [{"strategy": "content_model", "errcode": 0, **result, "prob": 90}]
    return event(app, openid, now, "wxa_media_check", fields | {"errcode": 0, "errmsg": "ok", "result": result})


def written(payload: Json, language: PushFormat) -> bytes:
    """The payload in the wanted language, as UTF-8."""
    if language is PushFormat.XML:
        return f"<xml>{_elements(_for_xml(payload))}</xml>".encode()
    return json.dumps(_for_json(payload), ensure_ascii=False, separators=(",", ":")).encode()


def _subscribe_event(app: AppConfig, openid: str, now: float, name: str, rows: list[Json]) -> Json:
    return event(app, openid, now, name, {"List": rows}) | {"CreateTime": str(int(now))}


def _for_json(payload: Json) -> Json:
    rows = payload.get("List")
    return payload | {"List": rows[0]} if isinstance(rows, list) and len(rows) == 1 else payload


def _for_xml(payload: Json) -> Json:
    wrapper = _WRAPPED_IN_XML.get(str(payload.get("Event")))
    if wrapper is None or "List" not in payload:
        return payload
    outside = {name: value for name, value in payload.items() if name != "List"}
    return outside | {wrapper: {"List": payload["List"]}}


def _elements(fields: Json) -> str:
    return "".join(_element(name, value) for name, value in fields.items())


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    if isinstance(value, dict):
        return f"<{name}>{_elements(value)}</{name}>"
    if isinstance(value, str):
        inside = value.replace("]]>", "]]]]><![CDATA[>")
        return f"<{name}><![CDATA[{inside}]]></{name}>"
    return f"<{name}>{escape(json.dumps(value))}</{name}>"
