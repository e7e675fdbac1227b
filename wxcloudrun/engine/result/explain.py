"""Says in a block of text why a step did not pass: what was expected, what came, where, and how to repeat it."""

import json
from typing import TYPE_CHECKING, Any

from wxcloudrun.engine.result.records import AssertionRecord, Outcome

if TYPE_CHECKING:
    from wxcloudrun.engine.result.result import StepResult

_WIDTH = 400


def explain(result: "StepResult") -> str:
    """The reason of a failure, an error or a skip; an empty text for a step that passed at once."""
    if result.outcome is Outcome.PASSED and not result.passed_after_retry:
        return ""
    lines = [_headline(result)]
    if result.reason:
        lines.append(f"  {result.reason}")
    if result.error:
        lines.append(f"  {result.error.error_class.value}: {result.error.message}")
        if result.error.detail:
            lines.append(f"  detail: {result.error.detail}")
    for assertion in result.assertions:
        if not assertion.passed:
            lines.extend(_assertion(assertion))
    lines.extend(
        f"  extraction {one.name}: {one.message}" for one in result.extractions if not one.found and one.message
    )
    lines.extend(_attempts(result))
    if result.response is not None:
        lines.append(f"  answer: {_answer(result)}")
    if result.request is not None and result.request.curl:
        lines.append(f"  repeat: {result.request.curl}")
    return "\n".join(lines)


def _headline(result: "StepResult") -> str:
    names = " > ".join(name for name in (*result.trail, result.name or result.path) if name)
    row = f" [{result.dataset.name or result.dataset.key}]" if result.dataset else ""
    passing = f" (pass {result.iteration})" if result.iteration is not None and not result.dataset else ""
    word = "passed after retry" if result.passed_after_retry else result.outcome.value
    return f"{word}: {names}{row}{passing} ({result.path})"


def _assertion(record: AssertionRecord) -> list[str]:
    lines = [f"  assertion {record.index + 1}: {record.name or record.source}"]
    if record.message:
        lines.append(f"    {record.message}")
    lines.append(f"    expected: {record.comparator} {_short(record.expected)}")
    lines.append(f"    actual:   {_short(record.actual)}")
    if record.where:
        lines.append(_indented("where", record.where))
    if record.nearest:
        lines.append(_indented("nearest", record.nearest))
    lines.extend(f"    differs: {place}" for place in record.places)
    return lines


def _indented(label: str, text: str) -> str:
    """A label and a text whose further lines (a caret under a path, say) stay aligned with its first."""
    head = f"    {label}: "
    return head + text.replace("\n", "\n" + " " * len(head))


def _attempts(result: "StepResult") -> list[str]:
    if len(result.attempts) < 2:
        return []
    shown = [
        f"{one.number}: {one.status or (one.error_class.value if one.error_class else one.outcome.value)}"
        for one in result.attempts
    ]
    if len(shown) > 10:
        shown = [*shown[:5], "...", *shown[-4:]]
    return [f"  attempts: {', '.join(shown)}"]


def _answer(result: "StepResult") -> str:
    response = result.response
    if response is None:
        return ""
    head = response.body.head if response.body.encoding == "text" else f"({response.body.size} bytes, not text)"
    return f"{response.status} {response.reason} in {response.timing.total_ms:.0f} ms {_cut(head)}".rstrip()


def _short(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, default=str))


def _cut(text: str) -> str:
    flat = text.replace("\r", "").replace("\n", "\\n")
    return flat if len(flat) <= _WIDTH else f"{flat[:_WIDTH]}... ({len(flat)} characters)"
