"""W3C trace context: one trace id a run, one parent id an attempt, both repeatable from the run's seed."""

import hashlib

_SAMPLED = "01"


def trace_id(seed: str | int) -> str:
    """The run's trace id: 32 lower-case hex digits, never all zero."""
    return _digest(f"trace:{seed}", 32)


def parent_id(trace: str, step: str, attempt: int) -> str:
    """The id of one attempt of one step in that trace: 16 lower-case hex digits, never all zero."""
    return _digest(f"parent:{trace}:{step}:{attempt}", 16)


def traceparent(trace: str, parent: str) -> str:
    """The header's value, version 00, sampled (https://www.w3.org/TR/trace-context/)."""
    return f"00-{trace}-{parent}-{_SAMPLED}"


def trace_headers(seed: str | int, run: str, step: str, attempt: int) -> tuple[tuple[str, str], ...]:
    """What an attempt sends: `traceparent`, and `X-Test-Run` for servers without tracing.

    Names are cut to characters every header may hold. A header the user set is left alone by the sender.
    """
    trace = trace_id(seed)
    label = f"{run}/{step}/{attempt}"
    plain = "".join(character if "!" <= character <= "~" else "-" for character in label)
    return (("traceparent", traceparent(trace, parent_id(trace, step, attempt))), ("X-Test-Run", plain))


def _digest(text: str, length: int) -> str:
    digits = hashlib.sha256(text.encode()).hexdigest()[:length]
    return digits if digits.strip("0") else "1".zfill(length)
