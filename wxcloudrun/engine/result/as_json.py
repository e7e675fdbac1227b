"""Records as JSON values, each written out by hand: every step of a run passes here, and a test holds the names."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from wxcloudrun.engine.response import Timing
from wxcloudrun.engine.result.records import (
    AssertionRecord,
    Attempt,
    BodyRecord,
    ExtractionRecord,
    RequestRecord,
    ResponseRecord,
    VariableRecord,
)


def plain(value: Any) -> Any:
    """Any record: dataclasses to dicts, tuples to lists, words to strings; JSON values stay what they are."""
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value if type(value) in _SIMPLE else str(value)


_SIMPLE = frozenset((str, int, float, bool, type(None)))


def timing_json(timing: Timing) -> dict[str, Any]:
    """Milliseconds by phase."""
    return {
        "resolve_ms": timing.resolve_ms,
        "connect_ms": timing.connect_ms,
        "tls_ms": timing.tls_ms,
        "send_ms": timing.send_ms,
        "wait_ms": timing.wait_ms,
        "receive_ms": timing.receive_ms,
        "total_ms": timing.total_ms,
    }


def attempt_json(one: Attempt) -> dict[str, Any]:
    """One sending."""
    return {
        "number": one.number,
        "outcome": str(one.outcome),
        "sent_at": one.sent_at,
        "wait_ms": one.wait_ms,
        "status": one.status,
        "error_class": str(one.error_class) if one.error_class is not None else None,
        "message": one.message,
        "timing": timing_json(one.timing) if one.timing is not None else None,
        "peer": one.peer,
        "trace_id": one.trace_id,
        "parent_id": one.parent_id,
    }


def request_json(one: RequestRecord) -> dict[str, Any]:
    """The request; header fields as pairs."""
    return {
        "method": one.method,
        "url": one.url,
        "headers": [list(pair) for pair in one.headers],
        "body": body_json(one.body),
        "curl": one.curl,
    }


def response_json(one: ResponseRecord) -> dict[str, Any]:
    """The answer; header fields as pairs."""
    return {
        "status": one.status,
        "reason": one.reason,
        "http_version": one.http_version,
        "headers": [list(pair) for pair in one.headers],
        "body": body_json(one.body),
        "url": one.url,
        "timing": timing_json(one.timing),
        "cookies": plain(one.cookies) if one.cookies else [],
        "peer": one.peer,
        "hops": plain(one.hops) if one.hops else [],
        "certificate": plain(one.certificate) if one.certificate is not None else None,
    }


def body_json(one: BodyRecord) -> dict[str, Any]:
    """A body's head and what is known of the whole."""
    return {
        "head": one.head,
        "encoding": one.encoding,
        "size": one.size,
        "sha256": one.sha256,
        "truncated": one.truncated,
        "charset": one.charset,
    }


def assertion_json(one: AssertionRecord) -> dict[str, Any]:
    """An assertion's verdict; `expected` and `actual` are JSON values made for this record alone."""
    return {
        "index": one.index,
        "passed": one.passed,
        "name": one.name,
        "source": one.source,
        "comparator": one.comparator,
        "expected": one.expected,
        "actual": one.actual,
        "where": one.where,
        "nearest": one.nearest,
        "message": one.message,
        "places": list(one.places),
    }


def extraction_json(one: ExtractionRecord) -> dict[str, Any]:
    """An extraction and what it found."""
    return {
        "name": one.name,
        "found": one.found,
        "value": one.value,
        "scope": one.scope,
        "secret": one.secret,
        "hash": one.hash,
        "message": one.message,
    }


def variable_json(one: VariableRecord) -> dict[str, Any]:
    """A variable, its value and where it came from."""
    return {
        "name": one.name,
        "scope": one.scope,
        "value": one.value,
        "secret": one.secret,
        "hash": one.hash,
    }
