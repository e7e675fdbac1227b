"""When an attempt is repeated, and how long is waited before."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

from wxcloudrun.engine.errors import ErrorClass
from wxcloudrun.engine.plan.steps import Backoff, Retry
from wxcloudrun.engine.result.records import Outcome

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
"""Methods of requests that change nothing at the server: they may be sent twice."""

_NEVER_AGAIN = (
    ErrorClass.CANCELED,
    ErrorClass.DEFINITION,
    ErrorClass.INTERRUPTED,
    ErrorClass.GUARD,
    ErrorClass.INTERNAL,
)


def wants_retry(retry: Retry, outcome: Outcome, status: int | None, error_class: ErrorClass | None) -> bool:
    """True when this kind of ending is tried again. A cancel, a wrong definition, the guard's no and a fault of the
    engine never are."""
    if outcome.value not in {one.value for one in retry.on} or error_class in _NEVER_AGAIN:
        return False
    if not retry.statuses and not retry.error_classes:
        return True
    if error_class is not None:
        return error_class in retry.error_classes
    return status is not None and any(_fits(status, wanted) for wanted in retry.statuses)


def delay_ms(backoff: Backoff, failures: int) -> float:
    """Milliseconds before the next attempt, after `failures` attempts (1 or more)."""
    return float(min(backoff.interval_ms * backoff.backoff ** (failures - 1), backoff.max_interval_ms))


def retry_delay_ms(retry: Retry, failures: int, seed: str, retry_after: str | None, now: datetime) -> float:
    """The same with jitter (by the seed, so that it repeats) and the server's Retry-After, whichever is longer."""
    delay = delay_ms(retry, failures)
    if retry.jitter:
        spread = Random(f"{seed}/{failures}").uniform(-retry.jitter, retry.jitter)  # noqa: S311  # must repeat
        delay = min(delay * (1 + spread), float(retry.max_interval_ms))
    asked = retry_after_ms(retry_after, now) if retry.retry_after and retry_after else None
    return delay if asked is None else max(delay, min(asked, float(retry.max_interval_ms)))


def retry_after_ms(header: str, now: datetime) -> float | None:
    """Retry-After (RFC 9110 section 10.2.3): seconds or a date; None when it is neither."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text) * 1000
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds() * 1000)


def _fits(status: int, wanted: int | str) -> bool:
    return status == wanted if isinstance(wanted, int) else str(status)[0] == wanted[0]
