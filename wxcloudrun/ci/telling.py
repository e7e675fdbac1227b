"""The end of the log and the job's summary: what broke, since when, and how to repeat it, in this order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wxcloudrun.ci.verdict import Facts, Verdict
from wxcloudrun.ci.watching import name_of

MOST_TOLD = 10
_MOST_LINES = 30
_MOST_CHANGED, _MOST_PLACES, _MOST_CAUSES = 5, 3, 5
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def log(facts: Facts, verdict: Verdict) -> Iterator[str]:
    """The last lines of the log."""
    yield ""
    yield f"{verdict.word}  {headline(facts)}"
    for reason in verdict.reasons:
        yield f"  {reason}"
    yield from (f"  {line}" for line in causes(facts))
    yield from (f"  {line}" for line in changes(facts.comparison))
    for at, failure in enumerate(facts.failures[:MOST_TOLD], 1):
        yield ""
        yield f"{at}. {name_of(failure)}"
        yield from (f"   {line}" for line in lines_of(failure))
    left = failed(facts) - min(len(facts.failures), MOST_TOLD)
    if left > 0:
        yield ""
        yield f"... and {left} more failures; the report has them all"


def markdown(facts: Facts, verdict: Verdict, service: str) -> str:
    """The summary of a job."""
    run = facts.run
    parts = [f"## {_plain(verdict.word)}: {_plain(headline(facts))}\n"]
    parts += [f"- {_plain(reason)}" for reason in verdict.reasons]
    parts += [f"- {_plain(line)}" for line in (*causes(facts), *changes(facts.comparison))]
    if facts.failures:
        parts += ["", "| step | what went wrong |", "|---|---|"]
        parts += [f"| {_plain(name_of(one))} | {_plain(str(one.get('message') or ''))} |" for one in facts.failures]
    for one in facts.failures[:MOST_TOLD]:
        parts += _folded(one)
    parts += ["", f"Run {run['id']} at {_plain(service)}"]
    return "\n".join(parts) + "\n"


def _folded(failure: Mapping[str, Any]) -> list[str]:
    """A failure's explanation, to be opened; fenced by more backticks than it has."""
    text = _text(failure)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return ["", f"<details><summary>{_plain(name_of(failure))}</summary>", "", fence, text, fence, "</details>"]


def headline(facts: Facts) -> str:
    """One line: what ran where, and how it went."""
    run, counts = facts.run, facts.run["counts"]
    ran = counts["passed"] + counts["failed"] + counts["error"]
    bad = [f"{counts[name]} {word}" for name, word in (("failed", "failed"), ("error", "broke")) if counts[name]]
    told = f"{' and '.join(bad)} of {ran} steps" if bad else f"{ran} steps passed"
    retried = f", {counts['passed_after_retry']} of them after a retry" if counts["passed_after_retry"] else ""
    return f"{run['title']} in {run['environment']}: {told}{retried} (run {run['id']})"


def causes(facts: Facts) -> Iterator[str]:
    """What broke, by cause, and since which run."""
    green = 0 if facts.comparison is None else facts.comparison["baseline"]["run_id"]
    for cause in facts.causes[:_MOST_CAUSES]:
        times = f"{cause['count']} times: " if cause["count"] > 1 else ""
        yield f"{times}{cause['title']}{_since(cause, green)}"
    left = facts.cause_count - _MOST_CAUSES
    if left > 0:
        yield f"and {left} causes more"


def _since(cause: Mapping[str, Any], green: int) -> str:
    """Since when, and what people said of it; a green run in between makes it one that came back."""
    told = []
    if cause.get("since"):
        word = "since" if cause["since"]["run_id"] > green else "back again, first seen in"
        told.append(f"{word} run {cause['since']['run_id']}{_when(cause['since'].get('at'))}")
    elif cause.get("fresh") == cause["count"]:
        told.append("new in this run")
    if cause.get("state") == "known":
        told.append("known")
    told += [str(cause[name]) for name in ("note", "link") if cause.get(name)]
    return f" ({', '.join(told)})" if told else ""


def _when(at: Any) -> str:
    return f", {str(at)[:16].replace('T', ' ')} UTC" if at else ""


def changes(comparison: Mapping[str, Any] | None) -> Iterator[str]:
    """What changed since the last green run."""
    if comparison is None:
        return
    baseline, counts = comparison["baseline"], comparison["counts"]
    words = {"new_failures": "new", "still_failing": "failed before", "fixed": "fixed", "slower": "slower"}
    words |= {"changed_shape": "answered differently", "changed_variables": "variables with another value"}
    told = ", ".join(f"{counts[name]} {word}" for name, word in words.items() if counts.get(name))
    when = _when(baseline.get("ended_at"))
    yield f"last green: run {baseline['run_id']}{when}; since then {told or 'nothing changed'}"
    for step in (comparison.get("changed_shape") or [])[:_MOST_CHANGED]:
        places = [*map(_place, step["paths"][:_MOST_PLACES])]
        more = step["count"] - len(places)
        yield f"{name_of(step)} is answered differently: {'; '.join(places)}{f'; and {more} more' if more > 0 else ''}"
    for one in (comparison.get("changed_variables") or [])[:_MOST_CHANGED]:
        values = "a secret with another value" if one["secret"] else f"{one['before']} -> {one['now']}"
        yield f"variable {one['name']} ({one['scope']}): {values}"


def _place(path: Mapping[str, Any]) -> str:
    """A place of an answer, and what became of it."""
    if path["change"] == "missing":
        return f"{path['path']} is missing"
    return f"{path['path']}: {path['before']} -> {path['now']}" if path["before"] else f"{path['path']} is new"


def failed(facts: Facts) -> int:
    """Steps that failed or broke."""
    return int(facts.run["counts"]["failed"] + facts.run["counts"]["error"])


def lines_of(failure: Mapping[str, Any]) -> Sequence[str]:
    """The explanation of a failure, not too long."""
    lines = _text(failure).splitlines()
    return lines if len(lines) <= _MOST_LINES else [*lines[:_MOST_LINES], f"... {len(lines) - _MOST_LINES} lines more"]


def clean(text: str) -> str:
    """Without what a terminal would obey."""
    return _CONTROL.sub("?", text)


def _text(failure: Mapping[str, Any]) -> str:
    return clean(str(failure.get("explanation") or failure.get("message") or "")).strip()


def _plain(text: str) -> str:
    """Text that Markdown and HTML leave as it is."""
    escaped = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]|#!~])", r"\\\1", escaped).replace("\n", " ")
