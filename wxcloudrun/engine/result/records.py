"""The pieces of a step's result: plain data, masked already."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from wxcloudrun.engine.errors import ErrorClass
from wxcloudrun.engine.record import record
from wxcloudrun.engine.response import Hop, Timing


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


@record(frozen=True, slots=True)
class Attempt:
    """One sending of the step's request. `wait_ms` is how long was waited before it; `sent_at` is UTC, ISO 8601."""

    number: int
    outcome: Outcome
    sent_at: str
    wait_ms: float = 0.0
    status: int | None = None
    error_class: ErrorClass | None = None
    message: str | None = None
    timing: Timing | None = None
    peer: str | None = None
    trace_id: str | None = None
    parent_id: str | None = None


@record(frozen=True, slots=True)
class BodyRecord:
    """A body in a result: its head as text, or in base64 where it is not text; size and hash are of the whole."""

    head: str = ""
    encoding: str = "text"  # "text" or "base64"
    size: int = 0
    sha256: str = ""
    truncated: bool = False
    charset: str = ""


@record(frozen=True, slots=True)
class RequestRecord:
    """The request as it was sent, secrets masked. `curl` repeats it; secrets stand in it as `$NAME`."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: BodyRecord
    curl: str = ""


@record(frozen=True, slots=True)
class ResponseRecord:
    """The final answer, secrets masked."""

    status: int
    reason: str
    http_version: str
    headers: tuple[tuple[str, str], ...]
    body: BodyRecord
    url: str
    timing: Timing
    cookies: tuple[dict[str, Any], ...] = ()
    peer: str | None = None
    hops: tuple[Hop, ...] = ()
    certificate: dict[str, str] | None = None


@record(frozen=True, slots=True)
class AssertionRecord:
    """One assertion's verdict. `where` shows the place (with a caret where it stopped), `nearest` what was there
    instead, `places` the differing places inside the value, `message` one sentence to act on."""

    index: int
    passed: bool
    name: str
    source: str
    comparator: str
    expected: Any = None
    actual: Any = None
    where: str = ""
    nearest: str | None = None
    message: str = ""
    places: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class ExtractionRecord:
    """One extraction: the value it found (`***` when secret), and for secrets the keyed hash of it."""

    name: str
    found: bool
    value: Any = None
    scope: str = "scenario"
    secret: bool = False
    hash: str | None = None
    message: str = ""


@record(frozen=True, slots=True)
class VariableRecord:
    """A name the step used, the value it had and the scope that gave it."""

    name: str
    scope: str
    value: Any = None
    secret: bool = False
    hash: str | None = None


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
