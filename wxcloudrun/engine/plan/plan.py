"""The plan: everything a run needs, frozen, as JSON. Read it with `Plan.model_validate_json`."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from wxcloudrun.engine.plan.case import Variable
from wxcloudrun.engine.plan.steps import Scenario
from wxcloudrun.engine.result.records import Outcome
from wxcloudrun.engine.shape import Name, Part, Reference


class Limits(Part):
    """Bounds of one run. Times in milliseconds, sizes in bytes (after decompression)."""

    deadline_ms: Annotated[int, Field(ge=1, le=86_400_000)] = 3_600_000
    teardown_ms: Annotated[int, Field(ge=1, le=3_600_000)] = 60_000  # time for teardown after failure, deadline
    cancel_teardown_ms: Annotated[int, Field(ge=1, le=3_600_000)] = 1_000  # ... from the moment of a cancel on
    concurrency: Annotated[int, Field(ge=1, le=64)] = 8  # requests under way at once
    per_host: Annotated[int, Field(ge=1, le=64)] = 8  # ... to one host
    max_body_bytes: Annotated[int, Field(ge=1)] = 64 * 1024 * 1024
    head_bytes: Annotated[int, Field(ge=0, le=16 * 1024 * 1024)] = 64 * 1024
    max_steps: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000  # results, iterations counted
    max_rendered_bytes: Annotated[int, Field(ge=1)] = 16 * 1024 * 1024  # one rendered text


class Network(Part):
    """What the address guard lets through besides public addresses: `10.1.0.0/16`, `127.0.0.1:8080`."""

    allowed: tuple[str, ...] = ()
    proxy: str | None = None


class Project(Part):
    """The tenant's part: values that hold in every environment."""

    id: Reference = None
    name: str = ""
    variables: tuple[Variable, ...] = ()


class Environment(Part):
    """Where the run goes. `headers`, `cookies`, `auth`, `tls`, `proxy`, `timeouts` hold for every request that
    does not say otherwise; their shapes are those of `RequestSpec` (docs/engine/sending.md)."""

    id: Reference = None
    name: str = ""
    base_url: str = ""
    variables: tuple[Variable, ...] = ()
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    auth: dict[str, JsonValue] | None = None
    tls: dict[str, JsonValue] | None = None
    proxy: JsonValue = None
    timeouts: dict[str, JsonValue] | None = None
    rate_per_second: Annotated[float, Field(gt=0)] | None = None


class CarriedValue(Part):
    """A value that a finished step handed on, as `StepResult.carried` gave it (not masked)."""

    name: Name
    value: JsonValue
    secret: bool = False
    shared: bool = False  # scope `global`


class DoneStep(Part):
    """A step whose result is recorded already: it is not sent again."""

    outcome: Outcome
    carried: tuple[CarriedValue, ...] = ()
    cookies: tuple[dict[str, JsonValue], ...] = ()  # `cookie_state.exported(StepResult.cookies)`


class Intent(Part):
    """A request that was about to be sent when the worker died; nobody knows whether it arrived."""

    attempt: int = 1
    idempotency_key: str


class Resume(Part):
    """What an earlier worker has done, by step path: results, and intents that have no result.

    `ahead`: at most so many steps without a result may have been sent as well, without an intent.
    """

    done: dict[str, DoneStep] = {}
    intents: dict[str, Intent] = {}
    ahead: Annotated[int, Field(ge=0)] = 0


class Plan(Part):
    """The frozen input of a run."""

    version: Literal[1] = 1
    id: Reference = None
    seed: int = 0
    hash_key: str = ""  # keys the hashes that tell "same secret as before"; empty: hashes are left out
    limits: Limits = Limits()
    network: Network = Network()
    project: Project = Project()
    environment: Environment = Environment()
    inputs: dict[Name, JsonValue] = {}
    scenario: Scenario
    resume: Resume = Resume()
