"""The bare loop the engine is measured against: the same requests, the same rows, by hand and with nothing in between.

It sends what the engine sends on one kept handle (the same header fields, a trace id for each request), parses each
answer, takes one value out of it, checks its status, and writes the row that the engine's result gives: the same
columns, the same members in the same order, texts of the same length. `differences` holds it to that. Whatever the
engine does beyond this (vetting addresses, limits, templates, masking, retries ...) the loop does not do.
"""

import hashlib
import json
import re
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pycurl

from benchmarks.stores import Row

PASSES = 250
CALLS = (
    ("log in", "POST", "/login", {"user": "eve", "password": "s3cret"}, 200, "ticket", "$.data.ticket"),
    ("token", "POST", "/token", {"ticket": "{{ticket}}"}, 200, "token", "$.data.value"),
    ("create", "POST", "/orders", {"sku": "a", "count": 2}, 201, "order", "$.data.id"),
    ("read", "GET", "/orders/{{order}}", None, 200, "state", "$.data.state"),
)
"""Name, method, URL, body, status, and the variable with the path of its value."""

_TRACE = "0af7651916cd43dd8448eb211c80319c"
_ENCODINGS = "gzip, deflate, br"
_HEXADECIMAL = re.compile(r"[0-9a-f]")


def bare_rows(port: int, passes: int = PASSES) -> Iterator[Row]:
    """The rows of the loop; requests go out as rows are asked for."""
    curl = pycurl.Curl()
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.ACCEPT_ENCODING, _ENCODINGS)
    values: dict[str, Any] = {}
    for number in range(passes):
        for index, call in enumerate(CALLS):
            yield _row(curl, port, number, index, call, values)
    curl.close()


def differences(ours: Iterable[Row], theirs: Iterable[Row]) -> list[str]:
    """Where two lists of rows differ in more than measured numbers and the digits of ids; empty when they do not."""
    return [
        f"row {number}, column {column}: {one} / {other}"
        for number, (row, bare) in enumerate(zip(ours, theirs, strict=True))
        for column, (one, other) in enumerate(zip(_shape(row), _shape(bare), strict=True))
        if one != other
    ]


def _row(curl: pycurl.Curl, port: int, number: int, index: int, call: Any, values: dict[str, Any]) -> Row:
    name, method, url, body, status, variable, path = call
    started, began = _now(), time.perf_counter()
    used = _used(url, body, values)
    text = "" if body is None else json.dumps({**body, **used}, separators=(",", ":"))
    address = f"http://127.0.0.1:{port}{url.replace('{{order}}', str(values.get('order')))}"
    place = f"steps/0/iterations/{number}/steps/{index}"
    parent = f"{number:08x}{index:08x}"
    headers = [] if body is None else [("Content-Type", "application/json")]
    headers += [("Accept", "*/*"), ("User-Agent", "wxcloudrun/1")]
    headers += [("traceparent", f"00-{_TRACE}-{parent}-01"), ("X-Test-Run", f"0/{place}/1")]
    sent = _now()
    lines, answer = _exchange(curl, address, headers, None if body is None else text)
    data = json.loads(answer)
    values[variable] = data["data"][path.rsplit(".", 1)[1]]
    headers = [("Host", f"127.0.0.1:{port}"), *headers, ("Accept-Encoding", _ENCODINGS)]
    if body is not None:
        headers.append(("Content-Length", str(len(text))))
    request = {"method": method, "url": address, "headers": headers, "body": _body(text.encode()), "curl": ""}
    response = _response(curl, address, lines, answer)
    passed = response["status"] == status
    checks = {
        "attempts": [_attempt(sent, response, passed, parent)],
        "assertions": [_assertion(status, response["status"], passed)],
        "extractions": [_extraction(variable, values[variable])],
        "variables": [_variable(key, value) for key, value in used.items()],
        "error": None,
    }
    ordinal, outcome = f"200000.{number:06}.2{index:05}", "passed" if passed else "failed"
    parts = [json.dumps(one, ensure_ascii=False) for one in (request, response, checks)]
    return (ordinal, place, name, outcome, started, (time.perf_counter() - began) * 1000, *parts)


