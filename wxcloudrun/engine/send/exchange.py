"""What an exchange leaves behind: the request that was really sent, the response, and the error that ended it."""

from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.record import record
from wxcloudrun.engine.response import Hop, Response
from wxcloudrun.engine.send.body import PartSummary


@record(frozen=True, slots=True)
class SentRequest:
    """One request as it went over the wire. Holds secrets: masking comes before storing."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body_head: bytes = b""
    body_size: int = 0
    body_sha256: str = ""
    parts: tuple[PartSummary, ...] = ()

    def header(self, name: str) -> str | None:
        """The first header of that name, ignoring case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@record(frozen=True, slots=True)
class Exchange:
    """A request that was answered. `requests` has one entry a hop, in order; an answered challenge counts as one."""

    requests: tuple[SentRequest, ...]
    response: Response
    trailers: tuple[tuple[str, str], ...] = ()

    @property
    def request(self) -> SentRequest:
        """What was sent first."""
        return self.requests[0]


class SendError(StepError):
    """A step error raised while sending, with what had been sent and followed until then."""

    def __init__(
        self,
        error_class: ErrorClass,
        message: str,
        detail: str | None = None,
        requests: tuple[SentRequest, ...] = (),
        hops: tuple[Hop, ...] = (),
    ) -> None:
        super().__init__(error_class, message, detail)
        self.requests = requests
        self.hops = hops
