"""JUnit XML that Jenkins, GitLab and the GitHub actions read: one test case a step and row of data."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from wxcloudrun.exporters.naming import Naming
from wxcloudrun.exporters.report import RunFacts, StepFacts, own_error
from wxcloudrun.exporters.wording import attribute, cut, escaped, one_line

_SHORT = 500


def junit(run: RunFacts, steps: Iterable[StepFacts]) -> Iterator[str]:
    """The file in pieces. `steps` are all that `run.totals` counts, in the plan's order.

    A run that ended as an error by itself is one test more.
    """
    totals, own = run.totals, own_error(run)
    more = own is not None
    tests, errors = totals.steps + more, totals.error + more
    numbers = f'tests="{tests}" failures="{totals.failed}" errors="{errors}" skipped="{totals.skipped}"'
    numbers += f' time="{_seconds(totals.duration_ms or 0.0)}"'
    name = attribute(one_line(run.name))
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="{attribute(one_line(run.project))}" {numbers}>\n'
    began = "" if run.started_at is None else f' timestamp="{run.started_at[:19]}"'
    yield f'<testsuite name="{name}" {numbers}{began}>\n'
    yield _properties(run)
    naming = Naming(run)
    for step in chain(steps, () if own is None else (own,)):
        yield _case(step, naming)
    yield "</testsuite>\n</testsuites>\n"


def _properties(run: RunFacts) -> str:
    told = {"run": str(run.id), "environment": run.environment, "trigger": run.trigger, **run.labels}
    if run.link is not None:
        told["link"] = run.link
    lines = [f'<property name="{attribute(name)}" value="{attribute(cut(value))}"/>\n' for name, value in told.items()]
    return f"<properties>\n{''.join(lines)}</properties>\n"


def _case(step: StepFacts, naming: Naming) -> str:
    who = naming.identity(step)
    told = f'classname="{attribute(who.classname)}" name="{attribute(who.name)}" time="{_seconds(step.duration_ms)}"'
    inside = _outcome(step) + "".join(_retries(step))
    return f"<testcase {told}>{inside}</testcase>\n" if inside else f"<testcase {told}/>\n"


def _outcome(step: StepFacts) -> str:
    message = attribute(one_line(step.message or step.outcome)[:_SHORT])
    if step.outcome == "skipped":
        return f'<skipped message="{message}"/>'
    if step.good:
        return ""
    element = "failure" if step.outcome == "failed" else "error"
    kind = attribute(step.error_class or "assertion")
    return f'<{element} message="{message}" type="{kind}">{escaped(cut(step.explanation or ""))}</{element}>'


def _retries(step: StepFacts) -> Iterator[str]:
    """Earlier attempts: of a step that passed in the end signs of flakiness, else repeats of its failure."""
    element = "flakyFailure" if step.good else "rerunFailure"
    for attempt in step.earlier:
        told = _of_attempt(attempt)
        kind = attribute(str(attempt["error_class"] or "assertion"))
        trace = f"attempt {attempt['number']} at {attempt['sent_at']}: {told}"
        yield (
            f'<{element} message="{attribute(one_line(told)[:_SHORT])}" type="{kind}">'
            f"<stackTrace>{escaped(cut(trace))}</stackTrace></{element}>"
        )


def _of_attempt(attempt: Mapping[str, Any]) -> str:
    status = "" if attempt["status"] is None else f"status {attempt['status']}"
    return ": ".join(part for part in (status, attempt["message"] or attempt["outcome"]) if part)


def _seconds(milliseconds: float) -> str:
    return f"{max(0.0, milliseconds) / 1000:.3f}"