def _exchange(
    curl: pycurl.Curl, address: str, headers: list[tuple[str, str]], body: str | None
) -> tuple[list[bytes], bytes]:
    chunks: list[bytes] = []
    lines: list[bytes] = []
    curl.setopt(pycurl.URL, address)
    curl.setopt(pycurl.WRITEFUNCTION, chunks.append)
    curl.setopt(pycurl.HEADERFUNCTION, lines.append)
    curl.setopt(pycurl.HTTPHEADER, [f"{key}: {value}" for key, value in headers])
    if body is None:
        curl.setopt(pycurl.HTTPGET, 1)
    else:
        curl.setopt(pycurl.POSTFIELDS, body)
    curl.perform()
    return lines, b"".join(chunks)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def _used(url: str, body: Any, values: dict[str, Any]) -> dict[str, Any]:
    """The values that stand in this request."""
    if "{{order}}" in url:
        return {"order": values["order"]}
    return {"ticket": values["ticket"]} if body is not None and "ticket" in body else {}


def _body(data: bytes) -> dict[str, Any]:
    return {
        "head": data.decode().replace("s3cret", "***"),
        "encoding": "text",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest() if data else "",
        "truncated": False,
        "charset": "utf-8",
    }


def _response(curl: pycurl.Curl, address: str, lines: list[bytes], answer: bytes) -> dict[str, Any]:
    version, _, rest = lines[0].decode().strip().partition(" ")
    return {
        "status": curl.getinfo(pycurl.RESPONSE_CODE),
        "reason": rest.partition(" ")[2],
        "http_version": version.removeprefix("HTTP/"),
        "headers": [line.decode().strip().partition(": ")[::2] for line in lines[1:-1]],
        "body": _body(answer),
        "url": address,
        "timing": _timing(curl),
        "cookies": [],
        "peer": f"{curl.getinfo(pycurl.PRIMARY_IP)}:{curl.getinfo(pycurl.PRIMARY_PORT)}",
        "hops": [],
        "certificate": None,
    }


def _timing(curl: pycurl.Curl) -> dict[str, float]:
    get = curl.getinfo
    resolved, connected, secured = get(pycurl.NAMELOOKUP_TIME), get(pycurl.CONNECT_TIME), get(pycurl.APPCONNECT_TIME)
    before, first, total = get(pycurl.PRETRANSFER_TIME), get(pycurl.STARTTRANSFER_TIME), get(pycurl.TOTAL_TIME)
    return {
        "resolve_ms": resolved * 1000,
        "connect_ms": (connected - resolved) * 1000,
        "tls_ms": max(secured - connected, 0.0) * 1000,
        "send_ms": max(before - connected, 0.0) * 1000,
        "wait_ms": (first - before) * 1000,
        "receive_ms": (total - first) * 1000,
        "total_ms": total * 1000,
    }


def _attempt(sent: str, response: dict[str, Any], passed: bool, parent: str) -> dict[str, Any]:
    return {
        "number": 1,
        "outcome": "passed" if passed else "failed",
        "sent_at": sent,
        "wait_ms": 0.0,
        "status": response["status"],
        "error_class": None,
        "message": None,
        "timing": response["timing"],
        "peer": response["peer"],
        "trace_id": _TRACE,
        "parent_id": parent,
    }


def _assertion(expected: int, actual: int, passed: bool) -> dict[str, Any]:
    return {
        "index": 0,
        "passed": passed,
        "name": "",
        "source": "status",
        "comparator": "eq",
        "expected": expected,
        "actual": actual,
        "where": "status",
        "nearest": None,
        "message": "",
        "places": [],
    }


def _extraction(name: str, value: Any) -> dict[str, Any]:
    return {
        "name": name,
        "found": True,
        "value": "***" if name == "token" else value,
        "scope": "scenario",
        "secret": False,
        "hash": None,
        "message": "",
    }


def _variable(name: str, value: Any) -> dict[str, Any]:
    return {"name": name, "scope": "extracted", "value": value, "secret": False, "hash": None}


def _shape(row: Row) -> list[Any]:
    return [_blurred(json.loads(item) if str(item).startswith("{") else item) for item in row]


def _blurred(value: Any) -> Any:
    """A value without what differs from run to run: floats, numbers, hexadecimal digits."""
    if isinstance(value, dict):
        return [(key, _blurred(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [_blurred(item) for item in value]
    if isinstance(value, str):
        return _HEXADECIMAL.sub("0", value)
    return type(value).__name__
