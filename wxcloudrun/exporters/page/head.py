"""The first thing seen: how the run ended and what is different from the last one."""

from collections.abc import Iterator, Sequence
from typing import Final

from wxcloudrun.exporters.naming import row_of
from wxcloudrun.exporters.page.different import different
from wxcloudrun.exporters.page.words import OUTCOMES, TRIGGERS, VERDICTS, both, duration, moment, of, sign
from wxcloudrun.exporters.report import Cause, Changes, OtherRun, RunFacts, Totals
from wxcloudrun.exporters.wording import escaped, one_line

_CAUSES: Final = 3


def verdict_section(run: RunFacts, changes: Changes, causes: Sequence[Cause] = ()) -> str:
    """The section in one piece: what broke and since when is told before any number."""
    name = "" if run.name == run.title else f'<p class="soft">{escaped(one_line(run.name))}</p>\n'
    reason = "" if run.reason is None else f"<p>{escaped(one_line(run.reason))}</p>\n"
    return (
        f'<section class="card verdict {run.state}" aria-labelledby="title">\n'
        f'<h1 id="title"><strong>{of(VERDICTS, run.state)} <span class="hidden">·</span></strong>'
        f" {escaped(one_line(run.title))}</h1>\n{name}{reason}{_broken(causes, changes.green)}{_changed(changes)}\n"
        f"{_bar(run.totals)}\n{_counts(run.totals)}\n"
        f'<dl class="facts">\n{"".join(_facts(run))}</dl>\n</section>\n'
    )


def _broken(causes: Sequence[Cause], green: OtherRun | None) -> str:
    """The first causes, each leading to what is told of it below."""
    if not causes:
        return ""
    items = "".join(
        f'<li><a href="#cause-{at}">{escaped(one_line(cause.title))}</a>{_where(cause, green)}</li>'
        for at, cause in enumerate(causes[:_CAUSES], 1)
    )
    left = len(causes) - _CAUSES
    more = f'<li class="soft">{both(f"另有 {left} 个原因", f"and {left} more")}</li>' if left > 0 else ""
    return f'<ul class="why">{items}{more}</ul>\n'


def _where(cause: Cause, green: OtherRun | None) -> str:
    """In which step, and since when."""
    step = one_line(f"{cause.steps[0].name}{row_of(cause.steps[0])}") if cause.steps else ""
    more = f" +{cause.count - 1:,}" if step and cause.count > 1 else ""
    told = " · ".join(filter(None, (escaped(step) + more, _since(cause, green))))
    return f' <span class="soft small">{told}</span>' if told else ""


def _since(cause: Cause, green: OtherRun | None) -> str:
    """Since when a cause is there, where that is known; a run that passed in between makes it one that came back."""
    if cause.since is None:
        return both("本次新出现", "new in this run") if cause.fresh and cause.fresh == cause.count else ""
    run = _when(cause.since)
    if green is not None and green.id > cause.since.id:
        return both(f"再次出现，首次于运行 {run}", f"back again, first seen in run {run}")
    return both(f"自运行 {run} 起", f"since run {run}")


def _changed(changes: Changes) -> str:
    if changes.before is None:
        return f'<p class="soft">{both("没有可比较的更早运行。", "There is no earlier run to compare with.")}</p>'
    numbers = (
        (changes.new_failures, "bad", "个新失败", "new failures", "new failure"),
        (changes.still_failing, "bad", "个仍然失败", "still failing", "still failing"),
        (changes.fixed, "good", "个已修复", "fixed", "fixed"),
        (changes.added, "idle", "个新增步骤", "steps added", "step added"),
        (changes.removed, "idle", "个步骤已移除", "steps removed", "step removed"),
    )
    items = "".join(
        f'<li class="{kind}">{both(f"{n:,} {zh}", f"{n:,} {one if n == 1 else en}")}</li>'
        for n, kind, zh, en, one in numbers
        if n
    )
    items = items or f'<li class="idle">{both("与上次结果相同", "Nothing changed")}</li>'
    before = _other(changes.before)
    since = both(f"与上次运行 {before} 相比", f"Compared with the last run {before}")
    return f'<ul class="changes">{items}</ul>\n<p class="soft small">{since}{_green(changes)}</p>{different(changes)}'


def _green(changes: Changes) -> str:
    if changes.green is None:
        return f" · {both('此环境中没有更早的通过记录', 'No earlier run passed in this environment')}"
    if changes.before is not None and changes.green.id == changes.before.id:
        return ""
    return f" · {both('最近一次通过', 'Last passed')} {_when(changes.green)}"


def _other(run: OtherRun) -> str:
    when = "" if run.ended_at is None else f", {moment(run.ended_at)}"
    return f"#{run.id} ({of(VERDICTS, run.state)}{when})"


def _when(run: OtherRun) -> str:
    return f"#{run.id}" + ("" if run.ended_at is None else f" ({moment(run.ended_at)})")


def _bar(totals: Totals) -> str:
    """The share of each outcome; none that is there is too thin to be seen."""
    numbers = {name: getattr(totals, name) for name in ("failed", "error", "passed", "skipped")}
    whole = sum(numbers.values())
    if not whole:
        return ""
    parts = {name: max(8.0, 1000 * count / whole) for name, count in numbers.items() if count}
    scale, at, drawn = 1000 / sum(parts.values()), 0.0, ""
    for name, width in parts.items():
        drawn += f'<rect class="s-{name}" x="{at:.1f}" width="{width * scale:.1f}" height="12"/>'
        at += width * scale
    return f'<svg class="bar" viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true">{drawn}</svg>'


def _counts(totals: Totals) -> str:
    items = "".join(
        f'<li class="{name}">{sign(name)} <b>{getattr(totals, name):,}</b> {of(OUTCOMES, name)}</li>'
        for name in OUTCOMES
        if getattr(totals, name) or name == "passed"
    )
    if totals.passed_after_retry:
        again = f"<b>{totals.passed_after_retry:,}</b> {both('重试后通过', 'passed after retry')}"
        items += f'<li><span class="again">{again}</span></li>'
    return f'<ul class="counts">{items}</ul>'


def _facts(run: RunFacts) -> Iterator[str]:
    totals = run.totals
    yield _fact(both("环境", "Environment"), escaped(one_line(run.environment)) or "–")
    yield _fact(both("触发方式", "Started"), of(TRIGGERS, run.trigger))
    if run.started_at is not None:
        yield _fact(both("开始于", "At"), moment(run.started_at))
    if totals.duration_ms is not None:
        yield _fact(both("用时", "Took"), duration(totals.duration_ms))
    yield _fact(both("请求数", "Requests"), f"{totals.requests:,}")
    if totals.p50_ms is not None and totals.p95_ms is not None:
        yield _fact(
            both("步骤耗时 p50 / p95", "Steps, p50 / p95"), f"{duration(totals.p50_ms)} / {duration(totals.p95_ms)}"
        )
    for name, value in run.labels.items():
        yield _fact(escaped(one_line(name)), escaped(one_line(value)))


def _fact(name: str, value: str) -> str:
    return f"<div><dt>{name}</dt><dd>{value}</dd></div>\n"
