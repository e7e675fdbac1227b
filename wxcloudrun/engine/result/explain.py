"""Says in a block of text why a step did not pass: what was expected, what came, where, and how to repeat it."""

import json
import re
from typing import TYPE_CHECKING, Any

from wxcloudrun.engine.result.records import AssertionRecord, Outcome

if TYPE_CHECKING:
    from wxcloudrun.engine.result.result import StepResult

_WIDTH = 400
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_WITHOUT_EXPECTED = frozenset({"exists", "not_exists", "empty", "not_empty", "is true"})
_CONTINUED = " \\\n  "


def explain(result: "StepResult") -> str:
    """The reason of a failure, an error or a skip; an empty text for a step that passed at once."""
    if result.outcome is Outcome.PASSED and not result.passed_after_retry:
        return ""
    lines = [_headline(result)]
    if result.reason:
        lines.append(f"  {one_line(result.reason)}")
    if result.error:
        lines.append(f"  {result.error.error_class.value}: {one_line(result.error.message)}")
        if result.error.detail:
            lines.append(_indented("  detail", result.error.detail))
    for assertion in result.assertions:
        if not assertion["passed"]:
            lines.extend(_assertion(assertion))
    lines.extend(_extractions(result))
    lines.extend(_attempts(result))
    if result.response is not None:
        lines.append(f"  answer: {_answer(result)}")
    if result.request is not None and result.request["curl"]:
        words = result.request["curl"].split(_CONTINUED)
        lines.append(f"  repeat: {_CONTINUED.join(one_line(word) for word in words)}")
    return "\n".join(lines)


def one_line(text: str) -> str:
    """The text with every character visible that would begin a line, steer a terminal or turn the direction."""
    return text if text.isascii() and text.isprintable() else _STEERING.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    return _ESCAPES.get(found.group()) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _headline(result: "StepResult") -> str:
    names = " > ".join(name for name in (*result.trail, result.name or result.path) if name)
    row = f" [{result.dataset.name or result.dataset.key}]" if result.dataset else ""
    passing = f" (pass {result.iteration})" if result.iteration is not None and not result.dataset else ""
    word = "passed after retry" if result.passed_after_retry else result.outcome.value
    return one_line(f"{word}: {names}{row}{passing} ({result.path})")


def _assertion(record: AssertionRecord) -> list[str]:
    lines = [f"  assertion {record['index'] + 1}: {one_line(record['name'] or record['source'])}"]
    if record["message"]:
        lines.append(f"    {one_line(record['message'])}")
    alone = record["expected"] is None and record["comparator"].removeprefix("not ") in _WITHOUT_EXPECTED
    lines.append(f"    expected: {record['comparator']}{'' if alone else f' {_short(record["expected"])}'}")
    lines.append(f"    actual:   {_short(record['actual'])}")
    if record["where"]:
        lines.append(_indented("    where", record["where"]))
    if record["nearest"]:
        lines.append(_indented("    nearest", record["nearest"]))
    lines.extend(f"    differs: {one_line(place)}" for place in record["places"])
    return lines


def _indented(label: str, text: str) -> str:
    """A label and a text whose further lines (a caret under a path, say) stay aligned with its first."""
    head = f"{label}: "
    return head + ("\n" + " " * len(head)).join(one_line(line) for line in text.split("\n"))


def _extractions(result: "StepResult") -> list[str]:
    """What was not found; one that is told as the reason of the whole step is not told twice."""
    told = f"{result.reason or ''} {result.error.message if result.error else ''}"
    missing = [one for one in result.extractions if not one["found"] and one["message"] and one["message"] not in told]
    return [f"  extraction {one_line(one['name'])}: {one_line(one['message'])}" for one in missing]


def _attempts(result: "StepResult") -> list[str]:
    if len(result.attempts) < 2:
        return []
    shown = [f"{one['number']}: {one['status'] or one['error_class'] or one['outcome']}" for one in result.attempts]
    if len(shown) > 10:
        shown = [*shown[:5], "...", *shown[-4:]]
    return [f"  attempts: {', '.join(shown)}"]


def _answer(result: "StepResult") -> str:
    response = result.response
    if response is None:
        return ""
    body = response["body"]
    head = body["head"] if body["encoding"] == "text" else f"({body['size']} bytes, not text)"
    return f"{response['status']} {response['reason']} in {response['timing']['total_ms']:.0f} ms {_cut(head)}".rstrip()


def _short(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, default=str))


def _cut(text: str) -> str:
    return one_line(text if len(text) <= _WIDTH else f"{text[:_WIDTH]}... ({len(text)} characters)")
