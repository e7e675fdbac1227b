"""What became of a push: each attempt with its request and reply, and the outcome."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How one attempt ended; only the last four make WeChat try again."""

    ACKNOWLEDGED = "acknowledged"  # an empty body, `success`, or ErrCode 0
    REPLIED = "replied"  # a message in return, in safe mode one whose envelope is valid
    BAD_REPLY = "bad_reply"  # a reply in safe mode that is no valid envelope
    HTTP_STATUS = "http_status"  # an answer other than HTTP 200
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    OVERSIZED_REPLY = "oversized_reply"


RETRIED = frozenset({Outcome.HTTP_STATUS, Outcome.TIMEOUT, Outcome.UNREACHABLE, Outcome.OVERSIZED_REPLY})


@dataclass(frozen=True)
class Attempt:
    """One request to the push URL. `reply` is the body as text, `message` the decrypted message of a reply."""

    number: int
    query: dict[str, str]
    body: str
    outcome: Outcome
    status: int = 0
    reply: str = ""
    message: str = ""
    reason: str = ""


@dataclass
class PushRecord:
    """One message and all attempts to hand it over; a URL check has an empty payload."""

    number: int
    appid: str
    url: str
    mode: str
    format: str
    payload: dict[str, Any]
    disturbances: tuple[str, ...] = ()
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """How the last attempt ended."""
        return self.attempts[-1].outcome if self.attempts else Outcome.UNREACHABLE

    def shown(self) -> dict[str, Any]:
        """The record for the control API."""
        return {**asdict(self), "outcome": self.outcome}
