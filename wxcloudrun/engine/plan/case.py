"""A case as the plan carries it: one request with its data, extractions, assertions and actions."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue

from wxcloudrun.engine.judge.assertion import Assertion, Comparator
from wxcloudrun.engine.judge.extraction import Extraction
from wxcloudrun.engine.shape import Name, Part, Reference


class VariableType(StrEnum):
    """What a value typed in as text shall become."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    JSON = "json"


class Variable(Part):
    """A named value. Strings may hold `{{placeholders}}`; with `type` a string becomes that type."""

    name: Name
    value: JsonValue = None
    secret: bool = False
    type: VariableType | None = None


class Reach(StrEnum):
    """How far a value that an action makes can be seen."""

    STEP = "step"
    SCENARIO = "scenario"


class SetAction(Part):
    """Give a variable a value."""

    do: Literal["set"]
    name: Name
    value: JsonValue
    secret: bool = False
    scope: Reach = Reach.SCENARIO


class ComputeAction(Part):
    """Give a variable the value of an expression."""

    do: Literal["compute"]
    name: Name
    expression: str
    secret: bool = False
    scope: Reach = Reach.SCENARIO


class SignAction(Part):
    """Give a variable the HMAC of a message."""

    do: Literal["sign"]
    name: Name
    key: str
    message: str
    algorithm: Literal["md5", "sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64", "base64url"] = "hex"
    scope: Reach = Reach.SCENARIO


class WaitAction(Part):
    """Wait; a cancel or the run's deadline ends it early."""

    do: Literal["wait"]
    wait_ms: Annotated[int, Field(ge=0, le=600_000)] | str


class LogAction(Part):
    """Write a line into the step's result."""

    do: Literal["log"]
    message: str


Action = Annotated[
    SetAction | ComputeAction | SignAction | WaitAction | LogAction,
    Field(discriminator="do"),
]


class Dataset(Part):
    """A named set of values for one case; what it gives lies over the case's own request.

    In `query`, `headers` and `cookies` the key is the name and `null` takes the entry away. `body` is merged into the
    case's body (docs/engine.md, "Data"); `replace_body` is a whole body in its place.
    """

    id: Reference = None
    key: str = Field(min_length=1, max_length=128)
    name: str = ""
    enabled: bool = True
    default: bool = False
    variables: dict[Name, JsonValue] = {}
    query: dict[str, JsonValue] = {}
    headers: dict[str, JsonValue] = {}
    cookies: dict[str, JsonValue] = {}
    body: JsonValue = None
    replace_body: dict[str, JsonValue] | None = None
    expected: dict[str, JsonValue] = {}


_NEEDS_NOTHING = {
    Comparator.EXISTS,
    Comparator.NOT_EXISTS,
    Comparator.EMPTY,
    Comparator.NOT_EMPTY,
}


def _complete(assertion: Assertion) -> Assertion:
    """A forgotten `expected` would be compared with null, which is nearly never meant."""
    comparator = assertion.comparator
    if comparator is not None and comparator not in _NEEDS_NOTHING and "expected" not in assertion.model_fields_set:
        raise ValueError(f"`{comparator}` needs `expected`; write `null` to compare with null")
    return assertion


class Case(Part):
    """One request with its assertions and extractions.

    `request` has the shape of `RequestSpec` (docs/engine/sending.md) except that any value may be a string with
    placeholders. `expected` holds default values for `{{expected.name}}`; a dataset's lie over them.
    """

    id: Reference = None
    name: str = ""
    version: str | int | None = None
    request: dict[str, JsonValue]
    expected: dict[str, JsonValue] = {}
    datasets: tuple[Dataset, ...] = ()
    extractions: tuple[Extraction, ...] = ()
    assertions: tuple[Annotated[Assertion, AfterValidator(_complete)], ...] = ()
    before: tuple[Action, ...] = ()
    after: tuple[Action, ...] = ()
    idempotent: bool = False  # may be sent again when nobody knows whether it arrived
    idempotency_header: str | None = None  # `Idempotency-Key`: the same value in every attempt of one step
