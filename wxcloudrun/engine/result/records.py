"""The pieces of a step's result: plain data, masked already.

What every step has is JSON from the beginning, its shape held by mypy: it is stored as it is, and hardly anybody reads
the pieces of a step that passed.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypedDict

from wxcloudrun.engine.errors import ErrorClass
from wxcloudrun.engine.record import record
from wxcloudrun.engine.response import Timing


class Outcome(StrEnum):
    """How a step ended. *failed*: an assertion did not hold. *error*: it could not be carried out."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


class Phase(StrEnum):
    """The part of the outermost scenario a step belongs to."""

    SETUP = "setup"
    STEPS = "steps"
    TEARDOWN = "teardown"


@record(frozen=True, slots=True)
class StepFault:
    """Why a step ended as *error*."""

    error_class: ErrorClass
    message: str
    detail: str | None = None


class TimingRecord(TypedDict):
    """Milliseconds each phase took, as in `response.Timing`."""

    resolve_ms: float
    connect_ms: float
    tls_ms: float
    send_ms: float
    wait_ms: float
    receive_ms: float
    total_ms: float


class Attempt(TypedDict):
    """One sending of the step's request. `wait_ms` is how long was waited before it; `sent_at` is UTC, ISO 8601."""

    number: int
    outcome: str
    sent_at: str
    wait_ms: float
    status: int | None
    error_class: str | None
    message: str | None
    timing: TimingRecord | None
    peer: str | None
    trace_id: str | None
    parent_id: str | None


class BodyRecord(TypedDict):
    """A body in a result: its head as text, or in base64 where it is not text; size and hash are of the whole."""

    head: str
    encoding: str  # "text" or "base64"
    size: int
    sha256: str
    truncated: bool
    charset: str


class RequestRecord(TypedDict):
    """The request as it was sent, secrets masked. `curl` repeats it; secrets stand in it as `$NAME`."""

    method: str
    url: str
    headers: list[list[str]]  # pairs of name and value
    body: BodyRecord
    curl: str


class ResponseRecord(TypedDict):
    """The final answer, secrets masked."""

    status: int
    reason: str
    http_version: str
    headers: list[list[str]]  # pairs of name and value
    body: BodyRecord
    url: str
    timing: TimingRecord
    cookies: list[dict[str, Any]]
    peer: str | None
    hops: list[dict[str, Any]]  # url, status, location and peer of each redirect
    certificate: dict[str, str] | None


class AssertionRecord(TypedDict):
    """One assertion's verdict. `where` shows the place (with a caret where it stopped), `nearest` what was there
    instead, `places` the differing places inside the value, `message` one sentence to act on."""

    index: int
    passed: bool
    name: str
    source: str
    comparator: str
    expected: Any
    actual: Any
    where: str
    nearest: str | None
    message: str
    places: list[str]


class ExtractionRecord(TypedDict):
    """One extraction: the value it found (`***` when secret), and for secrets the keyed hash of it."""

    name: str
    found: bool
    value: Any
    scope: str
    secret: bool
    hash: str | None
    message: str


class VariableRecord(TypedDict):
    """A name the step used, the value it had and the scope that gave it."""

    name: str
    scope: str
    value: Any
    secret: bool
    hash: str | None


@record(frozen=True, slots=True)
class DatasetRecord:
    """The row of data a step was run with."""

    key: str
    name: str
    row: Mapping[str, Any]
    id: str | int | None = None


@record(frozen=True, slots=True)
class Carried:
    """A value handed on to later steps, not masked: for `plan.resume` only, and never part of `to_json`."""

    name: str
    value: Any
    secret: bool = False
    shared: bool = False


def timing_record(timing: Timing) -> TimingRecord:
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
