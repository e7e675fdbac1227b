"""What all parts of one run share, and the place in the plan where each of them stands."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from wxcloudrun.engine.bounds import Bounds
from wxcloudrun.engine.clock import Clock
from wxcloudrun.engine.plan.plan import Plan
from wxcloudrun.engine.ready.program import Program
from wxcloudrun.engine.record import record
from wxcloudrun.engine.render.names import Names
from wxcloudrun.engine.render.variables import Scope
from wxcloudrun.engine.result.records import Outcome, Phase
from wxcloudrun.engine.result.redaction import Redactor
from wxcloudrun.engine.result.result import StepResult
from wxcloudrun.engine.run.doubt import NO_DOUBT, Doubt
from wxcloudrun.engine.run.once import Cache
from wxcloudrun.engine.run.parallel import Crew
from wxcloudrun.engine.run.throttle import Gates, Throttle
from wxcloudrun.engine.send.body import BlobSource
from wxcloudrun.engine.send.cookies import CookieJar
from wxcloudrun.engine.send.exchange import Exchange
from wxcloudrun.engine.send.oauth import TokenCache
from wxcloudrun.engine.send.prepare import Lasting, PreparedRequest
from wxcloudrun.engine.send.request import RequestSpec
from wxcloudrun.engine.send.trace import parent_id, trace_id, traceparent

Headers = tuple[tuple[str, str], ...]


class Sends(Protocol):
    """Carries requests to their servers; `wxcloudrun.engine.send.sender.Sender` is one."""

    def prepare(
        self,
        spec: RequestSpec,
        *,
        base_url: str | None = None,
        blobs: BlobSource | None = None,
        tokens: TokenCache | None = None,
        deadline: float | None = None,
        cancel: Callable[[], bool] | None = None,
        lasting: Lasting | None = None,
    ) -> PreparedRequest:
        """The request, checked and built; raises `StepError`. `lasting` is of one that differed in URL and body."""

    def send(
        self,
        prepared: PreparedRequest,
        *,
        jar: CookieJar | None = None,
        deadline: float | None = None,
        cancel: Callable[[], bool] | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Exchange:
        """The answer; raises `StepError`. `deadline` is a point on `time.monotonic()`."""


OnIntent = Callable[[str, int, str], None]
"""Called before each send with the step's path, the attempt's number and its idempotency key."""

OnBody = Callable[[str, Iterable[bytes]], None]
"""Called for a body that is longer than its head, before its step's result comes: with the hash of what was received,
and with the whole as it may be shown, to be read at once: masked, a text as UTF-8."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the caller wants to be asked or told while a run goes on; called from the run's threads.

    An exception that `on_intent` or `on_body` raises (a worker that lost its lease, say) ends the run at once and is
    raised by `Engine.run`; no teardown follows. Any other fault of a part that was handed in is an error of the step.
    """

    on_intent: OnIntent | None = None
    on_body: OnBody | None = None
    blobs: BlobSource | None = None


@record(frozen=True, slots=True)
class Place:
    """Where in the run a step stands: its path and ordinal, the names above it, its bounds and cookies, and which of
    its requests may have been sent before."""

    path: str
    ordinal: str
    phase: Phase
    bounds: Bounds
    jar: CookieJar
    trail: tuple[str, ...] = ()
    doubt: Doubt = NO_DOUBT

    def child(self, part: str, index: int, digit: int = 2) -> "Place":
        """The place of the step number `index` in a list called `part`."""
        path = f"{self.path}/{part}/{index}" if self.path else f"{part}/{index}"
        ordinal = f"{self.ordinal}.{digit}{index:05}" if self.ordinal else f"{digit}{index:05}"
        return Place(path, ordinal, self.phase, self.bounds, self.jar, self.trail, self.doubt)

    def iteration(self, index: int) -> "Place":
        """The place of one pass of this step."""
        path, ordinal = f"{self.path}/iterations/{index}", f"{self.ordinal}.{index:06}"
        return Place(path, ordinal, self.phase, self.bounds, self.jar, self.trail, self.doubt)

    def under(self, name: str) -> "Place":
        """The same place with one more name above it."""
        trail = (*self.trail, name)
        return Place(self.path, self.ordinal, self.phase, self.bounds, self.jar, trail, self.doubt)


@dataclass(slots=True)
class Tally:
    """Counts of what was given out, and the bound on it."""

    limit: int
    exhausted: bool = False
    numbers: Iterator[int] = field(default_factory=count)  # no two threads get the same one

    def take(self) -> bool:
        """True while another result may be made."""
        if next(self.numbers) < self.limit:
            return True
        self.exhausted = True
        return False


@dataclass(slots=True)
class Run:
    """The parts of one run."""

    plan: Plan
    program: Program
    sender: Sends
    clock: Clock
    cache: Cache
    throttle: Throttle
    redactor: Redactor
    gates: Gates
    crew: Crew
    tally: Tally
    seed: str
    hooks: Hooks
    tokens: TokenCache = field(default_factory=TokenCache)
    prepared: dict[int, tuple[str, PreparedRequest]] = field(default_factory=dict)  # by request template, with the base
    lasting: dict[int, Lasting] = field(default_factory=dict)  # by request template whose URL and body change only
    done: list[Outcome] = field(default_factory=list)  # outcomes taken over from an earlier worker
    trace_id: str = ""
    environment_key: str = ""
    label: str = ""
    ended_by: BaseException | None = None  # what a hook raised: it ends the run instead of a step

    def tell(self, hook: Callable[..., None], *facts: Any) -> None:
        """Call a hook; what it raises ends the run."""
        try:
            hook(*facts)
        except BaseException as fault:
            self.ended_by = fault
            raise

    def __post_init__(self) -> None:
        self.trace_id = trace_id(f"{self.plan.id}/{self.seed}")
        name = str(self.plan.id or self.seed)
        self.label = "".join(char if "!" <= char <= "~" else "-" for char in name)
        environment = self.plan.environment
        self.environment_key = f"{self.plan.project.id}/{environment.id or environment.name or environment.base_url}"

    def trace(self, path: str, attempt: int) -> tuple[tuple[str, str], Headers]:
        """Trace id and parent id of an attempt, and the headers that carry them."""
        parent = parent_id(self.trace_id, path, attempt)
        label = f"{self.label}/{path}/{attempt}"
        return (self.trace_id, parent), (("traceparent", traceparent(self.trace_id, parent)), ("X-Test-Run", label))

    def names(self, scope: Scope, place: Place, part: str = "") -> Names:
        """The names a step at this place can use; `part` keeps the random values of its parts apart."""
        return Names(
            scope,
            seed=self.seed,
            place=place.path + part,
            clock=self.clock,
            redactor=self.redactor,
            limit=self.plan.limits.max_rendered_bytes,
        )


__all__ = ["OnBody", "OnIntent", "Place", "Run", "StepResult", "Tally"]
