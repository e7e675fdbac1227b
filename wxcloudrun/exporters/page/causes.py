"""Failures by their cause, the largest group first; the first failure of the first group stands open."""

from collections.abc import Iterator, Sequence

from wxcloudrun.exporters.naming import row_of
from wxcloudrun.exporters.page.evidence import evidence
from wxcloudrun.exporters.page.words import OUTCOMES, STATES, both, duration, moment, of, sign
from wxcloudrun.exporters.report import Cause, Changes, StepFacts
from wxcloudrun.exporters.wording import attribute, cut, escaped, one_line

_MESSAGE = 400


def causes_section(causes: Sequence[Cause], changes: Changes, bodies: str | None) -> Iterator[str]:
    """The section in pieces, one a failure; nothing where nothing went wrong."""
    if not causes:
        return
    shapes = {one.seq: one for one in changes.shapes}
    yield f'<section aria-labelledby="causes">\n<h2 id="causes">{both("失败原因", "Why it failed")}</h2>\n'
    for number, cause in enumerate(causes):
        worst = cause.steps[0].outcome if cause.steps else "failed"
        yield f'<article class="card cause {worst}" id="cause-{number + 1}">\n{_title(cause)}'
        for place, step in enumerate(cause.steps):
            told = "".join(evidence(step, bodies, shapes.get(step.seq)))
            yield _failure(step, told, opened=number == place == 0)
        left = cause.count - len(cause.steps)
        if left > 0:
            told = both(
                f"还有 {left:,} 个相同原因的失败，见下方步骤列表。",
                f"{left:,} more of this cause are in the list of steps below.",
            )
            yield f'<p class="soft small">{told}</p>\n'
        yield "</article>\n"
    yield "</section>\n"


def _title(cause: Cause) -> str:
    notes = []
    if cause.since is not None:
        when = "" if cause.since.ended_at is None else f" ({moment(cause.since.ended_at)})"
        notes.append(f"{both('首次出现于运行', 'First seen in run')} #{cause.since.id}{when}")
    if cause.state not in (None, "open"):  # nobody said anything of an open one
        notes.append(of(STATES, cause.state))
    if cause.note:
        notes.append(escaped(one_line(cause.note)))
    if cause.link is not None and cause.link.startswith(("https://", "http://")):
        notes.append(f'<a href="{attribute(cause.link)}" rel="noreferrer">{escaped(one_line(cause.link))}</a>')
    told = f'<p class="soft small">{" · ".join(notes)}</p>' if notes else ""
    new = f' <span class="new">{_fresh(cause)}</span>' if cause.fresh else ""
    times = both("次", "times")
    return (
        f'<div><span class="number">{cause.count:,}<span class="hidden"> {times}</span></span>'
        f"<div><h3>{escaped(one_line(cause.title))}{new}</h3>{told}</div></div>\n"
    )


def _fresh(cause: Cause) -> str:
    """That a cause was not there the last time, wholly or in part."""
    if cause.fresh == cause.count:
        return both("新出现", "new") if cause.since is None else both("再次出现", "back again")
    return both(f"{cause.fresh:,} 个新增", f"{cause.fresh:,} new")


def _failure(step: StepFacts, told: str, *, opened: bool) -> str:
    """What one step says of itself; inside, everything that helps to mend it: `told`."""
    trail = escaped(one_line(" › ".join(step.trail)))
    above = f'<span class="soft small">{trail}</span> ' if trail else ""
    name = escaped(one_line(f"{step.name}{row_of(step)}"))
    status = "" if step.status is None else f" · {step.status}"
    return (
        f'<details id="step-{step.seq}" class="{step.outcome}"{" open" if opened else ""}><summary>{sign(step.outcome)}'
        f'<span><span class="hidden">{of(OUTCOMES, step.outcome)}</span>{above}<b>{name}</b>'
        f"{escaped(one_line(cut(step.message or '', _MESSAGE)))} "
        f'<span class="soft small">{duration(step.duration_ms)}{status}</span></span></summary>\n'
        f'<div class="evidence">{told}</div></details>\n'
    )
