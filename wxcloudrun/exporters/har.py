"""HAR 1.2, which browsers and proxies open: every request of a run with its answer."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from wxcloudrun.exporters.naming import row_of, scenario_path
from wxcloudrun.exporters.report import RunFacts, StepFacts
from wxcloudrun.exporters.wording import LONGEST, cut

type Json = Mapping[str, Any]
_NO_TIMING = {"blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": 0, "receive": 0}


def har(run: RunFacts, steps: Iterable[StepFacts], version: str) -> Iterator[str]:
    """The file in pieces; steps that sent nothing have no entry. `version` is that of this program."""
    creator = {"name": "wxcloudrun", "version": version}
    yield f'{{"log":{{"version":"1.2","creator":{json.dumps(creator)},"pages":[],"entries":['
    first = True
    for step in steps:
        if step.request is not None:
            yield ("" if first else ",") + json.dumps(_entry(run, step, step.request))
            first = False
    yield "]}}\n"


def _entry(run: RunFacts, step: StepFacts, request: Json) -> dict[str, Any]:
    timings = _timings(step.response)
    last = step.attempts[-1] if step.attempts else None
    entry: dict[str, Any] = {
        "startedDateTime": step.started_at if last is None else last["sent_at"],
        "time": round(sum(timings[part] for part in timings if timings[part] > 0 and part != "ssl"), 3),
        "request": _request(request, step.response),
        "response": _no_response(step) if step.response is None else _response(step.response),
        "cache": {},
        "timings": timings,
        "comment": f"{' > '.join((*scenario_path(run, step), step.name))}{row_of(step)}: {step.outcome}",
    }
    peer = None if step.response is None else step.response["peer"]
    if peer:
        entry["serverIPAddress"] = peer.rpartition(":")[0].strip("[]")
    return entry


def _request(request: Json, response: Json | None) -> dict[str, Any]:
    url = request["url"].partition("#")[0]
    body = request["body"]
    told: dict[str, Any] = {
        "method": request["method"],
        "url": url,
        "httpVersion": _version(response),
        "cookies": [],
        "headers": _headers(request["headers"]),
        "queryString": [{"name": name, "value": value} for name, value in _query(url)],
        "headersSize": -1,
        "bodySize": body["size"],
    }
    if body["size"]:
        told["postData"] = {"mimeType": _header(request["headers"], "content-type"), **_text(body)}
    return told


def _response(response: Json) -> dict[str, Any]:
    body = response["body"]
    kind = _header(response["headers"], "content-type")
    return {
        "status": response["status"],
        "statusText": response["reason"],
        "httpVersion": _version(response),
        "cookies": [{"name": one["name"], "value": one["value"]} for one in response["cookies"]],
        "headers": _headers(response["headers"]),
        "content": {"size": body["size"], "mimeType": kind, **_text(body)},
        "redirectURL": _header(response["headers"], "location"),
        "headersSize": -1,
        "bodySize": -1,
    }


def _no_response(step: StepFacts) -> dict[str, Any]:
    """What stands for an answer that never came: status 0, as browsers write it."""
    return {
        "status": 0,
        "statusText": "",
        "httpVersion": "",
        "cookies": [],
        "headers": [],
        "content": {"size": 0, "mimeType": "x-unknown"},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
        "comment": cut(step.message or ""),
    }


def _text(body: Json) -> dict[str, Any]:
    """The body as far as it is kept; one that is binary stays in base64."""
    head = body.get("head", "")
    if body["encoding"] == "base64":
        kept = base64.b64decode(head)[:LONGEST]
        text, more = base64.b64encode(kept).decode(), {"encoding": "base64"}
        short = len(kept) < body["size"]
    else:
        data = head.encode("utf-8", "replace")
        text, more = data[:LONGEST].decode("utf-8", "ignore"), {}
        short = body["truncated"] or len(data) > LONGEST
    note = {"comment": f"the beginning of {body['size']} bytes"} if short else {}
    return {"text": text, **more, **note}


def _timings(response: Json | None) -> dict[str, float]:
    if response is None:
        return dict(_NO_TIMING)
    timing = response["timing"]
    connect, tls = timing["connect_ms"], timing["tls_ms"]
    told = {"blocked": -1, "dns": timing["resolve_ms"], "connect": connect + tls, "ssl": tls or -1}
    told |= {"send": timing["send_ms"], "wait": timing["wait_ms"], "receive": timing["receive_ms"]}
    return {name: round(value, 3) for name, value in told.items()}


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=1000)
    except ValueError:  # more fields than that, or no URL at all
        return []


def _headers(pairs: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _header(pairs: Sequence[Sequence[str]], wanted: str) -> str:
    return next((value for name, value in pairs if name.lower() == wanted), "")


def _version(response: Json | None) -> str:
    return "" if response is None else f"HTTP/{response['http_version']}"
